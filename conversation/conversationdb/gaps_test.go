package conversationdb_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

func TestTwoReplicasFindEachQuestionOnceAndOneGapForEachMeaning(t *testing.T) {
	url := dbtest.URL(t)
	s := newShelf()
	var replicas []*deskGaps
	for range 4 {
		replicas = append(replicas, openGaps(t, url, s, &topics{}))
	}
	g := replicas[0]
	for i := range 30 {
		g.ask([]string{"do you rent gnus", "¿alquilan ñus?", "where can I park"}[i%3], conversation.KindUnknown)
	}
	var wg sync.WaitGroup
	for _, r := range replicas {
		wg.Go(func() {
			// Each step by itself, as replicas that have lost their lease would.
			for range 3 {
				list, err := r.store.Unread(t.Context(), 0, 100)
				if err != nil {
					t.Error(err)
					return
				}
				for _, scan := range list {
					l, last, whole, err := r.store.GapLog(t.Context(), scan)
					if err != nil {
						t.Error(err)
						return
					}
					qs := conversation.FindGapQuestions(l)
					if err := r.store.Read(t.Context(), scan, qs, last, whole); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	waiting, err := g.store.Unembedded(t.Context(), "topics/3", 100)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, q := range waiting {
		texts = append(texts, q.Query)
	}
	vectors, err := g.Embedder.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.store.SetVectors(t.Context(), "topics/3", waiting, vectors); err != nil {
		t.Fatal(err)
	}
	for _, r := range replicas {
		wg.Go(func() {
			for range 10 {
				if _, _, err := r.Pass(t.Context()); err != nil {
					t.Errorf("Pass() = %v", err)
				}
				qs, err := r.store.Ungrouped(t.Context(), 100)
				if err != nil {
					t.Error(err)
				}
				for _, q := range qs { // beside whoever holds the lease
					if err := r.store.Join(t.Context(), q, "topics/3", func(n conversation.GapNear) string {
						if n.Dense.Similarity > .9 {
							return n.Dense.ID
						}
						return ""
					}); err != nil {
						t.Errorf("Join() = %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	g.work()
	if n := g.count(`SELECT count(*) FROM gap_questions`); n != 30 {
		t.Errorf("%d questions, want 30", n)
	}
	g.checkCounts()
	if list := g.in(conversation.GapOpen); len(list) != 2 || list[0].Questions != 20 || list[1].Questions != 10 {
		t.Errorf("gaps = %+v, want the gnus with 20 questions and the parking with 10", list)
	}
}

func TestVectorsJoinLanguagesAndWordsServeWithoutThem(t *testing.T) {
	e := &topics{}
	g := openGaps(t, dbtest.URL(t), newShelf(), e)
	g.ask("do you rent gnus", conversation.KindUnknown)
	g.ask("¿alquilan ñus?", conversation.KindUnknown)
	g.ask("where can I park", conversation.KindUnknown)
	g.work()
	if list := g.in(conversation.GapOpen); len(list) != 2 || list[0].Questions != 2 || list[0].Customers != 2 {
		t.Errorf("gaps = %+v, want the one asked in two languages first", list)
	}
	e.down = true
	g.ask("do you rent out gnus", conversation.KindUnknown)
	g.ask("is the office open on sundays", conversation.KindUnknown)
	g.work()
	list := g.in(conversation.GapOpen)
	if len(list) != 3 || list[0].Questions != 3 {
		t.Errorf("gaps with the embedder down = %+v, want the third question joined by its words", list)
	}
	e.down = false
	g.work()
	if n := g.count(`SELECT count(*) FROM gap_questions WHERE embedding IS NULL`); n != 0 {
		t.Errorf("%d questions have no vector once the embedder is back, want 0", n)
	}
	if n := g.count(`SELECT count(*) FROM gaps WHERE embedding IS NULL`); n != 0 {
		t.Errorf("%d gaps have no vector once the embedder is back, want 0", n)
	}
}

func TestEachTimeAConversationChangesItIsReadOnce(t *testing.T) {
	g := openGaps(t, dbtest.URL(t), newShelf(), nil)
	id := g.ask("do you rent gnus", conversation.KindVerbatim)
	g.work()
	if n := g.count(`SELECT count(*) FROM gap_questions`); n != 0 {
		t.Fatalf("%d questions after a good answer, want none", n)
	}
	if list, err := g.store.Unread(t.Context(), 0, 10); err != nil || len(list) != 0 {
		t.Errorf("Unread() = %+v, %v; want nothing", list, err)
	}
	if _, err := g.store.Rate(t.Context(), id, 2, false); err != nil {
		t.Fatal(err)
	}
	g.work()
	if gap := g.only(conversation.GapOpen); gap.Question != "do you rent gnus" || gap.Reasons[0] != conversation.GapUnhelpful {
		t.Errorf("gap = %+v, want the question of the thumb down", gap)
	}
	for i := range 450 { // more than is read at a time
		g.askIn(id, fmt.Sprintf("something else, number %d", i), "")
	}
	if _, _, err := g.store.Change(t.Context(), id, conversation.Change{To: conversation.OwnerStaff, By: conversation.Actor{StaffID: knowledge.NewID(), Name: "Ana"},
		Reason: conversation.ReasonTakeover, From: []conversation.Owner{conversation.OwnerBot}, Messages: []conversation.NewMessage{{Author: conversation.AuthorSystem, Text: "Ana joined."}}}); err != nil {
		t.Fatal(err)
	}
	g.work()
	if n := g.count(`SELECT seq FROM gap_questions WHERE reason = 'takeover'`); n != 452 {
		t.Errorf("the question that was taken over is message %d, want 452", n)
	}
}

func TestAnErasedConversationTakesItsQuestionsAlong(t *testing.T) {
	g := openGaps(t, dbtest.URL(t), newShelf(), &topics{})
	first, second := g.ask("do you rent gnus", conversation.KindUnknown), g.ask("may I rent a gnu", conversation.KindUnknown)
	g.work()
	gap := g.only(conversation.GapOpen)
	if _, err := g.pool.Exec(t.Context(), `DELETE FROM conversations WHERE id = $1`, first); err != nil {
		t.Fatal(err)
	}
	g.checkCounts()
	if left := g.only(conversation.GapOpen); left.ID != gap.ID || left.Questions != 1 || left.Customers != 1 || left.Question != "may I rent a gnu" {
		t.Errorf("gap = %+v, want it with the question that is left", left)
	}
	if _, err := g.pool.Exec(t.Context(), `DELETE FROM contacts WHERE id = (SELECT contact_id FROM conversations WHERE id = $1)`, second); err != nil {
		t.Fatal(err)
	}
	if n := g.count(`SELECT (SELECT count(*) FROM gaps) + (SELECT count(*) FROM gap_questions) + (SELECT count(*) FROM gap_terms)`); n != 0 {
		t.Errorf("%d rows are left of an erased contact's gap, want none", n)
	}
	if _, _, err := g.Gap(t.Context(), gap.ID); !errors.Is(err, conversation.ErrNoGap) {
		t.Errorf("Gap(erased) = %v, want ErrNoGap", err)
	}
}

func TestErasingWhileGroupingNeitherDeadlocksNorMiscounts(t *testing.T) {
	url := dbtest.URL(t)
	g, other := openGaps(t, url, newShelf(), &topics{}), openGaps(t, url, newShelf(), &topics{})
	var ids []string
	for range 60 {
		id := g.ask("do you rent gnus", conversation.KindUnknown)
		g.askIn(id, "and where can I park", conversation.KindUnknown)
		ids = append(ids, id)
	}
	var wg sync.WaitGroup
	for _, r := range []*deskGaps{g, other} {
		wg.Go(func() {
			for range 20 {
				if _, _, err := r.Pass(t.Context()); err != nil {
					t.Errorf("Pass() = %v", err)
				}
			}
		})
	}
	for w := range 2 {
		wg.Go(func() {
			for i := w; i < 40; i += 2 {
				if _, err := g.pool.Exec(t.Context(), `DELETE FROM conversations WHERE id = $1`, ids[i]); err != nil {
					t.Errorf("delete: %v", err)
				}
			}
		})
	}
	wg.Wait()
	g.work()
	if n := g.count(`SELECT count(*) FROM gap_questions WHERE gap_id IS NOT NULL`); n != 40 {
		t.Errorf("%d questions are left, want 40", n)
	}
	g.checkCounts()
}

func TestADismissedGapStaysAwayAndAClosedOneComesBack(t *testing.T) {
	g := openGaps(t, dbtest.URL(t), newShelf(), &topics{})
	g.ask("do you rent gnus", conversation.KindUnknown)
	g.ask("where can I park", conversation.KindUnknown)
	g.work()
	for _, gap := range g.in(conversation.GapOpen) {
		var err error
		if strings.Contains(gap.Question, "gnu") {
			_, err = g.Dismiss(t.Context(), gap.ID)
		} else {
			err = g.store.SetGap(t.Context(), gap.ID, conversation.GapChange{From: []conversation.GapState{conversation.GapOpen}, To: conversation.GapClosed})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	g.ask("I want to rent a gnu", conversation.KindUnknown)
	g.ask("is there a car park", conversation.KindUnknown)
	g.work()
	if gap := g.only(conversation.GapDismissed); gap.Questions != 2 {
		t.Errorf("dismissed gap = %+v, want it dismissed with the new question", gap)
	}
	if gap := g.only(conversation.GapOpen); gap.Questions != 2 || gap.Question != "where can I park" {
		t.Errorf("open gap = %+v, want the closed one come back", gap)
	}
	gap := g.only(conversation.GapDismissed)
	if again, err := g.Reopen(t.Context(), gap.ID); err != nil || again.State != conversation.GapOpen {
		t.Errorf("Reopen() = %+v, %v; want it open", again, err)
	}
}

func TestMergedGapsAreOne(t *testing.T) {
	g := openGaps(t, dbtest.URL(t), newShelf(), &topics{})
	g.ask("do you rent gnus", conversation.KindUnknown)
	g.ask("where can I park", conversation.KindUnknown)
	g.work()
	list := g.in(conversation.GapOpen)
	merged, err := g.Merge(t.Context(), list[0].ID, list[1].ID)
	if err != nil || merged.Questions != 2 || merged.Customers != 2 {
		t.Errorf("Merge() = %+v, %v; want both questions in one", merged, err)
	}
	g.checkCounts()
	if _, err := g.Merge(t.Context(), list[0].ID, list[1].ID); !errors.Is(err, conversation.ErrNoGap) {
		t.Errorf("Merge(merged) = %v, want ErrNoGap", err)
	}
	if _, err := g.Merge(t.Context(), list[0].ID, list[0].ID); !errors.Is(err, conversation.ErrGapState) {
		t.Errorf("Merge(itself) = %v, want ErrGapState", err)
	}
}
