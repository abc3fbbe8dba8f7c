package conversationdb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// searchLock is the advisory lock of whoever takes messages into the search.
	searchLock = 0x66645f736561726b // "fd_seark"
	// indexLate is how far behind a change can become visible: updated_at is when its
	// statement began, and none is given more than 20 s.
	indexLate = 30 * time.Second
	// unseenMessages is how many messages a conversation is taken to have that were not
	// looked at yet: so many times fewer conversations than messages are read.
	unseenMessages = 5
)

// IndexSome implements conversation.Indexer.
func (s *Store) IndexSome(ctx context.Context, limit int) (more bool, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, int64(searchLock)).Scan(&mine); err != nil || !mine {
			return err
		}
		if more, err = indexMessages(ctx, tx, limit); err != nil {
			return err
		}
		contacts, err := indexContacts(ctx, tx, limit)
		more = more || contacts == limit
		return err
	})
	if err != nil {
		return false, fmt.Errorf("index messages: %w", err)
	}
	return more, nil
}

// indexMessages takes the messages of the conversations that changed first, and says
// whether there may be more.
func indexMessages(ctx context.Context, tx pgx.Tx, limit int) (bool, error) {
	const due = `
		WITH due AS (
			SELECT c.id, c.updated_at, coalesce(t.seq, 0) AS done
			FROM conversations c LEFT JOIN LATERAL (
				SELECT seq FROM message_terms t WHERE t.conversation_id = c.id ORDER BY seq DESC LIMIT 1
			) t ON true
			WHERE c.seq > 0 AND c.updated_at >= (SELECT cursor_at FROM search_worker) AND c.seq > coalesce(t.seq, 0)
			ORDER BY c.updated_at LIMIT @talks
		)
		SELECT d.id::text, d.updated_at, m.seq, m.body FROM due d CROSS JOIN LATERAL (
			SELECT seq, body FROM messages WHERE conversation_id = d.id AND seq > d.done ORDER BY seq LIMIT @limit
		) m
		ORDER BY d.updated_at, d.id, m.seq LIMIT @limit`
	const store = `
		INSERT INTO message_terms (conversation_id, seq, terms)
		SELECT id, seq, terms::tsvector FROM unnest(@ids::uuid[], @seqs::bigint[], @terms::text[]) AS n(id, seq, terms)
		ON CONFLICT DO NOTHING`
	const advance = `UPDATE search_worker SET cursor_at = greatest(cursor_at, least(@at, now() - make_interval(secs => @late)))`
	most := max(1, limit/unseenMessages)
	rows, err := tx.Query(ctx, due, pgx.NamedArgs{"limit": limit, "talks": most})
	if err != nil {
		return false, err
	}
	var (
		talks      int
		ids, terms []string
		seqs       []int64
		at         time.Time
		id, body   string
		seq        int64
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &at, &seq, &body}, func() error {
		if len(ids) == 0 || ids[len(ids)-1] != id {
			talks++
		}
		ids, seqs, terms = append(ids, id), append(seqs, seq), append(terms, termsOf(body))
		return nil
	})
	if err != nil {
		return false, err
	}
	if len(ids) > 0 {
		if _, err := tx.Exec(ctx, store, pgx.NamedArgs{"ids": ids, "seqs": seqs, "terms": terms}); err != nil {
			return false, err
		}
	}
	more := len(ids) == limit || talks == most
	if !more {
		at = time.Now().Add(24 * time.Hour) // all is done: only the late ones are left
	}
	_, err = tx.Exec(ctx, advance, pgx.NamedArgs{"at": at, "late": seconds(indexLate)})
	return more, err
}

func indexContacts(ctx context.Context, tx pgx.Tx, limit int) (int, error) {
	const due = `
		WITH gone AS (
			DELETE FROM contact_changes WHERE id IN (SELECT id FROM contact_changes ORDER BY id LIMIT @limit)
			RETURNING contact_id
		)
		SELECT p.id::text, p.name, p.email FROM contacts p WHERE p.id IN (SELECT contact_id FROM gone) FOR KEY SHARE`
	const store = `
		INSERT INTO contact_terms (contact_id, terms)
		SELECT id, terms::tsvector FROM unnest(@ids::uuid[], @terms::text[]) AS n(id, terms)
		ON CONFLICT (contact_id) DO UPDATE SET terms = excluded.terms`
	rows, err := tx.Query(ctx, due, pgx.NamedArgs{"limit": limit})
	if err != nil {
		return 0, err
	}
	var (
		ids, terms      []string
		id, name, email string
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &name, &email}, func() error {
		ids, terms = append(ids, id), append(terms, termsOf(name, email))
		return nil
	})
	if err != nil || len(ids) == 0 {
		return len(ids), err
	}
	_, err = tx.Exec(ctx, store, pgx.NamedArgs{"ids": ids, "terms": terms})
	return len(ids), err
}
