package console

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation/staff"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	cd "github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// inBrowser bounds one wait in the browser.
const inBrowser = 30 * time.Second

// look is a window, and the colours its owner prefers.
type look struct {
	name   string
	phone  bool
	scheme string
}

var looks = []look{{"desktop-light", false, "light"}, {"desktop-dark", false, "dark"}, {"phone-light", true, "light"}, {"phone-dark", true, "dark"}}

// tab is a browser tab before a console of its own.
type tab struct {
	*place
	look look
	ctx  context.Context

	mu     sync.Mutex // guards faults
	faults []string
}

func newTab(t *testing.T, p *place, v look) *tab {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" && os.Getenv("FRONTDESK_REQUIRE_BROWSER") != "1" {
		t.Skip("chromium not found: browser tests skipped")
	}
	b := &tab{place: p, look: v}
	options := append(cd.DefaultExecAllocatorOptions[:], cd.ExecPath(path), cd.NoSandbox,
		cd.Flag("disable-dev-shm-usage", true), cd.Flag("lang", "en-US"), cd.WindowSize(1440, 900))
	allocated, stopAllocator := cd.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stopAllocator)
	ctx, stop := cd.NewContext(allocated, cd.WithListener(b.listen))
	t.Cleanup(stop)
	b.ctx = ctx
	if err := cd.Do(ctx); err != nil { // the browser lives as long as this context
		t.Fatalf("start chromium: %v", err)
	}
	b.do(cd.Navigate("about:blank"))
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: v.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	if _, err := cd.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
		t.Fatal(err)
	}
	if v.phone {
		b.do(cd.EmulateViewport(390, 844, cd.EmulateMobile, cd.EmulateScale(2)))
	}
	b.do(cd.Navigate(b.URL + "/console"))
	b.wait(`document.querySelector('form')`)
	return b
}

func (b *tab) listen(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := ev.(type) {
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, fmt.Sprintf("%s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *log.EventEntryAdded:
		// The page asks who it is before anybody has signed in.
		if e.Entry.Level == "error" && !strings.Contains(e.Entry.Text, "401") {
			b.faults = append(b.faults, e.Entry.Text)
		}
	}
}

func (b *tab) do(steps ...cd.Action[cd.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, inBrowser)
	defer cancel()
	if err := cd.Do(ctx, steps...); err != nil {
		b.t.Fatalf("browser step: %v", err)
	}
}

// run evaluates an expression.
func run[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, inBrowser)
	defer cancel()
	v, err := cd.Run(ctx, cd.Evaluate[T]("(async () => "+expression+")()", cd.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("evaluate %s: %v", expression, err)
	}
	return v
}

func (b *tab) wait(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, inBrowser)
	defer cancel()
	_, err := cd.Run(ctx, cd.Poll[bool]("(() => !!("+expression+"))()", cd.WithPollingInterval(20*time.Millisecond), cd.WithPollingTimeout(inBrowser)))
	if err != nil {
		b.t.Fatalf("wait for %s: %v\npage: %s", expression, err, run[string](b, `document.body.innerText`))
	}
}

// show runs axe, and keeps a picture when FRONTDESK_SCREENSHOTS names a directory.
func (b *tab) show(name string) {
	b.t.Helper()
	name = b.look.name + "-" + name
	axe, err := os.ReadFile(filepath.Join("..", "..", "bots", "widget", "testdata", "axe.min.js"))
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.ctx, inBrowser)
	defer cancel()
	if _, err := cd.Run(ctx, cd.Evaluate[bool](string(axe)+";true")); err != nil {
		b.t.Fatalf("load axe: %v", err)
	}
	const check = `axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target.flat().join(' ')).join('; ')))`
	for _, v := range run[[]string](b, check) {
		b.t.Errorf("axe, %s: %s", name, v)
	}
	if !strings.Contains(b.t.Name(), "/") { // seen in one look alone: colours are what the other scheme changes
		for _, scheme := range []string{"dark", b.look.scheme} {
			if _, err := cd.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}); err != nil {
				b.t.Fatal(err)
			}
			for _, v := range run[[]string](b, check) {
				b.t.Errorf("axe, %s, %s: %s", name, scheme, v)
			}
		}
	}
	if wide := run[bool](b, `document.documentElement.scrollWidth > innerWidth`); wide {
		b.t.Errorf("%s scrolls sideways", name)
	}
	if dir := os.Getenv("FRONTDESK_SCREENSHOTS"); dir != "" {
		png, err := cd.Run(ctx, cd.CaptureScreenshot())
		if err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "console-"+name+".png"), png, 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
}

// showAnywhere is show at the width of a phone as well, after what has to be done there.
func (b *tab) showAnywhere(name string, there ...func()) {
	b.t.Helper()
	b.show(name)
	wide := b.look
	b.look = look{"phone-" + wide.scheme, true, wide.scheme}
	b.do(cd.EmulateViewport(390, 844, cd.EmulateMobile, cd.EmulateScale(2)))
	b.wait(`innerWidth === 390`)
	for _, f := range there {
		f()
	}
	b.show(name)
	b.look = wide
	b.do(cd.EmulateViewport(1440, 900))
	b.wait(`innerWidth === 1440`)
}

// signIn adds a member of staff and signs them in.
func (b *tab) signIn(email string, role staff.Role) staff.Account {
	b.t.Helper()
	who, err := b.staff.Add(b.t.Context(), email, password, role)
	if err != nil {
		b.t.Fatal(err)
	}
	b.enter(email, password)
	b.wait(`document.querySelector('.rail')`)
	return who
}

// enter fills in the form and sends it.
func (b *tab) enter(email, secret string) {
	b.t.Helper()
	run[bool](b, fmt.Sprintf(`(document.querySelector('[name=email]').value = %q, document.querySelector('[name=password]').value = %q, document.querySelector('form').requestSubmit(), true)`, email, secret))
}

// press presses keys wherever the focus is, as a keyboard does: a key that the page
// has used up types nothing.
func (b *tab) press(keys string, with ...cd.Modifier) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, inBrowser)
	defer cancel()
	for _, r := range keys {
		events := kb.Encode(r)
		for _, e := range events {
			if e.Type == kb.KeyChar {
				continue // the text goes with the key
			}
			if e.Type == kb.KeyDown && len(events) == 3 && len(with) == 0 {
				e.Text = string(r)
			}
			for _, m := range with {
				e.Modifiers |= int64(m)
			}
			if _, err := cd.Call(ctx, input.DispatchKeyEvent, *e); err != nil {
				b.t.Fatalf("press %q: %v", r, err)
			}
		}
	}
}

// click presses the button, or link, of a name.
func (b *tab) click(name string) {
	b.t.Helper()
	b.wait(button(name))
	run[bool](b, `(`+button(name)+`.click(), true)`)
}

func button(name string) string {
	return fmt.Sprintf(`[...document.querySelectorAll('button, a, summary')].find((e) => e.offsetParent && !e.disabled && (e.textContent.trim() === %[1]q || e.getAttribute('aria-label') === %[1]q || e.title === %[1]q))`, name)
}

func sees(text string) string { return fmt.Sprintf(`document.body.innerText.includes(%q)`, text) }

// calm fails the test when the browser complained of anything.
func (b *tab) calm() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.faults {
		b.t.Errorf("browser fault: %s", f)
	}
}

// forgive forgets what the browser said of answers with a status that was asked for.
func (b *tab) forgive(status int) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	said := fmt.Sprintf("status of %d ", status)
	b.faults = slices.DeleteFunc(b.faults, func(f string) bool { return strings.Contains(f, said) })
}
