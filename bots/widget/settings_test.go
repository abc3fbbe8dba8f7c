package widget

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

var acme = Look{Title: "Acme <help>", Accent: "#0a7d5a", Position: "left", Theme: "dark", Lang: "es", Greeting: "Hello from Acme", QuickReplies: []string{"Where is my order?", "Talk to a person"}}

func TestTheLookIsTheOneOfThisMoment(t *testing.T) {
	look := Look{}
	h := New(Config{Engine: newFakeEngine(), Key: []byte(strings.Repeat("k", keyBytes)), Script: bundled, Look: func() Look { return look }})
	mux := http.NewServeMux()
	h.Routes(mux)
	script := func() (body, etag string) {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", "/widget.js", nil))
		if w.Code != http.StatusOK {
			t.Fatalf("GET /widget.js = %d", w.Code)
		}
		return w.Body.String(), w.Header().Get("ETag")
	}
	session := func() Look {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/widget/v1/sessions", strings.NewReader(`{}`))
		r.Header.Set("Content-Type", "application/json")
		mux.ServeHTTP(w, r)
		var got struct{ Look Look }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("session = %s: %v", w.Body, err)
		}
		return got.Look
	}
	plain, first := script()
	if !strings.Contains(plain, "look:{}") {
		t.Error("the script has a look though none is set")
	}
	look = acme
	dressed, second := script()
	if second == first || !strings.Contains(dressed, `"accent":"#0a7d5a"`) || strings.Contains(dressed, "<help>") {
		t.Errorf("script with a look has the tag %s after %s, want another, and the look in it without a tag of its own", second, first)
	}
	if again, tag := script(); again != dressed || tag != second {
		t.Error("the same look makes another script")
	}
	if got := session(); got.Title != acme.Title || len(got.QuickReplies) != 2 {
		t.Errorf("look of a session = %+v, want that of now", got)
	}
	look = Look{}
	if _, third := script(); third != first {
		t.Errorf("tag after the look was taken back = %s, want %s", third, first)
	}
}

func TestThePagesTagWinsOverTheLook(t *testing.T) {
	p := preparePage(t, bare(`data-title="Their own" data-theme="light"`))
	p.widget.look = func() Look { return acme }
	p.goTo("/bare")
	p.run(`Frontdesk.open()`)
	if got := eval[string](p, `one('header h2').textContent + '|' + one('.bot .bubble').textContent + '|' + one('.root').className + '|' + one('.root').lang`); got != "Their own|Hello from Acme|root light left|es" {
		t.Errorf("chat = %q, want the tag's title and theme and the rest as set", got)
	}
	if got := eval[string](p, `one('.root').style.getPropertyValue('--accent')`); got != "#0a7d5a" {
		t.Errorf("accent = %q, want the one that was set", got)
	}
	p.wantAccessible("quick replies")
	p.media("prefers-color-scheme=dark")
	p.wantAccessible("quick replies, dark")
	p.picture("look-quick-replies")
	p.click(".switch")
	p.wait(`all('.customer .bubble').at(-1)?.textContent === 'Where is my order?' && !one('.pending')`)
	p.wantNoFaults()
}
