package conversation

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"
)

// GapNear is what a question's nearest gaps are, by vectors and by words.
type GapNear struct {
	Dense      GapMatch
	Background float64 // median cosine to the gaps looked at; 0 when they are too few to tell
	Words      GapMatch
}

// GapMatch is the gap nearest by one measure; its ID is empty when there is none.
type GapMatch struct {
	ID         string
	Similarity float64 // a cosine, 0..1
	HasVector  bool    // of the question's model
}

// How near a question must be to join a gap. A wrong member is worse than a
// second gap: an admin merges two with one call. docs/BENCHMARKS.md has what the
// words' threshold reaches on judged questions.
const (
	// joinWords is on the cosine of summed idf-weighted stems.
	joinWords = .30
	// sameWords joins whatever the vectors say: hardly a word differs.
	sameWords = .9
	// joinDense is how far from the background to 1 a cosine must reach. What a
	// cosine means differs by model: strangers stand at .1 to .3 with some and at .75
	// with others, so it is taken relative to the gaps that are there.
	joinDense = .5
	// plainBackground stands for the median while gaps are few. With it the threshold
	// is .6, where paraphrases begin with OpenAI's text-embedding-3.
	plainBackground = .2
)

// chooseGap names the gap a question joins, or none.
func chooseGap(n GapNear) string {
	background := max(n.Background, plainBackground)
	switch {
	case n.Words.ID != "" && n.Words.Similarity >= sameWords:
		return n.Words.ID
	case n.Dense.ID != "" && n.Dense.Similarity >= background+joinDense*(1-background):
		return n.Dense.ID
	case n.Words.ID != "" && n.Words.Similarity >= joinWords && !n.Words.HasVector:
		return n.Words.ID
	}
	return ""
}

// What one look works off at a time.
const (
	scanBatch  = 100
	embedBatch = 64
	joinBatch  = 100
	// embedPatience bounds one call to the embedder.
	embedPatience = 20 * time.Second
)

// read finds the questions of conversations that changed. It reports whether
// more may be waiting.
func (g *Gaps) read(ctx context.Context) (more bool, err error) {
	list, err := g.Store.Unread(ctx, g.cfg.Settle, scanBatch)
	if err != nil || len(list) == 0 {
		return false, err
	}
	for _, s := range list {
		if failed := g.readOne(ctx, s); failed != nil && !errors.Is(failed, ErrNotFound) {
			err = errors.Join(err, failed)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return false, err // those that were read are known; the others come again
	}
	return len(list) == scanBatch, g.Store.ReadUntil(ctx, list[len(list)-1].UpdatedAt)
}

func (g *Gaps) readOne(ctx context.Context, s GapScan) error {
	for {
		l, last, whole, err := g.Store.GapLog(ctx, s)
		if err != nil {
			return err
		}
		qs := FindGapQuestions(l)
		for i := range qs {
			qs[i].Lang = g.Words.Language(qs[i].Text)
			qs[i].Terms = unitTerms(g.Words.Terms(qs[i].Query))
		}
		if err := g.Store.Read(ctx, s, qs, last, whole); err != nil {
			return err
		}
		if whole {
			return nil
		}
		s.Seq = last
	}
}

// unitTerms gives a question's terms the length 1, so that none counts more in
// its gap for being long.
func unitTerms(dims []int32, weights []float64) []GapTerm {
	sum := 0.
	for _, w := range weights {
		sum += w * w
	}
	out := make([]GapTerm, len(dims))
	for i, d := range dims {
		out[i] = GapTerm{Dim: d, Weight: weights[i] / math.Sqrt(sum)}
	}
	return out
}

// embed gives questions the vectors they lack. A failure is logged: words serve.
func (g *Gaps) embed(ctx context.Context) (more bool, err error) {
	if g.Embedder == nil {
		return false, nil
	}
	qs, err := g.Store.Unembedded(ctx, g.model(), embedBatch)
	if err != nil || len(qs) == 0 {
		return false, err
	}
	texts := make([]string, len(qs))
	for i, q := range qs {
		texts[i] = q.Query
	}
	limited, cancel := context.WithTimeout(ctx, embedPatience)
	defer cancel()
	vectors, err := g.Embedder.Embed(limited, texts)
	if err != nil || len(vectors) != len(qs) {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		g.Log.WarnContext(ctx, "gap questions grouped by their words", "reason", "embedder", "err", err)
		return false, nil
	}
	return len(qs) == embedBatch, g.Store.SetVectors(ctx, g.model(), qs, vectors)
}

// model names the embedder's vectors, empty without one.
func (g *Gaps) model() string {
	if g.Embedder == nil {
		return ""
	}
	return g.Embedder.Model() + "/" + strconv.Itoa(g.Embedder.Dimensions())
}

// group puts questions into gaps.
func (g *Gaps) group(ctx context.Context) (more bool, err error) {
	qs, err := g.Store.Ungrouped(ctx, joinBatch)
	if err != nil {
		return false, err
	}
	for _, q := range qs {
		if failed := g.Store.Join(ctx, q, g.model(), chooseGap); failed != nil {
			err = errors.Join(err, failed)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return len(qs) == joinBatch && err == nil, err
}
