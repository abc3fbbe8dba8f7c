package moderate

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func parse(t *testing.T, list string) *List {
	t.Helper()
	l, err := Parse(strings.NewReader(list))
	if err != nil {
		t.Fatalf("Parse(%q) = %v", list, err)
	}
	return l
}

func TestPhrasesMatchAsWholeWords(t *testing.T) {
	l := parse(t, "# what we do not want\n\nass\nfree money\n加微信\n/\\bwin\\s+\\$?\\d+/\n")
	for text, flagged := range map[string]bool{
		"You ASS!": true, "assistance please": false, "a class": false, "ass": true,
		"FREE   \n money now": true, "free moneys": false, "fr\u200bee mo\u00adney": true,
		"请加微信号": true, "微信": false,
		"win $500 today": true, "Win 5": true, "winter 5": false, "": false,
	} {
		got, err := l.Moderate(t.Context(), text)
		if err != nil || (got != "") != flagged {
			t.Errorf("Moderate(%q) = %q, %v, want flagged %v", text, got, err, flagged)
		}
	}
	if got, _ := l.Moderate(t.Context(), "free money"); got != "line 4 of the list" {
		t.Errorf("flagged for %q, want the line and not its words", got)
	}
}

func TestListsThatCannotBeMeantAreRefused(t *testing.T) {
	for _, list := range []string{"", "# nothing", "/(/", "/a*/", "\xff\xfe", strings.Repeat("a", 2000), strings.Repeat("a\n", maxLines+1)} {
		if _, err := Parse(strings.NewReader(list)); err == nil {
			t.Errorf("Parse(%.20q) = nil, want an error", list)
		}
	}
}

// FuzzHolds holds that a text with the phrase between spaces is flagged, and
// that nothing makes matching panic.
func FuzzHolds(f *testing.F) {
	f.Add("bad word", "a bad word here")
	f.Add("加微信", "请加微信号")
	f.Add("İ", "xİ")
	f.Fuzz(func(t *testing.T, phrase, text string) {
		p := fold(phrase)
		if p == "" || !utf8.ValidString(phrase) || !utf8.ValidString(text) {
			return
		}
		holds(fold(text), p)
		if whole := fold(text + " ; " + phrase + " ; " + text); !holds(whole, fold(phrase)) && strings.Contains(whole, " ; "+p+" ;") {
			t.Errorf("%q is not found in %q", p, whole)
		}
	})
}
