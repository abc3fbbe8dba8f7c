package knowledgedb

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"frontdesk/knowledge"
)

func TestALargeFileIsSearchedByItsIndexAtOnce(t *testing.T) {
	s, ctx := newStore(t, nil), context.Background()
	var ps []knowledge.Passage
	for _, text := range synthetic(rand.New(rand.NewPCG(1, 2)), surveyAbove) {
		title, body, _ := strings.Cut(text, "\n")
		ps = append(ps, knowledge.Passage{Title: title, Text: body, Lang: "en"})
	}
	put(t, s, newDocument(t, s, "large"), ps...)
	for _, index := range []string{"lexemes_dims", "passages_question_keys", "vocabulary_similar"} {
		var pending int64
		if err := s.pool.QueryRow(ctx, `SELECT gin_clean_pending_list($1::text::regclass)`, index).Scan(&pending); err != nil || pending != 0 {
			t.Errorf("%s had %d pages that every search reads whole, %v; want none", index, pending, err)
		}
	}
	var known float64
	if err := s.pool.QueryRow(ctx, `SELECT reltuples FROM pg_class WHERE oid = 'lexemes'::regclass`).Scan(&known); err != nil || known < surveyAbove {
		t.Errorf("the planner takes the collection for %v passages, %v; want all %d", known, err, surveyAbove)
	}
}
