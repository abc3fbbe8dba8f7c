package knowledgedb_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"frontdesk/knowledge/eval"
)

// outDir keeps run and confidence files where FRONTDESK_EVAL_OUT says, to look at.
func outDir(t *testing.T) string {
	if dir := os.Getenv("FRONTDESK_EVAL_OUT"); dir != "" {
		return dir
	}
	return t.TempDir()
}

// What plain BM25 reaches is .717, .555, .813, .145 and .913; what is asked here lies a little
// below what the ranking reached when this was written (see docs/BENCHMARKS.md).
func TestLexicalRankingReachesItsFiguresOnJudgedCollections(t *testing.T) {
	for _, c := range []struct {
		name, split string
		ndcg, auroc float64
	}{
		{"stackfaq_dev", "", .775, 0},
		{"mtrag_dev", "", .585, .65},
		{"xquad_zh_dev", "", .838, 0},
		{"dstc10_dev", "", .46, .7},         // spoken dialogues: the last message rarely names what it is about
		{"clinc_oos_dev", "val", .945, .94}, // 3,100 of its 8,600 queries, for the time's sake
	} {
		if os.Getenv("FRONTDESK_EVAL_OUT") != "" {
			c.split = ""
		}
		t.Run(c.name, func(t *testing.T) {
			dir, out := sharedSet(t, c.name), outDir(t)
			r, err := eval.Run(context.Background(), eval.Options{
				Dir: dir, Index: scratch(t), Split: c.split,
				RunFile: filepath.Join(out, c.name+".run"), ConfFile: filepath.Join(out, c.name+".conf"),
			})
			if err != nil {
				t.Fatal(err)
			}
			report, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s", report)
			if r.NDCG5 < c.ndcg {
				t.Errorf("nDCG@5 = %.4f, want at least %.3f", r.NDCG5, c.ndcg)
			}
			if c.auroc > 0 && r.Decisions.AUROC < c.auroc {
				t.Errorf("AUROC = %.4f, want at least %.3f", r.Decisions.AUROC, c.auroc)
			}
		})
	}
}
