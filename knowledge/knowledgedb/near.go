package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
	"frontdesk/knowledge/rivals"

	"github.com/jackc/pgx/v5"
)

const (
	// nearDepth is how many of the passages that answer an entry's question best
	// are compared with it.
	nearDepth = 6
	// nearAtOnce is how many questions are asked at a time: customers' come first.
	nearAtOnce = 2
	// nearBatch is how many entries are compared before what was found is kept.
	nearBatch = 100
	// nearWithin is how long an import looks among its own entries, and then among
	// the stored ones; the rest is left to the background.
	nearWithin = 5 * time.Second
)

// neighbour is a stored entry that may be near another.
type neighbour struct {
	knowledge.ListedEntry
	passage string
	digest  []byte
	said    *rivals.Statement
}

// NearEntries implements knowledge.NearFinder. Those given are compared among
// themselves in memory, and with the stored ones that the search finds for
// their questions by words, as long as there is time.
func (d *Documents) NearEntries(ctx context.Context, entries []knowledge.Entry, without string, each func(int, knowledge.NearEntry)) (left int, err error) {
	all := make([]*rivals.Statement, len(entries))
	for i, e := range entries {
		all[i] = rivals.New(e)
	}
	short, cancel := context.WithTimeout(ctx, nearWithin)
	defer cancel()
	err = rivals.Among(short, all, func(i, j int, n knowledge.Nearness) {
		each(i, knowledge.NearEntry{Nearness: n, Row: entries[j].Row, Question: entries[j].Question})
		each(j, knowledge.NearEntry{Nearness: n, Row: entries[i].Row, Question: entries[i].Question})
	})
	if err != nil && ctx.Err() == nil { // thousands of wordings alike: the background sees to them
		return len(all), nil
	}
	if err != nil {
		return 0, fmt.Errorf("compare entries among themselves: %w", err)
	}
	f := d.neighbours()
	until := time.Now().Add(nearWithin)
	for at := 0; at < len(all); at += nearBatch {
		if time.Now().After(until) {
			return len(all) - at, nil
		}
		batch := all[at:min(at+nearBatch, len(all))]
		err := f.each(ctx, batch, func(i int, o *neighbour, n knowledge.Nearness) {
			if o.Document.ID != without {
				each(at+i, knowledge.NearEntry{Nearness: n, Question: o.Question, Document: o.Document})
			}
		})
		if err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// finder finds stored entries near given ones.
type finder struct {
	*Store
	words *Store // finds by words alone: no vector is made of an entry's question
}

func (s *Store) neighbours() *finder { return &finder{Store: s, words: New(s.pool, nil, s.log)} }

// each calls what with each stored entry that one of the batch is near to.
func (f *finder) each(ctx context.Context, batch []*rivals.Statement, what func(i int, o *neighbour, n knowledge.Nearness)) error {
	found, err := f.ask(ctx, batch)
	if err != nil {
		return err
	}
	var ids []string
	for _, list := range found {
		ids = append(ids, list...)
	}
	others, err := f.load(ctx, ids)
	if err != nil {
		return err
	}
	var dims []int32
	for _, s := range batch {
		dims = append(dims, s.Dims()...)
	}
	for _, o := range others {
		dims = append(dims, o.said.Dims()...)
	}
	idf, err := f.idf(ctx, dims)
	if err != nil {
		return err
	}
	for i, s := range batch {
		for _, id := range found[i] {
			if o := others[id]; o != nil {
				if n, ok := rivals.Compare(s, o.said, idf); ok {
					what(i, o, n)
				}
			}
		}
	}
	return nil
}

// ask returns the passages that the search finds for each statement's question.
func (f *finder) ask(ctx context.Context, batch []*rivals.Statement) ([][]string, error) {
	out := make([][]string, len(batch))
	failed := make([]error, nearAtOnce)
	var wg sync.WaitGroup
	for w := range nearAtOnce {
		wg.Go(func() {
			for i := w; i < len(batch) && failed[w] == nil; i += nearAtOnce {
				var r knowledge.Result
				r, failed[w] = f.words.Find(ctx, knowledge.Query{Text: batch[i].Entry.Question, Limit: nearDepth})
				for _, h := range r.Hits {
					if h.IsEntry {
						out[i] = append(out[i], h.ID)
					}
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		return nil, fmt.Errorf("look for near entries: %w", err)
	}
	return out, nil
}

const neighbourColumns = `p.id::text, p.digest, ` + entryColumns

func scanNeighbour(row pgx.CollectableRow) (*neighbour, error) {
	o := &neighbour{}
	err := row.Scan(&o.passage, &o.digest, &o.ID, &o.Version, &o.Question, &o.Alternatives, &o.Answer, &o.Lang, &o.URL, &o.Verbatim,
		&o.Owner, &o.ReviewBy, &o.Document.ID, &o.Document.Name, &o.Status)
	o.said = rivals.New(o.Entry)
	return o, err
}

// load reads the entries that passages are, by the passages' ids.
func (f *finder) load(ctx context.Context, passages []string) (map[string]*neighbour, error) {
	const sql = `SELECT ` + neighbourColumns + ` FROM passages p JOIN documents d ON d.id = p.document_id
		WHERE p.id = ANY(@ids::uuid[]) AND p.is_entry AND p.entry_id IS NOT NULL`
	rows, err := f.pool.Query(ctx, sql, pgx.NamedArgs{"ids": passages})
	if err != nil {
		return nil, fmt.Errorf("read near entries: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanNeighbour)
	if err != nil {
		return nil, fmt.Errorf("read near entries: %w", err)
	}
	out := make(map[string]*neighbour, len(list))
	for _, o := range list {
		out[o.passage] = o
	}
	return out, nil
}

// idf returns what terms count among all passages at this moment.
func (f *finder) idf(ctx context.Context, dims []int32) (func(int32) float64, error) {
	const sql = `SELECT t.dim, t.df, l.passages FROM lexicon l LEFT JOIN terms t ON t.dim = ANY(@dims::int[])`
	rows, err := f.pool.Query(ctx, sql, pgx.NamedArgs{"dims": dims})
	if err != nil {
		return nil, fmt.Errorf("read terms: %w", err)
	}
	known, n := map[int32]int{}, 0
	var dim, df *int32
	if _, err := pgx.ForEachRow(rows, []any{&dim, &df, &n}, func() error {
		if dim != nil {
			known[*dim] = int(*df)
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read terms: %w", err)
	}
	return func(dim int32) float64 { return lexical.IDF(min(known[dim], n), n) }, nil
}
