package crawl

import (
	"net/url"
	"strings"
	"testing"
)

func TestOneAddressHasOneSpelling(t *testing.T) {
	for in, want := range map[string]string{
		"HTTP://Example.COM:80/a/../b/./c#top":                "http://example.com/b/c",
		"https://example.com":                                 "https://example.com/",
		"https://example.com:443/index.html":                  "https://example.com/",
		"https://example.com/docs/INDEX.PHP?x=1":              "https://example.com/docs/?x=1",
		"https://example.com/a?utm_source=x&b=2&a=1&fbclid=9": "https://example.com/a?a=1&b=2",
		"https://example.com/a?utm_source=x":                  "https://example.com/a",
		"https://example.com/a;jsessionid=ABC.1?b=1":          "https://example.com/a?b=1",
		"https://example.com/%7euser/%2fx%c3%a9":              "https://example.com/~user/%2Fx%C3%A9",
		"https://example.com/caf\u00e9 au lait":               "https://example.com/caf%C3%A9%20au%20lait",
		"https://b\u00fccher.example./x":                      "https://xn--bcher-kva.example/x",
		"http://[::1]:8080/":                                  "http://[::1]:8080/",
		"http://example.com/a?":                               "http://example.com/a",
		"http://example.com/../../x":                          "http://example.com/x",
		"http://example.com/indexes.html":                     "http://example.com/indexes.html",
	} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := normalize(u)
		if err != nil || got.String() != want {
			t.Errorf("normalize(%s) = %v, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"ftp://example.com/", "mailto:a@example.com", "/path", "http:///x", "http://u:p@example.com/", "http://example.com:0/",
		"http://example.com:70000/", "javascript:alert(1)", "http://example.com/" + strings.Repeat("a", 2000), "http://a..b/"} {
		u, err := url.Parse(in)
		if err != nil {
			continue
		}
		if got, err := normalize(u); err == nil {
			t.Errorf("normalize(%.60s) = %s, want it refused", in, got)
		}
	}
}

func TestASiteIsItsHostInEverySpelling(t *testing.T) {
	s, err := newScope("https://www.example.com", "/help/")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"http://example.com/help/a":                                   "https://www.example.com/help/a",
		"https://www.example.com/help/":                               "https://www.example.com/help/",
		"https://www.example.com/help":                                "",
		"https://www.example.com/shop/":                               "",
		"https://www.example.com/help/../shop/":                       "",
		"https://www.example.com:8443/help/a":                         "",
		"https://example.com.evil.net/help/a":                         "",
		"https://docs.example.com/help/a":                             "",
		"https://www.example.com/help/a/a/a/a":                        "",
		"https://www.example.com/help" + strings.Repeat("/x1/y1", 20): "",
	} {
		u, _ := url.Parse(in)
		got := ""
		if own, ok := s.own(u); ok {
			got = own.String()
		}
		if got != want {
			t.Errorf("own(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestCalendarsFormGroupsAndPagesDoNot(t *testing.T) {
	same := func(a, b string) {
		t.Helper()
		ua, _ := url.Parse(a)
		ub, _ := url.Parse(b)
		if group(ua) == "" || group(ua) != group(ub) {
			t.Errorf("group(%s) = %q, group(%s) = %q; want one group", a, group(ua), b, group(ub))
		}
	}
	same("http://x/cal/2024/05/", "http://x/cal/1999/12/")
	same("http://x/cal/2024-05-01", "http://x/cal/2031-01-31")
	same("http://x/events?date=2024-05", "http://x/events?date=2025-06")
	same("http://x/list?page=2&sort=up", "http://x/list?page=99&sort=down")
	for _, a := range []string{"http://x/", "http://x/articles/12345", "http://x/2024/05/a-post", "http://x/faq?id=7", "http://x/v2/2000"} {
		u, _ := url.Parse(a)
		if g := group(u); g != "" && a != "http://x/v2/2000" {
			t.Errorf("group(%s) = %q, want none", a, g)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"http://example.com/a/../b?x=%zz#f", "https://[::1]:443/%7e;jsessionid=1", "http://xn--a/..//.", "HTTP://A:80/?&&a=b&=", "http://a/%2e%2e/index.html/index.html"} {
		f.Add(s)
	}
	scope, _ := newScope("http://example.com", "")
	f.Fuzz(func(t *testing.T, s string) {
		u, err := url.Parse(s)
		if err != nil {
			return
		}
		scope.own(u)
		n, err := normalize(u)
		if err != nil {
			return
		}
		again, err := normalize(n)
		if err != nil || again.String() != n.String() {
			t.Fatalf("normalize(%q) = %q, and of that %v, %v; want it unchanged", s, n, again, err)
		}
		if len(n.String()) > maxAddress || n.User != nil || n.Fragment != "" || checkURL(n) != nil {
			t.Fatalf("normalize(%q) = %q, want a plain address", s, n)
		}
		group(n)
		endless(n)
	})
}
