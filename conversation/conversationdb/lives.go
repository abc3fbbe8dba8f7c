package conversationdb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// Floor implements conversation.Lives.
func (s *Store) Floor(ctx context.Context) (conversation.Floor, error) {
	const q = `
		SELECT (SELECT count(*) FROM (SELECT DISTINCT staff_id FROM staff_streams WHERE seen_at > now() - interval '40 seconds') p
				WHERE staff_is_here(p.staff_id)),
			EXISTS (SELECT FROM desks)`
	var f conversation.Floor
	if err := s.pool.QueryRow(ctx, q).Scan(&f.Online, &f.Desks); err != nil {
		return f, fmt.Errorf("read who is there: %w", err)
	}
	return f, nil
}

// ClaimLives implements conversation.Lives. A lease's commit need not wait for the
// disk: one that a crash loses is one that has ended. What it is to be judged by is read
// after the claim: a claim gets the newest of an episode, news counted in wakes with it, but
// would read the conversation as it was before those.
func (s *Store) ClaimLives(ctx context.Context, now time.Time, limit int, lease time.Duration) ([]conversation.Life, error) {
	if err := s.goRound(ctx); err != nil {
		return nil, err
	}
	const claim = `
		WITH due AS (
			SELECT conversation_id, episode FROM episodes
			WHERE due_at <= @now AND (lease_until IS NULL OR lease_until < @now)
			ORDER BY due_at LIMIT @limit
			FOR UPDATE SKIP LOCKED
		), nosync AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
		UPDATE episodes e SET lease_token = gen_random_uuid(), lease_until = @now::timestamptz + make_interval(secs => @lease)
		FROM due, nosync WHERE e.conversation_id = due.conversation_id AND e.episode = due.episode
		RETURNING e.conversation_id::text, e.episode, e.lease_token::text, e.wakes`
	const read = `
		SELECT ` + stateColumns + `, held.token::text, held.wakes, e.started_at, c.customer_at, m.created_at, o.created_at,
			e.reminded_at, e.escalated_at, c.turn_due_at IS NOT NULL, e.episode
		FROM unnest(@ids::text[]::uuid[], @episodes::int[], @tokens::text[]::uuid[], @wakes::bigint[]) AS held(id, episode, token, wakes)
		JOIN episodes e ON e.conversation_id = held.id AND e.episode = held.episode JOIN conversations c ON c.id = held.id
		LEFT JOIN LATERAL (
			SELECT created_at FROM messages
			WHERE conversation_id = c.id AND NOT note AND author <> 'system' ORDER BY seq DESC LIMIT 1
		) m ON true
		LEFT JOIN LATERAL (
			SELECT created_at FROM ownership_events WHERE conversation_id = c.id ORDER BY id DESC LIMIT 1
		) o ON true`
	rows, err := s.pool.Query(ctx, claim, pgx.NamedArgs{"now": now, "limit": limit, "lease": seconds(lease)})
	if err != nil {
		return nil, fmt.Errorf("claim overdue conversations: %w", err)
	}
	var (
		ids, tokens []string
		episodes    []int
		wakes       []int64
		id, token   string
		episode     int
		n           int64
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &episode, &token, &n}, func() error {
		ids, episodes, tokens, wakes = append(ids, id), append(episodes, episode), append(tokens, token), append(wakes, n)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim overdue conversations: %w", err)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err = s.pool.Query(ctx, read, pgx.NamedArgs{"ids": ids, "episodes": episodes, "tokens": tokens, "wakes": wakes})
	if err != nil {
		return nil, fmt.Errorf("read overdue conversations: %w", err)
	}
	lives, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (conversation.Life, error) {
		var (
			l                                              conversation.Life
			st                                             stateScan
			customer, spoke, owned, reminded, escalatedNow *time.Time
			episode                                        int
		)
		err := row.Scan(append(st.targets(), &l.Lease, &l.Wakes, &l.Started, &customer, &spoke, &owned, &reminded, &escalatedNow, &l.TurnDue, &episode)...)
		l.State = st.state()
		l.CustomerAt, l.SpokeAt, l.OwnedAt, l.RemindedAt, l.EscalatedAt = orZero(customer), orZero(spoke), orZero(owned), orZero(reminded), orZero(escalatedNow)
		if episode != l.State.Episode { // it began a new one this very moment
			l.State.Status = conversation.StatusResolved
			l.State.Episode = episode
		}
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("claim overdue conversations: %w", err)
	}
	return lives, nil
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// SettleLife implements conversation.Lives.
func (s *Store) SettleLife(ctx context.Context, l conversation.Life, next time.Time) error {
	const q = `
		UPDATE episodes SET lease_token = NULL, lease_until = NULL, due_at = CASE WHEN wakes = @wakes THEN @next ELSE due_at END
		WHERE conversation_id = @id AND episode = @episode AND lease_token = @token`
	at := &next
	if next.IsZero() {
		at = nil
	}
	id := l.State.Conversation
	if _, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"id": id, "episode": l.State.Episode, "token": l.Lease, "wakes": l.Wakes, "next": at}); err != nil {
		return fail("settle a look at", id, err)
	}
	return nil
}

// Remind implements conversation.Lives. It locks the conversation before the episode,
// as the triggers do.
func (s *Store) Remind(ctx context.Context, l conversation.Life, now time.Time, escalate bool) (bool, error) {
	const q = `
		WITH c AS (
			SELECT id, priority, greatest(priority + 1, @high) AS raised FROM conversations WHERE id = @id AND epoch = @epoch FOR NO KEY UPDATE
		), e AS (
			UPDATE episodes e SET
				reminded_at = coalesce(e.reminded_at, @now),
				escalated_at = CASE WHEN @escalate THEN @now ELSE e.escalated_at END
			FROM c WHERE e.conversation_id = c.id AND e.episode = @episode AND e.lease_token = @token
			AND CASE WHEN @escalate THEN e.escalated_at IS NULL ELSE e.reminded_at IS NULL END
			RETURNING e.conversation_id
		), raised AS (
			UPDATE conversations SET priority = c.raised, updated_at = now()
			FROM c, e WHERE conversations.id = e.conversation_id AND c.id = e.conversation_id AND @escalate AND c.priority < @most
			RETURNING conversations.id
		), told AS (
			INSERT INTO conversation_events (conversation_id, kind, was, became, reason, actor)
			SELECT c.id, 'priority', c.priority::text, c.raised::text, 'escalated', 'system' FROM c JOIN raised ON raised.id = c.id
		)
		SELECT count(*) > 0 FROM e`
	var first bool
	id := l.State.Conversation
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{
		"id": id, "epoch": l.State.Epoch, "episode": l.State.Episode, "token": l.Lease, "now": now, "escalate": escalate,
		"high": conversation.PriorityHigh, "most": conversation.PriorityMost,
	}).Scan(&first)
	if err != nil {
		return false, fail("remind of", id, err)
	}
	return first, nil
}

// Promise implements conversation.Lives.
func (s *Store) Promise(ctx context.Context, id string, p conversation.Promise) error {
	const q = `
		UPDATE waits SET promised_at = now(), position = nullif(@position, 0), typical_s = nullif(@typical, 0), opens_at = @opens
		WHERE conversation_id = @id AND ended_at IS NULL AND promised_at IS NULL`
	var opens *time.Time
	if !p.OpensAt.IsZero() {
		opens = &p.OpensAt
	}
	if _, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"id": id, "position": p.Position, "typical": int(p.Typical.Seconds()), "opens": opens}); err != nil {
		return fail("keep a promise to", id, err)
	}
	return nil
}

// Waiting implements conversation.Lives.
func (s *Store) Waiting(ctx context.Context) (n int, err error) {
	const q = `SELECT count(*) FROM conversations WHERE owner = 'queue' AND waiting_since IS NOT NULL`
	if err := s.pool.QueryRow(ctx, q).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the queue: %w", err)
	}
	return n, nil
}

// Places implements conversation.Lives.
func (s *Store) Places(ctx context.Context, ids []string) (map[string]int, error) {
	const q = `
		SELECT id, place FROM (
			SELECT id, rank() OVER (ORDER BY waiting_since) AS place FROM conversations WHERE owner = 'queue' AND waiting_since IS NOT NULL
		) c WHERE id = ANY (@ids::uuid[])`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"ids": ids})
	if err != nil {
		return nil, fmt.Errorf("read places in the queue: %w", err)
	}
	out := make(map[string]int, len(ids))
	var (
		id    string
		place int
	)
	if _, err := pgx.ForEachRow(rows, []any{&id, &place}, func() error { out[id] = place; return nil }); err != nil {
		return nil, fmt.Errorf("read places in the queue: %w", err)
	}
	return out, nil
}

// Waits implements conversation.Lives.
func (s *Store) Waits(ctx context.Context, limit int) ([]conversation.Waited, error) {
	const q = `SELECT since, ended_at FROM waits WHERE outcome = 'replied' ORDER BY ended_at DESC LIMIT @limit`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"limit": limit})
	if err != nil {
		return nil, fmt.Errorf("read waits: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[conversation.Waited])
	if err != nil {
		return nil, fmt.Errorf("read waits: %w", err)
	}
	return out, nil
}

// StaffHere implements conversation.Lives. Streams that died with their process are
// cleared away by the next one that lives.
func (s *Store) StaffHere(ctx context.Context, stream, staffID string) error {
	const q = `
		WITH dead AS (
			DELETE FROM staff_streams WHERE staff_id = @staff AND seen_at < now() - interval '5 minutes' AND id <> @id
		)
		INSERT INTO staff_streams (id, staff_id, seen_at)
		SELECT @id, a.id, now() FROM staff_accounts a WHERE a.id = @staff
		ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`
	if _, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"id": stream, "staff": staffID}); err != nil && !isCode(err, invalidText) {
		return fmt.Errorf("note that staff %s is here: %w", staffID, err)
	}
	return nil
}

// StaffGone implements conversation.Lives.
func (s *Store) StaffGone(ctx context.Context, stream string) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM staff_streams WHERE id = $1`, stream); err != nil {
		return fmt.Errorf("note that a stream has ended: %w", err)
	}
	return nil
}

// RateEpisode implements conversation.Feelings.
func (s *Store) RateEpisode(ctx context.Context, id string, r conversation.Rating, within, again time.Duration) (conversation.Rating, error) {
	// The conversation before the episode, as everywhere. Apart, since the customer may be
	// merged with another at this very moment.
	const lock = `SELECT FROM conversations WHERE id = @id FOR NO KEY UPDATE`
	const q = `
		WITH c AS (
			SELECT c.id, @sender = '' OR EXISTS (
				SELECT FROM identities i WHERE i.contact_id = c.contact_id AND i.channel = @channel AND i.account = @account AND i.external_id = @sender
			) AS theirs
			FROM conversations c WHERE c.id = @id
		), old AS (
			SELECT e.conversation_id, e.episode, e.rating, e.rated_at, e.resolved_at FROM c JOIN episodes e ON e.conversation_id = c.id
			WHERE c.theirs AND e.resolved_at IS NOT NULL AND @episode IN (0, e.episode)
			ORDER BY e.episode DESC LIMIT 1 FOR UPDATE OF e
		), e AS (
			UPDATE episodes e SET rating = @score, comment = CASE WHEN @comment = '' THEN e.comment ELSE @comment END, rated_at = coalesce(old.rated_at, now())
			FROM old WHERE e.conversation_id = old.conversation_id AND e.episode = old.episode
			AND CASE WHEN old.rated_at IS NULL THEN old.resolved_at > now() - make_interval(secs => @within)
				ELSE old.rated_at > now() - make_interval(secs => @again) END
			RETURNING e.conversation_id, e.episode, old.rating AS was
		), told AS (
			INSERT INTO conversation_events (conversation_id, kind, was, became, actor)
			SELECT conversation_id, 'rating', coalesce(was::text, ''), @score::int::text, 'customer' FROM e
			WHERE was IS DISTINCT FROM @score::int
		)
		SELECT theirs, coalesce((SELECT episode FROM e), 0) FROM c`
	var theirs bool
	err := afterLock(ctx, s.pool, lock, q, pgx.NamedArgs{
		"id": id, "episode": r.Episode, "score": r.Score, "comment": r.Comment, "within": seconds(within), "again": seconds(again),
		"channel": r.By.Channel, "account": r.By.Account, "sender": r.By.Sender,
	}, &theirs, &r.Episode)
	switch {
	case err != nil:
		return r, fail("rate", id, err)
	case !theirs:
		return r, conversation.ErrNotYours
	case r.Episode == 0:
		return r, conversation.ErrNotCurrent
	}
	return r, nil
}

// Seen implements conversation.Feelings.
func (s *Store) Seen(ctx context.Context, id string, seq int64) (bool, error) {
	const q = `
		INSERT INTO seen_marks AS s (conversation_id, seq)
		SELECT c.id, least(@seq, c.seq) FROM conversations c WHERE c.id = @id
		ON CONFLICT (conversation_id) DO UPDATE SET seq = excluded.seq WHERE s.seq < excluded.seq`
	tag, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"id": id, "seq": seq})
	if err != nil {
		return false, fail("note what was seen of", id, err)
	}
	if tag.RowsAffected() == 0 {
		_, err := s.State(ctx, id)
		return false, err
	}
	return true, nil
}

// Thanked implements conversation.Feelings.
func (s *Store) Thanked(ctx context.Context, id string, episode int) error {
	const q = `UPDATE episodes SET thanked = true WHERE conversation_id = $1 AND episode = $2 AND NOT thanked`
	if _, err := s.pool.Exec(ctx, q, id, episode); err != nil {
		return fail("note the thanks of", id, err)
	}
	return nil
}
