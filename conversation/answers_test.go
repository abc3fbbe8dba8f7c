package conversation

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"frontdesk/knowledge"
)

func faq(id, title, text string, score float64) knowledge.Hit {
	return knowledge.Hit{Passage: knowledge.Passage{ID: id, Title: title, Text: text, IsEntry: true}, LexicalScore: score}
}

func section(id, heading, text string, score float64) knowledge.Hit {
	return knowledge.Hit{Passage: knowledge.Passage{ID: id, Title: "Manual", Heading: heading, Text: text}, LexicalScore: score}
}

func TestOnlyCloseAndDifferentAnswersAreAmbiguous(t *testing.T) {
	exact, far := faq("a", "Returns", "x", 10), faq("b", "Refunds", "y", 9.5)
	exact.Exact = true
	near, meant := faq("a", "Returns", "x", 10), faq("b", "Refunds", "y", 9.5)
	near.DenseScore, meant.DenseScore = .7, .6
	for name, c := range map[string]struct {
		hits     []knowledge.Hit
		sections bool
		want     string
	}{
		"close":                        {[]knowledge.Hit{faq("a", "Returns", "x", 10), faq("b", "Refunds", "y", 9.1), faq("c", "Paint", "z", 2)}, true, "a b"},
		"three close":                  {[]knowledge.Hit{faq("a", "Returns", "x", 10), faq("b", "Refunds", "y", 9.1), faq("c", "Paint", "z", 8)}, true, "a b c"},
		"never four":                   {[]knowledge.Hit{faq("a", "A", "x", 10), faq("b", "B", "y", 9.9), faq("c", "C", "z", 9.8), faq("d", "D", "w", 9.7)}, true, "a b c"},
		"far":                          {[]knowledge.Hit{faq("a", "Returns", "x", 10), faq("b", "Refunds", "y", 8.9)}, true, ""},
		"one":                          {[]knowledge.Hit{faq("a", "Returns", "x", 10)}, true, ""},
		"none":                         {nil, true, ""},
		"exact":                        {[]knowledge.Hit{exact, far}, true, ""},
		"the same answer":              {[]knowledge.Hit{faq("a", "Returns", "x", 10), faq("b", "Refunds", " x ", 9.9)}, true, ""},
		"the same question":            {[]knowledge.Hit{faq("a", "Returns?", "x", 10), faq("b", "returns", "y", 9.9), faq("c", "Refunds", "z", 9.8)}, true, "a c"},
		"no name":                      {[]knowledge.Hit{faq("a", "Returns", "x", 10), faq("b", " ?! ", "y", 9.9)}, true, ""},
		"apart by meaning":             {[]knowledge.Hit{near, meant}, true, ""},
		"sections a little apart":      {[]knowledge.Hit{section("a", "One", "x", 10), section("b", "Two", "y", 9.6)}, true, ""},
		"sections not to be told":      {[]knowledge.Hit{section("a", "One", "x", 10), section("b", "Two", "y", 9.9)}, true, "a b"},
		"sections with a model":        {[]knowledge.Hit{section("a", "One", "x", 10), section("b", "Two", "y", 9.9)}, false, ""},
		"one section, one heading":     {[]knowledge.Hit{section("a", "One", "x", 10), section("b", "One", "y", 9.9)}, true, ""},
		"entries beside a section too": {[]knowledge.Hit{faq("a", "A", "x", 10), section("s", "One", "y", 9.9), faq("b", "B", "z", 9.5)}, false, "a b"},
	} {
		var got []string
		for _, h := range ambiguous(c.hits, c.sections) {
			got = append(got, h.ID)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: ambiguous = %q, want %q", name, got, c.want)
		}
	}
}

func TestOptionTextsFitAButton(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		got := label(faq("a", babble(r, r.IntN(200)), "x", 1))
		if utf8.RuneCountInString(got) > maxOptionRunes || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\t") {
			t.Fatalf("label = %q, want one line of at most %d characters", got, maxOptionRunes)
		}
	}
}

func FuzzRewrittenTextIsOneShortLine(f *testing.F) {
	for _, s := range []string{"", "\"How long?\"\nmore", "\x00\u202e\u2028x", "<source id=\"1\">", strings.Repeat("词", 900), "\xff\xfe ok", "``` \n - \n a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := oneLine(s)
		if utf8.RuneCountInString(got) > maxQueryRunes || !utf8.ValidString(got) || strings.TrimSpace(got) != got {
			t.Fatalf("oneLine(%q) = %q, want at most %d characters", s, got, maxQueryRunes)
		}
		for _, r := range got {
			if r != ' ' && !unicode.IsPrint(r) {
				t.Fatalf("oneLine(%q) = %q, which holds %U", s, got, r)
			}
		}
	})
}

func TestFollowUpsAreKnownByTheirWords(t *testing.T) {
	for _, s := range []string{"and for the red one", "does it come in blue", "那个多少钱呢", "¿y eso cuánto cuesta?", "what about refunds of my last big order then", "ماذا عن الشحن إلى جدة في عطلة نهاية الأسبوع"} {
		if f := foldWords(s); !pointsBack(f) && wordCount(f) > fewWords {
			t.Errorf("%q is not taken for a follow-up, want it to be", s)
		}
	}
	for _, s := range []string{"how long does delivery of a red chair to Norway take", "请问你们公司支持哪些国际信用卡付款方式以及手续费", "¿cuánto tarda un envío urgente a las Islas Canarias?"} {
		if f := foldWords(s); pointsBack(f) || wordCount(f) <= fewWords {
			t.Errorf("%q is taken for a follow-up, want it to stand alone", s)
		}
	}
}

func TestOnlyOneShortQuestionAsksBack(t *testing.T) {
	for s, want := range map[string]bool{
		"Which order do you mean?":                        true,
		"您指的是哪个订单？":                                       true,
		"أي طلب تقصد؟":                                    true,
		"Ten years. Which order do you mean?":             false,
		"Our warranty lasts ten years!\nAnything else?":   false,
		"保修十年。还有问题吗？":                                     false,
		"Yes":                                             false,
		"":                                                false,
		"Is it this? Or that?":                            false,
		strings.Repeat("very ", 60) + "long, is it?":      false,
		"The warranty lasts ten years; is that all right": false,
	} {
		if got := asksBack(s); got != want {
			t.Errorf("asksBack(%q) = %v, want %v", s, got, want)
		}
	}
}

// What is neither summarised nor in the prompt would be forgotten, and a summary that
// ends within a turn would tear a question from its answer.
func TestSummaryTakesWholeTurnsAndAllThatWasTrimmed(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		var history []Message
		for i := range r.IntN(70) {
			author := []Author{AuthorCustomer, AuthorCustomer, AuthorBot, AuthorStaff, AuthorSystem}[r.IntN(5)]
			history = append(history, Message{Seq: int64(i + 10), Author: author, Text: fmt.Sprint(i)})
		}
		// The prompt keeps whole turns.
		cut := r.IntN(len(history) + 1)
		for cut < len(history) && (history[cut].Author != AuthorCustomer || cut > 0 && history[cut-1].Author == AuthorCustomer) {
			cut++
		}
		plan, ok := (&answering{}).trimmed(history, len(history)-cut)
		if !ok {
			if cut > 0 || len(history) >= longContext && wholeTurns(history) > 1 {
				t.Fatalf("nothing is summarised of %d messages of which %d were trimmed", len(history), cut)
			}
			continue
		}
		n := len(plan.messages)
		if n < cut || plan.through != history[n-1].Seq {
			t.Fatalf("%d messages up to %d are summarised of %d trimmed, want at least those", n, plan.through, cut)
		}
		if n < len(history) && (history[n].Author != AuthorCustomer || history[n-1].Author == AuthorCustomer) {
			t.Fatalf("the summary ends within a turn")
		}
	}
}

// wholeTurns counts the turns that begin after the middle of a history.
func wholeTurns(history []Message) (n int) {
	for i := len(history) / 2; i < len(history); i++ {
		if i > 0 && history[i].Author == AuthorCustomer && history[i-1].Author != AuthorCustomer {
			n++
		}
	}
	return n
}
