package conversationdb

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// currentContact names the contact that an id means: itself, or the one that it was
// merged into.
const currentContact = `coalesce((SELECT g.into_id FROM contact_merges g WHERE g.from_id = @id), @id::uuid)`

// failContact is fail for contacts.
func failContact(verb, id string, err error) error {
	err = notThere(err, conversation.ErrNoContact)
	return fmt.Errorf("%s contact %s: %w", verb, id, err)
}

// Contact implements conversation.Contacts.
func (s *Store) Contact(ctx context.Context, id string) (conversation.Contact, error) {
	c, err := readContact(ctx, s.pool, id)
	if err != nil {
		return c, failContact("read", id, err)
	}
	return c, nil
}

func readContact(ctx context.Context, db querier, id string) (conversation.Contact, error) {
	const q = `
		SELECT p.id::text, p.name, p.email, p.locale, p.blocked, p.attributes, p.created_at, p.version,
			coalesce((SELECT jsonb_agg(jsonb_build_object('channel', i.channel, 'account', i.account, 'external_id', i.external_id)
				ORDER BY i.channel, i.account, i.external_id) FROM identities i WHERE i.contact_id = p.id), '[]'),
			(SELECT c.context FROM conversations c WHERE c.contact_id = p.id AND c.context <> '{}' ORDER BY c.updated_at DESC LIMIT 1)
		FROM contacts p WHERE p.id = ` + currentContact
	var c conversation.Contact
	err := db.QueryRow(ctx, q, pgx.NamedArgs{"id": id}).
		Scan(&c.ID, &c.Name, &c.Email, &c.Locale, &c.Blocked, &c.Attributes, &c.CreatedAt, &c.Version, &c.Identities, &c.Page)
	return c, err
}

// ContactRows implements conversation.Contacts.
func (s *Store) ContactRows(ctx context.Context, id, me string, limit int) ([]conversation.Row, error) {
	args := rowArgs(me)
	args["id"], args["limit"] = id, limit
	const page = `WITH page AS MATERIALIZED (SELECT c.* FROM conversations c WHERE c.contact_id = ` + currentContact + ` AND c.seq > 0
		ORDER BY c.updated_at DESC, c.id LIMIT @limit)
		SELECT ` + rowColumns + ` FROM page c` + rowJoins + ` ORDER BY c.updated_at DESC, c.id`
	rows, err := s.pool.Query(ctx, page, args)
	if err != nil {
		return nil, failContact("read", id, err)
	}
	list, err := pgx.CollectRows(rows, scanRow)
	if err != nil {
		return nil, failContact("read", id, err)
	}
	return list, nil
}

// ContactMessages implements conversation.Contacts. Within a conversation messages
// are as old as their sequence says, so each conversation gives its newest and those
// are merged.
func (s *Store) ContactMessages(ctx context.Context, id, before string, limit int) ([]conversation.Message, string, error) {
	const q = `
		SELECT ` + messageColumns + `, m.trace` + deliveryColumns + ` FROM conversations c CROSS JOIN LATERAL (
			SELECT * FROM messages m WHERE m.conversation_id = c.id
				AND (@newest OR (m.created_at, m.conversation_id, m.seq) < (@at::timestamptz, @conversation::uuid, @seq::bigint))
			ORDER BY m.seq DESC LIMIT @limit
		) m LEFT JOIN deliveries d ON d.conversation_id = m.conversation_id AND d.seq = m.seq
		WHERE c.contact_id = ` + currentContact + `
		ORDER BY m.created_at DESC, m.conversation_id DESC, m.seq DESC LIMIT @limit`
	at, talk, seq, err := openMessageCursor(before)
	if err != nil {
		return nil, "", err
	}
	if _, err := s.Contact(ctx, id); err != nil {
		return nil, "", err
	}
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"id": id, "newest": before == "", "at": at, "conversation": null(talk), "seq": seq, "limit": limit + 1})
	if err != nil {
		return nil, "", failContact("read messages of", id, err)
	}
	ms, err := pgx.CollectRows(rows, scanLogged)
	if err != nil {
		return nil, "", failContact("read messages of", id, err)
	}
	next := ""
	if len(ms) > limit {
		ms = ms[:limit]
		last := ms[limit-1]
		next = base64.RawURLEncoding.EncodeToString([]byte(last.At.UTC().Format(time.RFC3339Nano) + " " + last.Conversation + " " + strconv.FormatInt(last.Seq, 10)))
	}
	for i, j := 0, len(ms)-1; i < j; i, j = i+1, j-1 {
		ms[i], ms[j] = ms[j], ms[i]
	}
	return ms, next, nil
}

func openMessageCursor(cursor string) (at time.Time, conversationID string, seq int64, err error) {
	if cursor == "" {
		return at, "", 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	parts := strings.Split(string(b), " ")
	if err != nil || len(parts) != 3 || !isUUID(parts[1]) {
		return at, "", 0, conversation.ErrBadCursor
	}
	at, err = time.Parse(time.RFC3339Nano, parts[0])
	n, errSeq := strconv.ParseInt(parts[2], 10, 64)
	if err = errors.Join(err, errSeq); err != nil {
		return at, "", 0, conversation.ErrBadCursor
	}
	return at, parts[1], n, nil
}

// isUUID reports whether s has the form of one, in lower case.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch b := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if b != '-' {
				return false
			}
		case (b < '0' || b > '9') && (b < 'a' || b > 'f'):
			return false
		}
	}
	return true
}

// EditContact implements conversation.Contacts.
func (s *Store) EditContact(ctx context.Context, id string, e conversation.ContactEdit) (conversation.Contact, []string, error) {
	const q = `
		UPDATE contacts p SET name = coalesce(@name, p.name), email = coalesce(@email, p.email), attributes = coalesce(@attributes::jsonb, p.attributes)
		WHERE p.id = ` + currentContact + unchanged + ` RETURNING p.id::text`
	args := pgx.NamedArgs{"version": e.Version, "id": id, "name": e.Name, "email": e.Email, "attributes": nil}
	if e.Attributes != nil {
		args["attributes"] = e.Attributes
	}
	var found string
	err := s.pool.QueryRow(ctx, q, args).Scan(&found)
	if errors.Is(err, pgx.ErrNoRows) {
		c, err := s.Contact(ctx, id)
		if err == nil {
			err = conversation.ErrVersion
		}
		return c, nil, err
	}
	if err != nil {
		return conversation.Contact{}, nil, failContact("edit", id, err)
	}
	ids, err := conversationsOf(ctx, s.pool, found)
	if err != nil {
		return conversation.Contact{}, nil, failContact("edit", id, err)
	}
	c, err := s.Contact(ctx, found)
	return c, ids, err
}

// conversationsOf lists a contact's conversations.
func conversationsOf(ctx context.Context, db querier, contact string) ([]string, error) {
	rows, err := db.Query(ctx, `SELECT id::text FROM conversations WHERE contact_id = $1`, contact)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// BlockContact implements conversation.Contacts. Blocked conversations lose the turn
// they were due.
func (s *Store) BlockContact(ctx context.Context, id string, by conversation.Actor, blocked bool) (ids []string, err error) {
	const q = `
		WITH old AS (SELECT id, blocked FROM contacts p WHERE p.id = ` + currentContact + ` FOR NO KEY UPDATE)
		UPDATE contacts p SET blocked = @blocked FROM old WHERE p.id = old.id RETURNING p.id::text, old.blocked`
	const mark = `
		WITH c AS (
			UPDATE conversations SET blocked = @blocked,
				turn_due_at = CASE WHEN @blocked THEN NULL ELSE turn_due_at END, burst_at = CASE WHEN @blocked THEN NULL ELSE burst_at END
			WHERE contact_id = @contact RETURNING id
		), unread AS (
			UPDATE files f SET reading_until = now() FROM c WHERE f.conversation_id = c.id AND f.state = 'pending' AND NOT @blocked AND @news
		), event AS (
			INSERT INTO conversation_events (conversation_id, kind, became, actor, actor_name)
			SELECT id, 'contact', CASE WHEN @blocked THEN 'blocked' ELSE 'unblocked' END, @actor, @name FROM c WHERE @news
		)
		SELECT id::text FROM c`
	err = s.inOrder(ctx, func(tx pgx.Tx) error {
		args := pgx.NamedArgs{"id": id, "blocked": blocked, "actor": by.StaffID, "name": by.Name}
		var contact string
		var was bool
		if err := tx.QueryRow(ctx, q, args).Scan(&contact, &was); err != nil {
			return err
		}
		args["contact"], args["news"] = contact, was != blocked
		rows, err := tx.Query(ctx, mark, args)
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return nil, failContact("block", id, err)
	}
	return ids, nil
}

// MergeContact implements conversation.Contacts.
func (s *Store) MergeContact(ctx context.Context, from, into string, by conversation.Actor) (out conversation.Contact, ids []string, err error) {
	err = s.inOrder(ctx, func(tx pgx.Tx) error {
		args := pgx.NamedArgs{"from": from, "into": into, "actor": by.StaffID, "name": by.Name}
		// Counting who asks about a gap hangs on contacts; its lock comes first, as when
		// a contact is erased.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(gapLock)); err != nil {
			return err
		}
		// Both at once and in one order, so that two merges cannot wait for each other.
		rows, err := tx.Query(ctx, `SELECT id::text FROM contacts WHERE id IN (@from::uuid, @into::uuid) ORDER BY id FOR UPDATE`, args)
		if err != nil {
			return err
		}
		there, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		if len(there) < 2 {
			var done bool
			err := tx.QueryRow(ctx, `SELECT true FROM contact_merges WHERE from_id = @from AND into_id = @into`, args).Scan(&done)
			if err != nil {
				return err
			}
			out, err = readContact(ctx, tx, into)
			return err
		}
		rows, err = tx.Query(ctx, mergeMove, args)
		if err != nil {
			return err
		}
		if ids, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return err
		}
		for _, q := range mergeRest {
			if _, err := tx.Exec(ctx, q, args); err != nil {
				return err
			}
		}
		out, err = readContact(ctx, tx, into)
		return err
	})
	if err != nil {
		return out, nil, failContact("merge", from, err)
	}
	return out, ids, nil
}

// mergeMove moves the conversations; they are blocked as their new contact is.
const mergeMove = `
	WITH c AS (
		UPDATE conversations c SET contact_id = p.id, blocked = p.blocked FROM contacts p
		WHERE c.contact_id = @from AND p.id = @into RETURNING c.id
	), event AS (
		INSERT INTO conversation_events (conversation_id, kind, was, became, reason, actor, actor_name)
		SELECT c.id, 'contact', @from, @into, 'merged', @actor, @name FROM c
	)
	SELECT id::text FROM c`

// mergeRest moves what else is a contact's and ends the one that was. What the one
// that stays says of itself goes before what the other said.
var mergeRest = []string{
	`UPDATE identities SET contact_id = @into WHERE contact_id = @from`,
	`UPDATE gap_questions SET contact_id = @into WHERE contact_id = @from`,
	`SELECT gaps_recount(ids) FROM (SELECT array_agg(DISTINCT gap_id) AS ids FROM gap_questions WHERE contact_id = @into AND gap_id IS NOT NULL) g WHERE ids IS NOT NULL`,
	`UPDATE contacts p SET
		name = CASE WHEN p.name = '' THEN o.name ELSE p.name END,
		email = CASE WHEN p.email = '' THEN o.email ELSE p.email END,
		locale = CASE WHEN p.locale = '' THEN o.locale ELSE p.locale END,
		attributes = o.attributes || p.attributes
		FROM contacts o WHERE p.id = @into AND o.id = @from`,
	// What both have cost on the newer of their days, and what their calls under way may.
	`WITH was AS (DELETE FROM spend_visitors WHERE contact_id = @from RETURNING day, micros)
		INSERT INTO spend_visitors AS s (contact_id, day, micros) SELECT @into, day, micros FROM was
		ON CONFLICT (contact_id) DO UPDATE SET day = greatest(s.day, excluded.day),
			micros = CASE WHEN s.day >= excluded.day THEN s.micros ELSE 0 END + CASE WHEN s.day > excluded.day THEN 0 ELSE excluded.micros END`,
	`UPDATE spend_holds SET contact_id = @into WHERE contact_id = @from`,
	`UPDATE contact_merges SET into_id = @into WHERE into_id = @from`,
	`INSERT INTO contact_merges (from_id, into_id, actor) VALUES (@from, @into, @actor)`,
	`DELETE FROM contacts WHERE id = @from`,
}
