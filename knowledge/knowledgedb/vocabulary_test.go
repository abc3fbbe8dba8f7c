package knowledgedb

import "testing"

func TestAWordLeavesTheVocabularyWithItsLastPassage(t *testing.T) {
	s := newStore(t, nil)
	first, second := newDocument(t, s, "FAQ"), newDocument(t, s, "FAQ")
	put(t, s, first, entry("Refunds of wheelbarrows", "Within thirty days."))
	put(t, s, second, entry("Wheelbarrows", "We sell them."))
	words := func() []string {
		var out []string
		const sql = `SELECT coalesce(array_agg(word ORDER BY word), '{}') FROM vocabulary`
		if err := s.pool.QueryRow(t.Context(), sql).Scan(&out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	has := func(word string) bool {
		for _, w := range words() {
			if w == word {
				return true
			}
		}
		return false
	}
	remove := func(id string) {
		if _, err := s.pool.Exec(t.Context(), `DELETE FROM documents WHERE id = $1`, id); err != nil {
			t.Fatal(err)
		}
	}
	if !has("refunds") || !has("wheelbarrows") {
		t.Fatalf("vocabulary = %q, want refunds and wheelbarrows in it", words())
	}
	remove(first)
	if has("refunds") || !has("wheelbarrows") {
		t.Errorf("vocabulary = %q after one of two was deleted, want wheelbarrows and no refunds", words())
	}
	remove(second)
	if got := words(); len(got) > 0 {
		t.Errorf("vocabulary = %q of no passages, want none", got)
	}
}
