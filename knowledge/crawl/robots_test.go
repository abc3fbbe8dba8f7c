package crawl

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestRobotsFollowTheStandard(t *testing.T) {
	const file = "\xef\xbb\xbf# ours is below\nUser-agent: *\nDisallow: /\n\nUser-Agent: Other\nUser-agent: FRONTDESK/2.0 # us\r\nCrawl-delay: 2.5\r" +
		"Disallow: /private\nAllow: /private/faq$\nDisallow: /*.pdf$\nDisallow: /tmp/*/x\nAllow: /tmp/ok/x\nDisallow:\nnonsense\nDisallow: /caf%C3%A9\n" +
		"\nUser-agent: frontdesk\nDisallow: /more\n\nUser-agent: frontdesker\nDisallow: /none\n"
	r := parseRobots([]byte(file))
	if r.delay != 2500*time.Millisecond {
		t.Errorf("delay = %v, want 2.5 s", r.delay)
	}
	for path, want := range map[string]bool{
		"/": true, "/private": false, "/private/": false, "/private/faq": true, "/private/faq/x": false, "/privates": false,
		"/a.pdf": false, "/a.pdf?x": true, "/tmp/a/x": false, "/tmp/ok/x": true, "/tmp/x": true, "/more/1": false, "/none": true,
		"/caf\u00e9": false, "/caf%c3%a9/": false,
	} {
		u, err := url.Parse("https://example.com" + path)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.allows(u); got != want {
			t.Errorf("allows(%s) = %v, want %v", path, got, want)
		}
	}
	u, _ := url.Parse("https://example.com/")
	if parseRobots([]byte("User-agent: *\nDisallow: /")).allows(u) || nothing.allows(u) || !parseRobots(nil).allows(u) {
		t.Error("everybody's group, nothing and an empty file are not told apart")
	}
	if d := parseRobots([]byte("User-agent: *\nCrawl-delay: 86400")).delay; d != maxDelay {
		t.Errorf("a day's delay = %v, want %v", d, maxDelay)
	}
}

func FuzzRobots(f *testing.F) {
	f.Add("User-agent: *\nDisallow: /a*b$\nCrawl-delay: 1e309", "/axb")
	f.Add("user-agent:frontdesk\rallow:*\rdisallow:$", "/")
	f.Add("User-agent: *\nDisallow: /"+strings.Repeat("*a", 400), "/"+strings.Repeat("a", 1000)+"b")
	f.Fuzz(func(t *testing.T, file, path string) {
		r := parseRobots([]byte(file))
		if len(r.rules) > maxRules || r.delay < 0 || r.delay > maxDelay {
			t.Fatalf("parseRobots(%q) = %d rules, delay %v", file, len(r.rules), r.delay)
		}
		if u, err := url.Parse("http://example.com/" + path); err == nil {
			r.allows(u)
		}
		if !matches("*", path) || !matches("", path) {
			t.Fatalf("matches(*, %q) = false", path)
		}
	})
}
