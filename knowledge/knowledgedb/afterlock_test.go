package knowledgedb_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/knowledge"
)

// during has step done while a transaction has done what hold says, waits until step waits
// for it or is done, and then goes on with then in that transaction. It returns what came
// of step and of the transaction.
func (s *server) during(t *testing.T, hold string, step func() error, then []string, args ...any) (went, held error) {
	t.Helper()
	done := make(chan struct{})
	held = pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), hold, args...); err != nil {
			return err
		}
		go func() { defer close(done); went = step() }()
		s.stuck(t, done)
		for _, sql := range then {
			if _, err := tx.Exec(t.Context(), sql, args...); err != nil {
				return err
			}
		}
		return nil
	})
	<-done
	return went, held
}

// stuck waits until something waits for a row, or done.
func (s *server) stuck(t *testing.T, done <-chan struct{}) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		select {
		case <-done:
			return
		case <-time.After(2 * time.Millisecond): // between looks
		}
		var waits bool
		if err := s.pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waits); err != nil {
			t.Error(err)
			return
		}
		if waits {
			return
		}
		if time.Now().After(end) {
			t.Error("it neither waits nor ends")
			return
		}
	}
}

const lockDocument = `SELECT FROM documents WHERE id = $1 FOR UPDATE`

func TestAnEntryThatIsPublishedAsTheComparingEndsIsComparedToo(t *testing.T) {
	ed := newEditor(t)
	id := ed.taken(t, "policy.csv", policy).Document.ID
	ed.compared(t, id)
	err, held := ed.during(t, lockDocument, func() error { return ed.CompareDocument(t.Context(), id) }, []string{
		`UPDATE documents SET compare_due = true WHERE id = $1`,
		`UPDATE passages SET digest = sha256('another answer') WHERE document_id = $1 AND ordinal = 0`,
	}, id)
	var due bool
	if err == nil && held == nil {
		held = ed.pool.QueryRow(t.Context(), `SELECT compare_due FROM documents WHERE id = $1`, id).Scan(&due)
	}
	if err != nil || held != nil || !due {
		t.Errorf("CompareDocument = %v beside %v, due %v, want the new text still to be compared", err, held, due)
	}
}

func TestAReviewDayGoesByTheEntriesThatAreBeingPublished(t *testing.T) {
	ed := newEditor(t)
	id := ed.taken(t, "kept.csv", kept).Document.ID // with an entry to be reviewed by 2026-03-01
	var d knowledge.Shelved
	err, held := ed.during(t, lockDocument, func() (err error) {
		d, err = ed.SetReview(t.Context(), id, "2027-01-31")
		return err
	}, []string{
		`UPDATE passages SET review_by = '2026-02-01' WHERE document_id = $1 AND review_by = '2026-03-01'`,
		`UPDATE documents SET review_by = '2026-02-01' WHERE id = $1`,
	}, id)
	if err != nil || held != nil || d.ReviewBy != "2026-02-01" {
		t.Errorf("SetReview = by %q, %v beside %v, want 2026-02-01", d.ReviewBy, err, held)
	}
}

func TestTwoVisitsKeepToTheLimitOfPages(t *testing.T) {
	ed := newEditor(t)
	sites := ed.Documents.Sites()
	id, err := sites.AddSite(t.Context(), knowledge.Site{ID: knowledge.NewID(), URL: "https://example.com/", Origin: "https://example.com",
		Kind: knowledge.SiteLinks, Prefix: "/", Depth: 3, Pages: 2, Every: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	err, held := ed.during(t, `SELECT FROM sites WHERE id = $1 FOR UPDATE`, func() error {
		return sites.AddPages(t.Context(), id, []knowledge.PageLink{{URL: "https://example.com/c"}, {URL: "https://example.com/d"}}, false)
	}, []string{strings.Join([]string{`INSERT INTO site_pages (id, site_id, url, depth, hops, url_group)`,
		`SELECT gen_random_uuid(), $1, 'https://example.com/' || x, 1, 1, '' FROM unnest('{a,b}'::text[]) x`}, " ")}, id)
	pages, _, listed := sites.SitePages(t.Context(), id, "", "", 9)
	if err != nil || held != nil || listed != nil || len(pages) != 2 {
		t.Errorf("AddPages = %v beside %v, %d pages, %v, want the 2 there may be", err, held, len(pages), listed)
	}
}
