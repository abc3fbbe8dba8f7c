package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

const (
	// rehearseWithin bounds a rehearsal's transaction: documents wait for it to be
	// published, questions do not.
	rehearseWithin = 15 * time.Second
	// rehearseLock is how long it waits for a document that is just being published.
	rehearseLock = 2 * time.Second
	// askAtOnce is how many questions are asked at a time as things are.
	askAtOnce = 2
)

// errRehearsal says that there was no time.
var errRehearsal = fmt.Errorf("%w: it could not be tried out in time", knowledge.ErrBusy)

// asker is what Find asks: the pool, or one transaction.
type asker interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

func (s *Store) on() asker {
	if s.tx != nil {
		return s.tx
	}
	return s.pool
}

// with is s with another embedder, seeing the knowledge by tx, which may be nil.
func (s *Store) with(e knowledge.Embedder, tx pgx.Tx) *Store {
	c := &Store{pool: s.pool, embedder: e, log: s.log, params: s.params, patience: s.patience, indexAbove: s.indexAbove, tx: tx}
	c.modelID.Store(s.modelID.Load())
	return c
}

// Rehearse finds passages for the questions as things are, then publishes ps in
// a transaction, asks again in it and rolls it back. Vectors are made before it
// begins. While it lasts, at most 15 s, no document can be published; customers'
// questions are answered as ever.
func (s *Store) Rehearse(ctx context.Context, d knowledge.Document, ps []knowledge.Passage, questions []knowledge.Query) (now, then []knowledge.Result, err error) {
	embedder := remembering(s.embedder)
	if now, err = s.with(embedder.orNil(), nil).askAll(ctx, questions, askAtOnce); err != nil {
		return nil, nil, err
	}
	rows := analyzeAll(ps)
	vectors, model, err := s.rehearseVectors(ctx, d.ID, rows)
	if err != nil {
		return nil, nil, err
	}
	embedder.freeze()
	short, cancel := context.WithTimeoutCause(ctx, rehearseWithin, errRehearsal)
	defer cancel()
	tx, err := s.pool.Begin(short)
	if err != nil {
		return nil, nil, fmt.Errorf("begin rehearsal: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // a connection that is lost rolls back by itself
	if err = s.rehearsePublish(short, tx, d, rows, vectors, model); err == nil {
		then, err = s.with(embedder.orNil(), tx).askAll(short, questions, 1)
	}
	switch {
	case err == nil:
		return now, then, nil
	case short.Err() != nil && ctx.Err() == nil, violates(err, "55P03"), violates(err, "57014"): // lock_not_available, query_canceled
		return nil, nil, errRehearsal
	}
	return nil, nil, fmt.Errorf("rehearse document %s: %w", d.ID, err)
}

func (s *Store) rehearsePublish(ctx context.Context, tx pgx.Tx, d knowledge.Document, rows []row, vectors [][]float32, model int32) error {
	const (
		limits = `SELECT set_config('lock_timeout', @lock, true), set_config('statement_timeout', @statement, true)`
		insert = `INSERT INTO documents (id, name, url, media_type) VALUES (@id, @name, @url, @media_type)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url`
	)
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	if _, err := tx.Exec(ctx, limits, pgx.NamedArgs{"lock": ms(rehearseLock), "statement": ms(rehearseWithin)}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insert, pgx.NamedArgs{"id": d.ID, "name": d.Name, "url": d.URL, "media_type": d.MediaType}); err != nil {
		return err
	}
	if err := s.replace(ctx, tx, d.ID, rows); err != nil {
		return err
	}
	var fresh []row
	var vecs [][]float32
	for i, v := range vectors {
		if v != nil {
			fresh, vecs = append(fresh, rows[i]), append(vecs, v)
		}
	}
	for at := 0; at < len(fresh); at += writeBatch {
		end := min(at+writeBatch, len(fresh))
		if err := insertEmbeddings(ctx, tx, fresh[at:end], vecs[at:end], model); err != nil {
			return err
		}
	}
	return nil
}

// rehearseVectors embeds the rows whose text the document has no vector of yet;
// the others get theirs as in Publish. Without an embedder there are none.
func (s *Store) rehearseVectors(ctx context.Context, document string, rows []row) ([][]float32, int32, error) {
	if s.embedder == nil {
		return nil, 0, nil
	}
	model, err := s.registerModel(ctx)
	if err != nil {
		return nil, 0, err
	}
	const sql = `SELECT p.digest FROM passages p JOIN embeddings e ON e.passage_id = p.id AND e.model_id = @model WHERE p.document_id = @document`
	got, err := s.pool.Query(ctx, sql, pgx.NamedArgs{"document": document, "model": model})
	if err != nil {
		return nil, 0, fmt.Errorf("read vectors of document %s: %w", document, err)
	}
	digests, err := pgx.CollectRows(got, pgx.RowTo[[]byte])
	if err != nil {
		return nil, 0, fmt.Errorf("read vectors of document %s: %w", document, err)
	}
	has := map[string]bool{}
	for _, d := range digests {
		has[string(d)] = true
	}
	var texts []string
	var at []int
	for i, r := range rows {
		if !has[string(digest(r.Passage))] {
			texts, at = append(texts, embedText(r.Passage)), append(at, i)
		}
	}
	out := make([][]float32, len(rows))
	for from := 0; from < len(texts); from += embedBatch {
		end := min(from+embedBatch, len(texts))
		vecs, err := s.embedder.Embed(ctx, texts[from:end])
		if err == nil {
			err = checkVectors(vecs, end-from, s.embedder.Dimensions())
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil, 0, ctx.Err()
			}
			return nil, 0, fmt.Errorf("%w: the embedding model does not answer: %w", knowledge.ErrBusy, err)
		}
		for i, v := range vecs {
			out[at[from+i]] = v
		}
	}
	return out, model, nil
}

// askAll finds passages for all questions, some at a time.
func (s *Store) askAll(ctx context.Context, questions []knowledge.Query, atOnce int) ([]knowledge.Result, error) {
	out := make([]knowledge.Result, len(questions))
	failed := make([]error, atOnce)
	var wg sync.WaitGroup
	for w := range atOnce {
		wg.Go(func() {
			for i := w; i < len(questions) && failed[w] == nil; i += atOnce {
				out[i], failed[w] = s.Find(ctx, questions[i])
			}
		})
	}
	wg.Wait()
	return out, errors.Join(failed...)
}

// memory is an embedder that makes the vector of a text once.
type memory struct {
	knowledge.Embedder // nil when there is none

	mu     sync.Mutex // guards the rest
	frozen bool       // texts that are not known fail
	known  map[string][]float32
}

func remembering(e knowledge.Embedder) *memory {
	return &memory{Embedder: e, known: map[string][]float32{}}
}

// orNil is the embedder for a Store.
func (m *memory) orNil() knowledge.Embedder {
	if m.Embedder == nil {
		return nil
	}
	return m
}

// freeze keeps the model from being waited for from now on.
func (m *memory) freeze() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.frozen = true
}

// Embed implements knowledge.Embedder.
func (m *memory) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	m.mu.Lock()
	frozen := m.frozen
	var unknown []string
	for _, t := range texts {
		if _, ok := m.known[t]; !ok {
			unknown = append(unknown, t)
		}
	}
	m.mu.Unlock()
	if len(unknown) > 0 {
		if frozen {
			return nil, errors.New("the question had no vector before the rehearsal")
		}
		vecs, err := m.Embedder.Embed(ctx, unknown)
		if err == nil {
			err = checkVectors(vecs, len(unknown), m.Dimensions())
		}
		if err != nil {
			return nil, err
		}
		m.mu.Lock()
		for i, t := range unknown {
			m.known[t] = vecs[i]
		}
		m.mu.Unlock()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([][]float32, len(texts))
	for i, t := range texts {
		out[i] = m.known[t]
	}
	return out, nil
}
