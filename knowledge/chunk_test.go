package knowledge

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"frontdesk/knowledge/tokens"
)

var countTokens = tokens.For("").Count

// words makes n different words, so that order and loss show.
func words(r *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(" \n"[min(r.IntN(14)/13, 1)])
		}
		fmt.Fprintf(&b, "w%d", r.IntN(100000))
		switch r.IntN(12) {
		case 0:
			b.WriteString(".")
		case 1:
			b.WriteString("?")
		case 2:
			b.WriteString("。")
		}
	}
	return b.String()
}

// document makes Markdown of every kind of block.
func document(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(8) {
		switch r.IntN(7) {
		case 0, 1:
			b.WriteString(words(r, 1+r.IntN(700)))
		case 2:
			for range 1 + r.IntN(60) {
				b.WriteString([]string{"- ", "  - ", "1. ", "* "}[r.IntN(4)] + strings.ReplaceAll(words(r, 1+r.IntN(80)), "\n", "\n  ") + "\n")
			}
		case 3:
			b.WriteString("| a | b |\n| --- | --- |\n")
			for range r.IntN(120) {
				b.WriteString("| " + strings.ReplaceAll(words(r, 1+r.IntN(30)), "\n", " ") + " | x |\n")
			}
		case 4:
			b.WriteString("```sh\n" + words(r, r.IntN(900)) + "\n\n" + words(r, 3) + "\n```")
		case 5:
			b.WriteString(strings.Repeat(string(rune(0x4e00+r.IntN(2000))), 1+r.IntN(4000)))
		case 6:
			b.WriteString(strings.Repeat("x", 1+r.IntN(5000)))
		}
		b.WriteString("\n\n")
	}
	return b.String()
}

func bare(s string) string { return strings.Join(strings.Fields(s), "") }

func cores(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.core)
	}
	return b.String()
}

func TestSplitKeepsAllTextInOrderBelowTheMaximum(t *testing.T) {
	for seed := range uint64(150) {
		text := document(rand.New(rand.NewPCG(seed, 1)))
		pieces := split(text, countTokens)
		if got, want := bare(cores(pieces)), bare(text); got != want {
			i := 0
			for i < min(len(got), len(want)) && got[i] == want[i] {
				i++
			}
			t.Fatalf("seed %d: the pieces differ from the text at byte %d: %q, want %q", seed, i, clipTo(got, i), clipTo(want, i))
		}
		for i, p := range pieces {
			if n := countTokens(p.String()); n > MaxTokens {
				t.Errorf("seed %d: piece %d has %d tokens, want at most %d", seed, i, n, MaxTokens)
			}
			if strings.TrimSpace(p.core) == "" {
				t.Errorf("seed %d: piece %d is empty", seed, i)
			}
		}
	}
}

func clipTo(s string, at int) string { return s[max(0, at-20):min(len(s), at+20)] }

func FuzzSplit(f *testing.F) {
	f.Add("# a\n\n- b\n\n| c | d |\n|---|---|\n| e | f |\n\n```\ng\n```\n" + strings.Repeat("h i. ", 900))
	f.Add(strings.Repeat("| x ", 900) + "|\n" + strings.Repeat("|---", 900) + "|\n| y | z |\n")
	f.Add("```" + strings.Repeat("q", 5000) + "\n" + strings.Repeat("v\n", 3000))
	f.Add("````\n" + strings.Repeat("字。", 3000))
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip("extraction yields UTF-8 only")
		}
		// A token a byte: the worst any encoding does, and quick to count.
		count := func(s string) int { return len(s) }
		pieces := split(text, count)
		if got, want := bare(cores(pieces)), bare(text); got != want {
			t.Fatalf("split(%q) = %q, want the same text", clipTo(text, 0), pieces)
		}
		for _, p := range pieces {
			if n := len(p.String()); n > MaxTokens {
				t.Fatalf("a piece has %d tokens, want at most %d: %q", n, MaxTokens, p)
			}
			if !utf8.ValidString(p.String()) {
				t.Fatalf("a character was cut in %q", p)
			}
		}
	})
}

func TestAPassageIsNotCutInsideASentence(t *testing.T) {
	var text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&text, "Sentence %d says that e.g. v1.%d costs 3.50 euros. ", i, i)
	}
	pieces := split(text.String(), countTokens)
	if len(pieces) < 5 {
		t.Fatalf("split = %d pieces, want several", len(pieces))
	}
	for i, p := range pieces {
		if !strings.HasPrefix(p.core, "Sentence ") || !strings.HasSuffix(p.core, "euros.") {
			t.Errorf("piece %d is %q…%q, want whole sentences", i, p.core[:20], p.core[len(p.core)-20:])
		}
		if i > 0 && !strings.HasSuffix(strings.TrimSpace(pieces[i-1].core), strings.TrimSpace(p.lead)) {
			t.Errorf("piece %d repeats %q, want the end of the piece before", i, p.lead)
		}
		if i > 0 && p.lead == "" {
			t.Errorf("piece %d repeats nothing, want the last sentence before it", i)
		}
	}
}

func TestALongTableRepeatsItsHeader(t *testing.T) {
	var text strings.Builder
	text.WriteString("| Region | Price |\n| --- | --- |\n")
	for i := range 200 {
		fmt.Fprintf(&text, "| Country number %d | %d euros |\n", i, i)
	}
	pieces := split(text.String(), countTokens)
	if len(pieces) < 3 {
		t.Fatalf("split = %d pieces, want several", len(pieces))
	}
	for i, p := range pieces {
		if !strings.HasPrefix(p.String(), "| Region | Price |\n| --- | --- |\n| Country") {
			t.Errorf("piece %d begins %q, want the table's header", i, p.String()[:40])
		}
		if !strings.HasSuffix(p.String(), "euros |") {
			t.Errorf("piece %d ends inside a row", i)
		}
	}
}

func TestALongListingStaysFenced(t *testing.T) {
	pieces := split("```go\n"+strings.Repeat("call(argument, other)\n", 300)+"```", countTokens)
	if len(pieces) < 3 {
		t.Fatalf("split = %d pieces, want several", len(pieces))
	}
	for i, p := range pieces {
		if s := p.String(); !strings.HasPrefix(s, "```go\ncall(") || !strings.HasSuffix(s, ")\n```") {
			t.Errorf("piece %d is not fenced: %q…%q", i, s[:15], s[len(s)-15:])
		}
	}
}

func TestAHundredKilobytesWithoutASpace(t *testing.T) {
	for _, s := range []string{"a", "字", "👩‍👩‍👧", "\u0301"} {
		text := strings.Repeat(s, 100<<10/len(s))
		calls, bytes := 0, 0
		pieces := split(text, func(s string) int { calls++; bytes += len(s); return countTokens(s) })
		if cores(pieces) != text {
			t.Errorf("%q: the pieces do not make up the text", s)
		}
		if bytes > 12*len(text) {
			t.Errorf("%q: %d bytes were counted for %d, want a few times as many", s, bytes, len(text))
		}
	}
}

func TestSmallSectionsOfOneParentShareAPassage(t *testing.T) {
	text := Text{Title: "Guide", Sections: []Section{
		{Heading: []string{"Guide", "Hours", "Monday"}, Body: "9 to 5."},
		{Heading: []string{"Guide", "Hours", "Sunday"}, Body: "Closed."},
		{Heading: []string{"Guide", "Prices", "Tents"}, Body: "From 90 euros."},
		{Heading: []string{"Guide", "Prices", "Is rent possible?"}, Body: "Yes."},
		{Heading: []string{"Alone"}, Body: "One."},
		{Heading: []string{"Apart"}, Body: "Two."},
	}}
	got := Chunk(Document{ID: "d", Name: "guide.md"}, text, countTokens)
	want := []string{
		"Hours|Guide › Hours|**Monday**\n9 to 5.\n\n**Sunday**\nClosed.",
		"Tents|Guide › Prices › Tents|From 90 euros.",
		"Is rent possible?|Guide › Prices › Is rent possible?|Yes.",
		"Alone|Alone|One.", "Apart|Apart|Two.",
	}
	if len(got) != len(want) {
		t.Fatalf("Chunk = %d passages, want %d: %+v", len(got), len(want), got)
	}
	for i, p := range got {
		if s := p.Title + "|" + p.Heading + "|" + p.Text; s != want[i] || p.Ordinal != i || p.Document != "guide.md" || p.DocumentID != "d" {
			t.Errorf("passage %d = %q (%+v), want %q", i, s, p, want[i])
		}
	}
}

func TestAnEntryIsOnePassageUnlessItIsVeryLong(t *testing.T) {
	long := strings.Repeat("This goes on and on. ", 600)
	text := Text{Entries: []Entry{
		{Question: "Where?", Alternatives: []string{"In which place?"}, Answer: strings.Repeat("Here it is. ", 300), Lang: "en", URL: "/help/where"},
		{Question: "How long?", Answer: long},
		{Question: "Which law?", Answer: long[:7000], Verbatim: true},
	}}
	got := Chunk(Document{Name: "faq", URL: "https://shop.example/a/"}, text, countTokens)
	if p := got[0]; !p.IsEntry || p.Title != "Where?" || len(p.Alternatives) != 1 || p.URL != "https://shop.example/help/where" || p.Tokens < 900 || p.Lang != "en" {
		t.Errorf("the first entry = %+v, want it whole", p)
	}
	last := got[len(got)-1]
	if !last.Verbatim || !last.IsEntry || last.Text != long[:7000] {
		t.Errorf("the verbatim entry was changed: IsEntry %v, %d bytes", last.IsEntry, len(last.Text))
	}
	parts := got[1 : len(got)-1]
	if len(parts) < 2 {
		t.Fatalf("the long entry has %d parts, want several", len(parts))
	}
	for _, p := range parts {
		if p.Title != "How long?" || p.IsEntry || p.Tokens > MaxTokens {
			t.Errorf("part = %q, IsEntry %v, %d tokens; want the question and a part of its answer", p.Title, p.IsEntry, p.Tokens)
		}
	}
}

func TestAFragmentLeadsNowhereWithoutAnAddress(t *testing.T) {
	text := Text{Sections: []Section{{Heading: []string{"Fees"}, Body: "None.", URL: "#fees", Page: 3}}}
	if p := Chunk(Document{Name: "x"}, text, countTokens)[0]; p.URL != "" || p.Page != 3 {
		t.Errorf("URL, Page = %q, %d; want none and 3", p.URL, p.Page)
	}
	if p := Chunk(Document{URL: "https://a.example/b#top"}, text, countTokens)[0]; p.URL != "https://a.example/b#fees" {
		t.Errorf("URL = %q, want https://a.example/b#fees", p.URL)
	}
}
