package conversationdb

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// unsaidFor is how long a conversation is kept in which nobody has said anything: the
// widget opens one for each visitor who opens the chat, with what their page said of them.
const unsaidFor = 7 * 24 * time.Hour

const (
	talkIsOld    = `c.status = 'resolved' AND c.seq > 0 AND c.updated_at < now() - make_interval(secs => @age)`
	talkIsUnsaid = `c.seq = 0 AND c.created_at < now() - make_interval(secs => @age)`
)

// forgetConversations deletes resolved conversations with all that is theirs, and the
// contacts of whom none is left.
func (s *Store) forgetConversations(ctx context.Context, days int) (talks, contacts int64, err error) {
	return s.forgetWhere(ctx, talkIsOld, `c.updated_at`, time.Duration(days)*24*time.Hour)
}

// forgetUnsaid does the same with conversations that never began.
func (s *Store) forgetUnsaid(ctx context.Context) (talks, contacts int64, err error) {
	return s.forgetWhere(ctx, talkIsUnsaid, `c.created_at`, unsaidFor)
}

// forgetWhere deletes some of the conversations c that where holds for, the least by order
// first, and the contacts of whom none is left. A blocked contact stays, or they would be
// let in again.
//
// Contacts are locked before their conversations, so that none can get another one from
// there on, and what is judged of them afterwards is judged of what is committed. Neither
// is waited for: what somebody is at now is no trace of long ago, and is left to the next
// day.
func (s *Store) forgetWhere(ctx context.Context, where, order string, age time.Duration) (talks, contacts int64, err error) {
	var (
		look = `SELECT c.contact_id::text FROM conversations c WHERE ` + where + ` ORDER BY ` + order + ` LIMIT @batch`
		lock = `SELECT c.id::text FROM conversations c WHERE c.contact_id = ANY (@people::uuid[]) AND ` + where + `
			ORDER BY c.id LIMIT @batch FOR UPDATE SKIP LOCKED`
	)
	const (
		hold   = `SELECT id::text FROM contacts WHERE id = ANY (@people::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED`
		drop   = `DELETE FROM conversations WHERE id = ANY (@talks::uuid[])`
		lonely = `WITH gone AS (
				DELETE FROM contacts p WHERE p.id = ANY (@people::uuid[]) AND NOT p.blocked
				AND NOT EXISTS (SELECT FROM conversations c WHERE c.contact_id = p.id) RETURNING p.id
			), changes AS (DELETE FROM contact_changes h USING gone WHERE h.contact_id = gone.id)
			SELECT count(*) FROM gone`
	)
	err = s.inOrder(ctx, func(tx pgx.Tx) error {
		talks, contacts = 0, 0
		// Deleting questions takes the lock of gaps; it comes before every row.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(gapLock)); err != nil {
			return err
		}
		args := pgx.NamedArgs{"age": seconds(age), "batch": forgetTalks}
		for _, step := range []struct{ into, sql string }{{"people", look}, {"people", hold}, {"talks", lock}} {
			rows, err := tx.Query(ctx, step.sql, args)
			if err != nil {
				return err
			}
			ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil || len(ids) == 0 {
				return err
			}
			args[step.into] = ids
		}
		tag, err := tx.Exec(ctx, drop, args)
		if err != nil {
			return err
		}
		talks = tag.RowsAffected()
		return tx.QueryRow(ctx, lonely, args).Scan(&contacts)
	})
	if err != nil {
		return 0, 0, err
	}
	return talks, contacts, nil
}
