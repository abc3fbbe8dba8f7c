package conversation

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/knowledge/eval"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/migrations"
	"frontdesk/migrations/dbtest"
)

// Asking back costs the customer a step. It is worth that only where a guess would
// often be wrong and the right answer is nearly always among what is offered.
func TestAskingBackIsRareAndOffersTheRightAnswer(t *testing.T) {
	root := os.Getenv("FRONTDESK_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	for _, c := range []struct {
		name    string
		entries bool
		every   int
		rate    float64 // of the questions that have an answer, at most
		offered float64 // share of those asked back where it is among the options, at least
	}{
		{"stackfaq_dev", true, 1, .15, .84},
		{"clinc_oos_dev", true, 4, .15, .84},
		{"mtrag_dev", false, 1, .15, .5}, // sections of documents, of which a guess is right in a quarter
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(root, "eval", c.name)
			if _, err := os.Stat(dir); err != nil {
				t.Skipf("the judged collection %s is not there: set FRONTDESK_SHARED", c.name)
			}
			set, err := eval.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			ix, err := knowledgedb.NewScratch(t.Context(), dbtest.URL(t), migrations.ApplyScratch, nil, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := ix.Close(context.Background()); err != nil {
					t.Errorf("Close() = %v", err)
				}
			})
			ps, owner := set.Passages()
			for i := range ps {
				ps[i].IsEntry = c.entries
			}
			if err := ix.Load(t.Context(), ps, nil); err != nil {
				t.Fatal(err)
			}
			var cfg Config
			cfg.defaults()
			var asked, fired, first, among, options int
			for i, q := range set.Queries {
				relevant := set.Relevant[q.ID]
				if i%c.every != 0 || len(relevant) == 0 {
					continue
				}
				asked++
				r, err := ix.Find(t.Context(), knowledge.Query{Text: q.Text})
				if err != nil {
					t.Fatal(err)
				}
				if r.Confidence < cfg.Thresholds.orOf(r).Answer {
					continue
				}
				offered := ambiguous(r.Hits, true)
				if offered == nil {
					continue
				}
				fired++
				options += len(offered)
				right := map[string]bool{} // by what the button says: entries of one question are one
				for _, h := range r.Hits {
					if relevant[owner[h.ID]] > 0 {
						right[label(h)] = true
					}
				}
				if right[label(offered[0])] {
					first++
				}
				for _, h := range offered {
					if right[label(h)] {
						among++
						break
					}
				}
			}
			rate, hit := float64(fired)/float64(asked), float64(among)/float64(max(1, fired))
			t.Logf("asked back %d of %d (%.3f): first hit right %.3f, right among the options %.3f, %.2f options",
				fired, asked, rate, float64(first)/float64(max(1, fired)), hit, float64(options)/float64(max(1, fired)))
			if rate > c.rate || fired > 0 && hit < c.offered {
				t.Errorf("asked back %.3f of the questions with the right answer offered in %.3f, want at most %.2f and at least %.2f", rate, hit, c.rate, c.offered)
			}
		})
	}
}
