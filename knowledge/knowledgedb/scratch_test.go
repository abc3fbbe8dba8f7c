package knowledgedb_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"frontdesk/knowledge/eval"
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

func TestLexicalRankingReachesBM25OnJudgedCollections(t *testing.T) {
	for name, want := range map[string]float64{
		"stackfaq_dev": .75, "mtrag_dev": .58, "xquad_zh_dev": .81, "clinc_oos_dev": .91,
	} {
		t.Run(name, func(t *testing.T) {
			dir := sharedSet(t, name)
			out := t.TempDir()
			if keep := os.Getenv("EVAL_OUT"); keep != "" {
				out = keep
			}
			r, err := eval.Run(context.Background(), eval.Options{
				Dir: dir, Index: scratch(t),
				RunFile: filepath.Join(out, name+".run"), ConfFile: filepath.Join(out, name+".conf"),
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v %+v", r, r.Decisions)
			if r.NDCG5 < want {
				t.Errorf("nDCG@5 = %.4f, want at least %.2f", r.NDCG5, want)
			}
		})
	}
}
