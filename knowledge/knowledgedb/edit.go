package knowledgedb

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

// EditDocument has edit see a document with its bytes and puts what it returns
// in their place, with the job that makes it searchable, in one transaction.
// The document is held all the while, so that edits come one after another and
// none while a worker reads.
func (d *Documents) EditDocument(ctx context.Context, id string, edit func(knowledge.Document, []byte) (knowledge.Edited, error)) (knowledge.Document, error) {
	held, err := d.holdSoon(ctx, id)
	if err != nil {
		return knowledge.Document{}, fmt.Errorf("edit document %.40q: %w", id, err)
	}
	defer held.release(ctx)
	doc, data, err := d.Content(ctx, id)
	if err != nil {
		return doc, err
	}
	edited, err := edit(doc, data)
	switch {
	case err != nil || edited.Same:
		return doc, err
	case edited.Gone:
		return doc, d.deleteEdited(ctx, id, edited)
	}
	if doc, err = d.writeEdited(ctx, id, edited); err != nil {
		return doc, fmt.Errorf("edit document %s: %w", id, err)
	}
	if edited.Removed != "" { // it is not found any more; the rest is told once it is live
		d.tellChanged(ctx)
	}
	return doc, nil
}

// deleteEdited deletes a document with its last entry.
func (d *Documents) deleteEdited(ctx context.Context, id string, edited knowledge.Edited) error {
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM documents WHERE id = $1`, id)
		switch {
		case err != nil:
			return err
		case tag.RowsAffected() == 0:
			return knowledge.ErrNotFound
		}
		return noteVersions(ctx, tx, edited.Changes)
	})
	if err != nil {
		return fmt.Errorf("delete document %s with its last entry: %w", id, err)
	}
	d.tellChanged(ctx)
	return nil
}

func (d *Documents) writeEdited(ctx context.Context, id string, edited knowledge.Edited) (knowledge.Document, error) {
	const (
		write = `UPDATE documents SET name = @name, media_type = 'application/jsonl', digest = @digest, bytes = @bytes,
				content = @content, status = 'queued', error = '', stage_done = 0, stage_total = 0, updated_at = now()
			WHERE id = @id AND site_id IS NULL RETURNING ` + documentColumns
		remove = `DELETE FROM passages WHERE document_id = @id AND entry_id = @entry::text::uuid`
	)
	digest := sha256.Sum256(edited.Data)
	var out knowledge.Document
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		var err error
		out, err = one(ctx, tx, write, pgx.NamedArgs{"id": id, "name": edited.Name, "digest": digest[:], "bytes": len(edited.Data), "content": edited.Data})
		if errors.Is(err, knowledge.ErrNotFound) { // it was there a moment ago
			return knowledge.ErrNotEditable
		}
		if err != nil {
			return err
		}
		if edited.Removed != "" {
			// The document's row first, then by trigger the lexicon's: as replace does.
			if _, err := tx.Exec(ctx, remove, pgx.NamedArgs{"id": id, "entry": edited.Removed}); err != nil {
				return fmt.Errorf("delete entry %s: %w", edited.Removed, err)
			}
		}
		if err := noteVersions(ctx, tx, edited.Changes); err != nil {
			return err
		}
		_, err = d.queue.InsertTx(ctx, tx, ingestArgs{Document: id}, nil)
		return err
	})
	if violates(err, "23505") { // unique_violation: the digest is another's
		err = knowledge.ErrKnown
	}
	return out, err
}
