package knowledgedb

import (
	"context"
	"errors"
	"testing"
	"time"

	"frontdesk/knowledge"
)

func TestARehearsalShowsTheChangeAndLeavesNothing(t *testing.T) {
	for name, embedder := range map[string]*fakeEmbedder{"by words": nil, "by meaning too": {model: "m", dims: 16}} {
		t.Run(name, func(t *testing.T) {
			var e knowledge.Embedder
			if embedder != nil {
				e = embedder
			}
			s := newStore(t, e)
			doc := newDocument(t, s, "FAQ")
			put(t, s, doc, entry("Do you sell helmets?", "Helmets are upstairs."), entry("Is there parking?", "Parking is behind the shop."))
			ask := []knowledge.Query{{Text: "do you sell helmets"}, {Text: "is there parking"}, {Text: "velocipede repairs"}}
			state := func() (out [5]int64) {
				const sql = `SELECT (SELECT sum(xmin::text::bigint) FROM passages), (SELECT count(*) FROM documents), (SELECT passages FROM lexicon),
					(SELECT sum(df) FROM terms), (SELECT count(*) FROM embeddings)`
				if err := s.pool.QueryRow(t.Context(), sql).Scan(&out[0], &out[1], &out[2], &out[3], &out[4]); err != nil {
					t.Fatal(err)
				}
				return out
			}
			before := state()
			if embedder != nil {
				embedder.seen = nil
			}
			now, then, err := s.Rehearse(t.Context(), knowledge.Document{ID: doc, Name: "FAQ two"},
				[]knowledge.Passage{entry("Do you sell helmets?", "Helmets are in the cellar."), entry("Is there parking?", "Parking is behind the shop.")}, ask)
			if err != nil {
				t.Fatalf("Rehearse = %v", err)
			}
			if now[0].Hits[0].Text != "Helmets are upstairs." || then[0].Hits[0].Text != "Helmets are in the cellar." || then[0].Hits[0].Document != "FAQ two" || !then[0].Hits[0].Exact {
				t.Errorf("helmets: now %q, then %+v; want the new answer then", now[0].Hits[0].Text, then[0].Hits[0])
			}
			if then[1].Hits[0].Text != now[1].Hits[0].Text || then[1].Confidence != now[1].Confidence {
				t.Errorf("parking: now %+v, then %+v; want the same", now[1], then[1])
			}
			if embedder != nil {
				if then[1].Hits[0].DenseRank == 0 {
					t.Errorf("parking then = %+v, want it ranked by meaning with the vector it has", then[1].Hits[0])
				}
				if n := len(embedder.seen); n != len(ask)+1 {
					t.Errorf("%d texts were embedded (%q), want each question once and the one text that is new", n, embedder.seen)
				}
			}
			// A new document beside it.
			_, then, err = s.Rehearse(t.Context(), knowledge.Document{ID: knowledge.NewID(), Name: "Workshop"},
				[]knowledge.Passage{entry("What do velocipede repairs cost?", "Nothing.")}, ask)
			if err != nil || then[2].Hits[0].Text != "Nothing." || then[0].Hits[0].Text != "Helmets are upstairs." {
				t.Errorf("Rehearse(new document) = %+v, %v; want it found beside the others", then, err)
			}
			if after := state(); after != before {
				t.Errorf("knowledge after = %v, want %v as before", after, before)
			}
			checkCounts(t, s)
		})
	}
}

func TestARehearsalDoesNotWaitForAWriter(t *testing.T) {
	s := newStore(t, nil)
	doc := newDocument(t, s, "FAQ")
	put(t, s, doc, entry("Is there parking?", "Behind the shop."))
	tx, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	if err := lockLexicon(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, _, err = s.Rehearse(ctx, knowledge.Document{ID: doc, Name: "FAQ"}, []knowledge.Passage{entry("Is there parking?", "No.")}, []knowledge.Query{{Text: "parking"}})
	if !errors.Is(err, knowledge.ErrBusy) || ctx.Err() != nil {
		t.Errorf("Rehearse beside a writer = %v, want ErrBusy", err)
	}
}

func TestUnchangedEntriesKeepTheirVectorsWhenTheyMove(t *testing.T) {
	e := &fakeEmbedder{model: "m", dims: 8}
	s := newStore(t, e)
	doc := newDocument(t, s, "FAQ")
	first := []knowledge.Passage{entry("A?", "One."), entry("B?", "Two."), entry("C?", "Three.")}
	put(t, s, doc, first...)
	e.seen = nil
	moved := []knowledge.Passage{entry("New?", "Zero."), entry("C?", "Three."), entry("A?", "One, changed."), entry("B?", "Two.")}
	moved[1].Kept = knowledge.Kept{ID: knowledge.NewID(), Version: "v", Owner: "Ana"} // its owner is no part of the text
	put(t, s, doc, moved...)
	if len(e.seen) != 2 {
		t.Errorf("embedded %q, want only the new and the changed one", e.seen)
	}
	var n int
	if err := s.pool.QueryRow(t.Context(), `SELECT count(*) FROM embeddings`).Scan(&n); err != nil || n != 4 {
		t.Errorf("%d vectors, %v; want 4", n, err)
	}
}

func TestEntriesThatMeanTheSameAreFoundByTheirVectors(t *testing.T) {
	s := newStore(t, &fakeEmbedder{model: "m", dims: 16})
	one, other := newDocument(t, s, "Old"), newDocument(t, s, "New")
	kept := func(p knowledge.Passage) knowledge.Passage {
		p.Kept.ID, p.Lang = knowledge.NewID(), "en"
		return p
	}
	put(t, s, one, kept(entry("refund bicycle", "refund 5")))
	put(t, s, other, kept(entry("moneyback velocipede", "moneyback 5")), kept(entry("gloves", "upstairs")))
	for _, id := range []string{one, other} {
		if err := s.CompareDocument(t.Context(), id); err != nil {
			t.Fatalf("CompareDocument = %v", err)
		}
	}
	got, _, err := s.Conflicts(t.Context(), "", 10)
	if err != nil || len(got) != 1 || got[0].Similarity < .99 || got[0].Kind != knowledge.NearDuplicate {
		t.Errorf("Conflicts = %+v, %v; want the pair that shares no word", got, err)
	}
}
