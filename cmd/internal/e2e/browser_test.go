package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	cd "github.com/chromedp/chromedp"

	"frontdesk/bots/browsertest"
	"frontdesk/cmd/internal/fakeai"
	"frontdesk/cmd/internal/proc"
)

// tab opens a page in the browser.
func tab(t *testing.T, url string) context.Context {
	t.Helper()
	ctx := browsertest.Open(t, 1280, 800, nil)
	if err := cd.Do(ctx, cd.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// sees waits until the chat shows text, or anything that is true in JavaScript
// where chat is the widget's shadow root.
func sees(t *testing.T, ctx context.Context, condition string) {
	t.Helper()
	js := fmt.Sprintf(`(() => { const host = [...document.querySelectorAll('*')].find(e => e.shadowRoot); if (!host) return false; const chat = host.shadowRoot; return !!(%s) })()`, condition)
	if err := browsertest.Wait(ctx, js); err != nil {
		text, _ := cd.Run(ctx, cd.Evaluate[string](`[...document.querySelectorAll('*')].find(e => e.shadowRoot)?.shadowRoot.textContent ?? 'no widget'`))
		t.Fatalf("never saw %s: %v; the chat shows %q", condition, err, text)
	}
}

func says(text string) string { return fmt.Sprintf("chat.textContent.includes(%q)", text) }

// TestCustomerAndStaffMeet goes the whole way in a real browser on the real
// program: a streamed answer with its source, a person asked for, taken over, a
// reply, handed back; and while staff have it the bot says nothing.
func TestCustomerAndStaffMeet(t *testing.T) {
	seen := make(chan struct{})
	ai, o := setup(t, func(fakeai.Request) fakeai.Reply {
		return fakeai.Reply{Text: "You have sixty days to send it back, free of charge in Ireland [1]. Nothing is cited here [9].", Gate: seen}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	s, err := proc.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Kill()
	staff := staffOf(t, o, s.URL)

	page := tab(t, s.URL)
	ask := func(text string) {
		t.Helper()
		if err := browsertest.Wait(page, `window.Frontdesk`); err != nil {
			t.Fatal(err)
		}
		if _, err := cd.Run(page, cd.Evaluate[bool](fmt.Sprintf(`(Frontdesk.open(), Frontdesk.send(%q), true)`, text))); err != nil {
			t.Fatal(err)
		}
	}
	ask("Tell me, until when could I send boots back?")
	sees(t, page, `chat.textContent.includes("You have") && !chat.textContent.includes("Nothing is cited")`) // it streams
	close(seen)
	sees(t, page, `chat.querySelector('.cite') && chat.querySelector('.thumbs')`)
	sees(t, page, says("Nothing is cited here .")) // the invented citation is gone

	ask("I would like to talk to a person")
	sees(t, page, says("asked our team"))
	id := staff.newest()
	staff.post("/api/v1/conversations/"+id+"/takeover", nil, 200)
	sees(t, page, says("joined the chat"))
	before := len(ai.Requests())
	ask("Hello, is anybody there?")
	staff.post("/api/v1/conversations/"+id+"/reply", map[string]string{"text": "Hello, this is a person."}, 201)
	sees(t, page, says("Hello, this is a person."))
	if n := len(ai.Requests()); n != before {
		t.Errorf("the model was asked %d times while staff had the conversation", n-before)
	}
	staff.post("/api/v1/conversations/"+id+"/handback", nil, 200)
	sees(t, page, says("handed the chat back"))
	ask("And how long may I think about it?")
	sees(t, page, `chat.querySelectorAll('.thumbs').length === 2`)
}

// colleague is a member of staff who uses the API.
type colleague struct {
	t          *testing.T
	url, token string
}

func staffOf(t *testing.T, o proc.Options, url string) colleague {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), o.Bin, "token", "create", "--name", "Ana", "--role", "admin")
	cmd.Env = append(o.Env, "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"))
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		t.Fatalf("token create: %v\n%s", err, exit.Stderr)
	}
	return colleague{t, url, strings.TrimSpace(string(out))}
}

func (c colleague) do(method, path string, body, into any, want int) {
	c.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, bytes.NewReader(b))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != want {
		c.t.Fatalf("%s %s = %d, want %d", method, path, res.StatusCode, want)
	}
	if into != nil {
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c colleague) post(path string, body any, want int) {
	c.t.Helper()
	c.do(http.MethodPost, path, body, nil, want)
}

// newest is the id of the conversation that changed last.
func (c colleague) newest() string {
	c.t.Helper()
	var list struct{ Conversations []struct{ ID string } }
	c.do(http.MethodGet, "/api/v1/conversations", nil, &list, 200)
	if len(list.Conversations) == 0 {
		c.t.Fatal("there is no conversation")
	}
	return list.Conversations[0].ID
}
