package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
)

func TestFilesAreStoredWithTheirMessage(t *testing.T) {
	photo := conversation.InboundFile{Remote: "F0S43PZDF", Kind: conversation.FileImage, Name: "photo.jpg", MediaType: "image/jpeg", Bytes: 144538}
	for name, want := range map[string]struct {
		thread, text string
		files        []conversation.InboundFile
	}{
		"file_share": {"D024BE91L", "", []conversation.InboundFile{photo}},
		"file_clip": {"D024BE91L", "listen", []conversation.InboundFile{{
			Remote: "F0AUDIO01", Kind: conversation.FileVoice, Name: "audio_message.m4a", MediaType: "audio/mp4", Bytes: 48211, Duration: 5230 * time.Millisecond}}},
		"file_assistant": {"D024BE91L/1763807000.000100", "is it this one?", []conversation.InboundFile{photo}},
		"file_external":  {"D024BE91L", "", []conversation.InboundFile{{Remote: "F0EXTERN1", Kind: conversation.FileDocument, Name: "Plan", MediaType: "application/vnd.google-apps.document"}}},
		"file_gone":      {"D024BE91L", "", []conversation.InboundFile{{Remote: "F0TOMB001", Kind: conversation.FileDocument}, {Remote: "F0HIDDEN1", Kind: conversation.FileDocument}}},
		"file_connect":   {"D024BE91L", "", []conversation.InboundFile{{Remote: "F0CONNECT", Kind: conversation.FileDocument}}},
		"file_mention":   {"C0LAN2Q65/1763807606.001100", "does this fit?", []conversation.InboundFile{photo}},
	} {
		r := newRig(t, nil)
		for range 2 { // Slack repeats what it is not sure of
			if code := r.deliver(t, "/slack/events", strings.Replace(recorded(t, name), "Ev0PV", fmt.Sprint("Ev", time.Now().UnixNano()), 1)); code != 200 {
				t.Errorf("status of %s = %d, want 200", name, code)
			}
		}
		got := r.engine.received
		if len(got) != 1 || got[0].Thread != want.thread || got[0].Text != want.text || !reflect.DeepEqual(got[0].Attachments, want.files) {
			t.Errorf("%s gave %+v, want once %+v", name, got, want)
		}
	}
}

func TestAFileInTalkThatIsNotForTheBotIsLeftAlone(t *testing.T) {
	r := newRig(t, nil)
	r.deliver(t, "/slack/events", recorded(t, "file_talk"))
	if got := r.engine.texts(); len(got) != 0 || r.last() != wasNotAddressed {
		t.Errorf("stored %q, counted as %s, want nothing stored", got, r.last())
	}
}

func TestAMentionsFilesAreKeptWhicheverOfItsEventsComesFirst(t *testing.T) {
	for _, order := range [][]string{{"file_mention", "file_mention_bare"}, {"file_mention_bare", "file_mention"}, {"file_mention_bare", "file_mention", "file_mention"}} {
		r := newRig(t, nil)
		for i, name := range order {
			r.deliver(t, "/slack/events", strings.Replace(recorded(t, name), "Ev0PV", fmt.Sprint("Ev", i), 1))
		}
		files, words := 0, 0
		for _, in := range r.engine.received {
			files += len(in.Attachments)
			if in.Text != "" {
				words++
			}
		}
		if files != 1 || words != 1 {
			t.Errorf("%v stored %+v, want the words once and the file once", order, r.engine.received)
		}
	}
}

// serves is a handler that gives content of a type.
func serves(kind, disposition, content string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		if disposition != "" {
			w.Header().Set("Content-Disposition", disposition)
		}
		fmt.Fprint(w, content)
	}
}

func redirects(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	}
}

func TestAFileIsFetchedOrItIsSaidWhyNot(t *testing.T) {
	const page = "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in</body></html>"
	gone, no, elsewhere := conversation.RefusedGone, conversation.Refusal(""), conversation.RefusedElsewhere
	for name, c := range map[string]struct {
		info    map[string]any
		content http.HandlerFunc
		want    string
		reason  conversation.Refusal // of a permanent failure
		err     error
		says    string
	}{
		"a picture":            {nil, serves("image/jpeg", "attachment", "\xff\xd8\xff!"), "\xff\xd8\xff!", no, nil, ""},
		"a web page, as such":  {map[string]any{"mimetype": "text/html"}, serves("text/html", `attachment; filename="a.html"`, page), page, no, nil, ""},
		"a sign-in page":       {nil, serves("text/html; charset=utf-8", "", page), "", gone, nil, "files:read"},
		"a disguised one":      {nil, serves("application/octet-stream", "attachment", "\n"+page), "", gone, nil, "files:read"},
		"a page asked for one": {map[string]any{"mimetype": "text/html"}, serves("text/html", "", page), "", gone, nil, "files:read"},
		"sent to sign in":      {nil, redirects("https://acme.slack.com/?redir=%2Ffiles-pri%2F1"), "", gone, nil, "files:read"},
		"sent in circles":      {nil, func(w http.ResponseWriter, r *http.Request) { redirects(r.URL.Path)(w, r) }, "", gone, nil, "files:read"},
		"sent away":            {nil, redirects("https://evil.example.com/photo"), "", elsewhere, nil, "leads away"},
		"sent to its like":     {nil, redirects("https://files.slack.com.evil.example/photo"), "", elsewhere, nil, "leads away"},
		"sent without TLS":     {nil, redirects("http://files.slack.com/photo"), "", elsewhere, nil, "leads away"},
		"too large, it says":   {map[string]any{"size": 101}, nil, "", no, conversation.ErrFileTooLarge, ""},
		"too large in fact":    {nil, serves("image/jpeg", "attachment", strings.Repeat("x", 101)), "", no, conversation.ErrFileTooLarge, ""},
		"endless": {nil, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64)); err != nil {
					return
				}
				w.(http.Flusher).Flush()
			}
		}, "", no, conversation.ErrFileTooLarge, ""},
		"not there":        {nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, "", gone, nil, "404"},
		"a server's fault": {nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }, "", no, nil, "502"},
		"a cut":            {nil, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "", no, nil, "cannot be reached"},
		"kept elsewhere":   {map[string]any{"mode": "external", "is_external": true, "url_private": "https://evil.example.com/x"}, nil, "", elsewhere, nil, "external"},
		"an evil address":  {map[string]any{"url_private_download": "https://evil.example.com/x"}, nil, "", elsewhere, nil, "leads away"},
		"deleted":          {map[string]any{"mode": "tombstone"}, nil, "", gone, nil, "tombstone"},
		"hidden":           {map[string]any{"mode": "hidden_by_limit"}, nil, "", gone, nil, "hidden_by_limit"},
		"a canvas":         {map[string]any{"mode": "quip"}, nil, "", conversation.RefusedFormat, nil, "quip"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			r.slack.hold("F1", c.info)
			r.slack.files.content = c.content
			got, err := r.Fetch(t.Context(), testTeam, "F1", 100)
			if c.err != nil {
				if !errors.Is(err, c.err) {
					t.Errorf("Fetch = %v, want %v", err, c.err)
				}
				return
			}
			var failure *conversation.FetchError
			switch isFailure := errors.As(err, &failure); {
			case c.says == "" && (err != nil || string(got) != c.want):
				t.Errorf("Fetch = %q, %v, want %q", got, err, c.want)
			case c.says != "" && (!isFailure || failure.Permanent != (c.reason != no) || failure.Reason != c.reason && failure.Permanent && failure.Reason != "" || !strings.Contains(err.Error(), c.says)):
				t.Errorf("Fetch = %+v, want permanent %v for %q with %q in it", err, c.reason != no, c.reason, c.says)
			}
			if err != nil && (strings.Contains(err.Error(), botToken) || strings.Contains(err.Error(), "http")) {
				t.Errorf("Fetch = %v, want neither token nor address in it", err)
			}
			r.slack.mu.Lock()
			defer r.slack.mu.Unlock()
			for _, a := range r.slack.files.asked {
				if a != "Bearer "+botToken {
					t.Errorf("a download came with %q, want the token in the header", a)
				}
			}
		})
	}
}

func TestAFileThatMayNotBeAskedForNamesTheScope(t *testing.T) {
	r := newRig(t, nil)
	r.slack.fail("files.info", fault{code: "missing_scope"})
	_, err := r.Fetch(t.Context(), testTeam, "F1", 100)
	var failure *conversation.FetchError
	if !errors.As(err, &failure) || !failure.Permanent || !strings.Contains(err.Error(), "files:read") {
		t.Errorf("Fetch = %v, want the missing permission named", err)
	}
	for account, remote := range map[string]string{"T0OTHER": "F1", testTeam: "../F1"} {
		if _, err := r.Fetch(t.Context(), account, remote, 100); !errors.As(err, &failure) || !failure.Permanent {
			t.Errorf("Fetch(%s, %s) = %v, want a permanent failure", account, remote, err)
		}
	}
}

func TestADownloadWaitsAsLongAsSlackAsks(t *testing.T) {
	r := newRig(t, nil)
	r.slack.hold("F1", nil)
	r.slack.fail("files.info", fault{status: 429, retry: "3"})
	busy := true
	r.slack.files.content = func(w http.ResponseWriter, req *http.Request) {
		if busy {
			busy = false
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(429)
			return
		}
		serves("image/jpeg", "attachment", "abcd")(w, req)
	}
	var rested []time.Duration
	r.rest = func(_ context.Context, d time.Duration) bool { rested = append(rested, d); return true }
	got, err := r.Fetch(t.Context(), testTeam, "F1", 100)
	if err != nil || string(got) != "abcd" || !reflect.DeepEqual(rested, []time.Duration{3 * time.Second, 7 * time.Second}) {
		t.Errorf("Fetch = %q, %v after %v, want the file after 3s and 7s", got, err, rested)
	}
	r.slack.fail("files.info", fault{status: 429, retry: "600"})
	var failure *conversation.FetchError
	if _, err := r.Fetch(t.Context(), testTeam, "F1", 100); !errors.As(err, &failure) || failure.Permanent || len(rested) != 2 {
		t.Errorf("Fetch = %v after %v, want it left for later", err, rested)
	}
}

func TestADownloadThatHangsIsGivenUpForNow(t *testing.T) {
	r := newRig(t, nil)
	r.fetchWithin = 50 * time.Millisecond
	r.slack.hold("F1", nil)
	r.slack.files.content = func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }
	var failure *conversation.FetchError
	if _, err := r.Fetch(t.Context(), testTeam, "F1", 100); !errors.As(err, &failure) || failure.Permanent || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("Fetch = %v, want a failure that may pass", err)
	}
}

func FuzzFiles(f *testing.F) {
	for _, name := range []string{"file_share", "file_clip", "file_gone", "file_connect", "file_external"} {
		var env envelope
		if json.Unmarshal([]byte(recorded(f, name)), &env) != nil {
			f.Fatal(name)
		}
		f.Add([]byte(env.Event))
	}
	f.Add([]byte(`{"files":{"id":"F1"}}`))
	f.Add([]byte(`{"files":[null,7,{"id":"F1","size":-1,"duration_ms":9223372036854775807}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var ev event
		if decode(raw, &ev) != nil {
			return
		}
		list, left := ev.files()
		if len(list)+left != len(ev.Files) || len(list) > conversation.MaxAttachments {
			t.Errorf("%q: %d taken and %d left of %d", raw, len(list), left, len(ev.Files))
		}
		for _, file := range list {
			if !validID(file.Remote) || file.Duration < 0 {
				t.Errorf("%q gave %+v", raw, file)
			}
		}
	})
}

func FuzzSlackAddress(f *testing.F) {
	for _, s := range []string{"https://files.slack.com/x", "https://slack.com@evil.example/", "https://evil.example/slack.com", "//files.slack.com", "https://files.slack.com:8443/", "https://xslack.com/"} {
		f.Add(s)
	}
	b := New(Config{Engine: newFakeEngine(), Threads: newFakeEngine(), BotToken: botToken})
	f.Cleanup(b.tasks.close)
	f.Fuzz(func(t *testing.T, s string) {
		if !b.slackAddress(s) {
			return
		}
		req, err := http.NewRequest(http.MethodGet, s, nil)
		if err != nil {
			return
		}
		host := strings.ToLower(req.URL.Hostname())
		if req.URL.Scheme != "https" || host != "slack.com" && host != "slack-gov.com" && !strings.HasSuffix(host, ".slack.com") && !strings.HasSuffix(host, ".slack-gov.com") {
			t.Errorf("slackAddress(%q) = true, and a request goes to %s", s, req.URL)
		}
	})
}
