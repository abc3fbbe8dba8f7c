package knowledgedb

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

func newStore(t testing.TB, e knowledge.Embedder) *Store {
	t.Helper()
	return New(dbtest.New(t), e, slog.New(slog.DiscardHandler))
}

func newDocument(t testing.TB, s *Store, name string) string {
	t.Helper()
	var id string
	const sql = `INSERT INTO documents (name, url, status) VALUES ($1, 'https://shop.example/faq', 'embedding') RETURNING id::text`
	if err := s.pool.QueryRow(t.Context(), sql, name).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// put makes ps the passages of a document named FAQ, as the ingest does.
func put(t testing.TB, s *Store, docID string, ps ...knowledge.Passage) {
	t.Helper()
	if err := s.Publish(t.Context(), docID, "FAQ", ps); err != nil {
		t.Fatalf("Publish() = %v, want no error", err)
	}
	if err := s.Embed(t.Context(), docID); err != nil {
		t.Fatalf("Embed() = %v, want no error", err)
	}
}

func entry(question, answer string) knowledge.Passage {
	return knowledge.Passage{Title: question, Text: answer, IsEntry: true}
}

func mustFind(t testing.TB, s *Store, q knowledge.Query) knowledge.Result {
	t.Helper()
	r, err := s.Find(t.Context(), q)
	if err != nil {
		t.Fatalf("Find(%.60q) = %v, want no error", q.Text, err)
	}
	return r
}

func texts(r knowledge.Result) []string {
	var out []string
	for _, h := range r.Hits {
		out = append(out, h.Text)
	}
	return out
}

// checkCounts compares what the triggers keep with what is stored.
func checkCounts(t testing.TB, s *Store) {
	t.Helper()
	const sql = `SELECT
		(SELECT count(*) FROM (SELECT d, count(*) n FROM lexemes, unnest(dims) d GROUP BY d) a FULL JOIN terms t ON t.dim = a.d WHERE a.n IS DISTINCT FROM t.df),
		(SELECT passages FROM lexicon) - (SELECT count(*) FROM lexemes),
		(SELECT body_total FROM lexicon) - (SELECT coalesce(sum(body_length), 0) FROM lexemes),
		(SELECT title_count FROM lexicon) - (SELECT count(*) FROM lexemes WHERE title_length > 0)`
	var terms, passages, body, titles int64
	if err := s.pool.QueryRow(t.Context(), sql).Scan(&terms, &passages, &body, &titles); err != nil {
		t.Fatal(err)
	}
	if terms != 0 || passages != 0 || body != 0 || titles != 0 {
		t.Errorf("counts are off: %d terms, %d passages, %d words, %d titles; want 0 each", terms, passages, body, titles)
	}
}

func TestReplacingPassagesLeavesNothingOfTheOld(t *testing.T) {
	s := newStore(t, nil)
	doc, other := newDocument(t, s, "FAQ"), newDocument(t, s, "Manual")
	put(t, s, other, knowledge.Passage{Text: "bicycles are repaired on Mondays", Heading: "Workshop › Hours", Page: 3})
	put(t, s, doc, entry("Do you sell helmets?", "Helmets are upstairs."), entry("Is there parking?", "Parking is behind the shop."))
	put(t, s, doc, entry("Do you sell gloves?", "Gloves are upstairs."))
	if r := mustFind(t, s, knowledge.Query{Text: "helmets parking"}); len(r.Hits) != 0 || r.Confidence != 0 {
		t.Errorf("Find(old text) = %q, confidence %v; want nothing", texts(r), r.Confidence)
	}
	r := mustFind(t, s, knowledge.Query{Text: "gloves"})
	if len(r.Hits) != 1 || r.Hits[0].Document != "FAQ" || r.Hits[0].URL != "https://shop.example/faq" || r.Hits[0].LexicalRank != 1 || r.Hits[0].LexicalScore <= 0 {
		t.Errorf("Find(new text) = %+v, want the one passage with its document", r.Hits)
	}
	if h := mustFind(t, s, knowledge.Query{Text: "repairing a bicycle"}).Hits; len(h) != 1 || h[0].Heading != "Workshop › Hours" || h[0].Page != 3 || h[0].Lang != "en" {
		t.Errorf("Find(other document) = %+v, want its passage with heading and page", h)
	}
	var status string
	var n int
	if err := s.pool.QueryRow(t.Context(), `SELECT status, passages FROM documents WHERE id = $1`, doc).Scan(&status, &n); err != nil {
		t.Fatal(err)
	}
	if status != "ready" || n != 1 {
		t.Errorf("document is %s with %d passages, want ready with 1", status, n)
	}
	checkCounts(t, s)
	if _, err := s.pool.Exec(t.Context(), `DELETE FROM documents`); err != nil {
		t.Fatal(err)
	}
	checkCounts(t, s)
	if err := s.Publish(t.Context(), doc, "FAQ", nil); !errors.Is(err, knowledge.ErrNotFound) {
		t.Errorf("Publish(deleted) = %v, want ErrNotFound", err)
	}
}

func TestWritersOfManyDocumentsNeverDeadlock(t *testing.T) {
	s := newStore(t, nil)
	kept, err := s.Documents()
	if err != nil {
		t.Fatal(err)
	}
	docs := make([]string, 4)
	for i := range docs {
		docs[i] = newDocument(t, s, fmt.Sprint("document ", i))
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for round := range 10 {
				var ps []knowledge.Passage
				for i := range 5 {
					ps = append(ps, knowledge.Passage{Text: fmt.Sprintf("word%d word%d word%d", (w+i)%7, (round*i)%11, i)})
				}
				if err := s.Publish(t.Context(), docs[(w+round)%len(docs)], "document", ps); err != nil {
					t.Errorf("Publish() = %v, want no error", err)
					return
				}
				if _, err := s.Find(t.Context(), knowledge.Query{Text: "word1 word2"}); err != nil {
					t.Errorf("Find() = %v, want no error", err)
				}
			}
		})
	}
	wg.Go(func() {
		for round := range 10 {
			if _, err := s.pool.Exec(t.Context(), `UPDATE lexemes SET analyzer = 0 WHERE passage_id IN (SELECT passage_id FROM lexemes LIMIT $1 FOR UPDATE SKIP LOCKED)`, round%3); err != nil {
				t.Errorf("age lexemes: %v", err)
			}
			if err := s.alone(t.Context(), func(c *pgxpool.Conn) error { return s.reweigh(t.Context(), c, true) }); err != nil {
				t.Errorf("reweigh() = %v, want no error", err)
			}
		}
	})
	wg.Go(func() {
		for range 10 {
			const sql = `WITH d AS (INSERT INTO documents (name) VALUES ('short-lived') RETURNING id::text) SELECT id FROM d`
			var id string
			if err := s.pool.QueryRow(t.Context(), sql).Scan(&id); err != nil {
				t.Error(err)
				return
			}
			if err := s.Publish(t.Context(), id, "short-lived", []knowledge.Passage{{Text: "word1"}, {Text: "word2 word3"}}); err != nil {
				t.Errorf("Publish() = %v, want no error", err)
			}
			if err := kept.DeleteDocument(t.Context(), id); err != nil {
				t.Errorf("DeleteDocument() = %v, want no error", err)
			}
		}
	})
	wg.Wait()
	checkCounts(t, s)
}

func TestSearchSeesADocumentWholeOrNotAtAll(t *testing.T) {
	s := newStore(t, nil)
	doc := newDocument(t, s, "FAQ")
	version := func(v int) []knowledge.Passage {
		var ps []knowledge.Passage
		for i := range 6 {
			ps = append(ps, knowledge.Passage{Text: fmt.Sprintf("common part %d of version v%d", i, v)})
		}
		return ps
	}
	put(t, s, doc, version(0)...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for v := 1; v <= 20; v++ {
			if err := s.Publish(t.Context(), doc, "FAQ", version(v)); err != nil {
				t.Errorf("Publish() = %v, want no error", err)
			}
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		r := mustFind(t, s, knowledge.Query{Text: "common part", Limit: 20})
		versions := map[string]int{}
		for _, text := range texts(r) {
			versions[text[strings.LastIndex(text, " "):]]++
		}
		if len(r.Hits) != 6 || len(versions) != 1 {
			t.Fatalf("Find() = %d passages of versions %v, want 6 of one", len(r.Hits), versions)
		}
	}
}

func TestOddQueriesFindNothingAndAreNoError(t *testing.T) {
	s := newStore(t, nil)
	for _, q := range []string{"", "   ", "😀🎉", "?!…", "\x00\xff", "the of and"} {
		if r := mustFind(t, s, knowledge.Query{Text: q}); len(r.Hits) != 0 || r.Confidence != 0 {
			t.Errorf("Find(%q) in an empty collection = %q, want nothing", q, texts(r))
		}
	}
	put(t, s, newDocument(t, s, "FAQ"), entry("How are you?", "Fine."), entry("Refunds?", "Within 30 days."))
	for _, q := range []string{"", "😀🎉", "?!…", "\x00\xff"} {
		if r := mustFind(t, s, knowledge.Query{Text: q}); len(r.Hits) != 0 {
			t.Errorf("Find(%q) = %q, want nothing", q, texts(r))
		}
	}
	if r := mustFind(t, s, knowledge.Query{Text: "how are you"}); len(r.Hits) == 0 || r.Hits[0].Text != "Fine." {
		t.Errorf("Find(stop words) = %q, want the entry that is made of them", texts(r))
	}
	long := strings.Repeat("a long complaint about refunds, number ", 2000)
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, "w%d ", i)
	}
	for name, q := range map[string]string{"100 KB": long, "20,000 words": b.String() + " refund", "one word": strings.Repeat("x", 100<<10), "1 MB": strings.Repeat("退款", 180_000)} {
		mustFind(t, s, knowledge.Query{Text: q, History: []knowledge.Said{{Text: q}, {Text: q, Ours: true}}})
		if name == "100 KB" && len(mustFind(t, s, knowledge.Query{Text: q}).Hits) == 0 {
			t.Errorf("Find(%s) found nothing, want the refunds", name)
		}
	}
}

func TestLimitIsKeptAndOrderIsAlwaysTheSame(t *testing.T) {
	s := newStore(t, nil)
	var ps []knowledge.Passage
	for range 150 {
		ps = append(ps, knowledge.Passage{Text: "the very same text"})
	}
	put(t, s, newDocument(t, s, "copies"), ps...)
	for limit, want := range map[int]int{0: knowledge.DefaultLimit, -1: knowledge.DefaultLimit, 1: 1, 100: 100, 1000: knowledge.MaxLimit} {
		if got := len(mustFind(t, s, knowledge.Query{Text: "same text", Limit: limit}).Hits); got != want {
			t.Errorf("Find(limit %d) = %d hits, want %d", limit, got, want)
		}
	}
	first := mustFind(t, s, knowledge.Query{Text: "same text", Limit: 20})
	for range 3 {
		again := mustFind(t, s, knowledge.Query{Text: "same text", Limit: 20})
		for i := range again.Hits {
			if again.Hits[i].ID != first.Hits[i].ID {
				t.Fatalf("hit %d is another the second time", i)
			}
		}
	}
	one := mustFind(t, s, knowledge.Query{Text: "same text", Limit: 1})
	if one.Confidence != first.Confidence {
		t.Errorf("confidence %v with limit 1 and %v with 20, want the same", one.Confidence, first.Confidence)
	}
}

func TestExactQuestionsComeFirstAndAreFlagged(t *testing.T) {
	s := newStore(t, nil)
	asked := entry("Can I pay by card?", "Yes.")
	asked.Alternatives = []string{"Do you take cards?", "Credit card ok?"}
	put(t, s, newDocument(t, s, "FAQ"),
		knowledge.Passage{Title: "Do you take cards?", Text: "A section of that title, card card card, no entry."},
		asked, entry("Is my card safe?", "card card card take cards"))
	for _, q := range []string{"can i PAY by card", "Do you take cards", "crédit card ok!"} {
		r := mustFind(t, s, knowledge.Query{Text: q})
		if len(r.Hits) == 0 || !r.Hits[0].Exact || r.Hits[0].Text != "Yes." || r.Confidence < .95 {
			t.Errorf("Find(%q) = %q, exact %v, confidence %.2f; want the entry first and exact", q, texts(r), r.Hits[0].Exact, r.Confidence)
		}
		for _, h := range r.Hits[1:] {
			if h.Exact {
				t.Errorf("Find(%q): %q is exact too", q, h.Text)
			}
		}
	}
	if r := mustFind(t, s, knowledge.Query{Text: "can i pay by credit card"}); r.Hits[0].Exact {
		t.Error("another question is flagged exact")
	}
}

func TestFollowUpTakesItsTopicFromTheHistory(t *testing.T) {
	s := newStore(t, nil)
	put(t, s, newDocument(t, s, "FAQ"),
		entry("How much is the helmet?", "The helmet costs 40 euros."),
		entry("How much is the battery?", "The battery costs 400 euros."),
		entry("How much is the jersey?", "The jersey costs 60 euros."))
	history := []knowledge.Said{{Text: "hello"}, {Text: "is the battery waterproof?"}}
	r := mustFind(t, s, knowledge.Query{Text: "and how much is it?", History: history})
	if len(r.Hits) == 0 || !strings.Contains(r.Hits[0].Text, "battery") {
		t.Errorf("Find(follow-up) = %q, want the battery first", texts(r))
	}
	r = mustFind(t, s, knowledge.Query{Text: "how much is the jersey?", History: history})
	if !strings.Contains(r.Hits[0].Text, "jersey") {
		t.Errorf("Find(new topic) = %q, want the jersey first", texts(r))
	}
}

func TestWeightsFollowWhenLengthsDrift(t *testing.T) {
	s := newStore(t, nil)
	put(t, s, newDocument(t, s, "short"), knowledge.Passage{Text: "refund soon"}, knowledge.Passage{Text: "two words"})
	put(t, s, newDocument(t, s, "long"), knowledge.Passage{Text: strings.Repeat("many more words about refunds ", 40)})
	var baked, now float64
	const sql = `SELECT baked_body, body_total::float8 / body_count FROM lexicon`
	if err := s.pool.QueryRow(t.Context(), sql).Scan(&baked, &now); err != nil {
		t.Fatal(err)
	}
	if math.Abs(baked/now-1) > .01 {
		t.Errorf("weights are baked with %.1f words a passage, want the %.1f of now", baked, now)
	}
	before := mustFind(t, s, knowledge.Query{Text: "refund"}).Hits
	if _, err := s.pool.Exec(t.Context(), `UPDATE lexemes SET analyzer = 0, weights = '{}/1000000000'`); err != nil {
		t.Fatal(err)
	}
	if err := s.Maintain(t.Context()); err != nil {
		t.Fatalf("Maintain() = %v, want no error", err)
	}
	after := mustFind(t, s, knowledge.Query{Text: "refund"}).Hits
	if len(after) != len(before) || after[0].ID != before[0].ID || after[0].LexicalScore != before[0].LexicalScore {
		t.Errorf("after indexing anew Find() = %+v, want %+v", after, before)
	}
	var stale int
	if err := s.pool.QueryRow(t.Context(), `SELECT count(*) FROM lexemes WHERE analyzer <> $1`, lexical.Version).Scan(&stale); err != nil || stale != 0 {
		t.Errorf("%d passages of an old analysis, %v; want none", stale, err)
	}
}

func TestIDsAreUUIDsAndNoneIsGivenTwice(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := knowledge.NewID()
		if len(id) != 36 || id[14] != '7' || seen[id] {
			t.Fatalf("NewID() = %q, want a UUID of version 7 that is new", id)
		}
		seen[id] = true
	}
}
