package conversation

import (
	"context"
	"errors"
	"testing"

	"frontdesk/knowledge"
)

// embedding is a Finder that has its question embedded, and then fails if it is told to.
type embedding struct {
	by   knowledge.Embedder
	fail error
}

func (f embedding) Find(ctx context.Context, q knowledge.Query) (knowledge.Result, error) {
	if _, err := f.by.Embed(ctx, []string{q.Text}); err != nil {
		return knowledge.Result{}, err
	}
	return knowledge.Result{}, f.fail
}

func TestASearchOutsideATurnIsBookedAsASearch(t *testing.T) {
	b := &bank{}
	p := purseWith(b, dayLimit, nil)
	broken := errors.New("no database")
	for i, fail := range []error{nil, broken} {
		find := p.Finder(embedding{p.Embedder(counting{}), fail}, Account{Conversation: "c"})
		if _, err := find.Find(t.Context(), knowledge.Query{Text: "a"}); !errors.Is(err, fail) {
			t.Errorf("Find() = %v, want %v", err, fail)
		}
		if len(b.recorded) != 2*(i+1) || len(b.reserved) != i+1 {
			t.Fatalf("%d calls recorded, %d reserved, want both requests of each search", len(b.recorded), len(b.reserved))
		}
	}
	for _, c := range b.recorded {
		if c.Purpose != purposeQuery || c.Conversation != "c" || c.ID == "" {
			t.Errorf("recorded %+v, want a search of the conversation's, with an id", c)
		}
	}
	if b.reserved[0].Conversation != "c" {
		t.Errorf("reserved %+v, want it within the conversation's limit", b.reserved[0])
	}
	ctx, tab := onTab(t.Context(), Account{Conversation: "turn"})
	if _, err := p.Finder(embedding{p.Embedder(counting{}), nil}, Account{}).Find(ctx, knowledge.Query{Text: "a"}); err != nil {
		t.Fatal(err)
	}
	if calls := tab.close(); len(calls) != 2 || len(b.recorded) != 4 || calls[0].Conversation != "turn" {
		t.Errorf("%d calls on the turn's tab, %d recorded, want what the turn calls left to it", len(calls), len(b.recorded))
	}
}
