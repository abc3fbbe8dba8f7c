package knowledgedb

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

// maxPassages bounds one page of a document's passages.
const maxPassages = 100

const shelvedPassageColumns = `p.id::text, p.document_id::text, p.ordinal, d.name, p.title, p.alternatives, p.heading, p.page, p.body, p.lang,
	CASE WHEN p.url = '' THEN d.url ELSE p.url END, p.verbatim, p.is_entry, p.tokens, coalesce(p.entry_id::text, ''),
	p.version, p.hidden, coalesce(p.original, ''), p.edited_at, p.edited_by, p.edited_by_name, p.embed_error`

func scanShelvedPassage(row pgx.CollectableRow) (knowledge.ShelvedPassage, error) {
	var p knowledge.ShelvedPassage
	var edited *time.Time
	err := row.Scan(&p.ID, &p.DocumentID, &p.Ordinal, &p.Document, &p.Title, &p.Alternatives, &p.Heading, &p.Page, &p.Text, &p.Lang,
		&p.URL, &p.Verbatim, &p.IsEntry, &p.Tokens, &p.Kept.ID,
		&p.Version, &p.Hidden, &p.Original, &edited, &p.EditedBy.ID, &p.EditedBy.Name, &p.Unembedded)
	p.EditedAt = timeOf(edited)
	return p, err
}

// Passages lists a document's passages in its order, hidden ones too, and a
// cursor for the next page, which is empty after the last. A cursor that is not
// one of these begins anew. It returns knowledge.ErrNotFound when there is no such
// document.
func (d *Documents) Passages(ctx context.Context, document, cursor string, limit int) ([]knowledge.ShelvedPassage, string, error) {
	const sql = `SELECT ` + shelvedPassageColumns + ` FROM passages p JOIN documents d ON d.id = p.document_id
		WHERE p.document_id = @document::text::uuid AND p.ordinal > @after ORDER BY p.ordinal LIMIT @limit`
	if _, err := d.Document(ctx, document); err != nil {
		return nil, "", err
	}
	if limit <= 0 || limit > maxPassages {
		limit = maxPassages
	}
	after := int32(-1)
	if raw, err := base64.RawURLEncoding.DecodeString(cursor); err == nil {
		if n, err := strconv.ParseInt(string(raw), 10, 32); err == nil && n >= 0 {
			after = int32(n)
		}
	}
	rows, err := d.pool.Query(ctx, sql, pgx.NamedArgs{"document": document, "after": after, "limit": limit + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list passages of document %s: %w", document, err)
	}
	out, err := pgx.CollectRows(rows, scanShelvedPassage)
	if err != nil {
		return nil, "", fmt.Errorf("list passages of document %s: %w", document, err)
	}
	if len(out) <= limit {
		return out, "", nil
	}
	next := strconv.Itoa(out[limit-1].Ordinal)
	return out[:limit], base64.RawURLEncoding.EncodeToString([]byte(next)), nil
}

// shelvedPassage returns one passage, or knowledge.ErrNotFound. lock, when not
// empty, ends the statement.
func shelvedPassage(ctx context.Context, db querier, id, lock string) (knowledge.ShelvedPassage, error) {
	sql := `SELECT ` + shelvedPassageColumns + ` FROM passages p JOIN documents d ON d.id = p.document_id WHERE p.id = @id::text::uuid ` + lock
	rows, err := db.Query(ctx, sql, pgx.NamedArgs{"id": id})
	if err != nil {
		return knowledge.ShelvedPassage{}, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, scanShelvedPassage)
	if errors.Is(err, pgx.ErrNoRows) || malformed(err) {
		err = knowledge.ErrNotFound
	}
	return p, err
}
