package conversationdb_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// notebook writes down what a watcher is told.
type notebook struct {
	events []string
	prompt conversation.Prompt
	fates  []conversation.Fate
	text   string
}

func (n *notebook) Found(_ knowledge.Result, th conversation.Thresholds, hits []conversation.TracedHit) {
	n.fates = nil
	for _, h := range hits {
		n.fates = append(n.fates, h.Fate)
	}
	n.events = append(n.events, fmt.Sprintf("found %v", n.fates))
}

func (n *notebook) Prompted(p conversation.Prompt) {
	n.prompt = p
	n.events = append(n.events, "prompt")
}

func (n *notebook) Delta(text string) {
	n.text += text
	if n.events[len(n.events)-1] != "delta" {
		n.events = append(n.events, "delta")
	}
}

func (n *notebook) Discard() {
	n.text = ""
	n.events = append(n.events, "discard")
}

// asker is an engine that takes no turns, on a database to look into.
func asker(t *testing.T, find conversation.Finder, m conversation.Model) (*conversation.Engine, *pgxpool.Pool) {
	t.Helper()
	pool := dbtest.New(t)
	e, err := conversation.New(conversation.Config{}, conversation.Deps{Store: conversationdb.New(pool), Finder: find, Model: m, Counter: tokens.For("gpt-4o-mini")})
	if err != nil {
		t.Fatal(err)
	}
	return e, pool
}

func priced(text string) func(conversation.ModelRequest) (conversation.ModelReply, error) {
	return func(conversation.ModelRequest) (conversation.ModelReply, error) {
		return conversation.ModelReply{Text: text, Model: "test", Finish: "stop", Usage: conversation.Usage{InputTokens: 100, OutputTokens: 5, CostMicros: 321}}, nil
	}
}

func TestAskingGoesTheWayOfATurnAndStoresTheCostAlone(t *testing.T) {
	turns := &model{reply: says("Within 30 days [1].")}
	d := run(t, dbtest.URL(t), passages{returns}, turns)
	id := d.open(t)
	d.write(t, id, "1", "May I bring my order back to you?")
	said := d.until(t, id, last(conversation.AuthorBot))

	m := &model{reply: priced("Within 30 days [1].")}
	e, pool := asker(t, passages{returns}, m)
	var n notebook
	out, err := e.Ask(t.Context(), conversation.AskRequest{Question: "May I bring my order back to you?", Locale: "en"}, &n)
	if err != nil || out.Text() != said[len(said)-1].Text || len(out.Sources()) != 1 || out.Trace.Kind != conversation.KindModel || out.Trace.Cost != 321 || out.First <= 0 {
		t.Errorf("Ask = %+v, %v, want what the turn said: %q", out, err, said[len(said)-1].Text)
	}
	if got, want := strings.Join(n.events, "; "), "found [sent]; prompt; delta"; got != want || n.text != out.Text() {
		t.Errorf("told %q and %q, want %q and the answer", got, n.text, want)
	}
	if !reflect.DeepEqual(m.asked[0].Messages, turns.asked[0].Messages) || !reflect.DeepEqual(n.prompt.Request.Messages, m.asked[0].Messages) {
		t.Errorf("asked %+v and told %+v, want the turn's prompt: %+v", m.asked[0].Messages, n.prompt.Request.Messages, turns.asked[0].Messages)
	}
	var rows, calls int
	if err := pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM conversations) + (SELECT count(*) FROM messages),
		(SELECT count(*) FROM model_calls WHERE purpose = 'ask' AND conversation_id IS NULL AND cost_micros = 321)`).Scan(&rows, &calls); err != nil || rows != 0 || calls != 1 {
		t.Errorf("%d rows of conversations and %d calls, %v, want none and the one", rows, calls, err)
	}
}

func TestAskingWithoutAModelTellsWhatIsQuotedAndWhatIsNot(t *testing.T) {
	exact := returns
	exact.Exact = true
	far := returns
	far.ID, far.Title, far.Text, far.LexicalScore = "p2", "Paint", "Blue.", 1
	for name, c := range map[string]struct {
		find conversation.Finder
		ask  conversation.AskRequest
		kind conversation.Kind
		told string
	}{
		"word for word": {passages{exact}, conversation.AskRequest{Question: "Can I return it?"}, conversation.KindVerbatim, "found [cited]"},
		"quoted":        {passages{returns, far}, conversation.AskRequest{Question: "Can I bring back an order?"}, conversation.KindQuoted, "found [cited outscored]"},
		"not sure enough": {passages{returns, far}, conversation.AskRequest{Question: "Can I bring back an order?", Thresholds: &conversation.Thresholds{Answer: .99, Maybe: .95}},
			conversation.KindUnknown, "found [below_threshold below_threshold]"},
		"nothing found": {passages{}, conversation.AskRequest{Question: "Can I bring back an order?"}, conversation.KindUnknown, "found []"},
		"a greeting":    {passages{returns}, conversation.AskRequest{Question: "hello"}, conversation.KindSmallTalk, "found [unused]"},
		"a person":      {passages{returns}, conversation.AskRequest{Question: "I want to talk to a human"}, conversation.KindHandoff, "found []"},
	} {
		e, _ := asker(t, c.find, nil)
		var n notebook
		out, err := e.Ask(t.Context(), c.ask, &n)
		if got := strings.Join(n.events, "; "); err != nil || out.Trace.Kind != c.kind || got != c.told || out.Text() == "" {
			t.Errorf("%s: Ask = %s %q, %v, told %q; want %s, told %q", name, out.Trace.Kind, out.Text(), err, got, c.kind, c.told)
		}
	}
}

func TestAskingTellsOfAFailedModelAndWhatIsSaidInstead(t *testing.T) {
	m := &model{reply: func(conversation.ModelRequest) (conversation.ModelReply, error) {
		return conversation.ModelReply{Text: "Within"}, &conversation.ModelError{Kind: conversation.ErrCut, Err: errors.New("cut")}
	}}
	e, _ := asker(t, passages{returns}, m)
	var n notebook
	out, err := e.Ask(t.Context(), conversation.AskRequest{Question: "May I bring my order back to you?"}, &n)
	if got, want := strings.Join(n.events, "; "), "found [sent]; prompt; delta; discard; found [cited]"; err != nil || got != want || out.Trace.Kind != conversation.KindQuoted || out.Trace.Error != conversation.ErrCut {
		t.Errorf("Ask = %+v, %v, told %q, want %q and the passage quoted", out.Trace, err, got, want)
	}
}

func TestAskingTriesOtherSettingsOut(t *testing.T) {
	m := &model{reply: says("Within 30 days [1].")}
	e, _ := asker(t, passages{returns}, m)
	words := "Speak like a pirate."
	var n notebook
	_, err := e.Ask(t.Context(), conversation.AskRequest{Question: "And the red one, please?", Model: "other", Instructions: &words, Budget: &conversation.Budget{Passages: 10},
		History: []conversation.Message{{Author: conversation.AuthorCustomer, Text: "I ordered the blue chair"}, {Author: conversation.AuthorBot, Text: "A fine one."}}}, &n)
	if err != nil {
		t.Fatal(err)
	}
	last := m.asked[len(m.asked)-1]
	all := fmt.Sprint(last.Messages)
	if len(last.Models) != 1 || last.Models[0] != "other" || !strings.Contains(all, words) || !strings.Contains(all, "blue chair") || len(n.fates) != 1 || n.fates[0] != conversation.FateNoRoom {
		t.Errorf("asked %v %s, fates %v, want the other model, the instructions, the history and no room for the passage", last.Models, all, n.fates)
	}
	if _, err := e.Ask(t.Context(), conversation.AskRequest{Question: "And?", Budget: &conversation.Budget{Total: 500}}, &n); !errors.Is(err, conversation.ErrBudget) {
		t.Errorf("Ask with too small a budget = %v, want ErrBudget", err)
	}
	if _, err := e.Ask(t.Context(), conversation.AskRequest{Question: " \n"}, &n); !errors.Is(err, conversation.ErrEmpty) {
		t.Errorf("Ask of nothing = %v, want ErrEmpty", err)
	}
	if _, err := e.Ask(t.Context(), conversation.AskRequest{Question: "May I return my order?"}, &n); err != nil || len(m.asked[len(m.asked)-1].Models) != 0 {
		t.Errorf("Ask after that = %v with models %v, want the engine's own", err, m.asked[len(m.asked)-1].Models)
	}
}

func TestAskingEndsWithItsCaller(t *testing.T) {
	m := &model{reply: priced("Within 30 days [1]."), started: make(chan string, 1), gate: make(chan struct{})}
	e, pool := asker(t, passages{returns}, m)
	ctx, leave := context.WithCancel(t.Context())
	go func() { <-m.started; leave() }()
	if _, err := e.Ask(ctx, conversation.AskRequest{Question: "May I bring my order back?"}, &notebook{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Ask of somebody who left = %v, want context.Canceled", err)
	}
	var outcome string
	if err := pool.QueryRow(t.Context(), `SELECT outcome FROM model_calls`).Scan(&outcome); err != nil || outcome != "cancelled" {
		t.Errorf("the call is booked as %q, %v, want cancelled", outcome, err)
	}
}
