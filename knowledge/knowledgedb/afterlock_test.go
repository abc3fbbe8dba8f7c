package knowledgedb_test

import (
	"strings"
	"testing"
	"time"

	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

const lockDocument = `SELECT FROM documents WHERE id = $1 FOR UPDATE`

func TestAnEntryThatIsPublishedAsTheComparingEndsIsComparedToo(t *testing.T) {
	ed := newEditor(t)
	id := ed.taken(t, "policy.csv", policy).Document.ID
	ed.compared(t, id)
	err, held := dbtest.During(t, ed.pool, lockDocument, func() error { return ed.CompareDocument(t.Context(), id) }, []string{
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
	err, held := dbtest.During(t, ed.pool, lockDocument, func() (err error) {
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
	err, held := dbtest.During(t, ed.pool, `SELECT FROM sites WHERE id = $1 FOR UPDATE`, func() error {
		return sites.AddPages(t.Context(), id, []knowledge.PageLink{{URL: "https://example.com/c"}, {URL: "https://example.com/d"}}, false)
	}, []string{strings.Join([]string{`INSERT INTO site_pages (id, site_id, url, depth, hops, url_group)`,
		`SELECT gen_random_uuid(), $1, 'https://example.com/' || x, 1, 1, '' FROM unnest('{a,b}'::text[]) x`}, " ")}, id)
	pages, _, listed := sites.SitePages(t.Context(), id, "", "", 9)
	if err != nil || held != nil || listed != nil || len(pages) != 2 {
		t.Errorf("AddPages = %v beside %v, %d pages, %v, want the 2 there may be", err, held, len(pages), listed)
	}
}
