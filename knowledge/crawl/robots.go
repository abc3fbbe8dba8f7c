package crawl

import (
	"bufio"
	"bytes"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// maxRobots is how much of a robots.txt is read; RFC 9309, 2.5, wants at
	// least 500 KiB.
	maxRobots = 512 << 10
	// maxRules and maxRule bound what one request costs to judge.
	maxRules, maxRule = 2000, 1000
	// maxDelay caps Crawl-delay: a file written for search engines with an hour
	// in it would have a site take weeks.
	maxDelay = 10 * time.Second
	// agent is the name under which robots.txt addresses us.
	agent = "frontdesk"
)

// robots is what a site's robots.txt asks of us (RFC 9309). The zero value
// allows everything.
type robots struct {
	rules []rule
	delay time.Duration
}

type rule struct {
	pattern string
	allow   bool
}

// nothing forbids every page.
var nothing = robots{rules: []rule{{pattern: "/"}}}

// parseRobots reads a robots.txt. Lines that say nothing are passed over, as
// the standard asks for. The groups addressed to us are joined; without any,
// those for everybody count.
func parseRobots(data []byte) robots {
	data = bytes.TrimPrefix(data[:min(len(data), maxRobots)], []byte("\xef\xbb\xbf"))
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(make([]byte, 0, 4096), maxRobots+1)
	lines.Split(robotsLines)
	var ours, all robots
	named := false                                  // a group for us was seen
	var forUs, forAll, inRules = false, false, true // of the group being read
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		switch key {
		case "user-agent":
			if inRules {
				forUs, forAll, inRules = false, false, false
			}
			switch name := strings.ToLower(value); {
			case name == "*":
				forAll = true
			case productOf(name) == agent:
				forUs, named = true, true
			}
		case "allow", "disallow", "crawl-delay":
			inRules = true
			if forUs {
				ours.add(key, value)
			}
			if forAll {
				all.add(key, value)
			}
		}
	}
	if named {
		return ours
	}
	return all
}

// productOf is the product token of a user agent's name: letters, _ and -.
func productOf(name string) string {
	i := strings.IndexFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' && r != '-' })
	if i < 0 {
		return name
	}
	return name[:i]
}

// robotsLines splits at CR, LF or both.
func robotsLines(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexAny(data, "\r\n"); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

func (r *robots) add(key, value string) {
	if key == "crawl-delay" {
		if s, err := strconv.ParseFloat(value, 64); err == nil && s > 0 {
			r.delay = time.Duration(min(s, maxDelay.Seconds()) * float64(time.Second))
		}
		return
	}
	if value == "" || len(value) > maxRule || len(r.rules) >= maxRules || value[0] != '/' && value[0] != '*' {
		return
	}
	pattern := escapes(value, true)
	r.rules = append(r.rules, rule{pattern: pattern, allow: key == "allow"})
}

// allows reports whether the address may be asked for: the longest rule that
// matches decides, and of two of one length the one that allows.
func (r robots) allows(u *url.URL) bool {
	path := escapes(u.RequestURI(), true)
	best, allowed := -1, true
	for _, x := range r.rules {
		if n := len(x.pattern); (n > best || n == best && x.allow) && matches(x.pattern, path) {
			best, allowed = n, x.allow
		}
	}
	return allowed
}

// matches reports whether the path begins with the pattern, in which * stands
// for anything and a $ at the end for the path's end.
func matches(pattern, path string) bool {
	pattern, whole := strings.CutSuffix(pattern, "$")
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(path, parts[0]) {
		return false
	}
	path = path[len(parts[0]):]
	if len(parts) == 1 {
		return !whole || path == ""
	}
	last := len(parts) - 1
	for _, p := range parts[1:last] {
		i := strings.Index(path, p)
		if i < 0 {
			return false
		}
		path = path[i+len(p):]
	}
	if whole {
		return strings.HasSuffix(path, parts[last])
	}
	return strings.Contains(path, parts[last])
}
