package knowledgedb

import (
	"context"
	"errors"
	"fmt"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"

	"github.com/jackc/pgx/v5"
)

// RestoreDocument brings a document back that was put away, under its id and with its
// passages as they were, hidden and edited ones too: the next search finds it by its
// words and by the vectors it had. What was not read to its end is read anew. A page
// whose site is gone comes back as a document of its own.
//
// It returns knowledge.ErrNotFound when there is none, and knowledge.ErrKnown with the
// other document when one has its bytes, or its id, by now.
func (d *Documents) RestoreDocument(ctx context.Context, id string) (knowledge.Document, error) {
	var out knowledge.Document
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) (err error) {
		out, err = d.restore(ctx, tx, id)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) || malformed(err) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return out, fmt.Errorf("restore document %.40q: %w", id, err)
	}
	d.maintain(ctx)
	d.tellChanged(ctx)
	return out, nil
}

func (d *Documents) restore(ctx context.Context, tx pgx.Tx, id string) (knowledge.Document, error) {
	const (
		// Passages without a vector are embedded by the job, which finds none in the common case.
		ready = `UPDATE deleted_documents x SET updated_at = clock_timestamp(), stage_done = 0, stage_total = 0,
				site_id = (SELECT s.id FROM sites s WHERE s.id = x.site_id FOR KEY SHARE),
				status = CASE WHEN status IN ('queued', 'extracting') THEN 'queued' WHEN status = 'failed' THEN status
					WHEN @embeds THEN 'embedding' ELSE 'ready' END,
				compare_due = compare_due OR EXISTS (SELECT FROM deleted_passages p WHERE p.document_id = x.id AND p.entry_id IS NOT NULL)
			WHERE id = @id::text::uuid RETURNING status`
		move  = `INSERT INTO documents SELECT * FROM deleted_documents WHERE id = @id::text::uuid ON CONFLICT DO NOTHING RETURNING ` + documentColumns
		other = `SELECT ` + documentColumns + ` FROM documents WHERE id = @id::text::uuid
			OR digest = (SELECT x.digest FROM deleted_documents x WHERE x.id = @id::text::uuid) LIMIT 1`
	)
	args := pgx.NamedArgs{"id": id, "embeds": d.embedder != nil}
	var status knowledge.Status
	if err := tx.QueryRow(ctx, ready, args).Scan(&status); err != nil {
		return knowledge.Document{}, err
	}
	out, err := one(ctx, tx, move, args)
	if errors.Is(err, knowledge.ErrNotFound) {
		if out, err = one(ctx, tx, other, args); err == nil {
			err = knowledge.ErrKnown
		}
		return out, err
	}
	if err != nil {
		return out, err
	}
	if err := lockLexicon(ctx, tx); err != nil {
		return out, err
	}
	if err := d.restorePassages(ctx, tx, args); err != nil {
		return out, err
	}
	if status == knowledge.StatusReady || status == knowledge.StatusFailed {
		return out, nil
	}
	_, err = d.queue.InsertTx(ctx, tx, ingestArgs{Document: out.ID}, nil)
	return out, err
}

// restorePassages moves what else was the document's back, and analyzes its passages:
// the analysis, and the averages that weights are baked with, may be others by now.
func (d *Documents) restorePassages(ctx context.Context, tx pgx.Tx, args pgx.NamedArgs) error {
	for _, sql := range []string{
		`INSERT INTO passages SELECT * FROM deleted_passages WHERE document_id = @id::text::uuid`,
		`INSERT INTO embeddings SELECT e.* FROM deleted_embeddings e JOIN deleted_passages p ON p.id = e.passage_id WHERE p.document_id = @id::text::uuid`,
		`INSERT INTO document_uses SELECT u.* FROM deletions x, jsonb_populate_record(NULL::document_uses, x.uses) u
			WHERE x.document_id = @id::text::uuid AND x.uses IS NOT NULL`,
		`INSERT INTO entry_uses SELECT u.* FROM deletions x, jsonb_populate_recordset(NULL::entry_uses, x.entry_uses) u
			WHERE x.document_id = @id::text::uuid ON CONFLICT DO NOTHING`,
		`UPDATE gaps g SET document_id = x.document_id FROM deletions x
			WHERE x.document_id = @id::text::uuid AND g.id = ANY(x.gaps) AND g.document_id IS NULL`,
		// What came meanwhile has not been compared with its entries.
		`DELETE FROM entry_checks c USING passages p WHERE p.document_id = @id::text::uuid AND c.entry_id = p.entry_id`,
		`DELETE FROM deleted_documents WHERE id = @id::text::uuid`,
	} {
		if _, err := tx.Exec(ctx, sql, args); err != nil {
			return fmt.Errorf("move passages back: %w", err)
		}
	}
	rows, err := searchable(ctx, tx, args)
	if err != nil {
		return err
	}
	avg, err := bakedAverages(ctx, tx, rows)
	if err != nil {
		return err
	}
	for at := 0; at < len(rows); at += writeBatch {
		if err := d.reanalyze(ctx, tx, rows[at:min(at+writeBatch, len(rows))], avg); err != nil {
			return err
		}
	}
	return nil
}

// searchable reads and analyzes the passages of a document that are not hidden.
func searchable(ctx context.Context, tx pgx.Tx, args pgx.NamedArgs) ([]row, error) {
	const sql = `SELECT id::text, title, alternatives, heading, body, lang FROM passages
		WHERE document_id = @id::text::uuid AND NOT hidden ORDER BY ordinal`
	got, err := tx.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("read passages: %w", err)
	}
	rows, err := pgx.CollectRows(got, func(r pgx.CollectableRow) (row, error) {
		var p knowledge.Passage
		err := r.Scan(&p.ID, &p.Title, &p.Alternatives, &p.Heading, &p.Text, &p.Lang)
		return row{Passage: p, lexemes: lexical.Index(fieldsOf(p), p.Lang, "")}, err
	})
	if err != nil {
		return nil, fmt.Errorf("read passages: %w", err)
	}
	return rows, nil
}
