package knowledgedb

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

// eraseBatch bounds the documents of one transaction of EraseOld.
const eraseBatch = 20

// PutAway deletes a document so that RestoreDocument can bring it back, within
// knowledge.DeletedFor: it is moved to tables of its own with its passages and
// vectors, and the next search does not find it. One that is being read is cancelled.
// It returns knowledge.ErrNotFound when there is none.
func (d *Documents) PutAway(ctx context.Context, id string) error {
	const (
		hold  = `SELECT true FROM documents WHERE id = @id::text::uuid FOR UPDATE`
		again = `DELETE FROM deleted_documents WHERE id = @id::text::uuid` // it has been here, and came back by its entries
		move  = `INSERT INTO deleted_documents SELECT * FROM documents WHERE id = @id::text::uuid`
		note  = `INSERT INTO deletions (document_id, by_id, by_name, uses, entry_uses, gaps) VALUES (@id::text::uuid, @by, @by_name,
			(SELECT to_jsonb(u) FROM document_uses u WHERE document_id = @id::text::uuid),
			(SELECT jsonb_agg(to_jsonb(u)) FROM entry_uses u WHERE document_id = @id::text::uuid),
			ARRAY(SELECT g.id FROM gaps g WHERE g.document_id = @id::text::uuid))`
		passages = `INSERT INTO deleted_passages SELECT * FROM passages WHERE document_id = @id::text::uuid`
		vectors  = `INSERT INTO deleted_embeddings SELECT e.* FROM embeddings e JOIN deleted_passages p ON p.id = e.passage_id WHERE p.document_id = @id::text::uuid`
		remove   = `DELETE FROM documents WHERE id = @id::text::uuid`
	)
	by := knowledge.PersonOf(ctx)
	args := pgx.NamedArgs{"id": id, "by": by.ID, "by_name": by.Name}
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		var there bool
		// The document's row first, then by trigger the lexicon's: as replace does.
		if err := tx.QueryRow(ctx, hold, args).Scan(&there); err != nil {
			return err
		}
		for _, sql := range []string{again, move, note, passages, vectors, remove} {
			if _, err := tx.Exec(ctx, sql, args); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, pgx.ErrNoRows) || malformed(err) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("put document %.40q away: %w", id, err)
	}
	d.tellChanged(ctx)
	return nil
}

// DeletedDocuments lists what can come back, the last deleted first, and a cursor for
// the next page, which is empty after the last. A cursor that is not one of these
// begins anew.
func (d *Documents) DeletedDocuments(ctx context.Context, cursor string, limit int) ([]knowledge.Deleted, string, error) {
	const sql = `SELECT ` + documentColumns + `, x.at, x.by_id, x.by_name FROM deletions x JOIN deleted_documents ON id = x.document_id
		WHERE (@id = '' OR (x.at, x.document_id) < (@at::timestamptz, nullif(@id, '')::uuid)) AND x.at > now() - make_interval(secs => @kept)
		ORDER BY x.at DESC, x.document_id DESC LIMIT @limit`
	if limit <= 0 || limit > maxDocuments {
		limit = maxDocuments
	}
	at, id := readCursor(cursor)
	rows, err := d.pool.Query(ctx, sql, pgx.NamedArgs{"at": at, "id": id, "kept": knowledge.DeletedFor.Seconds(), "limit": limit + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list deleted documents: %w", err)
	}
	docs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (x knowledge.Deleted, err error) {
		err = row.Scan(&x.ID, &x.Name, &x.URL, &x.MediaType, &x.Status, &x.Error, &x.Progress.Done, &x.Progress.Total, &x.Passages, &x.Bytes,
			&x.Warnings, &x.CreatedAt, &x.UpdatedAt, &x.At, &x.By.ID, &x.By.Name)
		return x, err
	})
	if malformed(err) && cursor != "" {
		return d.DeletedDocuments(ctx, "", limit)
	}
	if err != nil {
		return nil, "", fmt.Errorf("list deleted documents: %w", err)
	}
	if len(docs) <= limit {
		return docs, "", nil
	}
	last := docs[limit-1]
	return docs[:limit], base64.RawURLEncoding.EncodeToString([]byte(last.At.UTC().Format(time.RFC3339Nano) + " " + last.ID)), nil
}

// EraseDeleted removes for good a document that was put away. It returns
// knowledge.ErrNotFound when there is none.
func (d *Documents) EraseDeleted(ctx context.Context, id string) error {
	tag, err := d.pool.Exec(ctx, `DELETE FROM deleted_documents WHERE id = @id::text::uuid`, pgx.NamedArgs{"id": id})
	if err == nil && tag.RowsAffected() == 0 || malformed(err) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("erase deleted document %.40q: %w", id, err)
	}
	return nil
}

// EraseOld removes for good what was put away more than knowledge.DeletedFor ago, and
// returns how many documents that were.
func (d *Documents) EraseOld(ctx context.Context) (erased int64, err error) {
	const sql = `DELETE FROM deleted_documents WHERE id IN (
		SELECT document_id FROM deletions WHERE at <= now() - make_interval(secs => @kept) ORDER BY at LIMIT @most)`
	for {
		tag, err := d.pool.Exec(ctx, sql, pgx.NamedArgs{"kept": knowledge.DeletedFor.Seconds(), "most": eraseBatch})
		if err != nil {
			return erased, fmt.Errorf("erase deleted documents: %w", err)
		}
		erased += tag.RowsAffected()
		if tag.RowsAffected() < eraseBatch {
			return erased, nil
		}
	}
}
