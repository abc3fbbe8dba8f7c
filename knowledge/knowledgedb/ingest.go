package knowledgedb

import (
	"context"
	"errors"
	"fmt"

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
func (d *Documents) SetStatus(ctx context.Context, id string, status knowledge.Status, reason string) error {
	const sql = `UPDATE documents SET status = @status, error = @reason, updated_at = now() WHERE id = @id`
	tag, err := d.pool.Exec(ctx, sql, pgx.NamedArgs{"id": id, "status": status, "reason": reason})
	if err == nil && tag.RowsAffected() == 0 {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("set document %s %s: %w", id, status, err)
	}
	return nil
}

// Publish replaces the document's passages and names it, in one transaction.
// The document is then ready, or embedding when the store has an embedder.
func (d *Documents) Publish(ctx context.Context, id, name string, ps []knowledge.Passage) error {
	const sql = `UPDATE documents SET name = @name, status = @status WHERE id = @id`
	status := knowledge.StatusReady
	if d.embedder != nil {
		status = knowledge.StatusEmbedding
	}
	rows := analyzeAll(ps)
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if err := d.replace(ctx, tx, id, rows, nil, 0); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sql, pgx.NamedArgs{"id": id, "name": name, "status": status})
		return err
	})
	if err != nil {
		return fmt.Errorf("publish document %s: %w", id, err)
	}
	d.maintain(ctx)
	return nil
}

// maintain sees to the index once much may have changed; searches are right
// without it and only slower or a little less well ordered.
func (d *Documents) maintain(ctx context.Context) {
	if err := d.Maintain(ctx); err != nil {
		d.log.WarnContext(ctx, "search index not maintained", "error", err)
	}
}

// Embed gives the document's passages the vectors of the embedder's model that
// they lack, a batch at a time, each kept once it is here; then the document
// is ready. Without an embedder there is nothing to wait for.
func (d *Documents) Embed(ctx context.Context, id string) error {
	for d.embedder != nil {
		model, err := d.registerModel(ctx)
		if err != nil {
			return err
		}
		n, err := d.embedNext(ctx, id, model)
		if err != nil {
			return err
		}
		if n == 0 {
			d.maintain(ctx)
			break
		}
	}
	return d.SetStatus(ctx, id, knowledge.StatusReady, "")
}

// embedNext embeds some passages without a vector and returns how many.
func (d *Documents) embedNext(ctx context.Context, id string, model int32) (int, error) {
	const sql = `SELECT p.id::text, p.title, p.alternatives, p.heading, p.body FROM passages p
		WHERE p.document_id = @document
		  AND NOT EXISTS (SELECT FROM embeddings e WHERE e.passage_id = p.id AND e.model_id = @model)
		ORDER BY p.ordinal LIMIT @limit`
	got, err := d.pool.Query(ctx, sql, pgx.NamedArgs{"document": id, "model": model, "limit": embedBatch})
	if err != nil {
		return 0, fmt.Errorf("read passages to embed: %w", err)
	}
	rows, err := pgx.CollectRows(got, func(r pgx.CollectableRow) (row, error) {
		var p knowledge.Passage
		err := r.Scan(&p.ID, &p.Title, &p.Alternatives, &p.Heading, &p.Text)
		return row{Passage: p}, err
	})
	if err != nil {
		return 0, fmt.Errorf("read passages to embed: %w", err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	texts := make([]string, len(rows))
	for i, r := range rows {
		texts[i] = embedText(r.Passage)
	}
	vecs, err := d.embedder.Embed(ctx, texts)
	if err == nil {
		err = checkVectors(vecs, len(rows), d.embedder.Dimensions())
	}
	if err != nil {
		return 0, fmt.Errorf("embed passages: %w", err)
	}
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error { return insertEmbeddings(ctx, tx, rows, vecs, model) })
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23503" { // foreign_key_violation: deleted meanwhile
		return 0, knowledge.ErrNotFound
	}
	return len(rows), err
}
