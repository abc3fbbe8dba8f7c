package conversationdb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// deskColumns are what scanDeskThread reads, of desk_threads as t.
const deskColumns = `t.conversation_id, t.channel, t.account, t.chat, t.thread, t.root, t.posted_seq, t.failed_seq,
	t.shown, t.attempts, t.wakes, coalesce(t.lease_token::text, '')`

func deskTargets(t *conversation.DeskThread) []any {
	return []any{&t.Conversation, &t.Channel, &t.Account, &t.Chat, &t.Thread, &t.Root, &t.Posted, &t.Failed,
		&t.Shown, &t.Attempt, &t.Wakes, &t.Lease}
}

// SetDesks implements conversation.DeskThreads. What has been waiting for long gets
// its thread on a new desk; what staff hold already gets it with its next message.
func (s *Store) SetDesks(ctx context.Context, channels []string) error {
	const (
		set = `
			WITH gone AS (
				DELETE FROM desks WHERE channel <> ALL (@channels)
			)
			INSERT INTO desks (channel) SELECT unnest(@channels::text[]) ON CONFLICT DO NOTHING RETURNING channel`
		// Whoever is changing a conversation does not know of the new desk: they are waited
		// for. Whoever comes after them waits for it, and does.
		wait = `LOCK TABLE conversations IN SHARE MODE`
		open = `
			INSERT INTO desk_threads AS t (conversation_id, channel, posted_seq, failed_seq)
			SELECT c.id, made.channel, c.seq, c.seq FROM unnest(@made::text[]) AS made (channel), conversations c
			WHERE c.owner = 'queue' AND c.status <> 'resolved'
			ON CONFLICT (conversation_id, channel) DO UPDATE SET due_at = coalesce(t.due_at, now()), wakes = t.wakes + 1`
	)
	if channels == nil {
		channels = []string{}
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, set, pgx.NamedArgs{"channels": channels})
		if err != nil {
			return err
		}
		made, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || len(made) == 0 {
			return err
		}
		if _, err = tx.Exec(ctx, wait); err == nil {
			_, err = tx.Exec(ctx, open, pgx.NamedArgs{"made": made})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("set desks: %w", err)
	}
	return nil
}

// ClaimDeskThreads implements conversation.DeskThreads.
func (s *Store) ClaimDeskThreads(ctx context.Context, channels []string, limit int, lease time.Duration) ([]conversation.DeskThread, error) {
	const q = `
		WITH due AS (
			SELECT conversation_id, channel FROM desk_threads
			WHERE due_at <= now() AND channel = ANY (@channels) AND (lease_until IS NULL OR lease_until < now())
			ORDER BY due_at LIMIT @limit
			FOR UPDATE SKIP LOCKED
		)
		UPDATE desk_threads t SET lease_token = gen_random_uuid(),
			lease_until = now() + make_interval(secs => @lease), attempts = t.attempts + 1
		FROM due WHERE t.conversation_id = due.conversation_id AND t.channel = due.channel
		RETURNING ` + deskColumns
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"channels": channels, "limit": limit, "lease": seconds(lease)})
	if err != nil {
		return nil, fmt.Errorf("claim desk threads: %w", err)
	}
	ts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t conversation.DeskThread, err error) {
		err = row.Scan(deskTargets(&t)...)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("claim desk threads: %w", err)
	}
	return ts, nil
}

// SaveDeskThread implements conversation.DeskThreads.
func (s *Store) SaveDeskThread(ctx context.Context, t conversation.DeskThread, lease time.Duration) error {
	const q = `
		UPDATE desk_threads SET account = @account, chat = @chat, thread = @thread, root = @root,
			posted_seq = @posted, failed_seq = @failed, shown = @shown,
			lease_until = now() + make_interval(secs => @lease)
		WHERE conversation_id = @id AND channel = @channel AND lease_token = @token`
	tag, err := s.pool.Exec(ctx, q, pgx.NamedArgs{
		"id": t.Conversation, "channel": t.Channel, "account": t.Account, "chat": t.Chat, "thread": t.Thread, "root": t.Root,
		"posted": t.Posted, "failed": t.Failed, "shown": t.Shown, "lease": seconds(lease), "token": t.Lease,
	})
	if err != nil {
		return fail("save the desk thread of", t.Conversation, err)
	}
	if tag.RowsAffected() == 0 {
		return conversation.ErrSuperseded
	}
	return nil
}

// ReleaseDeskThread implements conversation.DeskThreads.
func (s *Store) ReleaseDeskThread(ctx context.Context, t conversation.DeskThread, why string, retry time.Duration) error {
	const q = `
		UPDATE desk_threads SET lease_token = NULL, lease_until = NULL, error = left(@why, 500),
			attempts = CASE WHEN @retry::float8 < 0 THEN 0 ELSE @attempts END,
			due_at = CASE WHEN @retry::float8 >= 0 THEN now() + make_interval(secs => @retry::float8)
				WHEN wakes <> @wakes THEN now() END
		WHERE conversation_id = @id AND channel = @channel AND lease_token = @token`
	_, err := s.pool.Exec(ctx, q, pgx.NamedArgs{
		"id": t.Conversation, "channel": t.Channel, "token": t.Lease, "wakes": t.Wakes, "why": why,
		"retry": retry.Seconds(), "attempts": t.Attempt,
	})
	if err != nil {
		return fail("release the desk thread of", t.Conversation, err)
	}
	return nil
}

// DeskThread implements conversation.DeskCases.
func (s *Store) DeskThread(ctx context.Context, channel string, at conversation.DeskPlace, thread string) (conversation.DeskThread, error) {
	const q = `SELECT ` + deskColumns + ` FROM desk_threads t
		WHERE t.channel = @channel AND t.account = @account AND t.chat = @chat AND t.thread = @thread AND t.thread <> ''`
	var t conversation.DeskThread
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"channel": channel, "account": at.Account, "chat": at.Chat, "thread": thread}).Scan(deskTargets(&t)...)
	if err != nil {
		return t, fail("find by desk thread", thread, err)
	}
	return t, nil
}

// DeskCase implements conversation.DeskCases.
func (s *Store) DeskCase(ctx context.Context, id string) (conversation.DeskCase, error) {
	const q = `
		SELECT ` + stateColumns + `, p.name, coalesce(e.reason, ''), coalesce(m.body, ''), w.trace
		FROM conversations c JOIN contacts p ON p.id = c.contact_id
		LEFT JOIN LATERAL (
			SELECT reason FROM ownership_events
			WHERE conversation_id = c.id AND from_owner = 'bot' AND to_owner <> 'bot' ORDER BY id DESC LIMIT 1
		) e ON true
		LEFT JOIN LATERAL (
			SELECT body FROM messages WHERE conversation_id = c.id AND author = 'customer' ORDER BY seq DESC LIMIT 1
		) m ON true
		LEFT JOIN LATERAL (
			SELECT trace FROM messages WHERE conversation_id = c.id AND episode = c.episode AND trace IS NOT NULL ORDER BY seq DESC LIMIT 1
		) w ON true
		WHERE c.id = @id`
	var (
		st    stateScan
		c     conversation.DeskCase
		trace *conversation.Trace
	)
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"id": id}).Scan(append(st.targets(), &c.Customer, &c.Reason, &c.Question, &trace)...)
	if err != nil {
		return c, fail("read the case of", id, err)
	}
	c.State = st.state()
	if trace != nil {
		c.Summary = trace.Summary
		for _, h := range trace.Passages {
			c.Passages = append(c.Passages, h.Title)
		}
	}
	return c, nil
}

// Undelivered implements conversation.DeskCases. Deliveries of a conversation fail
// in order, since none is tried before the one in front of it is settled.
func (s *Store) Undelivered(ctx context.Context, id string, after int64) ([]conversation.Undelivered, error) {
	const q = `SELECT seq, error FROM deliveries
		WHERE conversation_id = @id AND seq > @after AND state = 'failed' ORDER BY seq`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"id": id, "after": after})
	if err != nil {
		return nil, fail("read failed deliveries of", id, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[conversation.Undelivered])
	if err != nil {
		return nil, fail("read failed deliveries of", id, err)
	}
	return list, nil
}
