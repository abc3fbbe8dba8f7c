package widget

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
)

func TestTokenNamesItsConversationUntilItExpires(t *testing.T) {
	c := newClock()
	tokens := tokens{key: bytes.Repeat([]byte("k"), keyBytes), now: c.now}
	id := randomUUID()
	token, err := tokens.issue(id)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tokens.read(token); err != nil || got.String() != id {
		t.Errorf("read = %v, %v, want %s", got, err, id)
	}
	c.at = c.at.Add(tokenLife - time.Second)
	if _, err := tokens.read(token); err != nil {
		t.Errorf("read in its last second = %v, want nil", err)
	}
	c.at = c.at.Add(time.Second)
	if _, err := tokens.read(token); !errors.Is(err, errToken) {
		t.Errorf("read when expired = %v, want errToken", err)
	}
	if _, err := tokens.issue("42"); err == nil {
		t.Error("issue(42) = nil, want an error")
	}
}

func TestTokenOfAnotherKeyIsRefused(t *testing.T) {
	c := newClock()
	a := tokens{key: bytes.Repeat([]byte("a"), keyBytes), now: c.now}
	b := tokens{key: bytes.Repeat([]byte("b"), keyBytes), now: c.now}
	token, err := a.issue(randomUUID())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.read(token); !errors.Is(err, errToken) {
		t.Errorf("read = %v, want errToken", err)
	}
}

func TestTokenWithAnyBitChangedIsRefused(t *testing.T) {
	tokens := tokens{key: bytes.Repeat([]byte("k"), keyBytes), now: newClock().now}
	token, err := tokens.issue(randomUUID())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := tokenEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(raw) * 8 {
		changed := bytes.Clone(raw)
		changed[bit/8] ^= 1 << (bit % 8)
		if _, err := tokens.read(tokenEncoding.EncodeToString(changed)); !errors.Is(err, errToken) {
			t.Errorf("bit %d changed: read = %v, want errToken", bit, err)
		}
	}
}

func FuzzToken(f *testing.F) {
	tokens := tokens{key: bytes.Repeat([]byte("k"), keyBytes), now: newClock().now}
	token, err := tokens.issue("00010203-0405-4607-8809-0a0b0c0d0e0f")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("")
	f.Add(token + "\n")
	f.Add(strings.ToLower(token))
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := tokens.read(s); err == nil && s != token {
			t.Errorf("read(%q) = %v, want errToken", s, id)
		}
	})
}

func FuzzUUID(f *testing.F) {
	f.Add("00010203-0405-4607-8809-0a0b0c0d0e0f")
	f.Add("0001020304050607-8809-0a0b0c0d0e0f----")
	f.Fuzz(func(t *testing.T, s string) {
		if u, ok := parseUUID(s); ok && u.String() != strings.ToLower(s) {
			t.Errorf("parseUUID(%q) = %s, want the same", s, u)
		}
	})
}

// FuzzMessageBody posts anything: whatever comes, the answer is an acceptance or
// a problem, and what is stored is what was sent.
func FuzzMessageBody(f *testing.F) {
	f.Add([]byte(`{"id":"00010203-0405-4607-8809-0a0b0c0d0e0f","text":"hi"}`), "application/json")
	f.Add([]byte(`{"id":"00010203-0405-4607-8809-0a0b0c0d0e0f","text":"\ud800"}`), "application/json; charset=UTF-8")
	f.Add([]byte("\xff"), "text/plain")
	f.Add([]byte(`null`), "application/json")
	f.Fuzz(func(t *testing.T, body []byte, kind string) {
		h, engine := newTestHandler(t, nil)
		s := openSession(t, h)
		r := httptest.NewRequest(http.MethodPost, "/widget/v1/messages", bytes.NewReader(body))
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", "Bearer "+s.Token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		texts := engine.texts(t, s.Conversation)
		if (w.Code == http.StatusAccepted) != (len(texts) == 1) {
			t.Fatalf("answer %d with %d stored", w.Code, len(texts))
		}
		if w.Code != http.StatusAccepted {
			if w.Code < 400 || w.Code >= 500 {
				t.Fatalf("answer %d to %q", w.Code, body)
			}
			wantProblem(t, "fuzzed body", w, w.Code)
		}
	})
}

// FuzzFrame checks that nothing a person writes can break out of its event.
func FuzzFrame(f *testing.F) {
	f.Add("a\n\nevent: state\ndata: {}\n\n", "b\rid: 7\r\n")
	f.Fuzz(func(t *testing.T, text, name string) {
		b, err := appendFrame(nil, conversation.EventMessage, 7, wireMessage(conversation.Message{Seq: 7, Text: text, Name: name}))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.FieldsFunc(string(b), func(r rune) bool { return r == '\n' || r == '\r' })
		if len(lines) != 3 || lines[0] != "id: 7" || lines[1] != "event: message" || !strings.HasPrefix(lines[2], "data: {") {
			t.Errorf("frame %q, want one id, one event and one line of data", b)
		}
	})
}
