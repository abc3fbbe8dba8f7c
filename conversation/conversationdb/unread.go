package conversationdb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

const (
	// blockedFor is how long files of a blocked contact are left out before it is seen
	// whether they still are; unblocking one has them looked at sooner.
	blockedFor = time.Hour
	// blockedAtOnce is how many of them one look puts off.
	blockedAtOnce = 100
)

// TakeFile implements conversation.Unread. The mark is made, and the file read, in one
// statement, whose commit need not wait for the disk: a mark lost in a crash is that of
// somebody who died. Whether it was made is asked of the update itself, which waits for
// whoever claims the file at that moment; the rest of the statement sees it as before.
func (s *Store) TakeFile(ctx context.Context, id string, within time.Duration, insist bool) (conversation.File, error) {
	const q = `
		WITH nosync AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)
		), mark AS (
			UPDATE files SET reading_until = now() + make_interval(secs => @within), reading_token = NULL FROM nosync
			WHERE id = @id AND state = 'pending' AND (reading_token IS NULL OR reading_until <= now() OR @insist)
			RETURNING id
		), busy AS (
			SELECT NOT EXISTS (SELECT FROM mark) AND state = 'pending' AS busy FROM files WHERE id = @id
		)
		SELECT jsonb_build_array(` + fileObject + `), f.conversation_id, coalesce(f.seq, 0), f.channel, f.account, f.remote,
			CASE WHEN NOT busy THEN f.content END, CASE WHEN NOT busy THEN f.picture END, busy
		FROM files f, busy WHERE f.id = @id`
	var busy bool
	f, err := scanFile(s.pool.QueryRow(ctx, q, pgx.NamedArgs{"id": id, "within": seconds(within), "insist": insist}), &busy)
	if err == nil && busy {
		err = conversation.ErrFileBusy
	}
	return f, fileErr("take", id, err)
}

// ClaimFiles implements conversation.Unread. Only the files are locked, and what their
// conversations are like is seen as it was when the statement began. A turn that has come
// due since finds the file marked and waits for it; one that was ended since is noticed at
// the next look; a contact blocked since has one more file read. A file that another
// replica has just claimed is either passed over or, its lock being free again, seen with
// that claim.
func (s *Store) ClaimFiles(ctx context.Context, limit int, lease time.Duration) ([]conversation.FileClaim, error) {
	const unread = `FROM files f JOIN conversations c ON c.id = f.conversation_id
			WHERE f.state = 'pending' AND f.seq IS NOT NULL AND f.reading_until <= now()`
	const q = `
		WITH nosync AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)
		), blocked AS (
			SELECT f.id ` + unread + ` AND c.blocked LIMIT @blocked FOR UPDATE OF f SKIP LOCKED
		), off AS (
			UPDATE files SET reading_until = now() + make_interval(secs => @blocked_for) FROM blocked WHERE files.id = blocked.id
		), due AS (
			SELECT f.id ` + unread + ` AND NOT c.blocked
			-- A turn reads what came since the last answer; what was passed over before, none will.
			AND NOT (c.turn_due_at IS NOT NULL AND f.seq > greatest(c.answered_seq, c.context_seq))
			ORDER BY f.reading_until LIMIT @limit FOR UPDATE OF f SKIP LOCKED
		)
		UPDATE files f SET reading_until = now() + make_interval(secs => @lease), reading_token = gen_random_uuid(),
			reading_attempts = reading_attempts + 1
		FROM due, nosync WHERE f.id = due.id
		RETURNING f.id::text, f.conversation_id::text, f.reading_token::text, f.reading_attempts`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{
		"limit": limit, "lease": seconds(lease), "blocked": blockedAtOnce, "blocked_for": seconds(blockedFor),
	})
	if err != nil {
		return nil, fmt.Errorf("claim unread files: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[conversation.FileClaim])
	if err != nil {
		return nil, fmt.Errorf("claim unread files: %w", err)
	}
	return list, nil
}

// LeaveFile implements conversation.Unread.
func (s *Store) LeaveFile(ctx context.Context, c conversation.FileClaim, after time.Duration, begun bool) error {
	const q = `
		UPDATE files SET reading_until = now() + make_interval(secs => @after), reading_token = NULL,
			reading_attempts = reading_attempts - (NOT @begun)::int
		WHERE id = @id AND state = 'pending' AND reading_token IS NOT DISTINCT FROM @token::uuid`
	_, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"id": c.ID, "token": null(c.Token), "after": seconds(after), "begun": begun})
	return fileErr("leave", c.ID, err)
}
