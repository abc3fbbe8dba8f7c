package conversationdb_test

import (
	"slices"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/migrations/dbtest"
)

// rowsOf are the threads that a filter finds, in the list's order.
func rowsOf(t *testing.T, store *conversationdb.Store, f conversation.Filter) []string {
	t.Helper()
	f.View, f.Limit, f.Me = conversation.ViewAll, 50, "00000000-0000-4000-8000-000000000000"
	rows, _, err := store.Rows(t.Context(), f)
	if err != nil {
		t.Fatalf("Rows(%+v) = %v", f, err)
	}
	var out []string
	for _, r := range rows {
		out = append(out, r.Contact)
	}
	return out
}

func TestAListByLanguageTakesEveryPlaceItIsWrittenIn(t *testing.T) {
	pool := dbtest.New(t)
	store := conversationdb.New(pool)
	const seed = `WITH people AS (
			INSERT INTO contacts (id, name) SELECT gen_random_uuid(), l FROM unnest(ARRAY['pt', 'pt-BR', 'pt-br-x-a', 'PT-PT', 'ptx', 'de', '']) l RETURNING id, name)
		INSERT INTO conversations (id, contact_id, channel, account, thread, locale, seq, updated_at)
		SELECT gen_random_uuid(), id, 'slack', 'x', name, name, 1, '2026-01-01'::timestamptz - length(name) * interval '1 hour' FROM people`
	if _, err := pool.Exec(t.Context(), seed); err != nil {
		t.Fatal(err)
	}
	for locale, want := range map[string][]string{
		"pt": {"pt", "pt-BR", "PT-PT", "pt-br-x-a"}, "PT": {"pt", "pt-BR", "PT-PT", "pt-br-x-a"}, "pt-BR": {"pt-BR", "pt-br-x-a"}, "fr": nil, "de": {"de"},
	} {
		got := rowsOf(t, store, conversation.Filter{Locale: locale})
		slices.Sort(got)
		want = slices.Sorted(slices.Values(want))
		if !slices.Equal(got, want) {
			t.Errorf("the list in %q = %q, want %q", locale, got, want)
		}
	}
}

func TestAListByLabelFindsFewAndMany(t *testing.T) {
	pool := dbtest.New(t)
	store := conversationdb.New(pool)
	for _, q := range []string{
		`INSERT INTO contacts (id, name) SELECT md5('p' || i)::uuid, 'p' || i FROM generate_series(1, 1200) i`,
		`INSERT INTO conversations (id, contact_id, channel, account, thread, seq, updated_at)
			SELECT md5('c' || i)::uuid, md5('p' || i)::uuid, 'slack', 'x', 't' || i, 1, '2026-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 1200) i`,
		`INSERT INTO labels (id, name) SELECT md5(n)::uuid, n FROM unnest(ARRAY['Few', 'many', 'unused']) n`,
		`INSERT INTO conversation_labels SELECT md5('c' || i)::uuid, md5('many')::uuid FROM generate_series(1, 1100) i`,
		`INSERT INTO conversation_labels SELECT md5('c' || i)::uuid, md5('Few')::uuid FROM generate_series(7, 9, 2) i`,
	} {
		if _, err := pool.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if got := rowsOf(t, store, conversation.Filter{Label: "few"}); !slices.Equal(got, []string{"p9", "p7"}) {
		t.Errorf("the list labelled few = %q, want p9, p7", got)
	}
	if got := rowsOf(t, store, conversation.Filter{Label: "MANY"}); len(got) != 50 || got[0] != "p1100" {
		t.Errorf("the list labelled many = %d rows from %q, want a page from p1100", len(got), got[:min(1, len(got))])
	}
	for _, label := range []string{"unused", "unknown"} {
		if got := rowsOf(t, store, conversation.Filter{Label: label}); len(got) != 0 {
			t.Errorf("the list labelled %s = %q, want none", label, got)
		}
	}
}
