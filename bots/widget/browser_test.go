package widget

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/bots/browsertest"
	"frontdesk/cmd/frontdesk/assets"
	"frontdesk/conversation"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	cd "github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axeScript string

// waitAtMost bounds one wait; it is long for a slow machine and costs nothing where
// the awaited thing happens.
const waitAtMost = browsertest.Patience

var bundled = sync.OnceValues(func() (*Script, error) {
	js, err := assets.Bundle(UI, Entry, assets.Options{})
	if err != nil {
		return nil, err
	}
	part, err := assets.Bundle(UI, PartEntry, assets.Options{Module: true})
	if err != nil {
		return nil, err
	}
	care, err := assets.Bundle(UI, CareEntry, assets.Options{Module: true})
	if err != nil {
		return nil, err
	}
	return NewScript(js, part, care, UI)
})

func TestMain(m *testing.M) {
	if os.Getenv(serveIdle) != "" {
		if err := idleServer(); !errors.Is(err, http.ErrServerClosed) {
			panic(err)
		}
		return
	}
	os.Exit(browsertest.Main(m))
}

// page is one tab, in a browser profile of its own, before a server of its own.
type page struct {
	t      *testing.T
	ctx    context.Context
	url    string
	engine *fakeEngine
	widget *Handler
	server *httptest.Server

	mu       sync.Mutex // guards what follows
	requests []string
	faults   []string // exceptions, CSP violations and failed loads
}

// openPage opens the path on a server that serves the demo and hosts, which are
// more pages by their path.
func openPage(t *testing.T, path string, hosts map[string]string) *page {
	t.Helper()
	p := preparePage(t, hosts)
	p.goTo(path)
	return p
}

func preparePage(t *testing.T, hosts map[string]string) *page {
	t.Helper()
	p := &page{t: t, engine: newFakeEngine()}
	p.widget = New(Config{Engine: p.engine, Key: []byte(strings.Repeat("k", keyBytes)), Script: bundled})
	mux := http.NewServeMux()
	p.widget.Routes(mux)
	DemoRoutes(mux)
	for path, html := range hosts {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-n0nce'; connect-src 'self'; img-src data:; require-trusted-types-for 'script'")
			fmt.Fprint(w, html)
		})
	}
	p.server = httptest.NewServer(browsertest.Shake(mux))
	p.url = p.server.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
		defer cancel()
		if err := p.widget.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown = %v, want every stream ended", err)
		}
		p.server.Close()
	})
	p.ctx = browsertest.Open(t, 1280, 800, p.listen)
	if _, err := cd.Call(p.ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatalf("watch the network: %v", err)
	}
	return p
}

func (p *page) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if strings.HasPrefix(e.Request.URL, "http") {
			p.requests = append(p.requests, e.Request.Method+" "+e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		p.faults = append(p.faults, fmt.Sprintf("%s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" {
			p.faults = append(p.faults, e.Entry.Text)
		}
	}
}

// wantNoFaults fails the test when the browser had anything to complain of.
func (p *page) wantNoFaults() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, fault := range p.faults {
		p.t.Errorf("browser fault: %s", fault)
	}
}

func (p *page) goTo(path string) {
	p.t.Helper()
	p.do(cd.Navigate(p.url + path))
	p.wait(`!!window.Frontdesk`)
}

func (p *page) do(steps ...cd.Action[cd.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, waitAtMost)
	defer cancel()
	if err := cd.Do(ctx, steps...); err != nil {
		p.t.Fatalf("browser step: %v", err)
	}
}

// helpers are what the tests' expressions may use.
const helpers = `
const root = document.querySelector('frontdesk-chat')?.shadowRoot;
const one = (selector) => root?.querySelector(selector);
const all = (selector) => [...root?.querySelectorAll(selector) || []];
const log = () => one('.log').innerText;
`

// eval returns the value of an expression over helpers; it may be a promise.
func eval[T any](p *page, expression string) T {
	p.t.Helper()
	v, err := browsertest.Eval[T](p.ctx, "{"+helpers+"return "+expression+"}")
	if err != nil {
		p.t.Fatalf("evaluate %s: %v\nlog: %s", expression, err, p.text())
	}
	return v
}

// run evaluates an expression for what it does.
func (p *page) run(expression string) {
	p.t.Helper()
	eval[bool](p, "("+expression+", true)")
}

// wait returns once the expression is true.
func (p *page) wait(expression string) {
	p.t.Helper()
	if err := browsertest.Wait(p.ctx, "(() => {"+helpers+"return "+expression+"})()"); err != nil {
		p.t.Fatalf("wait for %s: %v\nlog: %s", expression, err, p.text())
	}
}

// text is what the chat shows, for whoever reads why a test failed.
func (p *page) text() string {
	ctx, cancel := context.WithTimeout(p.ctx, waitAtMost)
	defer cancel()
	text, err := cd.Run(ctx, cd.Evaluate[string](`document.querySelector('frontdesk-chat')?.shadowRoot.querySelector('.panel')?.innerText ?? 'no chat'`))
	if err != nil {
		return err.Error()
	}
	return text
}

func (p *page) in(selector string) cd.JSPath {
	return cd.JSPath(fmt.Sprintf("document.querySelector('frontdesk-chat').shadowRoot.querySelector(%q)", selector))
}

// click clicks with the mouse, once what is to be clicked on can be, and lies still.
func (p *page) click(selector string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`((e) => e.checkVisibility() && !e.matches(':disabled'))(one(%q))`, selector))
	p.settled()
	p.do(cd.Click(p.in(selector)))
}

func (p *page) keys(keys string, options ...cd.KeyOption) {
	p.t.Helper()
	p.do(cd.KeyEvent(keys, options...))
}

// enter presses the key as a keyboard does, where a listener on its way down can
// keep it from being typed.
func (p *page) enter(modifiers ...int64) {
	p.t.Helper()
	down := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "Enter", Code: "Enter", Text: "\r", WindowsVirtualKeyCode: 13}
	for _, m := range modifiers {
		down.Modifiers = m
	}
	up := down
	up.Type, up.Text = input.DispatchKeyEventTypeKeyUp, ""
	for _, event := range []input.DispatchKeyEventParams{down, up} {
		if _, err := cd.Call(p.ctx, input.DispatchKeyEvent, event); err != nil {
			p.t.Fatalf("press enter: %v", err)
		}
	}
}

// ask opens the chat when it is closed, types a message and sends it.
func (p *page) ask(text string) {
	p.t.Helper()
	p.run(`Frontdesk.open()`)
	p.run(`one('textarea').focus()`)
	p.keys(text)
	p.enter()
	p.wait(fmt.Sprintf(`all('.customer .bubble').at(-1)?.textContent === %s && !one('.pending')`, quote(text)))
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string always encodes
	return string(b)
}

// connected waits until the event stream stands.
func (p *page) connected() {
	p.t.Helper()
	p.until("an event stream", func() bool { return p.widget.streams.open() > 0 })
}

// until polls a condition on the server's side.
func (p *page) until(what string, condition func() bool) {
	p.t.Helper()
	waitUntil(p.t, what, condition)
}

func waitUntil(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(waitAtMost)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// offline takes the page's network away, or gives it back.
func (p *page) offline(off bool) {
	p.t.Helper()
	conditions := network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}}}
	if _, err := cd.Call(p.ctx, network.EmulateNetworkConditionsByRule, conditions); err != nil {
		p.t.Fatalf("set the network: %v", err)
	}
	state := network.OverrideNetworkStateParams{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}
	if _, err := cd.Call(p.ctx, network.OverrideNetworkState, state); err != nil {
		p.t.Fatalf("set navigator.onLine: %v", err)
	}
}

func (p *page) media(features ...string) {
	p.t.Helper()
	params := emulation.SetEmulatedMediaParams{}
	for _, f := range features {
		name, value, _ := strings.Cut(f, "=")
		params.Features = append(params.Features, &emulation.MediaFeature{Name: name, Value: value})
	}
	if _, err := cd.Call(p.ctx, emulation.SetEmulatedMedia, params); err != nil {
		p.t.Fatalf("emulate media: %v", err)
	}
}

func (p *page) phone() {
	p.t.Helper()
	p.do(cd.EmulateViewport(390, 844, cd.EmulateMobile, cd.EmulateScale(2)))
}

const axeRun = `axe.run(document, {resultTypes: ['violations']}).then((result) => result.violations.map((v) =>
	v.id + ' (' + v.impact + '): ' + v.nodes.map((node) => node.target.flat().join(' ') + ' ' + (node.failureSummary || '')).join('; ')))`

// wantAccessible fails the test for every violation that axe finds.
func (p *page) wantAccessible(what string) {
	p.t.Helper()
	p.settled() // what is half faded in has half the contrast
	if !eval[bool](p, `'axe' in window`) {
		ctx, cancel := context.WithTimeout(p.ctx, waitAtMost)
		defer cancel()
		if _, err := cd.Run(ctx, cd.Evaluate[bool](axeScript+";true")); err != nil {
			p.t.Fatalf("load axe: %v", err)
		}
	}
	for _, violation := range eval[[]string](p, axeRun) {
		p.t.Errorf("axe, %s: %s", what, violation)
	}
}

// picture saves what the tab shows for somebody to look at, when
// FRONTDESK_SCREENSHOTS names a directory.
func (p *page) picture(name string) {
	p.t.Helper()
	dir := os.Getenv("FRONTDESK_SCREENSHOTS")
	if dir == "" {
		return
	}
	p.settled()
	png, err := cd.Run(p.ctx, cd.CaptureScreenshot())
	if err != nil {
		p.t.Fatalf("screenshot: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// settled waits until nothing moves any more.
func (p *page) settled() {
	p.t.Helper()
	eval[bool](p, `Promise.all(all('.panel').concat(all('.launcher')).flatMap((e) => e.getAnimations()).map((a) => a.finished)).then(() => true)`)
}

// answering has the engine answer every message with text, in pieces.
func (p *page) answering(text string, sources ...conversation.Source) {
	p.engine.onMessage = func(id string, m conversation.Message) {
		turn := fmt.Sprint("turn-", m.Seq)
		for _, piece := range strings.SplitAfter(text, " ") {
			p.engine.delta(id, turn, piece)
		}
		p.engine.say(p.t, id, conversation.Message{Author: conversation.AuthorBot, Turn: turn, Text: text, Sources: sources})
	}
}
