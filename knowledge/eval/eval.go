// Package eval measures how well the knowledge is found: it loads a collection with
// judged queries into an index of its own, asks every query as a customer would, and
// scores the rankings and the confidence.
package eval

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"frontdesk/knowledge"
)

// Index is what is measured: the very search that serves customers, over passages of
// its own. Find is called from several goroutines.
type Index interface {
	// Load adds passages and tells done, now and then, how many can be found already.
	Load(ctx context.Context, ps []knowledge.Passage, done func(n int)) error
	Find(ctx context.Context, q knowledge.Query) (knowledge.Result, error)
}

// Options say what to run.
type Options struct {
	Dir      string // holds corpus.jsonl, queries.jsonl, qrels.tsv and may hold answerable.tsv
	Index    Index
	Split    string // when set, only queries of this split or group are asked
	RunFile  string // when set, gets qid<TAB>docid<TAB>score
	ConfFile string // when set, gets qid<TAB>confidence
	// Progress, when set, is told of the stages, "loading" and "asking", and how far each
	// is, never by two goroutines at once.
	Progress func(stage string, done, total int)
}

func (o Options) progress(stage string, done, total int) {
	if o.Progress != nil {
		o.Progress(stage, done, total)
	}
}

const (
	// perQuery is how many results are asked for and scored: the depth of MAP.
	perQuery = knowledge.MaxLimit
	// workers ask side by side; more than the machine's cores would only wait.
	workers = 2
)

// Report is what was measured. Every mean is over the queries with judgements; one
// without results counts as 0.
type Report struct {
	Dataset   string     `json:"dataset"`
	Documents int        `json:"documents"`
	Passages  int        `json:"passages"`
	Queries   int        `json:"queries"` // with judgements
	Asked     int        `json:"asked"`
	NDCG5     float64    `json:"nDCG@5"`
	NDCG10    float64    `json:"nDCG@10"`
	Recall5   float64    `json:"R@5"`
	Recall10  float64    `json:"R@10"`
	MRR10     float64    `json:"MRR@10"`
	Hit1      float64    `json:"Hit@1"`
	Hit5      float64    `json:"Hit@5"`
	P5        float64    `json:"P@5"`
	MAP       float64    `json:"MAP"`
	Decisions *Decisions `json:"oos,omitempty"` // when the set says what is answerable
	// CI are 95 % bootstrap intervals of the means, by their names here.
	CI          map[string]Interval `json:"ci,omitempty"`
	Calibration string              `json:"calibration,omitempty"` // that the confidences are by
	LoadMS      int64               `json:"load_ms"`
	FindP50MS   float64             `json:"find_p50_ms"`
	FindP99MS   float64             `json:"find_p99_ms"`
}

// answer is what came back for one query.
type answer struct {
	ranking    []scored
	confidence float64
	by         string // the calibration
	took       time.Duration
}

func calibrationOf(answers []answer) string {
	for _, a := range answers {
		if a.by != "" {
			return a.by
		}
	}
	return ""
}

// Run loads, asks and scores. It stops at the first error of the index.
func Run(ctx context.Context, o Options) (Report, error) {
	set, err := Read(o.Dir)
	if err != nil {
		return Report{}, err
	}
	if o.Split != "" {
		set.Queries = slices.DeleteFunc(set.Queries, func(q Query) bool { return q.Split != o.Split && q.Group != o.Split })
	}
	passages, owner := set.Passages()
	start := time.Now()
	if err := o.Index.Load(ctx, passages, func(n int) { o.progress("loading", n, len(passages)) }); err != nil {
		return Report{}, fmt.Errorf("load %s: %w", o.Dir, err)
	}
	loaded := time.Since(start)
	answers, err := ask(ctx, o, set.Queries, owner)
	if err != nil {
		return Report{}, err
	}
	if err := writeFiles(o, set.Queries, answers); err != nil {
		return Report{}, err
	}
	r := score(set, answers)
	r.Calibration = calibrationOf(answers)
	r.Dataset = filepath.Base(filepath.Clean(o.Dir))
	r.Documents, r.Passages, r.LoadMS = len(set.Documents), len(passages), loaded.Milliseconds()
	return r, nil
}

// ask puts the queries to the index, results in the order of queries.
func ask(ctx context.Context, o Options, queries []Query, owner map[string]string) ([]answer, error) {
	answers := make([]answer, len(queries))
	err := side(ctx, len(queries), func(ctx context.Context, i int) error {
		a, err := askOne(ctx, o.Index, queries[i], owner)
		if err != nil {
			return fmt.Errorf("ask query %s: %w", queries[i].ID, err)
		}
		answers[i] = a
		return nil
	}, func(done int) { o.progress("asking", done, len(queries)) })
	if err != nil {
		return nil, err
	}
	return answers, nil
}

func askOne(ctx context.Context, ix Index, q Query, owner map[string]string) (answer, error) {
	start := time.Now()
	r, err := ix.Find(ctx, q.question(perQuery))
	if err != nil {
		return answer{}, err
	}
	a := answer{confidence: r.Confidence, by: r.Calibration, took: time.Since(start)}
	at := map[string]bool{}
	for _, h := range r.Hits { // best first, so a document's first passage is its best
		if id := owner[h.ID]; !at[id] {
			at[id] = true
			a.ranking = append(a.ranking, scored{id, h.Score})
		}
	}
	order(a.ranking)
	return a, nil
}
