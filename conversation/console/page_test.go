package console

import (
	"compress/gzip"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"sync"
	"testing"

	"frontdesk/bots/widget"
	"frontdesk/cmd/frontdesk/assets"
)

// bundled makes the pages as the program does, once for all tests.
var bundled = sync.OnceValues(func() (*Pages, error) {
	src := assets.Forest{"": UI, "widget": widget.UI}
	js, err := assets.Split(src, Entry, assets.Options{Modules: Modules, KeepPrivate: true})
	if err != nil {
		return nil, err
	}
	css, err := assets.Bundle(src, Style, assets.Options{})
	if err != nil {
		return nil, err
	}
	return NewPages(js.Entry, css, js.Shared, js.Parts), nil
})

func TestThePageRunsNothingButItsOwnFiles(t *testing.T) {
	p := newPlace(t)
	got := p.do("GET", "/console", nil)
	csp := got.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("policy %q lacks %q", csp, want)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q has an exception", csp)
	}
	if regexp.MustCompile(`<script[^>]*>[^<]|<style|\sstyle=|\son[a-z]+=`).MatchString(got.body) {
		t.Errorf("page has inline code: %s", got.body)
	}
	files := regexp.MustCompile(`/console/assets/console-[0-9a-f]{12}\.(css|js)`).FindAllString(got.body, -1)
	if len(files) != 2 {
		t.Fatalf("page names %q, want one script and one style sheet by hash", files)
	}
	for _, f := range files {
		a := p.do("GET", f, nil, header("Accept-Encoding", "identity"))
		if a.code != 200 || !strings.Contains(a.header.Get("Cache-Control"), "immutable") || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s = %d %v, want it kept for good", f, a.code, a.header)
		}
		z := p.do("GET", f, nil, header("Accept-Encoding", "gzip"))
		if z.header.Get("Content-Encoding") != "gzip" {
			t.Errorf("GET %s with gzip is %q, want gzip", f, z.header.Get("Content-Encoding"))
			continue
		}
		r, err := gzip.NewReader(strings.NewReader(z.body))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := io.ReadAll(r); err != nil || string(plain) != a.body {
			t.Errorf("GET %s with gzip differs from without, %v", f, err)
		}
	}
	for _, link := range regexp.MustCompile(`modulepreload" href="([^"]+)"`).FindAllStringSubmatch(got.body, -1) {
		if a := p.do("GET", link[1], nil); a.code != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/javascript") {
			t.Errorf("GET %s = %d %s, want the script that the page names", link[1], a.code, a.header.Get("Content-Type"))
		}
	}
	if old := p.do("GET", "/console/assets/console-000000000000.js", nil); old.code != 404 {
		t.Errorf("GET of a file of another version = %d, want 404", old.code)
	}
}

// walk calls f with each of our own browser files.
func walk(t *testing.T, f func(name, text string)) {
	t.Helper()
	err := fs.WalkDir(UI, "ui", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "ui/vendor/") {
			return err
		}
		text, err := UI.ReadFile(name)
		if err == nil {
			f(name, string(text))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheScriptMakesNoMarkupOfText(t *testing.T) {
	walk(t, func(name, text string) {
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "dangerouslySet", "http://"} {
			if strings.Contains(text, bad) && path.Ext(name) != ".html" {
				t.Errorf("%s uses %s", name, bad)
			}
		}
	})
}

func TestTheBrowserFilesAreShort(t *testing.T) {
	const most = 250
	walk(t, func(name, text string) {
		if n := strings.Count(text, "\n"); n > most {
			t.Errorf("%s has %d lines, want at most %d", name, n, most)
		}
	})
}

func TestEveryLibraryHasItsLicence(t *testing.T) {
	for _, file := range Modules {
		if dir := path.Dir(file); strings.HasPrefix(dir, "ui/vendor/") {
			if _, err := UI.ReadFile(dir + "/LICENSE"); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

func TestThePagesAreSmall(t *testing.T) {
	p, err := bundled()
	if err != nil {
		t.Fatal(err)
	}
	atOnce, later := 0, 0
	for name, a := range p.assets {
		if a.later {
			later += len(a.zip)
		} else {
			atOnce += len(a.zip)
		}
		t.Logf("%s: %d bytes, %d compressed, later %t", name, len(a.body), len(a.zip), a.later)
	}
	t.Logf("%d bytes at once, %d when they are asked for", atOnce, later)
	if atOnce > 90<<10 {
		t.Errorf("what the console loads at once is %d bytes compressed, want at most 90 KB", atOnce)
	}
	if later > 60<<10 {
		t.Errorf("what the console loads later is %d bytes compressed, want at most 60 KB", later)
	}
}
