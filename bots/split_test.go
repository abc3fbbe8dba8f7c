package bots

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

var units = map[string]Unit{"utf16": UTF16, "runes": Runes, "bytes": Bytes}

// pieces are what random texts are made of; each is to arrive in one piece.
var pieces = []string{
	"[our returns page](https://example.com/returns?a=1&b=(2))", "https://example.com/a/long/path#part", "`code with spaces`",
	"``a ` tick``", "<https://example.com/x>", "👩🏽‍🚒", "🇪🇸", "e\u0301", "नि", "각", "**strong words here**",
}

var filler = []string{
	"word ", "Sentence. ", "长文本没有空格，但是有标点。", "\n\n", "\n", "مرحبا بكم ", "- item one goes on\n- item two\n  - nested item\n", "1. first\n2. second\n",
	"\n```go\nfunc main() {\n\tprintln(1)\n}\n```\n", "a\u200Db ", "*", "`", "[", "](", "~~~", "  ", "\\*", "x",
}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range 20 + r.IntN(200) {
		if r.IntN(3) == 0 {
			b.WriteString(" " + pieces[r.IntN(len(pieces))] + " ")
		} else {
			b.WriteString(filler[r.IntN(len(filler))])
		}
	}
	return b.String()
}

// checkParts proves what holds for every text.
func checkParts(t *testing.T, text string, limit int, unit Unit) {
	t.Helper()
	var back strings.Builder
	for i, p := range split(text, limit, unit) {
		back.WriteString(p.body + p.gap)
		if n := unit.Size(p.head + p.body + p.tail); n > max(limit, MinLimit) {
			t.Errorf("part %d of %q has %d units, want at most %d", i, text, n, limit)
		}
		if strings.TrimSpace(p.body) == "" && p.head == "" {
			t.Errorf("part %d of %q is blank", i, text)
		}
		if strings.TrimSpace(p.gap) != "" {
			t.Errorf("part %d of %q drops %q", i, text, p.gap)
		}
		if utf8.ValidString(text) && !utf8.ValidString(p.body) {
			t.Errorf("part %d of %q cuts a character", i, text)
		}
	}
	if got, want := back.String(), strings.TrimSpace(text); got != want {
		t.Errorf("the parts make %q, want %q", got, want)
	}
}

func TestPartsRejoinAndKeepUnderTheLimit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		text, limit := randomText(r), 16+r.IntN(400)
		for name, unit := range units {
			t.Run(name, func(t *testing.T) { checkParts(t, text, limit, unit) })
		}
	}
}

func TestWhatBelongsTogetherIsNeverCut(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		var b strings.Builder
		want := map[string]int{}
		for range 60 {
			p := pieces[r.IntN(len(pieces))]
			want[p]++
			b.WriteString(p + []string{" and ", "\n", "\n\n", " 以及。 ", ". "}[r.IntN(5)])
		}
		limit := 70 + r.IntN(200)
		got := map[string]int{}
		for _, part := range Split(b.String(), limit, UTF16) {
			for p := range want {
				got[p] += strings.Count(part, p)
			}
		}
		for p, n := range want {
			if got[p] != n {
				t.Fatalf("%q is whole %d times of %d in the parts of %q at %d", p, got[p], n, b.String(), limit)
			}
		}
	}
}

func TestLongCodeIsClosedAndOpenedAgain(t *testing.T) {
	var code strings.Builder
	for i := range 60 {
		fmt.Fprintf(&code, "line_%02d := work(%d)\n", i, i)
	}
	parts := Split("Run this:\n\n```go\n"+code.String()+"```\n\nThen restart.", 300, Runes)
	if len(parts) < 4 {
		t.Fatalf("%d parts, want several", len(parts))
	}
	lines := 0
	for i, p := range parts {
		if n := strings.Count(p, "```"); n%2 != 0 {
			t.Errorf("part %d has %d fences: %q", i, n, p)
		}
		if i > 0 && strings.Contains(p, "line_") && !strings.HasPrefix(p, "```go\n") {
			t.Errorf("part %d does not open the code again: %q", i, p)
		}
		for l := range strings.Lines(p) {
			if strings.HasPrefix(l, "line_") && strings.HasSuffix(l, ")\n") {
				lines++
			}
		}
	}
	if lines != 60 {
		t.Errorf("%d lines of code arrived whole, want 60", lines)
	}
}

func TestACodeBlockOrListItemThatFitsGoesToTheNextPart(t *testing.T) {
	for name, block := range map[string]string{
		"code": "```\n" + strings.Repeat("abc def\n", 10) + "```",
		"item": "- " + strings.Repeat("abc def ", 12) + "end",
	} {
		parts := Split(strings.Repeat("Before it. ", 6)+"\n\n"+block, 120, Runes)
		if len(parts) != 2 || parts[1] != block {
			t.Errorf("%s: parts are %q, want the block whole in the second", name, parts)
		}
	}
}

func TestCutsFallWhereAReaderPauses(t *testing.T) {
	for _, c := range []struct{ text, first string }{
		{strings.Repeat("a", 30) + "\n\nSecond paragraph that is long", strings.Repeat("a", 30)},
		{"One sentence here. Another one follows it", "One sentence here."},
		{"这是第一句话，后面还有。这是第二句话，它也很长很长很长很长很长很长很长很长很长很长很长很长。", "这是第一句话，后面还有。"},
		{"See " + "https://example.com/" + strings.Repeat("x", 15), "See"},
	} {
		if got := Split(c.text, 36, Runes); len(got) < 2 || got[0] != c.first {
			t.Errorf("Split(%q) = %q, want %q first", c.text, got, c.first)
		}
	}
}

func TestUTF16CountsWhatTelegramCounts(t *testing.T) {
	if n := Unit(UTF16).Size("a👍é"); n != 4 {
		t.Errorf("Size = %d, want 4", n)
	}
	if got := Split(strings.Repeat("👍", 20), 16, UTF16); len(got) != 3 || got[0] != strings.Repeat("👍", 8) {
		t.Errorf("Split = %q, want eight thumbs first", got)
	}
	if got := Split(" \n\t ", 100, Runes); got != nil {
		t.Errorf("Split of blank text = %q, want nothing", got)
	}
}

func FuzzSplit(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		f.Add(randomText(r), uint16(16+r.IntN(200)))
	}
	f.Add("```\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n```", uint16(16))
	f.Add("\xff\xfe\x80"+strings.Repeat("\x80", 40), uint16(17))
	f.Fuzz(func(t *testing.T, text string, limit uint16) {
		if len(text) > 20000 {
			return
		}
		for _, unit := range units {
			checkParts(t, text, int(limit%5000), unit)
		}
	})
}
