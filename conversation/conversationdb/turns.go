package conversationdb

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// contextMessages is how many of an episode's newest messages a turn is given;
// the token budget cuts further.
const contextMessages = 60

// claimTurns leases the conversations that the statement before it has locked, and brings
// along what answering takes. It is a statement of its own because what it reads beside a
// row is as old as the statement: one that waited for a message to be stored would have the
// conversation with that message and the log without, and nobody would answer it. Its
// commit need not wait for the disk: a lease lost in a crash is a lease that has ended.
const claimTurns = `
	WITH nosync AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
	, c AS (
		UPDATE conversations c SET
			lease_token = gen_random_uuid(),
			lease_until = now() + make_interval(secs => @lease),
			lease_by = @replica::int,
			turn_attempts = c.turn_attempts + 1
		FROM nosync WHERE c.id = ANY (current_setting('frontdesk.due')::uuid[])
		RETURNING c.*
	)
	SELECT ` + stateColumns + `, c.lease_token, c.turn_attempts, c.misses, c.answered_seq,
		CASE WHEN c.summary_seq > c.context_seq THEN c.summary ELSE '' END, c.summary_seq,
		extract(epoch FROM clock_timestamp() - c.customer_at)::float8,
		(SELECT coalesce(jsonb_agg(jsonb_build_object('Seq', m.seq, 'Author', m.author, 'Text', m.body, 'Options', m.options) ORDER BY m.seq), '[]')
			FROM (SELECT seq, author, body, options FROM messages
				WHERE conversation_id = c.id AND seq > c.context_seq AND NOT note
				ORDER BY seq DESC LIMIT @messages) m),
		` + filesOfTurn + `
	FROM c ORDER BY c.turn_due_at`

// keepDue hands the conversations locked as "due" to claimTurns, which is sent along in
// the same transaction.
const keepDue = ` SELECT set_config('frontdesk.due', coalesce(array_agg(id), '{}')::text, true) FROM due`

// Claim implements conversation.Turns. It waits for whoever changes the conversation at
// that moment, were it only to note that it was looked at: skipped, the customer would
// wait for the next poll.
func (s *Store) Claim(ctx context.Context, id string, lease time.Duration) (conversation.Turn, bool, error) {
	const lock = `
		WITH due AS (
			SELECT id FROM conversations
			WHERE id = @id AND turn_due_at <= now() AND (lease_until IS NULL OR lease_until < now())
			FOR UPDATE
		)` + keepDue
	ts, err := s.claim(ctx, lock, pgx.NamedArgs{"id": id}, lease)
	if err != nil {
		return conversation.Turn{}, false, fail("claim", id, err)
	}
	if len(ts) == 0 {
		return conversation.Turn{}, false, nil
	}
	return ts[0], true, nil
}

// ClaimDue implements conversation.Turns.
func (s *Store) ClaimDue(ctx context.Context, limit int, except []string, lease time.Duration) ([]conversation.Turn, error) {
	const lock = `
		WITH due AS (
			SELECT id FROM conversations
			WHERE turn_due_at <= now() AND (lease_until IS NULL OR lease_until < now()
				OR lease_by IS NOT NULL AND NOT EXISTS (
					SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
					WHERE d.datname = current_database() AND l.locktype = 'advisory'
					AND l.classid = @class::int::oid AND l.objid = lease_by::oid))
			AND id <> ALL (@except::uuid[])
			ORDER BY turn_due_at LIMIT @limit
			FOR UPDATE SKIP LOCKED
		)` + keepDue
	if except == nil {
		except = []string{} // null would exclude every one
	}
	ts, err := s.claim(ctx, lock, pgx.NamedArgs{"limit": limit, "except": except, "class": presenceClass}, lease)
	if err != nil {
		return nil, fmt.Errorf("claim due turns: %w", err)
	}
	return ts, nil
}

// claim leases what lock locks, in one round trip and one transaction.
func (s *Store) claim(ctx context.Context, lock string, args pgx.NamedArgs, lease time.Duration) ([]conversation.Turn, error) {
	var (
		b  pgx.Batch
		ts []conversation.Turn
	)
	b.Queue(lock, args)
	b.Queue(claimTurns, pgx.NamedArgs{"lease": seconds(lease), "messages": contextMessages, "replica": s.presence.id()}).Query(func(rows pgx.Rows) (err error) {
		ts, err = pgx.CollectRows(rows, scanTurn)
		return err
	})
	err := s.pool.SendBatch(ctx, &b).Close()
	return ts, err
}

func scanTurn(row pgx.CollectableRow) (conversation.Turn, error) {
	var (
		t      conversation.Turn
		st     stateScan
		waited *float64
		files  turnFiles
	)
	err := row.Scan(append(st.targets(), &t.ID, &t.Attempt, &t.Misses, &t.AnsweredSeq, &t.Summary, &t.SummarySeq, &waited, &t.Messages, &files)...)
	files.into(t.Messages)
	if waited != nil {
		t.Waited = time.Duration(*waited * float64(time.Second))
	}
	t.State = st.state()
	return t, err
}

// Renew implements conversation.Turns.
func (s *Store) Renew(ctx context.Context, turns []conversation.Turn, lease time.Duration) (map[string]int64, error) {
	const q = `
		WITH nosync AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
		UPDATE conversations c SET lease_until = now() + make_interval(secs => @lease)
		FROM unnest(@ids::uuid[], @tokens::uuid[]) AS held(id, token), nosync
		WHERE c.id = held.id AND c.lease_token = held.token
		RETURNING c.id, c.epoch`
	ids, tokens := make([]string, len(turns)), make([]string, len(turns))
	for i, t := range turns {
		ids[i], tokens[i] = t.State.Conversation, t.ID
	}
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"ids": ids, "tokens": tokens, "lease": seconds(lease)})
	if err != nil {
		return nil, fmt.Errorf("renew %d turns: %w", len(turns), err)
	}
	held := make(map[string]int64, len(turns))
	var (
		id    string
		epoch int64
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &epoch}, func() error {
		held[id] = epoch
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("renew %d turns: %w", len(turns), err)
	}
	return held, nil
}

//go:embed finish.sql
var finishSQL string

// Finish implements conversation.Turns.
func (s *Store) Finish(ctx context.Context, t conversation.Turn, o conversation.Outcome) (conversation.State, []conversation.Message, error) {
	id := t.State.Conversation
	answered := t.AnsweredSeq
	if n := len(t.Messages); n > 0 {
		answered = t.Messages[n-1].Seq
	}
	args := pgx.NamedArgs{
		"id": id, "turn": t.ID, "epoch": t.State.Epoch, "answered": answered, "owner": o.Owner,
		"reason": o.Reason, "misses": o.Misses, "n": len(o.Messages), "widget": widgetChannel,
	}
	if err := jsonArgs(args, o.Messages, o.Calls); err != nil {
		return conversation.State{}, nil, fail("finish a turn of", id, err)
	}
	var st stateScan
	// An answer is not thrown away because a contact was changed at the same moment.
	err := insisting(ctx, func() error {
		st = stateScan{}
		return s.pool.QueryRow(ctx, finishSQL, args).Scan(append(st.targets(), new(time.Time))...)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return conversation.State{}, nil, conversation.ErrSuperseded
	}
	if err != nil {
		return conversation.State{}, nil, fail("finish a turn of", id, err)
	}
	state := st.state()
	return state, appended(state, o.Messages, t.ID), nil
}

// Release implements conversation.Turns.
func (s *Store) Release(ctx context.Context, t conversation.Turn, retry time.Duration) (time.Duration, error) {
	const q = `
		UPDATE conversations c SET lease_token = NULL, lease_until = NULL,
			turn_attempts = CASE WHEN c.epoch = @epoch THEN greatest(0, c.turn_attempts - (@retry::float8 < 0)::int) ELSE 0 END,
			turn_due_at = CASE WHEN c.epoch = @epoch
				THEN greatest(c.turn_due_at, now() + make_interval(secs => greatest(@retry::float8, 0))) ELSE c.turn_due_at END
		WHERE c.id = @id AND c.lease_token = @turn
		RETURNING coalesce(greatest(0, extract(epoch FROM c.turn_due_at - now())), -1)::float8`
	id := t.State.Conversation
	var due float64
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{
		"id": id, "turn": t.ID, "epoch": t.State.Epoch, "retry": seconds(retry),
	}).Scan(&due)
	if errors.Is(err, pgx.ErrNoRows) {
		return -1, nil // the lease had ended: whoever holds it now goes on
	}
	if err != nil {
		return -1, fail("release a turn of", id, err)
	}
	return time.Duration(due * float64(time.Second)), nil
}

// Record implements conversation.Ledger.
func (s *Store) Record(ctx context.Context, calls []conversation.Call) error {
	return insisting(ctx, func() error { return record(ctx, s.pool, calls) })
}

// RecordIn records calls in a transaction with whatever they were made for.
func (s *Store) RecordIn(ctx context.Context, tx pgx.Tx, calls []conversation.Call) error {
	return record(ctx, tx, calls)
}

func record(ctx context.Context, db execer, calls []conversation.Call) error {
	const q = `
		INSERT INTO model_calls (conversation_id, turn, purpose, model, outcome,
			input_tokens, cached_tokens, output_tokens, cost_micros, estimated, duration_ms, hold, unpriced, key)
		SELECT c.id, r.turn, r.purpose, r.model, r.outcome,
			r.input_tokens, r.cached_tokens, r.output_tokens, r.cost_micros, r.estimated, r.duration_ms, r.hold, r.unpriced, r.key
		FROM jsonb_to_recordset(@calls) AS r(` + callRecord + `)
		LEFT JOIN conversations c ON c.id = r.conversation_id -- erased meanwhile: it was paid for all the same
		ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING`
	args := pgx.NamedArgs{}
	if err := jsonArgs(args, nil, calls); err != nil {
		return fmt.Errorf("record %d model calls: %w", len(calls), err)
	}
	delete(args, "messages")
	if _, err := db.Exec(ctx, q, args); err != nil {
		return fmt.Errorf("record %d model calls: %w", len(calls), err)
	}
	return nil
}

const callRecord = `conversation_id uuid, turn uuid, purpose text, model text, outcome text,
	input_tokens int, cached_tokens int, output_tokens int, cost_micros bigint, estimated boolean, duration_ms int, hold uuid, unpriced boolean, key uuid`

// jsonArgs puts messages and calls into args as the JSON that the statements unpack.
func jsonArgs(args pgx.NamedArgs, messages []conversation.NewMessage, calls []conversation.Call) error {
	type message struct {
		Ord int `json:"ord"`
		conversation.NewMessage
	}
	type call struct {
		conversation.Call
		Conversation string `json:"conversation_id,omitempty"`
		Turn         string `json:"turn,omitempty"`
		Input        int    `json:"input_tokens"`
		Cached       int    `json:"cached_tokens"`
		Output       int    `json:"output_tokens"`
		Cost         int64  `json:"cost_micros"`
		Estimated    bool   `json:"estimated"`
		Unpriced     bool   `json:"unpriced"`
		Millis       int64  `json:"duration_ms"`
	}
	ms, cs := make([]message, len(messages)), make([]call, len(calls))
	for i, m := range messages {
		ms[i] = message{i + 1, m}
	}
	for i, c := range calls {
		cs[i] = call{c, c.Conversation, c.Turn, c.Usage.InputTokens, c.Usage.CachedTokens,
			c.Usage.OutputTokens, c.Usage.CostMicros, c.Usage.Estimated, c.Usage.Unpriced, c.Duration.Milliseconds()}
	}
	mj, err := json.Marshal(ms)
	if err != nil {
		return err
	}
	cj, err := json.Marshal(cs)
	if err != nil {
		return err
	}
	args["messages"], args["calls"] = mj, cj
	return nil
}

// appended is what the log now holds of the messages just stored, the last at state.Seq.
func appended(state conversation.State, news []conversation.NewMessage, turn string) []conversation.Message {
	out := make([]conversation.Message, len(news))
	for i, n := range news {
		out[i] = conversation.Message{
			Conversation: state.Conversation, Seq: state.Seq - int64(len(news)-1-i), ExternalID: n.ExternalID,
			Author: n.Author, StaffID: n.StaffID, Name: n.Name, Text: n.Text, Note: n.Note,
			Sources: n.Sources, Options: n.Options, Turn: turn, Episode: state.Episode, At: time.Now(),
		}
		if state.Channel != widgetChannel && !n.Note {
			out[i].Delivery = &conversation.DeliveryReport{State: conversation.DeliveryPending}
		}
	}
	return out
}
