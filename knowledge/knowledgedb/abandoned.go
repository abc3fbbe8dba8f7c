package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A worker holds its document by an advisory lock of a connection it keeps for
// as long. When the server dies the connection does, and Postgres frees the
// lock at once: no clock has to run out, and no heartbeat has to be written,
// before another takes the document up. River alone would leave the job of a
// dead client "running" until rescueAfter.

const (
	// documentLock is the first half of a document's lock, the second the hash
	// of its schema and id. Two documents of one hash only wait for each other.
	documentLock = 0x646f6373 // "docs"
	// unlockWithin bounds giving a lock back; the connection is closed otherwise.
	unlockWithin = 5 * time.Second
	// maxDeaths is how many servers may die over reading one document before it
	// is taken to be the reason.
	maxDeaths = 5
)

// holding is a document held by this process.
type holding struct {
	conn *pgxpool.Conn
	id   string
}

// hold takes a document for this process alone; nil when another has it.
func (d *Documents) hold(ctx context.Context, id string) (*holding, error) {
	const (
		// A server whose machine or network is gone says no goodbye: Postgres
		// notices within 25 s. Sockets of the same machine need none of it.
		notice = `SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
			set_config('tcp_keepalives_count', '3', false)`
		lock = `SELECT pg_try_advisory_lock(@class, hashtext(current_schema || @id))`
	)
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("acquire connection for document %s: %w", id, err)
	}
	got := false
	if _, err = conn.Exec(ctx, notice); err == nil {
		err = conn.QueryRow(ctx, lock, pgx.NamedArgs{"class": documentLock, "id": id}).Scan(&got)
	}
	if err != nil || !got {
		if err != nil { // whether the lock is held is not known
			err = errors.Join(fmt.Errorf("lock document %s: %w", id, err), conn.Conn().Close(context.WithoutCancel(ctx)))
		}
		conn.Release()
		return nil, err
	}
	return &holding{conn: conn, id: id}, nil
}

// release gives the document back, even when ctx has ended.
func (h *holding) release(ctx context.Context) {
	const unlock = `SELECT pg_advisory_unlock(@class, hashtext(current_schema || @id))`
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockWithin)
	defer cancel()
	if _, err := h.conn.Exec(ctx, unlock, pgx.NamedArgs{"class": documentLock, "id": h.id}); err != nil {
		h.conn.Conn().Close(ctx) // the lock ends with the session
	}
	h.conn.Release()
}

// abandonedDocument is one on its way that no job will bring further.
type abandonedDocument struct {
	ID     string
	Deaths int
}

// sweep queues documents that are on their way but have no job waiting, and
// that nobody holds: their server died, or all attempts of their job are used up.
// Those that wait for a batch are left until it has ended.
func (d *Documents) sweep(ctx context.Context) error {
	// A death counts only where the worker had begun to read: a job taken from
	// the queue a moment ago also runs and holds nothing yet.
	const sql = `SELECT d.id::text, coalesce(max((j.args->>'deaths')::int), 0)
			+ (d.status = 'extracting' AND coalesce(bool_or(j.state = 'running'), false))::int
		FROM documents d LEFT JOIN river_job j ON j.kind = @kind AND j.args @> jsonb_build_object('document', d.id::text)
		WHERE d.status IN ('queued', 'extracting', 'embedding')
		AND NOT (d.status = 'embedding' AND EXISTS (SELECT FROM passages p WHERE p.document_id = d.id AND ` + claimed + `))
		GROUP BY d.id
		HAVING NOT coalesce(bool_or(j.state IN ('available', 'pending', 'retryable', 'scheduled')), false)`
	model := int32(0) // of no batch
	if d.embedder != nil {
		var err error
		if model, err = d.knownModel(ctx); err != nil {
			return err
		}
	}
	rows, err := d.pool.Query(ctx, sql, pgx.NamedArgs{"kind": ingestArgs{}.Kind(), "model": model})
	if err != nil {
		return fmt.Errorf("look for abandoned documents: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[abandonedDocument])
	if err != nil {
		return fmt.Errorf("look for abandoned documents: %w", err)
	}
	for _, a := range found {
		if err := d.takeUp(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// takeUp queues an abandoned document unless somebody works on it after all.
func (d *Documents) takeUp(ctx context.Context, a abandonedDocument) error {
	held, err := d.hold(ctx, a.ID)
	if err != nil || held == nil {
		return err
	}
	defer held.release(ctx)
	const sql = `SELECT EXISTS (SELECT FROM documents WHERE id = @id AND status IN ('queued', 'extracting', 'embedding'))`
	var still bool // it may have been finished since it was found
	if err := d.pool.QueryRow(ctx, sql, pgx.NamedArgs{"id": a.ID}).Scan(&still); err != nil {
		return fmt.Errorf("look at document %s again: %w", a.ID, err)
	}
	if !still {
		return nil
	}
	if a.Deaths >= maxDeaths {
		d.log.ErrorContext(ctx, "document given up", "document", a.ID, "deaths", a.Deaths)
		words := fmt.Sprintf("The server stopped %d times while it read this file; it is not tried again.", a.Deaths)
		if err := d.SetStatus(ctx, a.ID, knowledge.StatusFailed, words); !errors.Is(err, knowledge.ErrNotFound) {
			return err
		}
		return nil
	}
	d.log.WarnContext(ctx, "abandoned document taken up", "document", a.ID, "deaths", a.Deaths)
	if _, err := d.queue.Insert(ctx, ingestArgs{Document: a.ID, Deaths: a.Deaths}, nil); err != nil {
		return fmt.Errorf("queue document %s: %w", a.ID, err)
	}
	return nil
}

// giveUp fails a document that could not be stored in all of its attempts.
func (d *Documents) giveUp(ctx context.Context, id string) error {
	const (
		sql = `UPDATE documents SET status = 'failed', error = @reason, updated_at = now()
			WHERE id = @id AND status IN ('queued', 'extracting')`
		reason = "The server could not store this document; its log says why."
	)
	if _, err := d.pool.Exec(ctx, sql, pgx.NamedArgs{"id": id, "reason": reason}); err != nil {
		return fmt.Errorf("give up document %s: %w", id, err)
	}
	return nil
}

// requeueUnembedded marks documents for embedding that have passages without a
// vector of the embedder's model: it was configured, or changed, since. They
// stay searchable meanwhile; sweep queues them.
func (d *Documents) requeueUnembedded(ctx context.Context) error {
	if d.embedder == nil {
		return nil
	}
	model, err := d.registerModel(ctx)
	if err != nil {
		return err
	}
	const sql = `UPDATE documents d SET status = 'embedding', updated_at = now() WHERE status = 'ready' AND EXISTS (
		SELECT FROM passages p WHERE p.document_id = d.id AND p.embed_error = '' AND NOT p.hidden
		AND NOT EXISTS (SELECT FROM embeddings e WHERE e.passage_id = p.id AND e.model_id = @model))`
	if _, err := d.pool.Exec(ctx, sql, pgx.NamedArgs{"model": model}); err != nil {
		return fmt.Errorf("look for passages to embed: %w", err)
	}
	return d.claimBulk(ctx)
}
