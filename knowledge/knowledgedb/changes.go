package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

const (
	// commitWithin is how far back Changes looks again: a change is stamped before
	// its transaction is committed, and seen only after.
	commitWithin = 3 * time.Second
	// maxChanges bounds one look, newest first. More documents than that change at
	// once only where an archive is added, and these change again on their way.
	maxChanges = 500
)

// SetProgress says how far a document is on its stage. One that is gone is
// knowledge.ErrNotFound.
func (s *Store) SetProgress(ctx context.Context, id string, p knowledge.Progress) error {
	const sql = `UPDATE documents SET stage_done = @done, stage_total = @total, updated_at = clock_timestamp() WHERE id = @id`
	tag, err := s.pool.Exec(ctx, sql, pgx.NamedArgs{"id": id, "done": p.Done, "total": p.Total})
	if err == nil && tag.RowsAffected() == 0 {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("set progress of document %s: %w", id, err)
	}
	return nil
}

// Changes returns the documents that have changed since a moment, newest change
// first, and the sites being read or read since then. Of what changed shortly
// before that moment some is returned again. The zero time asks for the moment alone.
func (s *Sites) Changes(ctx context.Context, since time.Time) (knowledge.Changes, error) {
	const (
		clock     = `SELECT clock_timestamp()`
		documents = `SELECT ` + documentColumns + ` FROM documents WHERE updated_at > @since ORDER BY updated_at DESC, id LIMIT @limit`
		sites     = `SELECT ` + siteColumns + `, ` + siteProgress + `
			WHERE s.status IN ('queued', 'crawling') OR s.finished_at > @since OR s.created_at > @since ORDER BY s.created_at, s.id LIMIT @limit`
	)
	var out knowledge.Changes
	args := pgx.NamedArgs{"since": since.Add(-commitWithin), "limit": maxChanges}
	batch := &pgx.Batch{}
	batch.Queue(clock).QueryRow(func(row pgx.Row) error { return row.Scan(&out.At) })
	if !since.IsZero() {
		batch.Queue(documents, args).Query(func(rows pgx.Rows) (err error) {
			out.Documents, err = pgx.CollectRows(rows, scanDocument)
			return err
		})
		batch.Queue(sites, args).Query(func(rows pgx.Rows) (err error) {
			out.Sites, err = pgx.CollectRows(rows, scanSite)
			return err
		})
	}
	if err := s.docs.pool.SendBatch(ctx, batch).Close(); err != nil {
		return knowledge.Changes{}, fmt.Errorf("look for changed documents: %w", err)
	}
	return out, nil
}

// RetryDocument queues a failed document once more, and has passages that the
// embedding model refused tried again. One that is on its way or ready and
// whole is left as it is. It returns knowledge.ErrNotFound when there is none.
func (d *Documents) RetryDocument(ctx context.Context, id string) (knowledge.Document, error) {
	const (
		forget = `UPDATE passages SET embed_error = '' WHERE document_id = @id::text::uuid AND embed_error <> ''`
		again  = `UPDATE documents SET status = CASE status WHEN 'failed' THEN 'queued' ELSE 'embedding' END, error = '',
				stage_done = 0, stage_total = 0, updated_at = now()
			WHERE id = @id::text::uuid AND (status = 'failed' OR status = 'ready' AND @refused) RETURNING ` + documentColumns
		known = `SELECT ` + documentColumns + ` FROM documents WHERE id = @id::text::uuid`
	)
	var out knowledge.Document
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, forget, pgx.NamedArgs{"id": id})
		if malformed(err) {
			return knowledge.ErrNotFound
		}
		if err != nil {
			return err
		}
		out, err = one(ctx, tx, again, pgx.NamedArgs{"id": id, "refused": tag.RowsAffected() > 0})
		if err == nil {
			_, err = d.queue.InsertTx(ctx, tx, ingestArgs{Document: out.ID}, nil)
			return err
		}
		if errors.Is(err, knowledge.ErrNotFound) {
			out, err = one(ctx, tx, known, pgx.NamedArgs{"id": id})
		}
		return err
	})
	if err != nil {
		return out, fmt.Errorf("retry document %.40q: %w", id, err)
	}
	return out, nil
}
