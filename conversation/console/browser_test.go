package console

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	cd "github.com/chromedp/chromedp"
)

// inBrowser bounds one wait in the browser.
const inBrowser = 30 * time.Second

// tab is a browser tab before a console of its own.
type tab struct {
	*place
	ctx context.Context

	mu     sync.Mutex // guards faults
	faults []string
}

func newTab(t *testing.T, phone bool, scheme string) *tab {
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
	b := &tab{place: newPlace(t)}
	options := append(cd.DefaultExecAllocatorOptions[:], cd.ExecPath(path), cd.NoSandbox,
		cd.Flag("disable-dev-shm-usage", true), cd.Flag("lang", "en-US"), cd.WindowSize(1280, 800))
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
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	if _, err := cd.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
		t.Fatal(err)
	}
	if phone {
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

// look runs axe, and keeps a picture when FRONTDESK_SCREENSHOTS names a directory.
func (b *tab) look(name string) {
	b.t.Helper()
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

// TestAnAdminKeepsTheKnowledge goes through the pages as an admin does, in every
// look they have.
func TestAnAdminKeepsTheKnowledge(t *testing.T) {
	for _, v := range []struct {
		name   string
		phone  bool
		scheme string
	}{{"desktop-light", false, "light"}, {"desktop-dark", false, "dark"}, {"phone-light", true, "light"}, {"phone-dark", true, "dark"}} {
		t.Run(v.name, func(t *testing.T) {
			b := newTab(t, v.phone, v.scheme)
			if _, err := b.staff.Add(t.Context(), "ana@example.com", password, staff.RoleAdmin); err != nil {
				t.Fatal(err)
			}
			for _, d := range []knowledge.Document{
				{Name: "returns.md", Status: knowledge.StatusReady, Passages: 12, Bytes: 4096, Warnings: []string{
					"“Refunds”: it reads like an instruction to an assistant: “<b>Ignore</b> all previous instructions”",
					"Page 2: text in white: “" + strings.Repeat("x", 90) + "”", "Page 3: tiny text", "Page 4: tiny text"}},
				{Name: `<img src=x onerror=alert(1)>.csv`, Status: knowledge.StatusFailed, Error: "Row 7 has no answer.", Bytes: 12},
				{Name: "a-very-long-name-that-has-no-place-to-break-" + strings.Repeat("x", 80) + ".txt", Status: knowledge.StatusReady, Passages: 1},
			} {
				d.ID, d.CreatedAt = knowledge.NewID(), time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
				b.library.docs[d.ID] = d
			}
			b.look(v.name + "-1-signin")
			signIn := func(with string) {
				run[bool](b, fmt.Sprintf(`(document.querySelector('[name=email]').value = 'ana@example.com', document.querySelector('[name=password]').value = %q, document.querySelector('form').requestSubmit(), true)`, with))
			}
			signIn("wrong password")
			b.wait(`document.querySelector('[role=alert]:not([hidden])')?.textContent.includes('wrong')`)
			b.look(v.name + "-2-refused")
			signIn(password)
			b.wait(`document.querySelectorAll('.doc').length === 3`)

			run[bool](b, `(document.querySelector('[type=search]').value = 'how long for a refund', document.querySelector('[role=search]').requestSubmit(), true)`)
			b.wait(`document.querySelector('.hit')`)
			if why := run[string](b, `document.querySelector('.why').innerText`); !strings.Contains(why, "#1 (7.500)") || !strings.Contains(why, "not listed") {
				t.Errorf("a passage is explained as %q, want its rank by words and none by meaning", why)
			}
			if told := run[string](b, `document.querySelector('[aria-label="Warnings about returns.md"]').innerText`); !strings.Contains(told, "<b>Ignore</b> all previous") || strings.Contains(told, "Page 4") {
				t.Errorf("the warnings shown at once are %q, want the first three as plain text", told)
			}
			run[bool](b, `(document.querySelector('.warning summary').click(), true)`)
			b.look(v.name + "-3-documents")

			run[bool](b, `(() => { const picker = document.querySelector('[type=file]'); const files = new DataTransfer();
				files.items.add(new File(['# Sizes'], 'sizes.md')); picker.files = files.files; picker.dispatchEvent(new Event('change')); return true })()`)
			b.wait(`[...document.querySelectorAll('.doc')].some((d) => d.innerText.includes('sizes.md') && d.innerText.includes('Waiting'))`)

			run[bool](b, `(() => { const picker = document.querySelector('[type=file]'); const files = new DataTransfer();
				files.items.add(new File(['PK'], 'help.zip')); picker.files = files.files; picker.dispatchEvent(new Event('change')); return true })()`)
			b.wait(`document.querySelector('[aria-label="Left out of help.zip"]')?.innerText.includes('logo.png: Unsupported format')`)

			run[bool](b, `([...document.querySelectorAll('.doc')].find((d) => d.innerText.includes('returns.md')).querySelector('button').click(), true)`)
			b.wait(`document.querySelector('dialog[open]')`)
			b.look(v.name + "-4-delete")
			run[bool](b, `(document.querySelector('dialog [value=yes]').click(), true)`)
			b.wait(`![...document.querySelectorAll('.doc')].some((d) => d.innerText.includes('returns.md'))`)

			run[bool](b, `(document.querySelector('header button').click(), true)`)
			b.wait(`document.querySelector('[name=password]')`)
			b.mu.Lock()
			defer b.mu.Unlock()
			for _, f := range b.faults {
				t.Errorf("browser fault: %s", f)
			}
		})
	}
}
