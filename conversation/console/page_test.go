package console

import (
	"compress/gzip"
	"io"
	"regexp"
	"strings"
	"testing"
)

func TestThePageRunsNothingButItsOwnFiles(t *testing.T) {
	p := newPlace(t)
	got := p.do("GET", "/console", nil)
	csp := got.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"} {
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
	files := regexp.MustCompile(`/console/console-[0-9a-f]{12}\.(css|js)`).FindAllString(got.body, -1)
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
}

func TestTheScriptMakesNoMarkupOfText(t *testing.T) {
	js := string(mustRead("ui/console.js"))
	for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "localStorage"} {
		if strings.Contains(js, bad) {
			t.Errorf("console.js uses %s", bad)
		}
	}
}

func TestThePagesAreSmall(t *testing.T) {
	total := 0
	for _, a := range newPages().assets {
		total += len(a.zip())
	}
	if total > 90<<10 {
		t.Errorf("the console's files are %d bytes compressed, want at most 90 KB", total)
	}
	t.Logf("%d bytes compressed", total)
}
