package knowledgedb_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/migrations"
	"frontdesk/migrations/dbtest"
)

// sharedSet is the folder of a judged collection, which stands beside the checkout.
func sharedSet(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("FRONTDESK_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(root, "eval", name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the judged collection %s is not there: set FRONTDESK_SHARED", name)
	}
	return dir
}

func scratch(t testing.TB) *knowledgedb.Scratch {
	t.Helper()
	s, err := knowledgedb.NewScratch(context.Background(), dbtest.URL(t), migrations.ApplyScratch, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Errorf("Close() = %v, want nil", err)
		}
	})
	return s
}

func TestScratchLeavesTheLiveKnowledgeAloneAndGoesAway(t *testing.T) {
	address := dbtest.URL(t)
	pool := dbtest.Connect(t, address)
	quiet := slog.New(slog.DiscardHandler)
	live := knowledgedb.New(pool, nil, quiet)
	ctx := context.Background()
	var doc string
	if err := pool.QueryRow(ctx, `INSERT INTO documents (name) VALUES ('live') RETURNING id::text`).Scan(&doc); err != nil {
		t.Fatal(err)
	}
	if err := live.Publish(ctx, doc, "live", []knowledge.Passage{{Text: "the live refund"}}); err != nil {
		t.Fatal(err)
	}
	// One that a killed process left, and one in use.
	if _, err := pool.Exec(ctx, `CREATE SCHEMA frontdesk_scratch_left; CREATE TABLE frontdesk_scratch_left.x (y int)`); err != nil {
		t.Fatal(err)
	}
	open := func() *knowledgedb.Scratch {
		s, err := knowledgedb.NewScratch(ctx, address, migrations.ApplyScratch, nil, quiet)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	schemas := func() int {
		var n int
		if err := pool.QueryRow(ctx, `SELECT count(*) FROM pg_namespace WHERE nspname ^@ 'frontdesk_scratch_'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := open()
	second := open()
	if n := schemas(); n != 2 {
		t.Errorf("%d scratch schemas, want the two in use", n)
	}
	if err := second.Load(ctx, []knowledge.Passage{{Text: "a scratch refund"}}, nil); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		s    *knowledgedb.Store
		want string
	}{"live": {live, "the live refund"}, "second": {second.Store, "a scratch refund"}} {
		r := search(t, c.s, "refund")
		if len(r.Hits) != 1 || r.Hits[0].Text != c.want {
			t.Errorf("%s: Find() = %+v, want %q alone", name, r.Hits, c.want)
		}
	}
	if r := search(t, first, "refund"); len(r.Hits) != 0 {
		t.Errorf("first: Find() = %+v, want nothing", r.Hits)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	for _, s := range []*knowledgedb.Scratch{first, second} {
		if err := s.Close(gone); err != nil {
			t.Errorf("Close() = %v, want nil", err)
		}
	}
	failed := errors.New("no migration today")
	if _, err := knowledgedb.NewScratch(ctx, address, func(context.Context, string) error { return failed }, nil, quiet); !errors.Is(err, failed) {
		t.Errorf("NewScratch(failing migration) = %v, want its error", err)
	}
	if n := schemas(); n != 0 {
		t.Errorf("%d scratch schemas left, want none", n)
	}
}
