package knowledgedb

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

const (
	// replaceWithin is how long a new version waits for the old one to be done:
	// longer than a page takes.
	replaceWithin = time.Minute
	// replacePoll is how often it looks.
	replacePoll = 100 * time.Millisecond
)

// ReplaceDocument gives a document other bytes and queues its job, in one
// transaction; its passages stay until the job has made new ones. While a
// worker reads the old bytes it waits, since what that stores would otherwise
// pass for the new.
func (d *Documents) ReplaceDocument(ctx context.Context, doc knowledge.Document, digest [sha256.Size]byte, data []byte) (knowledge.Document, error) {
	const (
		replace = `UPDATE documents SET name = @name, url = @url, media_type = @media_type, digest = @digest, bytes = @bytes,
				content = @content, status = 'queued', error = '', updated_at = now()
			WHERE id = @id AND (digest IS DISTINCT FROM @digest OR status = 'failed') RETURNING ` + documentColumns
		known = `SELECT ` + documentColumns + ` FROM documents WHERE id = @id`
	)
	if old, err := d.Document(ctx, doc.ID); err != nil {
		return old, err
	}
	held, err := d.holdSoon(ctx, doc.ID)
	if err != nil {
		return knowledge.Document{}, fmt.Errorf("replace document %.40q: %w", doc.ID, err)
	}
	defer held.release(ctx)
	var out knowledge.Document
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		var err error
		out, err = one(ctx, tx, replace, pgx.NamedArgs{
			"id": doc.ID, "name": doc.Name, "url": doc.URL, "media_type": doc.MediaType,
			"digest": digest[:], "bytes": len(data), "content": data,
		})
		if errors.Is(err, knowledge.ErrNotFound) {
			out, err = one(ctx, tx, known, pgx.NamedArgs{"id": doc.ID})
			return err
		}
		if err != nil {
			return err
		}
		_, err = d.queue.InsertTx(ctx, tx, ingestArgs{Document: out.ID}, nil)
		return err
	})
	if violates(err, "23505") { // unique_violation: the digest is another's
		err = knowledge.ErrKnown
	}
	if err != nil {
		return knowledge.Document{}, fmt.Errorf("replace document %.40q: %w", doc.ID, err)
	}
	return out, nil
}

// errBusy says that a document is being worked on.
var errBusy = errors.New("it is still being made searchable")

// holdSoon takes a document as soon as nobody else has it.
func (d *Documents) holdSoon(ctx context.Context, id string) (*holding, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, replaceWithin, errBusy)
	defer cancel()
	tick := time.NewTicker(replacePoll)
	defer tick.Stop()
	for {
		held, err := d.hold(ctx, id)
		if err != nil || held != nil {
			return held, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-tick.C:
		}
	}
}
