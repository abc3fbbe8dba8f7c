package telegram

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
)

func TestAFileIsFetchedOrItIsSaidWhyNot(t *testing.T) {
	gives := func(status int, content string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); io.WriteString(w, content) }
	}
	named := func(path string, size int) string {
		return fmt.Sprintf(`{"ok":true,"result":{"file_id":"f","file_unique_id":"u","file_size":%d,"file_path":%q}}`, size, path)
	}
	refuses := func(code int, words string) string {
		return fmt.Sprintf(`{"ok":false,"error_code":%d,"description":%q}`, code, words)
	}
	for name, c := range map[string]struct {
		told      string // by getFile; empty: the usual
		file      http.HandlerFunc
		want      string
		err       error
		permanent bool
		says      string
	}{
		"a voice note":        {"", gives(200, "OggS"), "OggS", nil, false, ""},
		"too large, it says":  {named("a/b", 101), nil, "", conversation.ErrFileTooLarge, false, ""},
		"too large for a bot": {refuses(400, "Bad Request: file is too big"), nil, "", conversation.ErrFileTooLarge, false, ""},
		"too large in fact":   {"", gives(200, strings.Repeat("x", 101)), "", conversation.ErrFileTooLarge, false, ""},
		"endless": {"", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64)); err != nil {
					return
				}
				w.(http.Flusher).Flush()
			}
		}, "", conversation.ErrFileTooLarge, false, ""},
		"gone":             {refuses(400, "Bad Request: wrong file_id or the file is temporarily unavailable"), nil, "", nil, true, "wrong file_id"},
		"not for us":       {refuses(403, "Forbidden: bot was kicked"), nil, "", nil, true, "kicked"},
		"no such path":     {"", gives(404, "Not Found"), "", nil, true, "answer 404"},
		"a server's fault": {"", gives(502, "oops"), "", nil, false, "answer 502"},
		"sent elsewhere": {"", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://evil.example.com")
			w.WriteHeader(302)
		}, "", nil, false, "answer 302"},
		"a refused token": {refuses(401, "Unauthorized"), nil, "", nil, false, "Unauthorized"},
		"a cut": {"", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "50")
			io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		}, "", nil, false, "EOF"},
		"a path upwards":    {named("../../bot1/getMe", 4), nil, "", nil, true, "no path"},
		"a path on disk":    {named("/var/lib/telegram/f.jpg", 4), nil, "", nil, true, "no path"},
		"a path with query": {named("photos/a?x=1", 4), nil, "", nil, true, "no path"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t)
			p.file = c.file
			if c.told != "" {
				p.answers("getFile", c.told)
			}
			b := newBot(t, p, newFakeEngine(), nil)
			got, err := b.Fetch(t.Context(), "777001", "AwACAgQ", 100)
			var failure *conversation.FetchError
			switch {
			case c.err != nil:
				if !errors.Is(err, c.err) {
					t.Errorf("Fetch = %q, %v, want %v", got, err, c.err)
				}
			case c.says == "":
				if err != nil || string(got) != c.want {
					t.Errorf("Fetch = %q, %v, want %q", got, err, c.want)
				}
			case !errors.As(err, &failure) || failure.Permanent != c.permanent || !strings.Contains(err.Error(), c.says):
				t.Errorf("Fetch = %v, want permanent %v with %q in it", err, c.permanent, c.says)
			}
			if err != nil && strings.Contains(err.Error(), "secret_half") {
				t.Errorf("Fetch = %v: the error holds the token", err)
			}
		})
	}
}

func TestADownloadThatFailsOnItsWayHoldsNoToken(t *testing.T) {
	p := newPlatform(t)
	p.file = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	b := newBot(t, p, newFakeEngine(), nil)
	_, err := b.Fetch(t.Context(), "777001", "AwACAgQ", 100)
	if err == nil || strings.Contains(err.Error(), "secret_half") || strings.Contains(fmt.Sprintf("%+v", err), "secret_half") {
		t.Errorf("Fetch = %v, want an error without the token", err)
	}
	for account, remote := range map[string]string{"1": "AwACAgQ", "777001": "../x"} {
		var failure *conversation.FetchError
		if _, err := b.Fetch(t.Context(), account, remote, 100); !errors.As(err, &failure) || !failure.Permanent {
			t.Errorf("Fetch(%s, %s) = %v, want a permanent failure", account, remote, err)
		}
	}
}

func TestADownloadWaitsAsLongAsTelegramAsks(t *testing.T) {
	p := newPlatform(t)
	busy := true
	p.file = func(w http.ResponseWriter, _ *http.Request) {
		if busy {
			busy = false
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(429)
			return
		}
		io.WriteString(w, "OggS")
	}
	const slower = `429 {"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":%d}}`
	p.answers("getFile", fmt.Sprintf(slower, 3))
	b := newBot(t, p, newFakeEngine(), nil)
	var rested []time.Duration
	b.pause = func(_ context.Context, d time.Duration) error { rested = append(rested, d); return nil }
	got, err := b.Fetch(t.Context(), "777001", "AwACAgQ", 100)
	if err != nil || string(got) != "OggS" || !reflect.DeepEqual(rested, []time.Duration{3 * time.Second, 7 * time.Second}) {
		t.Errorf("Fetch = %q, %v after %v, want the file after 3s and 7s", got, err, rested)
	}
	p.answers("getFile", fmt.Sprintf(slower, 600))
	var failure *conversation.FetchError
	if _, err := b.Fetch(t.Context(), "777001", "AwACAgQ", 100); !errors.As(err, &failure) || failure.Permanent || len(rested) != 2 {
		t.Errorf("Fetch = %v after %v, want it left for later", err, rested)
	}
}

func TestADownloadThatHangsIsGivenUpForNow(t *testing.T) {
	p := newPlatform(t)
	p.file = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	b := newBot(t, p, newFakeEngine(), nil)
	b.timing.fetch = 50 * time.Millisecond
	var failure *conversation.FetchError
	if _, err := b.Fetch(t.Context(), "777001", "AwACAgQ", 100); !errors.As(err, &failure) || failure.Permanent || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Fetch = %v, want a failure that may pass", err)
	}
}
