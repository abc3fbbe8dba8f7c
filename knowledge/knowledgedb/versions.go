package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// maxDeleted bounds the list of entries that can come back.
const maxDeleted = 100

// keptEntry is an entry in its history.
type keptEntry struct {
	Question     string   `json:"question"`
	Alternatives []string `json:"alternatives,omitempty"`
	Answer       string   `json:"answer"`
	Lang         string   `json:"lang,omitempty"`
	Verbatim     bool     `json:"verbatim,omitempty"`
	URL          string   `json:"url,omitempty"`
	Owner        string   `json:"owner,omitempty"`
	ReviewBy     string   `json:"review_by,omitempty"`
}

func keep(e knowledge.Entry) keptEntry {
	return keptEntry{e.Question, e.Alternatives, e.Answer, e.Lang, e.Verbatim, e.URL, e.Owner, e.ReviewBy}
}

func (k keptEntry) entry(own string) knowledge.Entry {
	return knowledge.Entry{Question: k.Question, Alternatives: k.Alternatives, Answer: k.Answer, Lang: k.Lang, Verbatim: k.Verbatim,
		URL: k.URL, Owner: k.Owner, ReviewBy: k.ReviewBy, Own: own}
}

const versionColumns = `v.id, v.entry_id::text, v.document_id::text, v.document_name, v.own, v.version, v.kind, v.entry, v.at, v.by_id, v.by_name`

func scanVersion(row pgx.CollectableRow) (knowledge.EntryVersion, error) {
	var v knowledge.EntryVersion
	var own string
	var kept keptEntry
	err := row.Scan(&v.ID, &v.EntryID, &v.Document.ID, &v.Document.Name, &own, &v.Version, &v.Kind, &kept, &v.At, &v.By.ID, &v.By.Name)
	v.Entry = kept.entry(own)
	return v, err
}

// NoteVersions adds to the history of entries and keeps the newest
// knowledge.MaxVersions of each. How an entry was before is noted only where its
// history does not end with that.
func (d *Documents) NoteVersions(ctx context.Context, vs []knowledge.EntryVersion) error {
	return noteVersions(ctx, d.pool, vs)
}

func noteVersions(ctx context.Context, db interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}, vs []knowledge.EntryVersion) error {
	const (
		add = `INSERT INTO entry_versions (entry_id, document_id, document_name, own, version, kind, entry, by_id, by_name)
			SELECT @id::text::uuid, @document::text::uuid, @name, @own, @version, @kind, @entry, @by, @by_name
			WHERE @kind <> 'before' OR NOT EXISTS (
				SELECT FROM (SELECT version, kind FROM entry_versions WHERE entry_id = @id::text::uuid ORDER BY id DESC LIMIT 1) z
				WHERE z.version = @version AND z.kind <> 'deleted')`
		trim = `DELETE FROM entry_versions WHERE entry_id = @id::text::uuid AND id <= (
			SELECT id FROM entry_versions WHERE entry_id = @id::text::uuid ORDER BY id DESC OFFSET @most LIMIT 1)`
	)
	by := knowledge.PersonOf(ctx)
	for _, v := range vs {
		args := pgx.NamedArgs{"id": v.EntryID, "document": v.Document.ID, "name": v.Document.Name, "own": v.Entry.Own, "version": v.Version,
			"kind": string(v.Kind), "entry": keep(v.Entry), "by": by.ID, "by_name": by.Name}
		if v.Kind == knowledge.EntryBefore {
			args["by"], args["by_name"] = "", ""
		}
		if _, err := db.Exec(ctx, add, args); err != nil {
			return fmt.Errorf("note version of entry %s: %w", v.EntryID, err)
		}
		if _, err := db.Exec(ctx, trim, pgx.NamedArgs{"id": v.EntryID, "most": knowledge.MaxVersions}); err != nil {
			return fmt.Errorf("trim history of entry %s: %w", v.EntryID, err)
		}
	}
	return nil
}

// EntryVersion returns one version of an entry, or knowledge.ErrNotFound.
func (s *Store) EntryVersion(ctx context.Context, entry string, id int64) (knowledge.EntryVersion, error) {
	const sql = `SELECT ` + versionColumns + ` FROM entry_versions v WHERE v.entry_id = @entry::text::uuid AND v.id = @id`
	rows, err := s.pool.Query(ctx, sql, pgx.NamedArgs{"entry": entry, "id": id})
	if err != nil {
		return knowledge.EntryVersion{}, fmt.Errorf("read version %d of entry %.40q: %w", id, entry, err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, scanVersion)
	if errors.Is(err, pgx.ErrNoRows) || malformed(err) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return v, fmt.Errorf("read version %d of entry %.40q: %w", id, entry, err)
	}
	return v, nil
}

// EntryHistory returns what is kept of an entry's past, the newest first; none
// for one that was never edited here.
func (s *Store) EntryHistory(ctx context.Context, entry string) ([]knowledge.EntryVersion, error) {
	const sql = `SELECT ` + versionColumns + ` FROM entry_versions v WHERE v.entry_id = @entry::text::uuid ORDER BY v.id DESC LIMIT @limit`
	return s.versions(ctx, "read history of entry "+strconv.Quote(entry), sql, pgx.NamedArgs{"entry": entry, "limit": knowledge.MaxVersions})
}

// DeletedEntries returns entries that were deleted and have not come back, the
// last deleted first, 100 at most.
func (s *Store) DeletedEntries(ctx context.Context) ([]knowledge.EntryVersion, error) {
	const sql = `SELECT ` + versionColumns + ` FROM entry_versions v WHERE v.kind = 'deleted'
			AND NOT EXISTS (SELECT FROM entry_versions w WHERE w.entry_id = v.entry_id AND w.id > v.id)
			AND NOT EXISTS (SELECT FROM passages p WHERE p.entry_id = v.entry_id)
		ORDER BY v.id DESC LIMIT @limit`
	return s.versions(ctx, "list deleted entries", sql, pgx.NamedArgs{"limit": maxDeleted})
}

func (s *Store) versions(ctx context.Context, doing, sql string, args pgx.NamedArgs) ([]knowledge.EntryVersion, error) {
	rows, err := s.pool.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	out, err := pgx.CollectRows(rows, scanVersion)
	if malformed(err) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	return out, nil
}

// timeOf is a moment that may be null.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
