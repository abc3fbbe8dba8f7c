package conversationdb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// event is a row of conversation_events about to be stored with its change.
type event struct{ kind, was, became, reason string }

// note stores an event of a change that the same transaction makes.
func noteEvent(ctx context.Context, tx pgx.Tx, id string, by conversation.Actor, e event) error {
	const q = `INSERT INTO conversation_events (conversation_id, kind, was, became, reason, actor, actor_name)
		VALUES (@id, @kind, @was, @became, @reason, @actor, @name)`
	actor := by.StaffID
	if actor == "" {
		actor = "system"
	}
	_, err := tx.Exec(ctx, q, pgx.NamedArgs{"id": id, "kind": e.kind, "was": e.was, "became": e.became, "reason": e.reason,
		"actor": actor, "name": by.Name})
	return err
}

// MarkRead implements conversation.InboxMarks.
func (s *Store) MarkRead(ctx context.Context, id, me string, seq int64) error {
	const q = `
		WITH named AS (
			UPDATE mentions SET read_at = now() WHERE conversation_id = @id AND staff_id = @me AND seq <= @seq AND read_at IS NULL
		)
		INSERT INTO read_marks AS r (conversation_id, staff_id, seq)
		SELECT c.id, @me, least(@seq, c.seq) FROM conversations c WHERE c.id = @id
		ON CONFLICT (conversation_id, staff_id) DO UPDATE SET seq = greatest(r.seq, excluded.seq)
		RETURNING true`
	var ok bool
	if err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"id": id, "me": me, "seq": seq}).Scan(&ok); err != nil {
		return fail("mark as read", id, err)
	}
	return nil
}

// MarkUnread implements conversation.InboxMarks.
func (s *Store) MarkUnread(ctx context.Context, id, me string, seq int64) error {
	const q = `
		WITH back AS (
			UPDATE read_marks r SET seq = from_seq - 1
			FROM (SELECT CASE WHEN @seq::bigint > 0 THEN @seq ELSE
				(SELECT max(m.seq) FROM messages m WHERE m.conversation_id = @id AND m.author = 'customer') END AS from_seq) f
			WHERE r.conversation_id = @id AND r.staff_id = @me AND r.seq >= from_seq
		)
		SELECT true FROM conversations WHERE id = @id`
	var ok bool
	if err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"id": id, "me": me, "seq": seq}).Scan(&ok); err != nil {
		return fail("mark as unread", id, err)
	}
	return nil
}

// SetLabels implements conversation.InboxMarks.
func (s *Store) SetLabels(ctx context.Context, id string, by conversation.Actor, names []string) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var had, has []string
		const read = `SELECT coalesce((SELECT array_agg(l.name ORDER BY lower(l.name)) FROM conversation_labels cl
				JOIN labels l ON l.id = cl.label_id WHERE cl.conversation_id = c.id), '{}')
			FROM conversations c WHERE c.id = @id`
		args := pgx.NamedArgs{"id": id, "names": lowered(names)}
		// The lock first, so that of two changes each sees what the other left.
		if err := lockConversation(ctx, tx, id); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, read, args).Scan(&had); err != nil {
			return err
		}
		var ids []string
		rows, err := tx.Query(ctx, `SELECT id::text FROM labels WHERE lower(name) = ANY (SELECT lower(n) FROM unnest(@names::text[]) AS n) FOR KEY SHARE`, args)
		if err == nil {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
		}
		if err != nil {
			return err
		}
		if len(ids) < len(lowered(names)) {
			return conversation.ErrNoLabel
		}
		args["ids"] = ids
		if _, err := tx.Exec(ctx, `DELETE FROM conversation_labels WHERE conversation_id = @id AND label_id <> ALL (@ids::uuid[])`, args); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO conversation_labels SELECT @id::uuid, l FROM unnest(@ids::uuid[]) AS l ON CONFLICT DO NOTHING`, args); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, read, args).Scan(&has); err != nil {
			return err
		}
		was, became := strings.Join(had, ", "), strings.Join(has, ", ")
		if was == became {
			return nil
		}
		return noteEvent(ctx, tx, id, by, event{kind: "label", was: was, became: became})
	})
	if err != nil {
		return fail("label", id, err)
	}
	return nil
}

// lowered is names without repeats.
func lowered(names []string) []string {
	out := []string{}
	seen := map[string]bool{}
	for _, n := range names {
		if n = strings.ToLower(strings.TrimSpace(n)); !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// lockConversation keeps others from changing it until the transaction ends.
func lockConversation(ctx context.Context, tx pgx.Tx, id string) error {
	var ok bool
	return tx.QueryRow(ctx, `SELECT true FROM conversations WHERE id = @id FOR NO KEY UPDATE`, pgx.NamedArgs{"id": id}).Scan(&ok)
}

// SetPriority implements conversation.InboxMarks.
func (s *Store) SetPriority(ctx context.Context, id string, by conversation.Actor, priority int) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		const q = `
			WITH old AS (SELECT id, priority FROM conversations WHERE id = @id FOR NO KEY UPDATE), c AS (
				UPDATE conversations c SET priority = @priority FROM old WHERE c.id = old.id AND old.priority <> @priority
			)
			SELECT priority FROM old`
		var was int
		if err := tx.QueryRow(ctx, q, pgx.NamedArgs{"id": id, "priority": priority}).Scan(&was); err != nil || was == priority {
			return err
		}
		return noteEvent(ctx, tx, id, by, event{kind: "priority", was: strconv.Itoa(was), became: strconv.Itoa(priority)})
	})
	if err != nil {
		return fail("prioritise", id, err)
	}
	return nil
}

// Snooze implements conversation.InboxMarks. The epoch and the turn stay: what the
// bot is writing it may finish.
func (s *Store) Snooze(ctx context.Context, id string, by conversation.Actor, until time.Time) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var (
			status conversation.Status
			had    *time.Time
		)
		err := tx.QueryRow(ctx, `SELECT status, snoozed_until FROM conversations WHERE id = @id FOR NO KEY UPDATE`, pgx.NamedArgs{"id": id}).Scan(&status, &had)
		switch {
		case err != nil:
			return err
		case status == conversation.StatusResolved:
			return conversation.ErrNotCurrent
		case until.IsZero() && status != conversation.StatusSnoozed:
			return nil
		case status == conversation.StatusSnoozed && had != nil && had.Equal(until.Truncate(time.Microsecond)):
			return nil
		}
		e := event{kind: "snooze", reason: "staff"}
		if status == conversation.StatusSnoozed {
			e.was = instant(had)
		}
		next, end := conversation.StatusOpen, (*time.Time)(nil)
		if !until.IsZero() {
			next, end = conversation.StatusSnoozed, &until
			e.became = instant(end)
		}
		_, err = tx.Exec(ctx, `UPDATE conversations SET status = @status, snoozed_until = @until, updated_at = now() WHERE id = @id`,
			pgx.NamedArgs{"id": id, "status": next, "until": end})
		if err != nil {
			return err
		}
		return noteEvent(ctx, tx, id, by, e)
	})
	if err != nil {
		return fail("snooze", id, err)
	}
	return nil
}

func instant(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// WakeSnoozed implements conversation.InboxMarks.
func (s *Store) WakeSnoozed(ctx context.Context, limit int) ([]string, error) {
	const q = `
		WITH due AS (
			SELECT id, snoozed_until FROM conversations WHERE status = 'snoozed' AND snoozed_until <= now()
			ORDER BY snoozed_until LIMIT @limit FOR NO KEY UPDATE SKIP LOCKED
		), c AS (
			UPDATE conversations c SET status = 'open', snoozed_until = NULL, updated_at = now() FROM due WHERE c.id = due.id
			RETURNING c.id
		), event AS (
			INSERT INTO conversation_events (conversation_id, kind, was, reason, actor)
			SELECT id, 'snooze', to_char(snoozed_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'due', 'system' FROM due
		)
		SELECT id::text FROM c`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"limit": limit})
	if err != nil {
		return nil, fmt.Errorf("wake snoozed conversations: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("wake snoozed conversations: %w", err)
	}
	return ids, nil
}

// SetAssignee implements conversation.InboxMarks. Whoever looks for somebody does so
// one at a time, so that two conversations do not go to the same idle person.
func (s *Store) SetAssignee(ctx context.Context, id string, by conversation.Actor, a conversation.Assignment) (to conversation.Named, fresh bool, err error) {
	// Again where it meets an account being changed, which is locked before its conversations.
	err = s.inOrder(ctx, func(tx pgx.Tx) error {
		to, fresh = conversation.Named{}, false
		if a.Auto {
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(roundLock)); err != nil {
				return err
			}
		}
		var was, team string
		const old = `SELECT coalesce((SELECT a.name FROM staff_accounts a WHERE a.id = c.assignee_id), ''),
				coalesce((SELECT t.name FROM teams t WHERE t.id = c.team_id), '')
			FROM conversations c WHERE c.id = @id FOR NO KEY UPDATE OF c`
		if err := tx.QueryRow(ctx, old, pgx.NamedArgs{"id": id}).Scan(&was, &team); err != nil {
			return err
		}
		toTeam := ""
		if a.Team != "" {
			if err := tx.QueryRow(ctx, `SELECT name FROM teams WHERE id = @id FOR KEY SHARE`, pgx.NamedArgs{"id": a.Team}).Scan(&toTeam); err != nil {
				return notThere(err, conversation.ErrNoTeam)
			}
		}
		if to, err = assignee(ctx, tx, a); err != nil {
			return err
		}
		const q = `
			WITH round AS (
				INSERT INTO staff_rounds AS r (staff_id, assigned_at) SELECT @staff::uuid, clock_timestamp() WHERE @staff::uuid IS NOT NULL
				ON CONFLICT (staff_id) DO UPDATE SET assigned_at = excluded.assigned_at
			)
			UPDATE conversations SET assignee_id = @staff, team_id = @team WHERE id = @id AND status <> 'resolved'
				AND (assignee_id IS DISTINCT FROM @staff::uuid OR team_id IS DISTINCT FROM @team::uuid)`
		tag, err := tx.Exec(ctx, q, pgx.NamedArgs{"id": id, "staff": null(to.ID), "team": null(a.Team)})
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		fresh = true
		reason := "staff"
		if a.Auto {
			reason = "round_robin"
		}
		return noteEvent(ctx, tx, id, by, event{kind: "assign", was: both(was, team), became: both(to.Name, toTeam), reason: reason})
	})
	if err != nil {
		return conversation.Named{}, false, fail("assign", id, err)
	}
	return to, fresh, nil
}

// roundLock is the advisory lock under which somebody is looked for.
const roundLock = 0x66645f726f756e64 // "fd_round"

// mayTake tells which staff account a can be given conversations.
const mayTake = `a.disabled_at IS NULL AND a.role IN ('agent', 'admin')`

// assignee finds whom the assignment means; nobody where it names only a team.
func assignee(ctx context.Context, tx pgx.Tx, a conversation.Assignment) (conversation.Named, error) {
	const named = `SELECT a.id::text, a.name FROM staff_accounts a WHERE a.id = @staff AND ` + mayTake + ` FOR KEY SHARE`
	const next = `
		SELECT a.id::text, a.name FROM staff_accounts a LEFT JOIN staff_rounds r ON r.staff_id = a.id
		WHERE staff_is_here(a.id) AND ` + mayTake + `
			AND (@team::uuid IS NULL OR EXISTS (SELECT 1 FROM team_members m WHERE m.team_id = @team AND m.staff_id = a.id))
		ORDER BY (SELECT count(*) FROM conversations c WHERE c.owner = 'staff' AND c.staff_id = a.id AND c.status IN ('open', 'waiting'))
			+ (SELECT count(*) FROM conversations c WHERE c.owner = 'queue' AND c.assignee_id = a.id AND c.status IN ('open', 'waiting')),
			r.assigned_at NULLS FIRST, a.id
		LIMIT 1 FOR KEY SHARE OF a` // who is disabled at this moment is passed over
	var who conversation.Named
	switch {
	case a.Staff != "":
		err := tx.QueryRow(ctx, named, pgx.NamedArgs{"staff": a.Staff}).Scan(&who.ID, &who.Name)
		return who, notThere(err, conversation.ErrNoStaff)
	case a.Auto:
		err := tx.QueryRow(ctx, next, pgx.NamedArgs{"team": null(a.Team)}).Scan(&who.ID, &who.Name)
		return who, notThere(err, conversation.ErrNobody)
	}
	return who, nil
}

// notThere gives the absence of a row its name.
func notThere(err, as error) error {
	if errors.Is(err, pgx.ErrNoRows) || isCode(err, invalidText) {
		return as
	}
	return err
}

// both names a person and a team.
func both(person, team string) string {
	switch {
	case team == "":
		return person
	case person == "":
		return team
	}
	return person + ", " + team
}
