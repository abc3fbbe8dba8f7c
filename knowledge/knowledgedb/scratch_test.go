package knowledgedb_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

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
