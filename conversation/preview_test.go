package conversation

import (
	"context"
	"errors"
	"testing"

	"frontdesk/knowledge"
)

type askedBefore []AskedQuestion

func (a askedBefore) LatestQuestions(_ context.Context, n int) ([]AskedQuestion, error) {
	return a[:min(n, len(a))], nil
}

// rehearsed answers as it is told and remembers what it was asked.
type rehearsed struct {
	now, then []knowledge.Result
	asked     []knowledge.Query
	err       error
}

func (r *rehearsed) Rehearse(_ context.Context, _ knowledge.Change, qs []knowledge.Query) (now, then []knowledge.Result, err error) {
	r.asked = qs
	return r.now, r.then, r.err
}

func TestAPreviewTellsOnlyWhatACustomerWouldNotice(t *testing.T) {
	found := func(id, text string, confidence float64, exact bool) knowledge.Result {
		return knowledge.Result{Confidence: confidence, Hits: []knowledge.Hit{{Passage: knowledge.Passage{ID: id, DocumentID: "d", Title: "How?", Text: text, IsEntry: true}, Exact: exact}}}
	}
	r := &rehearsed{
		now: []knowledge.Result{found("1", "So.", .9, false), found("1", "So.", .4, false), found("1", "So.", .9, false), found("1", "So.", .6, false), {}},
		then: []knowledge.Result{found("2", "So.", .8, false), // a new passage with the old text, a little less sure
			found("1", "So.", .1, false),   // falls to "I don't know"
			found("1", "So.", .99, true),   // word for word
			found("1", "Thus.", .6, false), // another text
			{}},
	}
	qs := askedBefore{{Text: "a", History: []Message{{Author: AuthorCustomer, Text: "before"}}}, {Text: "b"}, {Text: "c"}, {Text: "d"}, {Text: "e"}, {Text: "too old"}}
	p, err := NewPreviewer(qs, r, Thresholds{Answer: .5, Maybe: .25}).Preview(t.Context(), knowledge.Change{}, 5)
	if err != nil {
		t.Fatalf("Preview = %v", err)
	}
	got := ""
	for _, c := range p.Changed {
		got += c.Text + " " + string(c.Now.Stance) + ">" + string(c.Then.Stance) + "; "
	}
	if want := "b offer>unknown; c answer>verbatim; d answer>answer; "; got != want || p.Questions != 5 {
		t.Errorf("changed of %d = %q, want %q of 5", p.Questions, got, want)
	}
	if p.Now[StanceAnswer] != 3 || p.Now[StanceOffer] != 1 || p.Now[StanceUnknown] != 1 || p.Then[StanceVerbatim] != 1 || p.Then[StanceUnknown] != 2 {
		t.Errorf("totals = %v and %v, want all five in each", p.Now, p.Then)
	}
	if len(r.asked) != 5 || r.asked[0].Text != "a" || len(r.asked[0].History) != 1 {
		t.Errorf("asked %+v, want the questions with their history", r.asked)
	}
	r.err = knowledge.ErrBusy
	if _, err := NewPreviewer(qs, r, DefaultThresholds()).Preview(t.Context(), knowledge.Change{}, 5); !errors.Is(err, knowledge.ErrBusy) {
		t.Errorf("Preview of a busy knowledge = %v, want ErrBusy", err)
	}
	r.err, r.now = nil, nil
	if _, err := NewPreviewer(qs, r, DefaultThresholds()).Preview(t.Context(), knowledge.Change{}, 5); err == nil {
		t.Error("Preview with results missing = nil, want an error")
	}
}
