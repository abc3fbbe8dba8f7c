package conversationdb_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

var gnus = knowledge.Entry{Question: "do you rent gnus", Answer: "No."}

func TestOfTwoWhoPublishOneWins(t *testing.T) {
	url := dbtest.URL(t)
	s := newShelf()
	replicas := []*deskGaps{openGaps(t, url, s, nil), openGaps(t, url, s, nil)}
	g := replicas[0]
	g.ask("do you rent gnus", conversation.KindUnknown)
	g.work()
	gap := g.only(conversation.GapOpen)
	var wg sync.WaitGroup
	var won, lost atomic.Int32
	for i := range 8 {
		wg.Go(func() {
			_, err := replicas[i%2].Publish(t.Context(), gap.ID, gnus)
			switch {
			case err == nil:
				won.Add(1)
			case errors.Is(err, conversation.ErrGapState):
				lost.Add(1)
			default:
				t.Errorf("Publish() = %v", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 7 || s.saves != 1 {
		t.Errorf("%d published, %d were refused and %d entries were saved, want 1, 7 and 1", won.Load(), lost.Load(), s.saves)
	}
	for _, r := range replicas {
		wg.Go(func() { r.work() })
	}
	wg.Wait()
	if closed := g.only(conversation.GapClosed); closed.DocumentID != "" && closed.DocumentID != entryDocument {
		t.Errorf("closed gap = %+v, want it with its document", closed)
	}
}

func TestPublishingGoesOnWhereAServerDied(t *testing.T) {
	url := dbtest.URL(t)
	s := newShelf()
	g := openGaps(t, url, s, nil)
	g.ask("do you rent gnus", conversation.KindUnknown)
	g.work()
	gap := g.only(conversation.GapOpen)
	// What a server leaves that dies before the entry is saved, or after it is and
	// before that is noted: the state and the entry, and no document.
	start := conversation.GapChange{From: []conversation.GapState{conversation.GapOpen}, To: conversation.GapPublishing, Draft: &gnus}
	if err := g.store.SetGap(t.Context(), gap.ID, start); err != nil {
		t.Fatal(err)
	}
	next := openGaps(t, url, s, nil)
	next.work()
	if left := g.only(conversation.GapPublishing); !left.Saved {
		t.Errorf("gap = %+v, want its entry saved", left)
	}
	s.status = knowledge.StatusExtracting
	next.work()
	g.only(conversation.GapPublishing)
	s.status = knowledge.StatusReady
	next.work()
	if closed := g.only(conversation.GapClosed); !strings.HasPrefix(closed.Outcome, "All of 1") {
		t.Errorf("closed gap = %+v, want its outcome", closed)
	}
}

func TestAnEntryThatCannotServeBringsTheGapBack(t *testing.T) {
	s := newShelf()
	g := openGaps(t, dbtest.URL(t), s, nil)
	g.ask("do you rent gnus", conversation.KindUnknown)
	g.work()
	gap := g.only(conversation.GapOpen)
	s.saving = func() error { return knowledge.ErrTooLarge }
	if _, err := g.Publish(t.Context(), gap.ID, gnus); !errors.Is(err, knowledge.ErrTooLarge) {
		t.Errorf("Publish(refused) = %v, want ErrTooLarge", err)
	}
	if _, err := g.Publish(t.Context(), gap.ID, knowledge.Entry{Question: "?"}); !errors.Is(err, knowledge.ErrCorrupt) {
		t.Errorf("Publish(no answer) = %v, want ErrCorrupt", err)
	}
	if back := g.only(conversation.GapDrafted); back.Draft == nil || back.Draft.Answer != "No." {
		t.Errorf("gap = %+v, want it drafted with what was sent", back)
	}
	s.saving = nil
	s.status = knowledge.StatusFailed
	if _, err := g.Publish(t.Context(), gap.ID, gnus); err != nil {
		t.Fatal(err)
	}
	g.work()
	if back := g.only(conversation.GapDrafted); !strings.Contains(back.Outcome, "no text") {
		t.Errorf("gap = %+v, want it told why", back)
	}
	s.status = knowledge.StatusReady
	if _, err := g.Publish(t.Context(), gap.ID, gnus); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	clear(s.entries)
	s.mu.Unlock()
	g.work()
	if back := g.only(conversation.GapDrafted); back.Outcome != "The entry was deleted." {
		t.Errorf("gap = %+v, want it told that the entry was deleted", back)
	}
	if _, err := g.Draft(t.Context(), gap.ID); !errors.Is(err, conversation.ErrNoReply) {
		t.Errorf("Draft() = %v, want ErrNoReply", err)
	}
	if _, err := g.Publish(t.Context(), knowledge.NewID(), gnus); !errors.Is(err, conversation.ErrNoGap) {
		t.Errorf("Publish(unknown) = %v, want ErrNoGap", err)
	}
}

// late has a question join a gap while it is being asked again.
type late struct {
	*gapShelf
	once sync.Once
	join func()
}

func (l *late) Find(ctx context.Context, q knowledge.Query) (knowledge.Result, error) {
	l.once.Do(l.join)
	return l.gapShelf.Find(ctx, q)
}

func TestAQuestionThatJoinsWhileTheGapIsAskedAgainIsAskedToo(t *testing.T) {
	url := dbtest.URL(t)
	s := newShelf()
	g := openGaps(t, url, s, &topics{})
	g.ask("do you rent gnus", conversation.KindUnknown)
	g.work()
	gap := g.only(conversation.GapOpen)
	if _, err := g.Publish(t.Context(), gap.ID, gnus); err != nil {
		t.Fatal(err)
	}
	finder := &late{gapShelf: s, join: func() {
		g.ask("how much is a gnu", conversation.KindUnknown)
		if list, err := g.store.Unread(t.Context(), 0, 10); err != nil || len(list) != 1 {
			t.Errorf("Unread() = %+v, %v; want the new conversation", list, err)
		}
		second := openGaps(t, url, s, &topics{})
		if _, err := second.pool.Exec(t.Context(), `UPDATE gap_worker SET lease_until = '1970-01-01'`); err != nil { // of a replica thought dead
			t.Error(err)
		}
		// It finds and groups the question; what it asks again itself is not the matter here.
		if _, _, err := second.Pass(t.Context()); err != nil {
			t.Errorf("Pass() = %v", err)
		}
	}}
	slow := conversation.NewGaps(conversation.GapConfig{Settle: -1}, conversation.GapDeps{Store: g.store, Words: g.Words, Entries: s, Finder: finder, Embedder: &topics{}, Counter: g.Counter})
	if _, _, err := slow.Pass(t.Context()); err != nil {
		t.Fatalf("Pass() = %v", err)
	}
	g.work()
	if open := g.only(conversation.GapOpen); open.Questions != 2 || !strings.HasPrefix(open.Outcome, "1 of 2") {
		t.Errorf("gap = %+v, want it open for the question that joined", open)
	}
}

func TestAQuestionAskedBeforeItsGapWasClosedIsAskedAgain(t *testing.T) {
	s := newShelf()
	g := openGaps(t, dbtest.URL(t), s, &topics{})
	g.ask("do you rent gnus", conversation.KindUnknown)
	g.work()
	early := g.ask("do you rent gnus", conversation.KindUnknown)
	gap := g.only(conversation.GapOpen)
	s.entries[entryDocument] = gnus
	closed := conversation.GapChange{From: []conversation.GapState{conversation.GapOpen}, To: conversation.GapClosed, Draft: &gnus, Document: entryDocument, Saved: true}
	if err := g.store.SetGap(t.Context(), gap.ID, closed); err != nil {
		t.Fatal(err)
	}
	g.work()
	g.work()
	again := g.only(conversation.GapClosed)
	if again.Questions != 2 || s.saves != 0 {
		t.Errorf("gap = %+v after %d saves, want both questions answered by the entry that is there", again, s.saves)
	}
	if _, qs, err := g.Gap(t.Context(), gap.ID); err != nil || qs[0].Conversation != early || qs[0].Answered == nil || !*qs[0].Answered {
		t.Errorf("Gap() = %+v, %v; want the early question answered", qs, err)
	}
}

func TestGapsAreListedByCustomersAndRecencyPageByPage(t *testing.T) {
	g := openGaps(t, dbtest.URL(t), newShelf(), nil)
	for text, n := range map[string]int{"alpha": 1, "beta": 3, "gamma": 2} {
		for range n {
			g.ask(text, conversation.KindUnknown)
		}
	}
	stale := g.ask("delta", conversation.KindUnknown)
	for range 4 {
		g.askIn(stale, "delta", conversation.KindUnknown) // one customer who asks often
	}
	g.work()
	if _, err := g.pool.Exec(t.Context(), `UPDATE gaps SET last_at = last_at - interval '60 days' WHERE customers = 3`); err != nil {
		t.Fatal(err)
	}
	var got []string
	cursor := ""
	for {
		list, next, err := g.List(t.Context(), conversation.GapOpen, cursor, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, gap := range list {
			got = append(got, gap.Question)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	order := strings.Join(got, " ")
	if !strings.HasPrefix(order, "gamma ") || !strings.HasSuffix(order, " beta") || len(got) != 4 {
		t.Errorf("gaps in order: %q, want gamma of two customers first and beta of three long ago last", order)
	}
	for _, bad := range []string{"x", "bm9wZQ", "MSAwMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDB6"} {
		if _, _, err := g.List(t.Context(), conversation.GapOpen, bad, 1); !errors.Is(err, conversation.ErrBadCursor) {
			t.Errorf("List(cursor %q) = %v, want ErrBadCursor", bad, err)
		}
	}
}
