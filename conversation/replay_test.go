package conversation

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/knowledge/tokens"
)

// shop finds one passage for everything, and an answer word for word for one question.
type shop struct{}

func (shop) Find(_ context.Context, q knowledge.Query) (knowledge.Result, error) {
	text := "Within 30 days."
	if strings.Contains(q.Text, "Is it so?") {
		text = "About " + q.Text // other passages for other questions
	}
	h := knowledge.Hit{Passage: knowledge.Passage{ID: "p", Title: "Returns", Text: text, IsEntry: true}, Exact: q.Text == "Can I return it?"}
	return knowledge.Result{Query: q.Text, Confidence: .9, Hits: []knowledge.Hit{h}}, nil
}

func played(t *testing.T, cfg Config, m Model, ds ...Dialogue) ReplayReport {
	t.Helper()
	d := ReplayDeps{Finder: shop{}, Counter: tokens.For("gpt-4o-mini"), Model: m, Purse: NewPurse(&bank{}, prices, nil)}
	r, err := NewReplayer(cfg, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range ds {
		if err := r.Play(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	return r.Report()
}

func wayOf(t *testing.T, r ReplayReport, name string) ReplayWay {
	t.Helper()
	for _, w := range r.Ways {
		if w.Name == name {
			return w
		}
	}
	t.Fatalf("no way %q in %+v", name, r.Ways)
	return ReplayWay{}
}

// dialogue is n turns, each of so many words.
func dialogue(n, words int) Dialogue {
	d := Dialogue{ID: "d"}
	for i := range n {
		d.Messages = append(d.Messages,
			ReplayMessage{AuthorCustomer, fmt.Sprintf("%d. Is it so? %s", i, strings.Repeat("word ", words))},
			ReplayMessage{AuthorBot, fmt.Sprintf("Yes, %d. %s", i, strings.Repeat("word ", words))})
	}
	return d
}

func TestAReplayCountsWhatThePromptsHold(t *testing.T) {
	d := Dialogue{ID: "d", Messages: []ReplayMessage{
		{AuthorCustomer, "Hello,"}, {AuthorCustomer, "may I keep it?"}, {AuthorBot, "For 30 days."}, {AuthorStaff, "Or 31."}, {AuthorCustomer, "And then?"},
	}}
	r := played(t, Config{}, nil, d)
	if r.Dialogues != 1 || r.Turns != 2 || r.Model != nil {
		t.Errorf("report = %+v, want two turns and no model", r)
	}
	count := tokens.For("gpt-4o-mini")
	p, err := NewPrompter(SystemPrompt("Assistant", ""), DefaultBudget(), count)
	if err != nil {
		t.Fatal(err)
	}
	found, _ := shop{}.Find(t.Context(), knowledge.Query{})
	history := []Message{{Author: AuthorCustomer, Text: "Hello,\nmay I keep it?"}, {Author: AuthorBot, Text: "For 30 days."}, {Author: AuthorStaff, Text: "Or 31."}}
	first := p.Build(nil, "Hello,\nmay I keep it?", found.Hits, "").Request
	second := p.Build(history, "And then?", found.Hits, "").Request
	one, two := promptTokens(count, first), promptTokens(count, second)
	whole := wayOf(t, r, WayWhole)
	if whole.Sum != one+two || whole.Most != two || whole.Calls != 2 {
		t.Errorf("whole = %+v, want %d and %d tokens", whole, one, two)
	}
	// The second begins like the first up to the system prompt's end and the role of the
	// message after it; their texts part at once.
	shared := p.fixed + messageTokens
	if got := int(whole.Shared*float64(one+two) + .5); got != shared {
		t.Errorf("%d tokens are shared, want %d", got, shared)
	}
}

func TestTheOrderOfThePromptKeepsItsBeginning(t *testing.T) {
	r := played(t, Config{}, nil, dialogue(12, 60))
	ours, other := wayOf(t, r, WayWhole), wayOf(t, r, WaySourcesFirst)
	if ours.Shared <= other.Shared || ours.Shared < .5 || ours.Cacheable == 0 {
		t.Errorf("shared %.2f with the dialogue first, %.2f with the passages first; want most of it", ours.Shared, other.Shared)
	}
}

func TestAReplayTrimsSumsUpAndAnswersWordForWordAsTheBotDoes(t *testing.T) {
	d := dialogue(30, 150)
	d.Messages = append(d.Messages, ReplayMessage{AuthorCustomer, "Can I return it?"})
	r := played(t, Config{Budget: Budget{Total: 4000, Answer: 400, Passages: 500}}, nil, d)
	whole, trimmed, summary, product := wayOf(t, r, WayWhole), wayOf(t, r, WayTrimmed), wayOf(t, r, WaySummary), wayOf(t, r, WayProduct)
	if trimmed.Sum >= whole.Sum || trimmed.Most > 3600 || whole.Most < 5000 {
		t.Errorf("trimmed %+v of whole %+v, want it within the budget", trimmed, whole)
	}
	if summary.Summaries == 0 || summary.SummaryTokens == 0 || summary.Shared <= trimmed.Shared {
		t.Errorf("with summaries %+v, trimmed alone %+v; want some, and prompts that begin alike more often", summary, trimmed)
	}
	if product.Calls != 30 || summary.Calls != 31 {
		t.Errorf("%d calls with answers word for word, %d without; want 30 and 31", product.Calls, summary.Calls)
	}
}

func TestAReplayWithAModelReportsWhatItsServerCounted(t *testing.T) {
	m := &talker{reply: ModelReply{Text: "Yes [1].", Model: "cheap", Usage: Usage{InputTokens: 1000, CachedTokens: 250, OutputTokens: 10}}}
	r := played(t, Config{}, m, dialogue(3, 5))
	if b := r.Model; b == nil || b.Calls != 3 || m.asked != 3 || b.Input != 3000 || b.Share != .25 || b.Micros != 3*760 || b.Failed != 0 {
		t.Errorf("the model's figures = %+v after %d calls", r.Model, m.asked)
	}
}

func TestADialogueThatIsNoneNamesItsLine(t *testing.T) {
	for in, want := range map[string]string{
		"\n\n{": "line 3", `{"messages":[]}`: "no messages", `{"messages":[{"author":"me","text":"x"}]}`: `by "me"`,
		`{"messages":[{"author":"bot","text":" "}]}`: "empty", `[1]`: "line 1", strings.Repeat("x", maxReplayLine+1): "longer",
	} {
		err := ReadDialogues(strings.NewReader(in), func(Dialogue) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ReadDialogues(%.40q) = %v, want %q", in, err, want)
		}
	}
	n := 0
	err := ReadDialogues(strings.NewReader("\ufeff{\"messages\":[{\"author\":\"customer\",\"text\":\"x\"}]}\r\n\n"), func(d Dialogue) error {
		n++
		if d.ID != "line 1" {
			t.Errorf("id = %q", d.ID)
		}
		return nil
	})
	if err != nil || n != 1 {
		t.Errorf("ReadDialogues() = %v after %d dialogues, want one", err, n)
	}
}

func FuzzReadDialogues(f *testing.F) {
	f.Add(`{"id":"1","messages":[{"author":"customer","text":"a"},{"author":"bot","text":"b"}]}`)
	f.Add("\n{}\n[]")
	f.Fuzz(func(t *testing.T, s string) {
		ReadDialogues(strings.NewReader(s), func(d Dialogue) error {
			if len(d.Messages) == 0 || d.ID == "" {
				t.Errorf("dialogue %+v of %q", d, s)
			}
			return nil
		})
	})
}
