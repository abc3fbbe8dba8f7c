package conversationdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// traces is every table that holds something of a contact, and how to find it there:
// each that refers to contacts or conversations, through whichever others, is among them.
// Erasing counts by it before and after. model_calls keep what was paid, without whom it
// was for.
var traces = []struct{ table, where string }{
	{"contacts", `id = @id`},
	{"identities", `contact_id = @id`},
	{"contact_terms", `contact_id = @id`},
	{"contact_changes", `contact_id = @id`},
	{"contact_merges", `into_id = @id`},
	{"conversations", `contact_id = @id`},
	{"messages", inTalks},
	{"message_terms", inTalks},
	{"files", inTalks},
	{"deliveries", inTalks},
	{"mentions", inTalks},
	{"ownership_events", inTalks},
	{"conversation_events", inTalks},
	{"conversation_labels", inTalks},
	{"read_marks", inTalks},
	{"gap_questions", inTalks},
	{"gap_scans", inTalks},
	{"desk_threads", inTalks},
	{"desk_sends", inTalks},
	{"model_calls", inTalks},
	{"spend_conversations", inTalks},
	{"spend_visitors", `contact_id = @id`},
	{"webhook_deliveries", inTalks},
	{"episodes", inTalks},
	{"waits", inTalks},
	{"seen_marks", inTalks},
	{"tests", inTalks},
	{"test_results", `test_id IN (SELECT id FROM tests WHERE ` + inTalks + `)`},
}

const inTalks = `conversation_id = ANY (@talks::uuid[])`

// EraseContact implements conversation.Contacts.
func (s *Store) EraseContact(ctx context.Context, id string, by conversation.Actor) (out conversation.Erasure, talks []string, err error) {
	err = s.inOrder(ctx, func(tx pgx.Tx) error {
		// Deleting questions takes the lock of gaps; it comes before every row.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(gapLock)); err != nil {
			return err
		}
		var found string
		err := tx.QueryRow(ctx, `SELECT p.id::text FROM contacts p WHERE p.id = `+currentContact+` FOR UPDATE`, pgx.NamedArgs{"id": id}).Scan(&found)
		if errors.Is(err, pgx.ErrNoRows) {
			talks = nil
			out, err = erasureOf(ctx, tx, id)
			return err
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT 1 FROM conversations WHERE contact_id = $1 ORDER BY id FOR UPDATE`, found); err != nil {
			return err
		}
		if talks, err = conversationsOf(ctx, tx, found); err != nil {
			return err
		}
		args := pgx.NamedArgs{"id": found, "talks": talks}
		var formerly []string
		const merged = `SELECT coalesce(array_agg(from_id::text), '{}') FROM contact_merges WHERE into_id = @id`
		if err := tx.QueryRow(ctx, merged, args).Scan(&formerly); err != nil {
			return err
		}
		before, err := countTraces(ctx, tx, args)
		if err != nil {
			return err
		}
		for _, q := range []string{`DELETE FROM contacts WHERE id = @id`, `DELETE FROM contact_changes WHERE contact_id = @id`} {
			if _, err := tx.Exec(ctx, q, args); err != nil {
				return err
			}
		}
		after, err := countTraces(ctx, tx, args)
		if err != nil {
			return err
		}
		for table, n := range after {
			if n > 0 {
				return fmt.Errorf("%d rows of %s are left", n, table)
			}
		}
		out = conversation.Erasure{Contact: found, Erased: before, At: time.Now().UTC().Truncate(time.Microsecond)}
		out.Receipt = out.Seal()
		const keep = `INSERT INTO erasures (contact_id, formerly, erased, receipt, actor, actor_name, erased_at)
			VALUES (@id, @formerly::uuid[], @erased, @receipt, @actor, @name, @at)`
		_, err = tx.Exec(ctx, keep, pgx.NamedArgs{"id": found, "formerly": formerly, "erased": before, "receipt": out.Receipt, "actor": by.StaffID, "name": by.Name, "at": out.At})
		return err
	})
	if err != nil {
		return out, nil, failContact("erase", id, err)
	}
	return out, talks, nil
}

// erasureOf is the erasure of a contact, by its id or by one that was merged into it.
func erasureOf(ctx context.Context, tx pgx.Tx, id string) (e conversation.Erasure, err error) {
	err = tx.QueryRow(ctx, `SELECT contact_id::text, erased, receipt, erased_at FROM erasures
		WHERE contact_id = @id OR formerly @> ARRAY[@id]::uuid[] ORDER BY contact_id <> @id LIMIT 1`, pgx.NamedArgs{"id": id}).
		Scan(&e.Contact, &e.Erased, &e.Receipt, &e.At)
	return e, err
}

func countTraces(ctx context.Context, tx pgx.Tx, args pgx.NamedArgs) (map[string]int64, error) {
	out := map[string]int64{}
	for _, t := range traces {
		var n int64
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM `+t.table+` WHERE `+t.where, args).Scan(&n); err != nil {
			return nil, fmt.Errorf("count %s: %w", t.table, err)
		}
		out[t.table] = n
	}
	return out, nil
}

// The parts of an export, each as Postgres writes it. Files come with all but their
// bytes, which the API gives by id.
const (
	exportContact = `SELECT jsonb_build_object('id', p.id, 'name', p.name, 'email', p.email, 'locale', p.locale, 'blocked', p.blocked,
			'attributes', p.attributes, 'created_at', p.created_at,
			'identities', coalesce((SELECT jsonb_agg(to_jsonb(i) - 'contact_id' ORDER BY i.channel, i.account, i.external_id) FROM identities i WHERE i.contact_id = p.id), '[]'),
			'formerly', coalesce((SELECT jsonb_agg(g.from_id ORDER BY g.merged_at) FROM contact_merges g WHERE g.into_id = p.id), '[]'))::text
		FROM contacts p WHERE p.id = @id`
	exportTalk = `SELECT (jsonb_build_object('id', c.id, 'channel', c.channel, 'account', c.account, 'thread', c.thread, 'locale', c.locale,
			'page', c.context, 'owner', c.owner, 'status', c.status, 'staff', c.staff_name, 'priority', c.priority, 'summary', c.summary,
			'created_at', c.created_at, 'updated_at', c.updated_at,
			'labels', coalesce((SELECT jsonb_agg(l.name ORDER BY l.name) FROM conversation_labels cl JOIN labels l ON l.id = cl.label_id WHERE cl.conversation_id = c.id), '[]'),
			'owners', coalesce((SELECT jsonb_agg(to_jsonb(e) - 'conversation_id' - 'id' ORDER BY e.id) FROM ownership_events e WHERE e.conversation_id = c.id), '[]'),
			'events', coalesce((SELECT jsonb_agg(to_jsonb(e) - 'conversation_id' - 'id' ORDER BY e.id) FROM conversation_events e WHERE e.conversation_id = c.id), '[]'),
			'files', coalesce((SELECT jsonb_agg(to_jsonb(f) - 'content' - 'picture' - 'remote' - 'conversation_id' ORDER BY f.seq, f.ord) FROM (
				SELECT id, seq, ord, kind, name, media_type, bytes, encode(sha256, 'hex') AS sha256, body AS text, state, reason, created_at FROM files WHERE conversation_id = c.id) f), '[]'),
			'asked', coalesce((SELECT jsonb_agg(jsonb_build_object('seq', q.seq, 'query', q.query, 'reason', q.reason) ORDER BY q.seq) FROM gap_questions q WHERE q.conversation_id = c.id), '[]')
		))::text FROM conversations c WHERE c.id = @talk`
	exportMessages = `SELECT jsonb_build_object('seq', m.seq, 'author', m.author, 'name', m.name, 'text', m.body, 'note', m.note, 'sources', m.sources,
			'helpful', m.helpful, 'episode', m.episode, 'at', m.created_at)::text
		FROM messages m WHERE m.conversation_id = @talk ORDER BY m.seq`
)

// ExportContact implements conversation.Contacts. It is written as it is read, so
// that a long history is never held whole.
func (s *Store) ExportContact(ctx context.Context, id string, to io.Writer) error {
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		p, err := readContact(ctx, tx, id)
		if err != nil {
			return err
		}
		args := pgx.NamedArgs{"id": p.ID}
		var part string
		if err := tx.QueryRow(ctx, exportContact, args).Scan(&part); err != nil {
			return err
		}
		talks, err := conversationsOf(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		out := &pieces{to: to}
		at, err := json.Marshal(time.Now().UTC().Truncate(time.Second))
		if err != nil {
			return err
		}
		out.write(`{"exported_at": `, string(at), `,`, "\n", `"contact": `, part, `,`, "\n", `"conversations": [`)
		for i, talk := range talks {
			if err := exportConversation(ctx, tx, talk, i > 0, out); err != nil {
				return err
			}
		}
		out.write("\n]}\n")
		return out.err
	})
	if err != nil {
		return failContact("export", id, err)
	}
	return nil
}

func exportConversation(ctx context.Context, tx pgx.Tx, talk string, more bool, out *pieces) error {
	args := pgx.NamedArgs{"talk": talk}
	var part string
	if err := tx.QueryRow(ctx, exportTalk, args).Scan(&part); err != nil {
		return err
	}
	if more {
		out.write(",")
	}
	out.write("\n", part[:len(part)-1], `, "messages": [`)
	rows, err := tx.Query(ctx, exportMessages, args)
	if err != nil {
		return err
	}
	first := true
	_, err = pgx.ForEachRow(rows, []any{&part}, func() error {
		if !first {
			out.write(",")
		}
		first = false
		out.write("\n", part)
		return out.err
	})
	out.write("]}")
	return err
}

// pieces writes until something goes wrong.
type pieces struct {
	to  io.Writer
	err error
}

func (p *pieces) write(parts ...string) {
	for _, s := range parts {
		if p.err == nil {
			_, p.err = io.WriteString(p.to, s)
		}
	}
}
