package console

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/bots/browsertest"
	"frontdesk/conversation/staff"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	cd "github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// look is a window; what is shown in it is looked at in both colour schemes.
type look struct {
	name  string
	phone bool
}

var (
	desktop = look{"desktop", false}
	looks   = []look{desktop, {"phone", true}}
)

// tab is a browser tab before a console of its own.
type tab struct {
	*place
	look look
	ctx  context.Context

	mu       sync.Mutex // guards what follows
	faults   []string
	forgiven []string // what of the faults was asked for, also where the browser says it later
}

// heldTimers keeps the lines that go by themselves, and the time in which a reply can be taken back, until the test lets
// them pass: on a slow machine they would be gone before it looks, on a fast one it would wait for them.
const heldTimers = `(() => {
	const begin = setTimeout, end = clearTimeout, held = new Map();
	let last = 1e9;
	window.setTimeout = (f, ms, ...with_) => [5000, 6000, 8000, 10000, 12000].includes(ms) ? (held.set(++last, () => f(...with_)), last) : begin(f, ms, ...with_);
	window.clearTimeout = (id) => { if (!held.delete(id)) end(id); };
	window.passTime = () => { const all = [...held.values()]; held.clear(); all.forEach((f) => f()); };
})()`

// countedStreams counts in streams how often the page has begun to hear of what happens.
const countedStreams = `(() => {
	const Source = EventSource;
	window.streams = 0;
	window.EventSource = class extends Source { constructor(of) { super(of); this.addEventListener('open', () => { window.streams++; }); } };
})();`

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }

func newTab(t *testing.T, p *place, v look) *tab {
	t.Helper()
	b := &tab{place: p, look: v}
	b.ctx = browsertest.Open(t, 1440, 900, b.listen)
	b.wear("light")
	if _, err := cd.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: countedStreams + heldTimers}); err != nil {
		t.Fatal(err)
	}
	if v.phone {
		b.do(cd.EmulateViewport(390, 844, cd.EmulateMobile, cd.EmulateScale(2)))
	}
	b.do(cd.Navigate(b.URL + "/console"))
	b.wait(`document.querySelector('form')`)
	return b
}

// wear has the tab prefer a colour scheme, and no motion.
func (b *tab) wear(scheme string) {
	b.t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	if _, err := cd.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.t.Fatal(err)
	}
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
	ctx, cancel := context.WithTimeout(b.ctx, browsertest.Patience)
	defer cancel()
	if err := cd.Do(ctx, steps...); err != nil {
		b.t.Fatalf("browser step: %v", err)
	}
}

// run evaluates an expression as soon as what it reads and calls is there. What it returns is how things are at this very
// moment: where that may still change, b.reads and b.equals wait for what is wanted.
func run[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := browsertest.Eval[T](b.ctx, expression)
	if err != nil {
		b.t.Fatalf("evaluate %s: %v\npage: %s", expression, err, b.text())
	}
	return v
}

// passes lets the time pass for which lines stay and replies can be taken back.
func (b *tab) passes() {
	b.t.Helper()
	run[bool](b, `(passTime(), true)`)
}

// text is what the page shows, for whoever reads why a test failed.
func (b *tab) text() string {
	ctx, cancel := context.WithTimeout(b.ctx, browsertest.Patience)
	defer cancel()
	text, err := cd.Run(ctx, cd.Evaluate[string](`document.body?.innerText ?? 'nothing'`))
	if err != nil {
		return err.Error()
	}
	return text
}

func (b *tab) wait(expression string) {
	b.t.Helper()
	if err := browsertest.Wait(b.ctx, expression); err != nil {
		b.t.Fatalf("wait for %s: %v\npage: %s", expression, err, b.text())
	}
}

// reads waits until what a selector finds first shows all the texts.
func (b *tab) reads(selector string, texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		if err := browsertest.Wait(b.ctx, fmt.Sprintf(`document.querySelector(%q).innerText.includes(%q)`, selector, text)); err != nil {
			b.t.Fatalf("%s never showed %q: %v\npage: %s", selector, text, err, b.text())
		}
	}
}

// equals waits until an expression has a value, and says which it had instead.
func (b *tab) equals(expression string, want any) {
	b.t.Helper()
	value, err := json.Marshal(want)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := browsertest.Wait(b.ctx, fmt.Sprintf(`JSON.stringify(%s) === JSON.stringify(%s)`, expression, value)); err != nil {
		b.t.Fatalf("%s is %s, want %s: %v\npage: %s", expression, run[string](b, fmt.Sprintf(`String(JSON.stringify(%s))`, expression)), value, err, b.text())
	}
}

// axe is the checker's source.
var axe = sync.OnceValues(func() ([]byte, error) {
	return os.ReadFile(filepath.Join("..", "..", "bots", "widget", "testdata", "axe.min.js"))
})

// show runs axe in both colour schemes, and keeps pictures when FRONTDESK_SCREENSHOTS names a directory.
func (b *tab) show(name string) {
	b.t.Helper()
	if !run[bool](b, `'axe' in window`) {
		source, err := axe()
		if err != nil {
			b.t.Fatal(err)
		}
		b.do(func(ctx context.Context, t *cd.Target) (cd.Void, error) {
			_, err := cd.Evaluate[bool](string(source)+";true")(ctx, t)
			return cd.Void{}, err
		})
	}
	for _, scheme := range []string{"dark", "light"} { // it ends as it was
		b.wear(scheme)
		b.wait(fmt.Sprintf(`matchMedia('(prefers-color-scheme: %s)').matches`, scheme))
		b.check(b.look.name + "-" + scheme + "-" + name)
	}
}

// check is show in the present scheme.
func (b *tab) check(name string) {
	b.t.Helper()
	for _, v := range run[[]string](b, `axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target.flat().join(' ')).join('; ')))`) {
		b.t.Errorf("axe, %s: %s", name, v)
	}
	if wide := run[bool](b, `document.documentElement.scrollWidth > innerWidth`); wide {
		b.t.Errorf("%s scrolls sideways", name)
	}
	if dir := os.Getenv("FRONTDESK_SCREENSHOTS"); dir != "" {
		ctx, cancel := context.WithTimeout(b.ctx, browsertest.Patience)
		defer cancel()
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
	b.look = look{"phone", true}
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
	b.wait(`document.querySelector('.rail') && streams > 0`)
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
	ctx, cancel := context.WithTimeout(b.ctx, browsertest.Patience)
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

// goes presses keys that lead elsewhere together, until the page is there: they count only within a moment of each other.
func (b *tab) goes(keys, there string) {
	b.t.Helper()
	for deadline := time.Now().Add(browsertest.Patience); time.Now().Before(deadline); {
		b.press(keys)
		if run[bool](b, fmt.Sprintf(`location.hash === %q`, there)) {
			return
		}
	}
	b.t.Fatalf("%q never led to %s\npage: %s", keys, there, b.text())
}

// calm fails the test when the browser complained of anything that was not forgiven.
func (b *tab) calm() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.faults {
		if !slices.ContainsFunc(b.forgiven, func(said string) bool { return strings.Contains(f, said) }) {
			b.t.Errorf("browser fault: %s", f)
		}
	}
}

// forgive expects the browser to complain of answers with a status, which were asked for.
func (b *tab) forgive(statuses ...int) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, status := range statuses {
		b.forgiven = append(b.forgiven, fmt.Sprintf("status of %d ", status))
	}
}
