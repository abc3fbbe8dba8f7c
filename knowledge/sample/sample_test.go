package sample

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/tokens"
)

// read is the sample as the server reads it.
func read(t *testing.T) (entries []knowledge.Entry, passages []knowledge.Passage) {
	t.Helper()
	for _, u := range Documents() {
		text, err := extract.Extract(t.Context(), u.Name, u.MediaType, u.Data)
		if err != nil {
			t.Fatalf("Extract(%s) = %v", u.Name, err)
		}
		entries = append(entries, text.Entries...)
		passages = append(passages, knowledge.Chunk(knowledge.Document{Name: u.Name}, text, tokens.For("").Count)...)
	}
	return entries, passages
}

func TestTheSampleIsAWholeFAQ(t *testing.T) {
	entries, passages := read(t)
	byLang, verbatim := map[string]int{}, 0
	seen := map[string]string{}
	for _, e := range entries {
		byLang[e.Lang]++
		if e.Verbatim {
			verbatim++
		}
		if n := len(e.Alternatives); n < 2 || n > 6 {
			t.Errorf("%q has %d other wordings, want 2 to 6", e.Question, n)
		}
		for _, q := range append(e.Alternatives, e.Question) {
			if old, ok := seen[strings.ToLower(q)]; ok {
				t.Errorf("%q asks for both %q and %q", q, old, e.Question)
			}
			seen[strings.ToLower(q)] = e.Question
		}
	}
	if len(entries) < 64 || byLang["en"] < 48 || byLang["zh"] < 10 || byLang["es"] < 10 || verbatim < 2 {
		t.Errorf("the sample has %d entries, %v by language, %d verbatim", len(entries), byLang, verbatim)
	}
	headings := 0
	for _, p := range passages {
		if !p.IsEntry && strings.Count(p.Heading, " › ") >= 2 {
			headings++
		}
		if !p.IsEntry && p.Tokens > knowledge.MaxTokens {
			t.Errorf("%q has %d tokens", p.Title, p.Tokens)
		}
	}
	if headings < 3 {
		t.Errorf("%d passages stand under three headings, want the guides to show some", headings)
	}
}

// number is an amount, a count of days or an hour; a decimal comma is a point.
var number = regexp.MustCompile(`\d+(?:[.,:]\d+)*`)

func TestTheLanguagesAgreeOnTheNumbers(t *testing.T) {
	entries, _ := read(t)
	english := map[string]map[string]bool{} // by page: all of its numbers
	for _, e := range entries {
		if e.Lang != "en" {
			continue
		}
		page, _, _ := strings.Cut(e.URL, "#")
		if english[page] == nil {
			english[page] = map[string]bool{}
		}
		for _, n := range number.FindAllString(e.Answer, -1) {
			english[page][n] = true
		}
	}
	// Months are numbers in Chinese and the mainland's customs question also names the price.
	allowed := []string{"11", "12", "2", "24.90", "8", "15"}
	for _, e := range entries {
		page, _, _ := strings.Cut(e.URL, "#")
		if e.Lang == "en" || page == "" {
			continue
		}
		if len(english[page]) == 0 {
			t.Errorf("%q leads to %s, which no English entry does", e.Question, page)
		}
		for _, n := range number.FindAllString(e.Answer, -1) {
			if n = strings.ReplaceAll(n, ",", "."); !english[page][n] && !slices.Contains(allowed, n) {
				t.Errorf("%q says %s, which English entries on %s do not", e.Question, n, page)
			}
		}
	}
}
