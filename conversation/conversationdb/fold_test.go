package conversationdb

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFoldingFindsWhatPeopleMean(t *testing.T) {
	for _, c := range []struct{ text, query string }{
		{"Ich suche Größe 38 in MÁLAGA", "grosse malaga"},
		{"cafe\u0301 au lait", "café"},
		{"请问退货需要多长时间", "退货"},
		{"请问退货需要多长时间", "退货需要"},
		{"请问退货", "货"},
		{"返品の方法を教えてください", "方法"},
		{"반품하고 싶어요", "반품"},
		{"ＦＵＬＬ ｗｉｄｔｈ", "full width"},
		{"write to ana.smith@example.com", "smith@example"},
		{"สวัสดีครับ", "สดีค"},
		{"Łódź", "lodz"},
		{"a long message about parcels", "parc"},
	} {
		terms := termsOf(c.text)
		for q := range strings.SplitSeq(queryOf(c.query), " & ") {
			prefix := strings.HasSuffix(q, ":*")
			q = strings.Trim(strings.TrimSuffix(q, ":*"), "'")
			found := false
			for term := range strings.SplitSeq(terms, " ") {
				term = strings.Trim(term, "'")
				found = found || term == q || prefix && strings.HasPrefix(term, q)
			}
			if !found {
				t.Errorf("query %q of %q: %q is not in %s", c.query, c.text, q, terms)
			}
		}
	}
}

func TestAQueryWithoutWordsAsksForNothing(t *testing.T) {
	for _, q := range []string{"", "  ", "'&|!:*()<->", "\u202e\u2066", "🎉"} {
		if got := queryOf(q); got != "" {
			t.Errorf("queryOf(%q) = %q, want nothing", q, got)
		}
	}
}

func TestAnExcerptShowsWhatWasFound(t *testing.T) {
	long := strings.Repeat("word ", 100) + "Größe\nvierzig " + strings.Repeat("tail ", 100)
	if got := excerpt(long, "grosse"); !strings.Contains(got, "Größe vierzig") || !strings.HasPrefix(got, "…") || !strings.HasSuffix(got, "…") {
		t.Errorf("excerpt = %q, want the words around Größe on one line", got)
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Größe 38", "退货", "'; DROP TABLE x; --", "\xff\x00", "e\u0301\u202e", "สวัสดี"} {
		f.Add(s, "x")
	}
	f.Fuzz(func(t *testing.T, text, query string) {
		for _, s := range []string{termsOf(text, query), queryOf(query)} {
			quoted := strings.Count(s, "'")
			if quoted%2 != 0 || strings.ContainsAny(s, "\\\x00") {
				t.Errorf("%q is no safe list of terms", s)
			}
		}
		if got := excerpt(text, query); utf8.ValidString(text) && !utf8.ValidString(got) || utf8.RuneCountInString(got) > excerptBefore+excerptAfter+2 {
			t.Errorf("excerpt(%q, %q) = %q", text, query, got)
		}
	})
}
