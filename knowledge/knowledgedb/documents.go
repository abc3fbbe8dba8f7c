package knowledgedb

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// maxDocuments bounds one page of a list.
const maxDocuments = 200

// Documents keeps documents and their bytes, and queues the jobs that make
// them searchable. It is safe for concurrent use.
type Documents struct {
	*Store
	queue *river.Client[pgx.Tx] // inserts only; Jobs works
}

// Documents returns the keeping of documents over this store.
func (s *Store) Documents() (*Documents, error) {
	queue, err := river.NewClient(riverpgxv5.New(s.pool), &river.Config{Logger: quiet(s.log)})
	if err != nil {
		return nil, fmt.Errorf("open job queue: %w", err)
	}
	return &Documents{Store: s, queue: queue}, nil
}

const documentColumns = `id::text, name, url, media_type, status, error, stage_done, stage_total, passages, bytes, warnings, created_at, updated_at`

func scanDocument(row pgx.CollectableRow) (knowledge.Document, error) {
	var d knowledge.Document
	err := row.Scan(&d.ID, &d.Name, &d.URL, &d.MediaType, &d.Status, &d.Error, &d.Progress.Done, &d.Progress.Total, &d.Passages, &d.Bytes, &d.Warnings, &d.CreatedAt, &d.UpdatedAt)
	return d, err
}

// one runs a query for a single document; none is knowledge.ErrNotFound.
func one(ctx context.Context, db interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}, sql string, args pgx.NamedArgs) (knowledge.Document, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return knowledge.Document{}, err
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDocument)
	if errors.Is(err, pgx.ErrNoRows) || malformed(err) {
		return knowledge.Document{}, knowledge.ErrNotFound
	}
	return d, err
}

// malformed reports whether an id given from outside is no UUID.
func malformed(err error) bool { return violates(err, "22P02") } // invalid_text_representation

// violates reports whether Postgres refused a statement with the code.
func violates(err error, code string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == code
}

// AddDocument stores a document and queues its job in one transaction. Bytes
// already known yield the document that has them; it is queued again only if
// it had failed.
func (d *Documents) AddDocument(ctx context.Context, doc knowledge.Document, digest [sha256.Size]byte, data []byte) (knowledge.Document, error) {
	const (
		insert = `INSERT INTO documents (id, site_id, name, url, media_type, digest, bytes, content)
			VALUES (@id, nullif(@site, '')::uuid, @name, @url, @media_type, @digest, @bytes, @content)
			ON CONFLICT (digest) DO NOTHING RETURNING ` + documentColumns
		again = `UPDATE documents SET status = 'queued', error = '', updated_at = now()
			WHERE digest = @digest AND status = 'failed' RETURNING ` + documentColumns
		known = `SELECT ` + documentColumns + ` FROM documents WHERE digest = @digest`
	)
	if doc.ID == "" {
		doc.ID = knowledge.NewID()
	}
	var out knowledge.Document
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		var err error
		out, err = one(ctx, tx, insert, pgx.NamedArgs{
			"id": doc.ID, "site": doc.Site, "name": doc.Name, "url": doc.URL, "media_type": doc.MediaType,
			"digest": digest[:], "bytes": len(data), "content": data,
		})
		args := pgx.NamedArgs{"digest": digest[:]}
		if errors.Is(err, knowledge.ErrNotFound) {
			out, err = one(ctx, tx, again, args)
		}
		if errors.Is(err, knowledge.ErrNotFound) {
			// Deleted between the two statements: whoever sent it sends it again.
			out, err = one(ctx, tx, known, args)
			return err
		}
		if err != nil {
			return err
		}
		_, err = d.queue.InsertTx(ctx, tx, ingestArgs{Document: out.ID}, nil)
		return err
	})
	if violates(err, "23503") { // foreign_key_violation: its site is gone
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return knowledge.Document{}, fmt.Errorf("add document: %w", err)
	}
	return out, nil
}

// Document returns one document, or knowledge.ErrNotFound.
func (d *Documents) Document(ctx context.Context, id string) (knowledge.Document, error) {
	const sql = `SELECT ` + documentColumns + ` FROM documents WHERE id = @id::text::uuid`
	doc, err := one(ctx, d.pool, sql, pgx.NamedArgs{"id": id})
	if err != nil {
		return doc, fmt.Errorf("read document %.40q: %w", id, err)
	}
	return doc, nil
}

// Documents lists documents, newest first, and a cursor for the next page,
// which is empty after the last. A cursor that is not one of these begins anew.
func (d *Documents) Documents(ctx context.Context, cursor string, limit int) ([]knowledge.Document, string, error) {
	const sql = `SELECT ` + documentColumns + ` FROM documents
		WHERE @id = '' OR (created_at, id) < (@at::timestamptz, nullif(@id, '')::uuid)
		ORDER BY created_at DESC, id DESC LIMIT @limit`
	if limit <= 0 || limit > maxDocuments {
		limit = maxDocuments
	}
	at, id := readCursor(cursor)
	rows, err := d.pool.Query(ctx, sql, pgx.NamedArgs{"at": at, "id": id, "limit": limit + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list documents: %w", err)
	}
	docs, err := pgx.CollectRows(rows, scanDocument)
	if malformed(err) {
		return d.Documents(ctx, "", limit)
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

func readCursor(cursor string) (time.Time, string) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return time.Time{}, ""
	}
	stamp, id, _ := strings.Cut(string(raw), " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil || len(id) != len("00000000-0000-0000-0000-000000000000") {
		return time.Time{}, ""
	}
	return at, id
}

// DeleteDocument removes a document with all that was made of it; the next
// search does not find it. It returns knowledge.ErrNotFound when there is none.
func (d *Documents) DeleteDocument(ctx context.Context, id string) error {
	const sql = `DELETE FROM documents WHERE id = @id::text::uuid`
	tag, err := d.pool.Exec(ctx, sql, pgx.NamedArgs{"id": id})
	if err == nil && tag.RowsAffected() == 0 || malformed(err) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("delete document %.40q: %w", id, err)
	}
	d.tellChanged(ctx)
	return nil
}

// waitPoll is how often Wait looks: a person watches a command line.
const waitPoll = 200 * time.Millisecond

// Wait returns the document once it is ready or failed, or waits for a batch,
// for which nobody would; or with the context's error. progress, when not nil, is told of every change on the way.
func (d *Documents) Wait(ctx context.Context, id string, progress func(knowledge.Document)) (knowledge.Document, error) {
	tick := time.NewTicker(waitPoll)
	defer tick.Stop()
	var seen knowledge.Document
	for {
		doc, err := d.Document(ctx, id)
		if err != nil {
			return seen, err
		}
		if progress != nil && (doc.ID != seen.ID || doc.Status != seen.Status || !doc.UpdatedAt.Equal(seen.UpdatedAt)) {
			progress(doc)
		}
		seen = doc
		if doc.Status == knowledge.StatusReady || doc.Status == knowledge.StatusFailed || doc.Error == bulkNote || doc.Error == knowledge.BudgetNote {
			return doc, nil
		}
		select {
		case <-ctx.Done():
			return doc, fmt.Errorf("wait for document %s: %w", id, ctx.Err())
		case <-tick.C:
		}
	}
}
