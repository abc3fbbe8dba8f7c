package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/cmd/internal/visitor"
	"frontdesk/knowledge"
)

// strangers has one visitor use all of another's ids on every route of the widget's, and
// nothing of the other's be told or changed.
func (p *pair) strangers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	mine, err := visitor.New(ctx, p.client, p.urls[0])
	if err != nil {
		t.Fatal(err)
	}
	file, err := mine.Upload(ctx, "receipt.txt", []byte("This is my receipt."))
	if err != nil {
		t.Fatal(err)
	}
	unsent, err := mine.Upload(ctx, "unsent.txt", []byte("This is for later."))
	if err != nil {
		t.Fatal(err)
	}
	said := knowledge.NewID()
	seq, err := mine.SendFiles(ctx, said, "My secret word is xylophone. How long may I return it?", file)
	if err != nil {
		t.Fatal(err)
	}
	answer(t, ctx, mine, seq)
	if err := mine.Post(ctx, "/widget/v1/email", map[string]string{"email": "mine@example.com"}); err != nil {
		t.Fatal(err)
	}
	state := func() string {
		t.Helper()
		var all []byte
		for _, path := range []string{"/messages", "/timeline", ""} {
			got := p.admin.call(ctx, 0, "GET", "/api/v1/conversations/"+mine.Conversation+path, nil)
			if got.code != 200 {
				t.Fatalf("GET %s = %d", path, got.code)
			}
			all = append(all, got.body...)
		}
		return string(all)
	}
	var before string
	eventually(t, "the file is read", func() bool {
		before = state()
		return strings.Contains(before, `"ready"`) || strings.Contains(before, "receipt.txt")
	})

	theirs, err := visitor.New(ctx, p.client, p.urls[1])
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]any{"conversation": mine.Conversation, "conversation_id": mine.Conversation, "visitor": mine.Conversation}
	asks := map[string]struct { // by path: what else goes with the other's ids
		method string
		body   map[string]any
		refuse bool // it must be refused, not only kept to the asker's own
	}{
		"/widget/v1/sessions":   {"POST", map[string]any{"identity": map[string]string{"email": "mine@example.com"}}, false},
		"/widget/v1/messages":   {"POST", map[string]any{"id": said, "text": "hello", "attachments": []string{unsent}}, true},
		"/widget/v1/files":      {"POST", nil, true}, // no form
		"/widget/v1/files/{id}": {"GET", nil, true},
		"/widget/v1/events":     {"GET", nil, false},
		"/widget/v1/handoff":    {"POST", map[string]any{}, false},
		"/widget/v1/feedback":   {"POST", map[string]any{"seq": seq + 1, "helpful": false}, false},
		"/widget/v1/email":      {"POST", map[string]any{"email": "theirs@example.com"}, false},
		"/widget/v1/rating":     {"POST", map[string]any{"score": 1}, false},
		"/widget/v1/typing":     {"POST", map[string]any{}, false},
		"/widget/v1/seen":       {"POST", map[string]any{"seq": seq + 1}, false},
	}
	source, err := os.ReadFile("../../../bots/widget/widget.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`mux\.Handle\("(/widget/v1/[^"]*)"`).FindAllStringSubmatch(string(source), -1) {
		if _, ok := asks[m[1]]; !ok && m[1] != "/widget/v1/words" { // the same for everybody
			t.Errorf("%s is not tried with the ids of others", m[1])
		}
	}
	for path, ask := range asks {
		for _, token := range []string{theirs.Token, "", mine.Token[:len(mine.Token)-2] + "xx"} {
			body := maps.Clone(ask.body)
			if body != nil {
				maps.Copy(body, ids)
			}
			b, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			url := p.urls[1] + strings.Replace(path, "{id}", file, 1) + "?after=0&conversation=" + mine.Conversation
			within, stop := context.WithTimeout(ctx, 2*time.Second)
			req, err := http.NewRequestWithContext(within, ask.method, url, bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			if token != "" {
				req.Header.Set("Authorization", "Bearer "+token)
			}
			res, err := p.client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if path == "/widget/v1/events" && res.StatusCode == 200 {
				go func() { <-time.After(300 * time.Millisecond); stop() }() // what there is comes at once
			}
			got, _ := io.ReadAll(res.Body) // a stream is cut
			res.Body.Close()
			stop()
			known := token == theirs.Token
			if path != "/widget/v1/sessions" && !known && res.StatusCode != 401 {
				t.Errorf("%s %s with the token %.8q = %d, want 401", ask.method, path, token, res.StatusCode)
			}
			if known && ask.refuse && res.StatusCode/100 != 4 {
				t.Errorf("%s %s = %d %s, want it refused", ask.method, path, res.StatusCode, got)
			}
			for _, secret := range []string{"xylophone", mine.Conversation, "my receipt"} {
				if bytes.Contains(got, []byte(secret)) {
					t.Errorf("%s %s with the token %.8q tells of another visitor: %s", ask.method, path, token, got)
				}
			}
		}
	}
	if after := state(); after != before {
		t.Errorf("the conversation of another visitor was changed:\n%s\n%s", before, after)
	}
}
