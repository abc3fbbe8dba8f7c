package conversationdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// DeskPerson implements conversation.DeskWords. A link to one workspace goes before
// one to all.
func (s *Store) DeskPerson(ctx context.Context, channel, account, externalID string) (conversation.DeskPerson, error) {
	const q = `
		SELECT a.id, a.name, a.role, a.disabled_at IS NOT NULL FROM staff_links l JOIN staff_accounts a ON a.id = l.account_id
		WHERE l.channel = @channel AND l.external_id = @external AND l.account IN ('', @account)
		ORDER BY l.account DESC LIMIT 1`
	var (
		p        conversation.DeskPerson
		role     staff.Role
		disabled bool
	)
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"channel": channel, "account": account, "external": externalID}).
		Scan(&p.StaffID, &p.Name, &role, &disabled)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, conversation.ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("find the account linked to %s %s: %w", channel, externalID, err)
	}
	p.MayAnswer = !disabled && role.Allows(staff.RoleAgent)
	return p, nil
}

// sendArgs name a send by key or by external id, and its writer where given.
func sendArgs(s conversation.DeskSend) pgx.NamedArgs {
	return pgx.NamedArgs{
		"id": null(s.Conversation), "channel": s.Channel, "account": s.Account, "chat": s.Chat, "external": s.ExternalID,
		"key": s.Key, "staff": null(s.By.StaffID), "body": s.Text, "lease": null(s.Lease),
	}
}

// sendFound is the condition on desk_sends that sendArgs fill. The key is compared as
// text, so that one which is no UUID names nothing.
const sendFound = `channel = @channel AND account = @account AND chat = @chat
	AND CASE WHEN @key = '' THEN external_id = @external ELSE key::text = @key END`

// AddDeskSend implements conversation.DeskWords.
func (s *Store) AddDeskSend(ctx context.Context, d conversation.DeskSend, delay time.Duration) (string, conversation.DeskFate, error) {
	const q = `
		WITH made AS (
			INSERT INTO desk_sends (conversation_id, channel, account, chat, external_id, staff_id, body, due_at)
			VALUES (@id, @channel, @account, @chat, @external, @staff, @body, now() + make_interval(secs => @delay))
			ON CONFLICT (channel, account, external_id) DO NOTHING
			RETURNING key
		)
		SELECT key::text, '' FROM made
		UNION ALL
		SELECT key::text, state FROM desk_sends
		WHERE channel = @channel AND account = @account AND external_id = @external AND NOT EXISTS (SELECT FROM made)`
	args := sendArgs(d)
	args["delay"] = seconds(delay)
	var (
		key  string
		fate conversation.DeskFate
	)
	err := s.pool.QueryRow(ctx, q, args).Scan(&key, &fate)
	if errors.Is(err, pgx.ErrNoRows) {
		// It came twice at once: the other one is committed by now, unseen by this statement.
		err = s.pool.QueryRow(ctx, q, args).Scan(&key, &fate)
	}
	if err != nil {
		return "", "", fail("store what staff wrote to", d.Conversation, err)
	}
	return key, fate, nil
}

// DeskSendFate implements conversation.DeskSends.
func (s *Store) DeskSendFate(ctx context.Context, t conversation.DeskThread, externalID string) (conversation.DeskFate, error) {
	const q = `SELECT coalesce(
		(SELECT state FROM desk_sends WHERE channel = @channel AND account = @account AND external_id = @external),
		(SELECT 'sent' FROM messages WHERE conversation_id = @id AND external_id = @message), '')`
	var fate conversation.DeskFate
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{
		"channel": t.Channel, "account": t.Account, "external": externalID, "id": t.Conversation,
		"message": conversation.DeskMessageID(t.Channel, externalID),
	}).Scan(&fate)
	if err != nil {
		return "", fail("look for what staff wrote to", t.Conversation, err)
	}
	return fate, nil
}

// EditDeskSend implements conversation.DeskWords.
func (s *Store) EditDeskSend(ctx context.Context, d conversation.DeskSend) (conversation.DeskFate, error) {
	const q = `
		WITH old AS (
			SELECT id, state, staff_id FROM desk_sends WHERE ` + sendFound + ` FOR UPDATE
		), done AS (
			UPDATE desk_sends s SET body = @body FROM old
			WHERE s.id = old.id AND old.state = 'pending' AND old.staff_id = @staff
		)
		SELECT state FROM old`
	var fate conversation.DeskFate
	err := s.pool.QueryRow(ctx, q, sendArgs(d)).Scan(&fate)
	if errors.Is(err, pgx.ErrNoRows) {
		return conversation.DeskFateUnknown, nil
	}
	if err != nil {
		return "", fail("change what staff wrote to", d.Conversation, err)
	}
	return fate, nil
}

// UndoDeskSend implements conversation.DeskWords.
func (s *Store) UndoDeskSend(ctx context.Context, d conversation.DeskSend) (conversation.DeskFate, conversation.DeskSend, error) {
	const q = `
		WITH old AS (
			SELECT id, state, staff_id, notice, conversation_id, external_id FROM desk_sends WHERE ` + sendFound + ` FOR UPDATE
		), done AS (
			UPDATE desk_sends s SET state = 'undone', body = '' FROM old
			WHERE s.id = old.id AND old.state = 'pending' AND (@staff::uuid IS NULL OR old.staff_id = @staff)
			RETURNING s.id
		)
		SELECT CASE WHEN EXISTS (SELECT FROM done) THEN 'undone' WHEN state = 'undone' THEN 'refused' ELSE state END,
			notice, conversation_id, external_id FROM old`
	var fate conversation.DeskFate
	err := s.pool.QueryRow(ctx, q, sendArgs(d)).Scan(&fate, &d.Notice, &d.Conversation, &d.ExternalID)
	if errors.Is(err, pgx.ErrNoRows) {
		return conversation.DeskFateUnknown, d, nil
	}
	if err != nil {
		return "", d, fmt.Errorf("undo what staff wrote: %w", err)
	}
	return fate, d, nil
}

// BuryDeskSend implements conversation.DeskWords.
func (s *Store) BuryDeskSend(ctx context.Context, d conversation.DeskSend) error {
	const q = `
		INSERT INTO desk_sends (conversation_id, channel, account, chat, external_id, body, state, due_at)
		VALUES (@id, @channel, @account, @chat, @external, '', 'undone', now())
		ON CONFLICT (channel, account, external_id) DO NOTHING`
	if _, err := s.pool.Exec(ctx, q, sendArgs(d)); err != nil {
		return fail("note what staff took back from", d.Conversation, err)
	}
	return nil
}

// NoteDeskSend implements conversation.DeskSends.
func (s *Store) NoteDeskSend(ctx context.Context, key, notice string) (bool, error) {
	const q = `UPDATE desk_sends SET notice = @notice WHERE key = @key AND state IN ('pending', 'sending')`
	tag, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"key": key, "notice": notice})
	if err != nil {
		return false, fmt.Errorf("keep the notice of send %s: %w", key, err)
	}
	return tag.RowsAffected() == 1, nil
}

// DeskSendPending implements conversation.DeskSends.
func (s *Store) DeskSendPending(ctx context.Context, id string) (bool, error) {
	const q = `SELECT EXISTS (SELECT FROM desk_sends WHERE conversation_id = @id AND state IN ('pending', 'sending'))`
	var busy bool
	if err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"id": id}).Scan(&busy); err != nil {
		return false, fail("look for what staff write to", id, err)
	}
	return busy, nil
}

// ClaimDeskSends implements conversation.DeskSends. What is claimed can no longer be
// taken back.
func (s *Store) ClaimDeskSends(ctx context.Context, channels []string, limit int, lease time.Duration) ([]conversation.DeskSend, error) {
	const q = `
		WITH due AS (
			SELECT s.id FROM desk_sends s
			WHERE s.state IN ('pending', 'sending') AND s.due_at <= now() AND s.channel = ANY (@channels)
			AND (s.lease_until IS NULL OR s.lease_until < now())
			AND NOT EXISTS (
				SELECT 1 FROM desk_sends e
				WHERE e.conversation_id = s.conversation_id AND e.id < s.id AND e.state IN ('pending', 'sending'))
			ORDER BY s.due_at LIMIT @limit
			FOR UPDATE OF s SKIP LOCKED
		), s AS (
			UPDATE desk_sends s SET state = 'sending', lease_token = gen_random_uuid(),
				lease_until = now() + make_interval(secs => @lease), attempts = s.attempts + 1
			FROM due WHERE s.id = due.id AND s.state IN ('pending', 'sending')
			RETURNING s.*
		)
		SELECT s.key, s.conversation_id, s.channel, s.account, s.chat, s.external_id, s.body, s.notice, s.attempts, s.lease_token,
			a.id, a.name, a.role, a.disabled_at IS NOT NULL, coalesce(t.thread, ''), coalesce(t.root, ''),
			EXISTS (SELECT FROM messages m WHERE m.conversation_id = s.conversation_id
				AND m.external_id = 'desk:' || s.channel || ':' || s.external_id)
		FROM s JOIN staff_accounts a ON a.id = s.staff_id
		LEFT JOIN desk_threads t ON t.conversation_id = s.conversation_id AND t.channel = s.channel
			AND t.account = s.account AND t.chat = s.chat`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"channels": channels, "limit": limit, "lease": seconds(lease)})
	if err != nil {
		return nil, fmt.Errorf("claim desk sends: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d conversation.DeskSend, err error) {
		var (
			role     staff.Role
			disabled bool
		)
		err = row.Scan(&d.Key, &d.Conversation, &d.Channel, &d.Account, &d.Chat, &d.ExternalID, &d.Text, &d.Notice, &d.Attempt, &d.Lease,
			&d.By.StaffID, &d.By.Name, &role, &disabled, &d.Thread, &d.Root, &d.Stored)
		d.MayAnswer = !disabled && role.Allows(staff.RoleAgent)
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("claim desk sends: %w", err)
	}
	return list, nil
}

// SettleDeskSend implements conversation.DeskSends.
func (s *Store) SettleDeskSend(ctx context.Context, d conversation.DeskSend, f conversation.DeskFate, why string, retry time.Duration) error {
	// What has been tried stays claimed in the eyes of an Undo: its end is not known.
	const q = `
		UPDATE desk_sends SET lease_token = NULL, lease_until = NULL, error = left(@why, 500),
			state = CASE WHEN @fate = 'pending' THEN 'sending' ELSE @fate END,
			body = CASE WHEN @fate = 'pending' THEN body ELSE '' END,
			due_at = now() + make_interval(secs => @retry)
		WHERE key = @key AND lease_token = @lease`
	args := sendArgs(d)
	args["fate"], args["why"], args["retry"] = f, why, seconds(retry)
	if _, err := s.pool.Exec(ctx, q, args); err != nil {
		return fail("settle what staff wrote to", d.Conversation, err)
	}
	return nil
}

// NoteOnce implements conversation.DeskWords.
func (s *Store) NoteOnce(ctx context.Context, id string, by conversation.Actor, text, externalID string) (conversation.Message, bool, error) {
	const q = `
		WITH c AS (
			UPDATE conversations SET seq = seq + 1, updated_at = now() WHERE id = @id RETURNING id, seq, episode
		)
		INSERT INTO messages AS m (conversation_id, seq, external_id, author, staff_id, name, body, note, episode)
		SELECT c.id, c.seq, @external, 'staff', @staff::uuid, @name, @body, true, c.episode FROM c
		RETURNING ` + messageColumns
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"id": id, "external": externalID, "staff": null(by.StaffID), "name": by.Name, "body": text})
	if err != nil {
		return conversation.Message{}, false, fail("note on", id, err)
	}
	m, err := pgx.CollectExactlyOneRow(rows, scanMessage)
	if isCode(err, uniqueViolation) {
		return m, true, nil
	}
	if err != nil {
		return m, false, fail("note on", id, err)
	}
	return m, false, nil
}
