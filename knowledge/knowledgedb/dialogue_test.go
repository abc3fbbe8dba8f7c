package knowledgedb

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"frontdesk/knowledge"
)

// places is a collection as a hotel guide's: every place answers the same questions.
func places(t *testing.T, e knowledge.Embedder) *Store {
	t.Helper()
	s := newStore(t, e)
	var ps []knowledge.Passage
	for _, name := range []string{"Grant Hotel", "Hotel Bijou", "Seaside Inn", "Cinderella Bakery", "Warakubune Sushi", "Marina Lodge", "Castle Museum"} {
		for _, q := range []string{"Is there free wifi?", "When does it open?", "Can I park my bicycle?", "Do you take credit cards?"} {
			ps = append(ps, entry(name+": "+q, "At "+name+" we say yes to this."))
		}
	}
	put(t, s, newDocument(t, s, "places"), append(ps,
		entry("How do I claim a refund for a cancelled concert ticket?", "Send the ticket back within 30 days."),
		entry("How much is the red kettle?", "The red kettle costs 40 euros."),
		entry("How much is the blue kettle?", "The blue kettle costs 50 euros."),
		entry("How much is the red toaster?", "The red toaster costs 60 euros."))...)
	return s
}

func firstTitle(t *testing.T, s *Store, text string, history ...knowledge.Said) (string, knowledge.Result) {
	t.Helper()
	r := mustFind(t, s, knowledge.Query{Text: text, History: history})
	if len(r.Hits) == 0 {
		return "", r
	}
	return r.Hits[0].Title, r
}

func theirs(text string) knowledge.Said { return knowledge.Said{Text: text} }
func ours(text string) knowledge.Said   { return knowledge.Said{Text: text, Ours: true} }

func TestWhatWeNamedTellsWhatAFollowUpIsAbout(t *testing.T) {
	s := places(t, nil)
	history := []knowledge.Said{theirs("where can I stay tonight?"), ours("I found the Seaside Inn for you."), theirs("great, thanks"), ours("You're welcome, anything else?")}
	got, r := firstTitle(t, s, "and do they have free wifi", history...)
	if got != "Seaside Inn: Is there free wifi?" {
		t.Errorf("Find(follow-up) = %q first, want the inn's wifi", got)
	}
	if r.HistoryWeight <= 0 || r.Hits[0].HistoryScore <= 0 || r.Hits[0].HistoryScore >= r.Hits[0].LexicalScore {
		t.Errorf("history weighs %v and gave %v of %v; want it told", r.HistoryWeight, r.Hits[0].HistoryScore, r.Hits[0].LexicalScore)
	}
	_, alone := firstTitle(t, s, "and do they have free wifi")
	if r.Confidence <= alone.Confidence || r.Confidence < r.Thresholds.Maybe {
		t.Errorf("confidence %.2f with the dialogue, %.2f without; want more, and not to be called unknown", r.Confidence, alone.Confidence)
	}
}

func TestThePlaceNamedLastWins(t *testing.T) {
	s := places(t, nil)
	history := []knowledge.Said{ours("I found the Marina Lodge for you."), theirs("when does it open"), ours("At eight."), theirs("and a bakery?"), ours("There is Cinderella Bakery.")}
	if got, _ := firstTitle(t, s, "do they take credit cards", history...); got != "Cinderella Bakery: Do you take credit cards?" {
		t.Errorf("Find(follow-up) = %q first, want the bakery, which was named last", got)
	}
}

func TestAnOldTopicDoesNotPullASelfContainedQuestionBack(t *testing.T) {
	s := places(t, nil)
	history := []knowledge.Said{theirs("tell me about the Grant Hotel"), ours("The Grant Hotel has free wifi and parking, takes credit cards and opens at three."), theirs("and the Hotel Bijou?"), ours("Hotel Bijou takes credit cards.")}
	for question, want := range map[string]string{
		"how do I get a refund for a cancelled concert?": "How do I claim a refund for a cancelled concert ticket?",
		"how much is the blue kettle?":                   "How much is the blue kettle?",
		"can I park my bicycle at the Castle Museum":     "Castle Museum: Can I park my bicycle?",
	} {
		alone, without := firstTitle(t, s, question)
		got, r := firstTitle(t, s, question, history...)
		if alone != want || got != want {
			t.Errorf("Find(%q) = %q with the old topic and %q without, want %q", question, got, alone, want)
		}
		if r.Query != question || r.Confidence < .9*without.Confidence {
			t.Errorf("Find(%q) searched for %q with confidence %.2f, want the question alone and %.2f", question, r.Query, r.Confidence, without.Confidence)
		}
	}
}

func TestAndForTheRedOne(t *testing.T) {
	s := places(t, nil)
	if got, _ := firstTitle(t, s, "and for the red one?", theirs("how much is the blue kettle?"), ours("The blue kettle costs 50 euros.")); got != "How much is the red kettle?" {
		t.Errorf("Find(and for the red one?) = %q first, want the red kettle", got)
	}
	if got, _ := firstTitle(t, s, "and for the red one?", theirs("do you sell toasters"), ours("Yes, toasters in many colours.")); got != "How much is the red toaster?" {
		t.Errorf("Find(and for the red one?) = %q first, want the red toaster", got)
	}
}

// Whatever is asked, a history that says nothing leaves the result as it is without.
func TestWithoutHistoryTheResultIsTheSame(t *testing.T) {
	s := places(t, nil)
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("free wifi open bicycle park kettle red blue toaster Grant Hotel Inn the is and how much refund ticket xylophone 退款")
	for range 40 {
		var q []string
		for range 1 + r.IntN(6) {
			q = append(q, words[r.IntN(len(words))])
		}
		text := strings.Join(q, " ")
		plain := mustFind(t, s, knowledge.Query{Text: text})
		if plain.HistoryWeight != 0 || plain.Query != text {
			t.Fatalf("Find(%q) searched for %q with history at %v, want neither", text, plain.Query, plain.HistoryWeight)
		}
		for name, history := range map[string][]knowledge.Said{
			"an empty one": {}, "of nothing": {theirs(""), ours("…")}, "of stop words": {theirs("and is the"), ours("how is it")}, "of the same words": {ours(text), theirs(text)},
		} {
			if told := mustFind(t, s, knowledge.Query{Text: text, History: history}); !reflect.DeepEqual(told, plain) {
				t.Fatalf("Find(%q) with a history %s = %+v, want %+v", text, name, told, plain)
			}
		}
	}
}

func TestAVectorIsMadeOfTheDialogueWhereTheMessageLeansOnIt(t *testing.T) {
	e := &fakeEmbedder{model: "fake", dims: 64}
	s := places(t, e)
	history := []knowledge.Said{theirs("where can I stay tonight?"), ours("Seaside Inn: Can I park my bicycle? At Seaside Inn we say yes to this.")}
	_, leaning := firstTitle(t, s, "and is there wifi", history...)
	if !strings.Contains(leaning.Query, "Seaside Inn") || !strings.HasSuffix(leaning.Query, "\nand is there wifi") {
		t.Errorf("searched for %q, want the exchange before and the message", leaning.Query)
	}
	const alone = "How do I claim a refund for a cancelled concert ticket?"
	_, standing := firstTitle(t, s, alone, history...)
	if standing.Query != alone || standing.Hits[0].Title != alone {
		t.Errorf("searched for %q and found %q, want the question alone", standing.Query, standing.Hits[0].Title)
	}
	cosine := func(r knowledge.Result, part string) float64 {
		for _, h := range r.Hits {
			if strings.Contains(h.Title, part) && h.DenseRank > 0 {
				return h.DenseScore
			}
		}
		return -1
	}
	plain := mustFind(t, s, knowledge.Query{Text: "and is there wifi", Limit: knowledge.MaxLimit})
	if with, without := cosine(leaning, "Seaside Inn"), cosine(plain, "Seaside Inn"); with <= without {
		t.Errorf("the inn's cosine is %.2f with the dialogue and %.2f without, want it nearer with", with, without)
	}
	if got, want := cosine(standing, alone), cosine(mustFind(t, s, knowledge.Query{Text: alone}), alone); got != want {
		t.Errorf("a self-contained question's cosine is %v after a dialogue, want the %v of the question alone", got, want)
	}
}

// A history as long as a channel lets through is bounded like a question is.
func TestLongHistoriesAreBounded(t *testing.T) {
	s := places(t, nil)
	var history []knowledge.Said
	for i := range 50 {
		var b strings.Builder
		for j := range 4000 {
			fmt.Fprintf(&b, "w%dx%d bicycle wifi ", i, j)
		}
		history = append(history, knowledge.Said{Text: b.String(), Ours: i%2 == 0})
	}
	if got, _ := firstTitle(t, s, "how much is the blue kettle?", history...); got != "How much is the blue kettle?" {
		t.Errorf("Find() after a huge history = %q first, want the kettle", got)
	}
}
