package conversationdb

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/knowledge"
)

//go:embed receive.sql
var receiveSQL string

// lockToReceive locks the conversation of a message, so that receiveSQL sees how what it
// waited for has ended: closed a moment ago, say, and by whom. Whom a closed conversation
// may go back to is kept from being disabled meanwhile; accounts come before conversations.
const lockToReceive = `
	WITH talk AS (
		SELECT id, CASE WHEN owner = 'staff' AND status = 'resolved' THEN staff_id END AS staff FROM conversations
		WHERE id = coalesce(@id::uuid, (
			SELECT id FROM conversations WHERE channel = @channel AND account = @account AND thread = @thread))
	), who AS (
		SELECT FROM staff_accounts WHERE id = (SELECT staff FROM talk) FOR KEY SHARE
	)
	SELECT FROM conversations WHERE id = (SELECT id FROM talk) AND (SELECT count(*) FROM who) >= 0 FOR UPDATE`

// Open implements conversation.Log.
func (s *Store) Open(ctx context.Context, o conversation.Opening) (conversation.State, error) {
	const q = `
		WITH contact AS (
			INSERT INTO contacts (id, locale) VALUES (@contact, @locale)
		)
		INSERT INTO conversations AS c (id, contact_id, channel, account, thread, locale)
		VALUES (@id, @contact, @channel, @account, @id::uuid::text, @locale)
		RETURNING ` + stateColumns
	id := knowledge.NewID()
	var st stateScan
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{
		"id": id, "contact": knowledge.NewID(),
		"locale": o.Locale, "channel": o.Channel, "account": o.Account,
	}).Scan(st.targets()...)
	if err != nil {
		return conversation.State{}, fail("open", id, err)
	}
	return st.state(), nil
}

// Describe implements conversation.Log. The contact is locked before the conversation,
// as by whoever changes contacts.
func (s *Store) Describe(ctx context.Context, id string, p conversation.Profile) error {
	const q = `
		WITH who AS MATERIALIZED (
			SELECT p.id FROM contacts p WHERE p.id = (SELECT contact_id FROM conversations WHERE id = @id) FOR NO KEY UPDATE
		), c AS (
			UPDATE conversations SET context = CASE WHEN @context::jsonb = '{}' THEN context ELSE @context::jsonb END
			WHERE id = @id AND EXISTS (SELECT FROM who)
		)
		UPDATE contacts p SET
			name = CASE WHEN @name = '' THEN p.name ELSE @name END,
			email = CASE WHEN @email = '' THEN p.email ELSE @email END
		FROM who WHERE p.id = who.id
		RETURNING true`
	page := p.Context
	if page == nil {
		page = map[string]string{}
	}
	var err error
	// Twice, because the contact may be merged into another at this very moment.
	for range 2 {
		var ok bool
		err = s.pool.QueryRow(ctx, q, pgx.NamedArgs{"id": id, "name": p.Name, "email": p.Email, "context": page}).Scan(&ok)
		if !errors.Is(err, pgx.ErrNoRows) {
			break
		}
	}
	if err != nil {
		return fail("describe the customer of", id, err)
	}
	return nil
}

// Receive implements conversation.Log.
func (s *Store) Receive(ctx context.Context, in conversation.Inbound, g conversation.Gather) (conversation.Receipt, error) {
	r, err := s.receive(ctx, in, g)
	if isCode(err, uniqueViolation) {
		// The same message came twice at once and the other one won.
		r, err = s.receive(ctx, in, g)
	}
	// Twice, because the contact may be merged into another at this very moment.
	for try := 0; try < 2 && errors.Is(err, pgx.ErrNoRows) && in.Conversation == ""; try++ {
		if err = s.make(ctx, in); err == nil {
			r, err = s.receive(ctx, in, g)
		}
		if isCode(err, uniqueViolation) {
			r, err = s.receive(ctx, in, g) // as above, into a conversation just made
		}
	}
	if err != nil && !errors.Is(err, conversation.ErrConflict) && !errors.Is(err, conversation.ErrNoFile) {
		return r, fail("receive into", in.Conversation+in.Thread, err)
	}
	return r, err
}

// receive stores a message, in a transaction with its files where it has any.
func (s *Store) receive(ctx context.Context, in conversation.Inbound, g conversation.Gather) (r conversation.Receipt, err error) {
	if len(in.Attachments) == 0 {
		return s.receiveText(ctx, s.pool, in, g)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if r, err = s.receiveText(ctx, tx, in, g); err != nil {
			return err
		}
		r.Attachments, err = attachFiles(ctx, tx, r, in)
		return err
	})
	return r, err
}

func (s *Store) receiveText(ctx context.Context, db batcher, in conversation.Inbound, g conversation.Gather) (conversation.Receipt, error) {
	var (
		r    conversation.Receipt
		st   stateScan
		body string
		due  *float64
	)
	err := afterLock(ctx, db, lockToReceive, receiveSQL, pgx.NamedArgs{
		"id": null(in.Conversation), "channel": in.Channel, "account": in.Account, "thread": in.Thread,
		"external_id": null(in.ExternalID), "body": in.Text, "name": in.SenderName, "locale": in.Locale,
		"quiet": seconds(g.Quiet), "most": seconds(g.Most), "sticky": seconds(in.Sticky),
	}, append(st.targets(), &r.Repeat, &r.Reopened, &r.Woken, &r.Seq, &r.At, &body, &due)...)
	if err != nil {
		return r, err
	}
	if r.Repeat && body != in.Text {
		return r, conversation.ErrConflict
	}
	r.State = st.state()
	r.Conversation = r.State.Conversation
	r.DueIn = -1
	if due != nil {
		r.DueIn = max(0, time.Duration(*due*float64(time.Second)))
	}
	return r, nil
}

// make finds or makes the sender's contact and the thread's conversation. Two
// that come at once both end up with the one that was first.
func (s *Store) make(ctx context.Context, in conversation.Inbound) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		const identity = `
			WITH known AS (
				SELECT contact_id FROM identities
				WHERE channel = @channel AND account = @account AND external_id = @sender
			), contact AS (
				INSERT INTO contacts (id, name, locale)
				SELECT @contact, @name, @locale WHERE NOT EXISTS (SELECT 1 FROM known)
				RETURNING id
			), made AS (
				INSERT INTO identities (channel, account, external_id, contact_id)
				SELECT @channel, @account, @sender, id FROM contact
				ON CONFLICT (channel, account, external_id) DO UPDATE SET external_id = excluded.external_id
				RETURNING contact_id
			)
			SELECT contact_id, false FROM known UNION ALL SELECT contact_id, contact_id <> @contact FROM made`
		// For when somebody else made the sender's a moment ago: this one would be nobody's.
		const spare = `DELETE FROM contacts WHERE id = @spare`
		// The contact is locked, so that who is being blocked is so in this conversation too.
		const thread = `
			INSERT INTO conversations (id, contact_id, channel, account, thread, locale, blocked)
			SELECT @id, p.id, @channel, @account, @thread, @locale, p.blocked FROM contacts p WHERE p.id = @contact FOR SHARE
			ON CONFLICT (channel, account, thread) DO NOTHING`
		args := pgx.NamedArgs{
			"id": knowledge.NewID(), "contact": knowledge.NewID(), "channel": in.Channel, "account": in.Account,
			"thread": in.Thread, "sender": in.Sender, "name": in.SenderName, "locale": in.Locale,
		}
		var (
			contact string
			late    bool
		)
		if err := tx.QueryRow(ctx, identity, args).Scan(&contact, &late); err != nil {
			return err
		}
		if late {
			args["spare"] = args["contact"]
			if _, err := tx.Exec(ctx, spare, args); err != nil {
				return err
			}
		}
		args["contact"] = contact
		_, err := tx.Exec(ctx, thread, args)
		return err
	})
}

// State implements conversation.Log.
func (s *Store) State(ctx context.Context, id string) (conversation.State, error) {
	const q = `
		SELECT ` + stateColumns + `,
			CASE WHEN c.owner = 'queue' AND c.status <> 'resolved' THEN 1 + (
				SELECT count(*) FROM conversations o
				WHERE o.owner = 'queue' AND o.waiting_since < c.waiting_since
			) ELSE 0 END,
			coalesce((SELECT seq FROM seen_marks WHERE conversation_id = c.id), 0),
			coalesce((SELECT max(seq) FROM read_marks WHERE conversation_id = c.id), 0)
		FROM conversations c WHERE c.id = @id`
	var st stateScan
	if err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"id": id}).Scan(append(st.targets(), &st.Position, &st.Seen, &st.SeenByStaff)...); err != nil {
		return conversation.State{}, fail("read", id, err)
	}
	return st.state(), nil
}

// Messages implements conversation.Log.
func (s *Store) Messages(ctx context.Context, id string, after int64, limit int, staff bool) ([]conversation.Message, error) {
	const q = `
		SELECT ` + messageColumns + `, CASE WHEN @staff THEN m.trace END` + deliveryColumns + ` FROM messages m
		LEFT JOIN deliveries d ON @staff AND d.conversation_id = m.conversation_id AND d.seq = m.seq
		WHERE m.conversation_id = @id AND m.seq > @after AND (@staff OR NOT m.note)
		ORDER BY m.seq LIMIT @limit`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"id": id, "after": after, "limit": limit, "staff": staff})
	if err != nil {
		return nil, fail("read messages of", id, err)
	}
	ms, err := pgx.CollectRows(rows, scanLogged)
	if err != nil {
		return nil, fail("read messages of", id, err)
	}
	return ms, nil
}

// Rate implements conversation.Log. The conversation is locked before its message.
func (s *Store) Rate(ctx context.Context, id string, seq int64, helpful bool) (bool, error) {
	const q = `
		WITH c AS MATERIALIZED (
			SELECT id FROM conversations WHERE id = @id FOR NO KEY UPDATE
		), old AS (
			SELECT helpful FROM messages
			WHERE conversation_id = (SELECT id FROM c) AND seq = @seq AND author = 'bot' FOR UPDATE
		), touched AS ( -- whoever reads what has changed is to see the thumb
			UPDATE conversations SET updated_at = now()
			WHERE id = @id AND EXISTS (SELECT FROM old WHERE helpful IS DISTINCT FROM @helpful)
		)
		UPDATE messages m SET helpful = @helpful FROM old
		WHERE m.conversation_id = @id AND m.seq = @seq
		RETURNING old.helpful IS DISTINCT FROM @helpful`
	var changed bool
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"id": id, "seq": seq, "helpful": helpful}).Scan(&changed)
	if err != nil {
		return false, fail("rate a message of", id, err)
	}
	return changed, nil
}

// null makes an empty string SQL's null.
func null(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
