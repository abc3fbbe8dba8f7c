package knowledgedb

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

// maxEntries bounds one page of a list of entries.
const maxEntries = 200

const (
	// entryColumns are those of one entry: its only passage, or its first.
	entryColumns = `p.entry_id::text, p.entry_version, p.title, p.alternatives, coalesce(p.entry_answer, p.body), p.lang, p.url, p.verbatim,
		p.owner, coalesce(p.review_by::text, ''), d.id::text, d.name, d.status`
	// entryFirst leaves one passage of each entry.
	entryFirst = `p.entry_id IS NOT NULL AND (p.is_entry OR p.entry_answer IS NOT NULL)`
)

// entryRow is an entry with its place in the list.
type entryRow struct {
	knowledge.ListedEntry
	ordinal int
}

func scanEntry(row pgx.CollectableRow) (entryRow, error) {
	var e entryRow
	err := row.Scan(&e.ID, &e.Version, &e.Question, &e.Alternatives, &e.Answer, &e.Lang, &e.URL, &e.Verbatim,
		&e.Owner, &e.ReviewBy, &e.Document.ID, &e.Document.Name, &e.Status, &e.ordinal)
	return e, err
}

// Entry returns the entry with the id as it is searchable, or
// knowledge.ErrNotFound.
func (s *Store) Entry(ctx context.Context, id string) (knowledge.ListedEntry, error) {
	const sql = `SELECT ` + entryColumns + `, p.ordinal FROM passages p JOIN documents d ON d.id = p.document_id
		WHERE p.entry_id = @id::text::uuid AND ` + entryFirst
	rows, err := s.pool.Query(ctx, sql, pgx.NamedArgs{"id": id})
	if err != nil {
		return knowledge.ListedEntry{}, fmt.Errorf("read entry %.40q: %w", id, err)
	}
	e, err := pgx.CollectOneRow(rows, scanEntry)
	if errors.Is(err, pgx.ErrNoRows) || malformed(err) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return knowledge.ListedEntry{}, fmt.Errorf("read entry %.40q: %w", id, err)
	}
	return e.ListedEntry, nil
}

// Entries lists the entries that pass the filter, those of the newest document
// first and in its order, and a cursor for the next page, which is empty after
// the last. A cursor that is not one of these begins anew.
func (s *Store) Entries(ctx context.Context, f knowledge.EntryFilter, cursor string, limit int) ([]knowledge.ListedEntry, string, error) {
	const sql = `SELECT ` + entryColumns + `, p.ordinal FROM passages p JOIN documents d ON d.id = p.document_id
		WHERE ` + entryFirst + `
		  AND (@text = '' OR strpos(lower(concat_ws(E'\n', p.title, array_to_string(p.alternatives, E'\n'), coalesce(p.entry_answer, p.body))), lower(@text)) > 0)
		  AND (@lang = '' OR p.lang = lower(@lang) OR p.lang ^@ (lower(@lang) || '-'))
		  AND (@owner = '' OR lower(p.owner) = lower(@owner))
		  AND (@document = '' OR p.document_id::text = lower(@document))
		  AND (@due = '' OR p.review_by < nullif(@due, '')::date)
		  AND (@after = '' OR p.document_id < nullif(@after, '')::uuid OR p.document_id = nullif(@after, '')::uuid AND p.ordinal > @ordinal)
		ORDER BY p.document_id DESC, p.ordinal LIMIT @limit`
	if limit <= 0 || limit > maxEntries {
		limit = maxEntries
	}
	after, ordinal := readEntryCursor(cursor)
	rows, err := s.pool.Query(ctx, sql, pgx.NamedArgs{"text": f.Text, "lang": f.Lang, "owner": f.Owner, "document": f.Document, "due": f.DueBefore,
		"after": after, "ordinal": ordinal, "limit": limit + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list entries: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanEntry)
	if malformed(err) {
		return s.Entries(ctx, f, "", limit)
	}
	if err != nil {
		return nil, "", fmt.Errorf("list entries: %w", err)
	}
	next := ""
	if len(found) > limit {
		found = found[:limit]
		last := found[limit-1]
		next = base64.RawURLEncoding.EncodeToString([]byte(last.Document.ID + " " + strconv.Itoa(last.ordinal)))
	}
	out := make([]knowledge.ListedEntry, len(found))
	for i, e := range found {
		out[i] = e.ListedEntry
	}
	return out, next, nil
}

// readEntryCursor reads what Entries wrote.
func readEntryCursor(cursor string) (document string, ordinal int32) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", 0
	}
	document, at, _ := strings.Cut(string(raw), " ")
	n, err := strconv.ParseInt(at, 10, 32)
	if err != nil || len(document) != len("00000000-0000-0000-0000-000000000000") {
		return "", 0
	}
	return document, int32(n)
}
