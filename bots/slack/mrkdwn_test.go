package slack

import (
	"regexp"
	"strings"
	"testing"
)

func shown(md string) string { return strings.Join(sections(markdown(md), maxSection), "\n⋯\n") }

func TestMarkdownBecomesSlackMarkup(t *testing.T) {
	for md, want := range map[string]string{
		"plain":                                   "plain",
		"**bold** and *it* and ~~gone~~":          "*bold* and _it_ and ~gone~",
		"__bold__ _it_":                           "*bold* _it_",
		"**bold with *it* inside**":               "*bold with _it_ inside*",
		"snake_case_name 2 * 3 * 4":               "snake_case_name 2 * 3 * 4",
		"请**点击**这里":                               "请\u200b*点击*\u200b这里",
		"# Title\ntext":                           "*Title*\ntext",
		"## **Bold** title ##":                    "*Bold title*",
		"- one\n  * two\n+ three":                 "• one\n  • two\n• three",
		"- [ ] open\n- [x] done":                  "☐ open\n☑ done",
		"1. one\n2. two":                          "1. one\n2. two",
		"> quoted *it*":                           "> quoted _it_",
		"[docs](https://a.example/x?a=1&b=2)":     "<https://a.example/x?a=1&amp;b=2|docs>",
		"[**docs**](https://a.example/(x) \"T\")": "<https://a.example/(x)|docs>",
		"[x](javascript:alert(1))":                "x",
		"[a|b](https://a.example)":                "<https://a.example|a∣b>",
		"see https://a.example/x, or":             "see <https://a.example/x>, or",
		"(https://a.example/x)":                   "(<https://a.example/x>)",
		"<https://a.example>":                     "<https://a.example>",
		"![pic](https://a.example/p.png)":         "<https://a.example/p.png|pic>",
		"a `co<de` & b":                           "a `co&lt;de` &amp; b",
		"```go\nif a < b {\n```\nafter":           "```\nif a &lt; b {\n```\nafter",
		"~~~\nx ``` y\n~~~":                       "```\nx ''' y\n```",
		"| a | b |\n|---|---|\n| 1 | 2 |":         "a | b\n1 | 2",
		"---":                                     "───",
		"\\*not bold\\*":                          "*not bold*",
		"<!channel> <@U123> <#C1> &lt;!here&gt;":  "&lt;!channel&gt; &lt;@U123&gt; &lt;#C1&gt; &amp;lt;!here&amp;gt;",
		"@channel @HERE a@everyone":               "@\u2060channel @\u2060HERE a@\u2060everyone",
		"[<!channel>](https://a.example)":         "<https://a.example|&lt;!channel&gt;>",
		"[x](https://a.example/<!channel>)":       "[x](<https://a.example/>&lt;!channel&gt;)",
	} {
		if got := shown(md); got != want {
			t.Errorf("shown(%q)\n got %q\nwant %q", md, got, want)
		}
	}
}

// angle is everything between angle brackets that are not escaped.
var (
	angle   = regexp.MustCompile(`<[^<>]*>`)
	safeRef = regexp.MustCompile(`^<(https?://[^<>|\s]+|mailto:[^<>|\s]+)(\|[^<>|\n]*)?>$`)
)

// mustCallNobody fails when Slack could read a mention in s.
func mustCallNobody(t *testing.T, s string) {
	t.Helper()
	for _, ref := range angle.FindAllString(s, -1) {
		if !safeRef.MatchString(ref) {
			t.Fatalf("%q holds %q, which is no plain link", s, ref)
		}
	}
	if rest := angle.ReplaceAllString(s, ""); strings.Contains(rest, "<") {
		t.Fatalf("%q holds an open angle bracket", s)
	}
	if m := regexp.MustCompile(`(?i)@(channel|here|everyone)`).FindString(s); m != "" {
		t.Fatalf("%q holds %q", s, m)
	}
}

func FuzzMarkdownCallsNobody(f *testing.F) {
	for _, s := range []string{
		"<!channel>", "<@U1|x>", "[<!here>](https://x.example)", "[a](<https://x.example|<!channel>>)", "`<!channel>`",
		"```\n<!channel>\n```", "<https://x.example/<!here>>", "https://x.example/|<!channel>", "\\<!channel>", "**<!**channel>",
		"<\\!channel>", "@chan\\nel", "@**here**", "&lt;!channel&gt;", "<!subteam^S1|@team>", "| <!here> |", "# <@U1>", "@\\here",
		strings.Repeat("[", 300), strings.Repeat("**a", 300), "a https://x.example/" + strings.Repeat("(", 50), "\xff<\xfe!channel>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, limit := range []int{maxSection, 2000} {
			for _, text := range sections(markdown(s), limit) {
				mustCallNobody(t, text)
				if n := units(text); n > limit {
					t.Fatalf("a section has %d units, want at most %d", n, limit)
				}
				if strings.Count(text, codeFence)%2 != 0 && !strings.Contains(s, "`") {
					t.Fatalf("%q leaves a code block open", text)
				}
			}
		}
		mustCallNobody(t, escape(s))
	})
}

func TestLongTextsAreCutBetweenWordsAndNothingIsLost(t *testing.T) {
	words := strings.Repeat("Größe 👍 word ", 900)
	parts := sections(markdown(words), maxSection)
	if len(parts) < 4 {
		t.Fatalf("%d sections of a text of %d units, want at least 4", len(parts), units(words))
	}
	var all []string
	for _, p := range parts {
		if units(p) > maxSection {
			t.Errorf("a section has %d units, want at most %d", units(p), maxSection)
		}
		all = append(all, strings.Fields(p)...)
	}
	if got, want := strings.Join(all, " "), strings.Join(strings.Fields(words), " "); got != want {
		t.Errorf("the sections joined differ from the text: %d against %d bytes", len(got), len(want))
	}
}

func TestCodeBlocksAreClosedAtEveryCut(t *testing.T) {
	md := "before\n```\n" + strings.Repeat("a < b && c\n", 600) + "```\nafter"
	parts := sections(markdown(md), maxSection)
	lines := 0
	for i, p := range parts {
		if n := strings.Count(p, codeFence); n%2 != 0 {
			t.Errorf("section %d has %d fences, want an even number", i, n)
		}
		if units(p) > maxSection {
			t.Errorf("section %d has %d units, want at most %d", i, units(p), maxSection)
		}
		lines += strings.Count(p, "a &lt; b &amp;&amp; c")
	}
	if lines != 600 {
		t.Errorf("%d lines of code left, want 600", lines)
	}
	if last := parts[len(parts)-1]; !strings.HasSuffix(last, "after") {
		t.Errorf("the last section ends in %q, want the text after the block", last[max(0, len(last)-20):])
	}
}

func TestLinksAreNeverCut(t *testing.T) {
	md := strings.Repeat("x", 2950) + " [the label of a link](https://a.example/" + strings.Repeat("p", 300) + ") end"
	parts := sections(markdown(md), maxSection)
	for _, p := range parts {
		mustCallNobody(t, p)
	}
	if got := strings.Join(parts, ""); !strings.Contains(got, "|the label of a link>") {
		t.Errorf("the link is gone from %d sections", len(parts))
	}
}
