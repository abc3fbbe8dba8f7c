package conversationdb

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"frontdesk/conversation"
	"frontdesk/knowledge"
)

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// attachFiles makes in's files those of the message just stored. Of a repeat they
// are already; one that names other uploads is another message.
func attachFiles(ctx context.Context, db querier, r conversation.Receipt, in conversation.Inbound) ([]conversation.Attachment, error) {
	const q = `
		WITH want AS (
			SELECT * FROM jsonb_to_recordset(@files)
				AS r(ord int, upload uuid, id uuid, remote text, kind text, name text, media_type text, bytes bigint, millis bigint)
		), sent AS (
			UPDATE files f SET seq = @seq, ord = want.ord FROM want
			WHERE f.id = want.upload AND f.conversation_id = @id AND f.seq IS NULL AND NOT @repeat
			RETURNING f.id
		), named AS (
			INSERT INTO files (id, conversation_id, seq, ord, channel, account, remote, kind, name, media_type, bytes, duration_ms)
			SELECT id, @id, @seq, ord, @channel, @account, remote, kind, name, media_type, bytes, millis
			FROM want WHERE upload IS NULL AND NOT @repeat
			RETURNING id
		)
		SELECT (SELECT count(*) FROM sent) + (SELECT count(*) FROM named)`
	type file struct {
		Ord    int     `json:"ord"`
		Upload *string `json:"upload"`
		ID     string  `json:"id"`
		Remote string  `json:"remote"`
		Kind   string  `json:"kind"`
		Name   string  `json:"name"`
		Type   string  `json:"media_type"`
		Bytes  int64   `json:"bytes"`
		Millis int64   `json:"millis"`
	}
	want := make([]file, len(in.Attachments))
	for i, f := range in.Attachments {
		want[i] = file{i, null(f.Upload), knowledge.NewID(), f.Remote, string(f.Kind), f.Name, f.MediaType, f.Bytes, f.Duration.Milliseconds()}
	}
	raw, err := json.Marshal(want)
	if err != nil {
		return nil, err
	}
	var done int
	err = db.QueryRow(ctx, q, pgx.NamedArgs{
		"files": raw, "id": r.Conversation, "seq": r.Seq, "repeat": r.Repeat, "channel": in.Channel, "account": in.Account,
	}).Scan(&done)
	switch {
	case isCode(err, invalidText):
		return nil, conversation.ErrNoFile
	case err != nil:
		return nil, fmt.Errorf("attach %d files to message %d of conversation %s: %w", len(want), r.Seq, r.Conversation, err)
	case !r.Repeat && done != len(want):
		return nil, conversation.ErrNoFile
	}
	var list fileList
	const read = `SELECT ` + filesOfMessage + ` FROM messages m WHERE m.conversation_id = @id AND m.seq = @seq`
	if err := db.QueryRow(ctx, read, pgx.NamedArgs{"id": r.Conversation, "seq": r.Seq}).Scan(&list); err != nil {
		return nil, fmt.Errorf("read the files of message %d of conversation %s: %w", r.Seq, r.Conversation, err)
	}
	if r.Repeat && !sameUploads(list, in.Attachments) {
		return nil, conversation.ErrConflict
	}
	return list, nil
}

// sendFiles makes uploads the files of a message of ours just stored, in order.
// conversation.ErrNoFile where one is not waiting to be sent there.
func sendFiles(ctx context.Context, db querier, m *conversation.Message, ids []string) error {
	const q = `
		WITH sent AS (
			UPDATE files f SET seq = @seq, ord = want.ord - 1 FROM unnest(@files::text[]::uuid[]) WITH ORDINALITY AS want(id, ord)
			WHERE f.id = want.id AND f.conversation_id = @id AND f.seq IS NULL AND f.state = 'ready' RETURNING f.id
		)
		SELECT count(*) FROM sent`
	const read = `SELECT ` + filesOfMessage + ` FROM messages m WHERE m.conversation_id = @id AND m.seq = @seq`
	if len(ids) == 0 {
		return nil
	}
	args := pgx.NamedArgs{"id": m.Conversation, "seq": m.Seq, "files": ids}
	var done int
	if err := db.QueryRow(ctx, q, args).Scan(&done); isCode(err, invalidText) || err == nil && done != len(ids) {
		return fmt.Errorf("send %d files in conversation %s: %w", len(ids), m.Conversation, conversation.ErrNoFile)
	} else if err != nil {
		return fail("send files in", m.Conversation, err)
	}
	var list fileList
	if err := db.QueryRow(ctx, read, args).Scan(&list); err != nil {
		return fail("read the files sent in", m.Conversation, err)
	}
	m.Attachments = list
	return nil
}

// sameUploads reports whether a repeat names the files that the message has.
// Those that a platform names have no id to compare.
func sameUploads(have []conversation.Attachment, named []conversation.InboundFile) bool {
	for i, f := range named {
		if f.Upload != "" && (i >= len(have) || have[i].ID != f.Upload) {
			return false
		}
	}
	return true
}

// withinQuota holds where conversation @id, of which a row is locked, may take
// in @bytes more.
const withinQuota = `(SELECT coalesce(sum(octet_length(f.content)), 0) + @bytes <= @most
		AND coalesce(sum(octet_length(f.content)) FILTER (WHERE f.created_at > now() - interval '1 day'), 0) + @bytes <= @day_most
		AND count(*) FILTER (WHERE f.created_at > now() - interval '1 day' AND f.id <> @file) < @day_files
	FROM files f WHERE f.conversation_id = @id)`

func quotaArgs(q conversation.Quota, args pgx.NamedArgs) pgx.NamedArgs {
	args["most"], args["day_most"], args["day_files"] = q.Bytes, q.DayBytes, q.DayFiles
	return args
}

// AddFile implements conversation.Files.
func (s *Store) AddFile(ctx context.Context, id string, f conversation.File, quota conversation.Quota) error {
	// The lock comes in a statement of its own, so that the sum sees every upload
	// that was let in before.
	const lock = `SELECT id FROM conversations WHERE id = @id FOR UPDATE`
	const q = `
		INSERT INTO files (id, conversation_id, kind, name, media_type, bytes, content, sha256)
		SELECT @file, @id, @kind, @name, @type, @bytes, @content, @sum WHERE ` + withinQuota + `
		RETURNING true`
	sum := sha256.Sum256(f.Content)
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var ok string
		if err := tx.QueryRow(ctx, lock, pgx.NamedArgs{"id": id}).Scan(&ok); err != nil {
			return fail("add a file to", id, err)
		}
		var added bool
		err := tx.QueryRow(ctx, q, quotaArgs(quota, pgx.NamedArgs{
			"file": f.ID, "id": id, "kind": f.Kind, "name": f.Name, "type": f.MediaType,
			"bytes": int64(len(f.Content)), "content": f.Content, "sum": sum[:],
		})).Scan(&added)
		if errors.Is(err, pgx.ErrNoRows) {
			return conversation.ErrFileQuota
		}
		return err
	})
	return fileErr("add", f.ID, err)
}

// FileFetched implements conversation.Files.
func (s *Store) FileFetched(ctx context.Context, id string, content []byte, quota conversation.Quota) error {
	const lock = `SELECT c.id FROM conversations c JOIN files f ON f.conversation_id = c.id WHERE f.id = @file FOR UPDATE OF c`
	const q = `
		UPDATE files SET content = @content, sha256 = @sum, bytes = @bytes
		WHERE id = @file AND content IS NULL AND state = 'pending' AND ` + withinQuota
	const known = `SELECT content IS NOT NULL OR state <> 'pending' FROM files WHERE id = @file`
	sum := sha256.Sum256(content)
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var conv string
		args := quotaArgs(quota, pgx.NamedArgs{"file": id, "bytes": int64(len(content)), "content": content, "sum": sum[:]})
		if err := tx.QueryRow(ctx, lock, args).Scan(&conv); err != nil {
			return err
		}
		args["id"] = conv
		tag, err := tx.Exec(ctx, q, args)
		if err != nil || tag.RowsAffected() > 0 {
			return err
		}
		var there bool
		if err := tx.QueryRow(ctx, known, args).Scan(&there); err != nil || there {
			return err
		}
		return conversation.ErrFileQuota
	})
	return fileErr("store fetched", id, err)
}

// fileColumns are what scanFile reads, of files as f.
const fileColumns = `jsonb_build_array(` + fileObject + `), f.conversation_id, coalesce(f.seq, 0), f.channel, f.account, f.remote, f.content, f.picture`

func scanFile(row pgx.Row, more ...any) (conversation.File, error) {
	var (
		f    conversation.File
		list fileList
	)
	err := row.Scan(append([]any{&list, &f.Conversation, &f.Seq, &f.Channel, &f.Account, &f.Remote, &f.Content, &f.Picture}, more...)...)
	if err == nil {
		f.Attachment = list[0]
	}
	return f, err
}

// File implements conversation.Files.
func (s *Store) File(ctx context.Context, id string) (conversation.File, error) {
	const q = `SELECT ` + fileColumns + ` FROM files f WHERE f.id = @id`
	f, err := scanFile(s.pool.QueryRow(ctx, q, pgx.NamedArgs{"id": id}))
	return f, fileErr("read", id, err)
}

// SettleFile implements conversation.Files. The conversation is locked before its file:
// what is booked refers to it.
func (s *Store) SettleFile(ctx context.Context, id string, r conversation.Reading, state conversation.FileState) (conversation.Attachment, bool, error) {
	const q = `
		WITH c AS MATERIALIZED (
			SELECT c.id FROM conversations c WHERE c.id = (SELECT conversation_id FROM files WHERE id = @id) FOR KEY SHARE
		), call AS (
			INSERT INTO model_calls (conversation_id, turn, purpose, model, outcome,
				input_tokens, cached_tokens, output_tokens, cost_micros, estimated, duration_ms, hold, unpriced, key)
			SELECT (SELECT id FROM c), r.turn, r.purpose, r.model, r.outcome,
				r.input_tokens, r.cached_tokens, r.output_tokens, r.cost_micros, r.estimated, r.duration_ms, r.hold, r.unpriced, r.key
			FROM jsonb_to_recordset(@calls) AS r(` + callRecord + `)
			ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING
		)
		UPDATE files f SET
			kind = CASE WHEN @kind = '' THEN f.kind ELSE @kind END,
			media_type = CASE WHEN @type = '' THEN f.media_type ELSE @type END,
			content = coalesce(@content, f.content),
			bytes = CASE WHEN @content::bytea IS NULL THEN f.bytes ELSE octet_length(@content) END,
			picture = @picture, width = @width, height = @height,
			duration_ms = CASE WHEN @millis = 0 THEN f.duration_ms ELSE @millis END,
			body = @body, state = @state, reason = @reason
		WHERE f.id = (SELECT @id::uuid FROM c) AND f.state = 'pending'`
	const read = `SELECT jsonb_build_array(` + fileObject + `) FROM files f WHERE f.id = @id`
	args := pgx.NamedArgs{
		"id": id, "kind": r.Kind, "type": r.MediaType, "content": r.Content, "picture": r.Picture, "width": r.Width, "height": r.Height,
		"millis": r.Duration.Milliseconds(), "body": r.Text, "state": state, "reason": r.Refused,
	}
	if err := jsonArgs(args, nil, r.Calls); err != nil {
		return conversation.Attachment{}, false, fileErr("settle", id, err)
	}
	delete(args, "messages")
	var tag pgconn.CommandTag
	err := insisting(ctx, func() (err error) {
		tag, err = s.pool.Exec(ctx, q, args)
		return err
	})
	if err != nil {
		return conversation.Attachment{}, false, fileErr("settle", id, err)
	}
	var list fileList
	if err := s.pool.QueryRow(ctx, read, pgx.NamedArgs{"id": id}).Scan(&list); err != nil {
		return conversation.Attachment{}, false, fileErr("settle", id, err)
	}
	return list[0], tag.RowsAffected() > 0, nil
}

// Pictures implements conversation.Files.
func (s *Store) Pictures(ctx context.Context, id string, ids []string) (map[string][]byte, error) {
	const q = `
		SELECT f.id, f.picture FROM files f
		WHERE f.conversation_id = @id AND f.id = ANY (@ids::uuid[]) AND f.picture IS NOT NULL`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"id": id, "ids": ids})
	if err != nil {
		return nil, fail("read pictures of", id, err)
	}
	out := map[string][]byte{}
	var (
		file    string
		picture []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&file, &picture}, func() error {
		out[file] = append([]byte(nil), picture...)
		return nil
	})
	if err != nil {
		return nil, fail("read pictures of", id, err)
	}
	return out, nil
}

// DropUnsent implements conversation.Files.
func (s *Store) DropUnsent(ctx context.Context, age time.Duration) (int64, error) {
	const q = `DELETE FROM files WHERE seq IS NULL AND created_at < now() - make_interval(secs => @age)`
	tag, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"age": seconds(age)})
	if err != nil {
		return 0, fmt.Errorf("drop unsent files: %w", err)
	}
	return tag.RowsAffected(), nil
}

// fileErr wraps err with what was being done to a file; no row, and an id that
// is no UUID, are conversation.ErrNoFile.
func fileErr(verb, id string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows), isCode(err, invalidText):
		err = conversation.ErrNoFile
	}
	return fmt.Errorf("%s file %s: %w", verb, id, err)
}
