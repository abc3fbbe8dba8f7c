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

const (
	shelvedColumns = documentColumns + `, lang, coalesce(review_by::text, ''), coalesce(own_review_by::text, ''), coalesce(site_id::text, ''), coalesce(u.hits, 0), u.last_used`
	shelvedFrom    = `FROM documents LEFT JOIN document_uses u ON u.document_id = documents.id`
)

func scanShelved(row pgx.CollectableRow) (knowledge.Shelved, error) {
	var d knowledge.Shelved
	var used *time.Time
	err := row.Scan(&d.ID, &d.Name, &d.URL, &d.MediaType, &d.Status, &d.Error, &d.Progress.Done, &d.Progress.Total, &d.Passages, &d.Bytes,
		&d.Warnings, &d.CreatedAt, &d.UpdatedAt, &d.Lang, &d.ReviewBy, &d.OwnReviewBy, &d.Site, &d.Hits, &used)
	d.LastUsed = timeOf(used)
	return d, err
}

// Shelved returns one document as a list shows it, or knowledge.ErrNotFound.
func (d *Documents) Shelved(ctx context.Context, id string) (knowledge.Shelved, error) {
	const sql = `SELECT ` + shelvedColumns + ` ` + shelvedFrom + ` WHERE id = @id::text::uuid`
	rows, err := d.pool.Query(ctx, sql, pgx.NamedArgs{"id": id})
	if err != nil {
		return knowledge.Shelved{}, fmt.Errorf("read document %.40q: %w", id, err)
	}
	out, err := pgx.CollectExactlyOneRow(rows, scanShelved)
	if errors.Is(err, pgx.ErrNoRows) || malformed(err) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return out, fmt.Errorf("read document %.40q: %w", id, err)
	}
	return out, nil
}

// ShelvedDocuments lists the documents that pass the filter, newest first, and a
// cursor for the next page, which is empty after the last. A cursor that is not
// one of these begins anew.
func (d *Documents) ShelvedDocuments(ctx context.Context, f knowledge.DocumentFilter, cursor string, limit int) ([]knowledge.Shelved, string, error) {
	const sql = `SELECT ` + shelvedColumns + ` ` + shelvedFrom + `
		WHERE (@id = '' OR (created_at, id) < (@at::timestamptz, nullif(@id, '')::uuid))
		  AND (@text = '' OR strpos(lower(name || E'\n' || url), lower(@text)) > 0)
		  AND (@status = '' OR status = @status)
		  AND (@kind = '' OR (site_id IS NOT NULL) = (@kind = 'page'))
		  AND (@lang = '' OR lang = lower(@lang) OR lang ^@ (lower(@lang) || '-'))
		  AND (@site = '' OR site_id::text = lower(@site))
		  AND (@due = '' OR review_by < nullif(@due, '')::date)
		ORDER BY created_at DESC, id DESC LIMIT @limit`
	if limit <= 0 || limit > maxDocuments {
		limit = maxDocuments
	}
	at, id := readCursor(cursor)
	rows, err := d.pool.Query(ctx, sql, pgx.NamedArgs{"at": at, "id": id, "text": f.Text, "status": string(f.Status), "kind": string(f.Kind),
		"lang": f.Lang, "site": f.Site, "due": f.DueBefore, "limit": limit + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list documents: %w", err)
	}
	docs, err := pgx.CollectRows(rows, scanShelved)
	if malformed(err) && cursor != "" {
		return d.ShelvedDocuments(ctx, f, "", limit)
	}
	if err != nil {
		return nil, "", fmt.Errorf("list documents: %w", err)
	}
	if len(docs) <= limit {
		return docs, "", nil
	}
	last := docs[limit-1]
	return docs[:limit], base64.RawURLEncoding.EncodeToString([]byte(last.CreatedAt.UTC().Format(time.RFC3339Nano) + " " + last.ID)), nil
}
