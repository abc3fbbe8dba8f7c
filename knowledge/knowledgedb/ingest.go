package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"math"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Content returns a document and its bytes, or knowledge.ErrNotFound.
func (d *Documents) Content(ctx context.Context, id string) (knowledge.Document, []byte, error) {
	doc, err := d.Document(ctx, id)
	if err != nil {
		return doc, nil, err
	}
	const sql = `SELECT coalesce(content, '') FROM documents WHERE id = @id`
	var data []byte
	err = d.pool.QueryRow(ctx, sql, pgx.NamedArgs{"id": id}).Scan(&data)
	if errors.Is(err, pgx.ErrNoRows) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return doc, nil, fmt.Errorf("read content of document %s: %w", id, err)
	}
	return doc, data, nil
}

// SetStatus moves a document to status, with a reason for an admin.
func (s *Store) SetStatus(ctx context.Context, id string, status knowledge.Status, reason string) error {
	const sql = `UPDATE documents SET status = @status, error = @reason, updated_at = now() WHERE id = @id`
	tag, err := s.pool.Exec(ctx, sql, pgx.NamedArgs{"id": id, "status": status, "reason": reason})
	if err == nil && tag.RowsAffected() == 0 {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("set document %s %s: %w", id, status, err)
	}
	return nil
}

// Publish makes ps the document's passages, with the warnings about them, and
// names it, in one transaction: a search sees all of the old ones or all of the
// new ones. The document is then
// ready, or embedding when the store has an embedder; a passage keeps the
// vectors that the same text had in this document. IDs are made where ps has
// none, and those given are new; ordinals are the order of ps. It returns
// knowledge.ErrNotFound when the document is gone.
//
// Once that is committed it sees to the index (see Maintain), which may take a
// while after a large load and whose failure is only logged.
func (s *Store) Publish(ctx context.Context, id, name string, ps []knowledge.Passage, warnings ...string) error {
	const sql = `UPDATE documents SET name = @name, status = @status, error = '', passages = @passages, warnings = @warnings, updated_at = now()
		WHERE id = @id`
	status := knowledge.StatusReady
	if s.embedder != nil {
		status = knowledge.StatusEmbedding
	}
	rows := analyzeAll(ps)
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.replace(ctx, tx, id, rows); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sql, pgx.NamedArgs{"id": id, "name": name, "status": status, "passages": len(rows), "warnings": orEmpty(warnings)})
		return err
	})
	if err != nil {
		return fmt.Errorf("publish document %s: %w", id, err)
	}
	s.maintain(ctx)
	return nil
}

// maintain sees to the index once much may have changed; searches are right
// without it and only slower or a little less well ordered.
func (s *Store) maintain(ctx context.Context) {
	if err := s.Maintain(ctx); err != nil {
		s.log.WarnContext(ctx, "search index not maintained", "error", err)
	}
}

// Embed gives the document's passages the vectors of the embedder's model that
// they lack, a batch at a time, each kept once it is here; then the document
// is ready. Without an embedder there is nothing to wait for.
func (s *Store) Embed(ctx context.Context, id string) error {
	all := 0
	for after, n := math.MinInt32, 0; s.embedder != nil; {
		model, err := s.registerModel(ctx)
		if err != nil {
			return err
		}
		after, n, err = s.embedNext(ctx, id, model, after)
		if err != nil {
			return err
		}
		if n == 0 {
			s.maintain(ctx)
			break
		}
		if all += n; s.searchable != nil {
			s.searchable(all)
		}
	}
	return s.SetStatus(ctx, id, knowledge.StatusReady, "")
}

// embedNext embeds some passages without a vector that come after an ordinal, and
// returns the last one's and how many there were.
func (s *Store) embedNext(ctx context.Context, id string, model int32, after int) (last, n int, err error) {
	const sql = `SELECT p.id::text, p.ordinal, p.title, p.alternatives, p.heading, p.body FROM passages p
		WHERE p.document_id = @document AND p.ordinal > @after
		  AND NOT EXISTS (SELECT FROM embeddings e WHERE e.passage_id = p.id AND e.model_id = @model)
		ORDER BY p.ordinal LIMIT @limit`
	got, err := s.pool.Query(ctx, sql, pgx.NamedArgs{"document": id, "model": model, "after": after, "limit": embedBatch})
	if err != nil {
		return after, 0, fmt.Errorf("read passages to embed: %w", err)
	}
	rows, err := pgx.CollectRows(got, func(r pgx.CollectableRow) (row, error) {
		var p knowledge.Passage
		err := r.Scan(&p.ID, &p.Ordinal, &p.Title, &p.Alternatives, &p.Heading, &p.Text)
		return row{Passage: p}, err
	})
	if err != nil {
		return after, 0, fmt.Errorf("read passages to embed: %w", err)
	}
	if len(rows) == 0 {
		return after, 0, nil
	}
	texts := make([]string, len(rows))
	for i, r := range rows {
		texts[i] = embedText(r.Passage)
	}
	vecs, err := s.embedder.Embed(ctx, texts)
	if err == nil {
		err = checkVectors(vecs, len(rows), s.embedder.Dimensions())
	}
	if err != nil {
		return after, 0, fmt.Errorf("embed passages: %w", err)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return insertEmbeddings(ctx, tx, rows, vecs, model) })
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23503" { // foreign_key_violation: deleted meanwhile
		return after, 0, knowledge.ErrNotFound
	}
	return rows[len(rows)-1].Ordinal, len(rows), err
}
