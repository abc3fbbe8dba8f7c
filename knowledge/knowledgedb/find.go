package knowledgedb

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"

	"github.com/jackc/pgx/v5"
)

//go:embed find.sql
var findSQL string

// noDense stands in findSQL where there is no vector to rank by.
const noDense = `SELECT NULL::uuid AS passage_id, 0::float8 AS score, 0::bigint AS place WHERE false`

const (
	// depth is how far down each ranking is fused.
	depth = 50
	// twice is how many of the ranking by words are looked at again. Of the relevant that
	// the first 50 hold, those behind the 30th hardly ever come among the first 5.
	twice = 30
	// rare is the share of passages up to which a word chooses passages to be ranked.
	rare = .02
	// enough is how many chosen passages keep commoner words, those of up to the share
	// common or of few passages, from choosing too. It makes the ranking exact in small
	// collections; the commonest words choose only where nothing else does.
	enough = 2000
	common = .1
	few    = 5000
	// maxWords bounds the words ranked by.
	maxWords = 64
	// maxText bounds the text that is analyzed, in bytes: far above any channel's limit.
	maxText = 128 << 10
)

// Find ranks passages for a question. A text without any word finds nothing, which is
// no error; an embedder that fails or is slow is logged and gone without. Equal scores
// are ordered by passage id, so the same question always gives the same answer.
func (s *Store) Find(ctx context.Context, q knowledge.Query) (knowledge.Result, error) {
	r, _, err := s.Explain(ctx, q)
	return r, err
}

// Explain is Find and what its confidence was made of.
func (s *Store) Explain(ctx context.Context, q knowledge.Query) (knowledge.Result, Signals, error) {
	q.Text = clip(q.Text, maxText)
	history := recent(q.History)
	parsed := lexical.ParseDialogue(q.Text, history)
	result := knowledge.Result{Query: q.Text}
	told := withDialogue(q.Text, history)
	vec := s.queryVector(ctx, q.Text, told)
	if len(parsed.Words) == 0 && vec == nil {
		return result, Signals{}, nil
	}
	limit := q.Limit
	if limit <= 0 {
		limit = knowledge.DefaultLimit
	}
	limit = min(limit, knowledge.MaxLimit)
	hits, seen, err := s.rank(ctx, &parsed, vec, lexical.KeyHash(q.Text), s.wanted(limit))
	if err != nil {
		return knowledge.Result{}, Signals{}, fmt.Errorf("find passages: %w", err)
	}
	key := lexical.Key(q.Text)
	for i := range hits {
		hits[i].Exact = isExact(hits[i].Passage, key)
	}
	if result.HistoryWeight = seen.history; seen.history >= leansOn {
		result.Query = told
	}
	result.Reranker = s.rerank(ctx, result.Query, hits)
	signals := measure(parsed, seen, hits, s.params)
	result.Hits = hits[:min(limit, len(hits))]
	c := s.calibration(ctx, seen.calibration)
	result.Confidence, result.Thresholds, result.Calibration = c.Confidence(signals), c.Thresholds, c.ID
	return result, signals, nil
}

// statistics are what the ranking knew about the query's terms.
type statistics struct {
	df map[int32]int // only of terms that some passage holds
	n  int           // passages
	// calibration is the number of the newest stored one; negative when no row told.
	calibration int64
	// history is the Result's HistoryWeight.
	history float64
	looks   map[string]evidence // by passage id, of the first by words
}

// read returns what the statement found, in no order.
func (s *Store) read(ctx context.Context, dense bool, sql string, args pgx.NamedArgs) ([]found, statistics, error) {
	seen := statistics{df: map[int32]int{}, calibration: -1}
	var hits []found
	err := s.queryPlanned(ctx, dense, sql, args, func(row pgx.CollectableRow) error {
		var h found
		var termDims, dfs []int32
		var n *int
		p := &h.Passage
		if err := row.Scan(&p.ID, &p.DocumentID, &p.Ordinal, &p.Document, &p.Title, &p.Alternatives, &p.Heading,
			&p.Page, &p.Text, &p.Lang, &p.URL, &p.Verbatim, &p.IsEntry, &p.Tokens,
			&h.LexicalRank, &h.LexicalScore, &h.HistoryScore, &h.DenseRank, &h.DenseScore, &h.exact, &h.atoms, &termDims, &dfs, &n, &seen.history, &seen.calibration); err != nil {
			return err
		}
		if n != nil {
			seen.n = *n
		}
		for i, d := range termDims {
			seen.df[d] = int(dfs[i])
		}
		hits = append(hits, h)
		return nil
	})
	return hits, seen, err
}

// statement is the one that ranks.
func statement(q lexical.Query, vec *vector, key int64, limit int) (string, pgx.NamedArgs) {
	var dims, words, tiers []int32
	var weights, said []float64
	dialogue := false
	for i, w := range q.Words {
		tier := int32(0)
		switch {
		case w.Weak:
			tier = 2
		case w.Earlier:
			tier = 1
		}
		dialogue = dialogue || w.Earlier
		for _, d := range w.Dims {
			dims, words = append(dims, d), append(words, int32(i))
			weights, said, tiers = append(weights, w.Weight), append(said, w.Said), append(tiers, tier)
		}
	}
	args := pgx.NamedArgs{
		"dims": dims, "words": words, "weights": weights, "said": said, "tiers": tiers, "max_words": maxWords,
		"rare": rare, "enough": enough, "common": common, "few": few, "depth": max(depth, limit), "key": key, "again": twice, "listed": max(twice, limit),
	}
	before, ranked, leaning := "", plainRanked, noLeaning
	if dialogue {
		before, ranked, leaning = dialogueSQL, dialogueRanked, dialogueLeaning
		args["asked"], args["tied"], args["lean"] = q.Asked(), tied, lean
	}
	dense := noDense
	if vec != nil {
		if !dialogue { // stop words alone say nothing to lean on
			vec.told = ""
		}
		dense, args["vector"], args["told"], args["leans_on"] = vec.sql(), vec.text, vec.told, leansOn
	}
	return strings.NewReplacer("/*dialogue*/", before, "/*ranked*/", ranked, "/*leaning*/", leaning, "/*dense*/", dense).Replace(findSQL), args
}

// queryPlanned runs sql with a plan made for these very arguments: a cached generic
// plan guesses the share of passages a term chooses and made hybrid search 24 times as
// slow. The unnamed statement is planned anew each time and costs no round trip more.
// With dense, the settings of the vector index go along in the same one, for the
// length of its implicit transaction.
func (s *Store) queryPlanned(ctx context.Context, dense bool, sql string, args pgx.NamedArgs, each func(pgx.CollectableRow) error) error {
	read := func(rows pgx.Rows) error {
		defer rows.Close()
		for rows.Next() {
			if err := each(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	if !dense {
		rows, err := s.on().Query(ctx, sql, pgx.QueryExecModeCacheDescribe, args)
		if err != nil {
			return err
		}
		return read(rows)
	}
	batch := &pgx.Batch{}
	batch.Queue(`SELECT set_config('hnsw.ef_search', (CASE WHEN passages > $1::int THEN $2::int ELSE $3::int END)::text, true),
		set_config('hnsw.iterative_scan', 'strict_order', true), set_config('plan_cache_mode', 'force_custom_plan', true) FROM lexicon`,
		manyVectors, efSearchOfMany, efSearch)
	batch.Queue(sql, args)
	results := s.on().SendBatch(ctx, batch)
	_, err := results.Exec()
	if err == nil {
		var rows pgx.Rows
		if rows, err = results.Query(); err == nil {
			err = read(rows)
		}
	}
	return errors.Join(err, results.Close())
}

// isExact reports whether the folded query is the entry's question or another wording of it.
func isExact(p knowledge.Passage, key string) bool {
	if !p.IsEntry || key == "" {
		return false
	}
	if lexical.Key(p.Title) == key {
		return true
	}
	for _, a := range p.Alternatives {
		if lexical.Key(a) == key {
			return true
		}
	}
	return false
}

// clip cuts text to size bytes or, at a character's border, up to three less.
func clip(text string, size int) string {
	if len(text) <= size {
		return text
	}
	n := size
	for n > size-utf8.UTFMax && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
