package conversationdb

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// maxUnread is where counting what somebody has not seen ends.
const maxUnread = 100

// rowColumns are what scanRow reads, of conversations as c, after what a list wants
// to order by. The subqueries run for the rows of one page only.
const rowColumns = stateColumns + `, p.name, p.email, coalesce(left(m.body, @preview), ''), coalesce(m.author, ''),
	c.created_at, c.updated_at, coalesce(c.customer_at, '0001-01-01'),
	p.id::text, c.blocked, c.priority,
	coalesce((SELECT array_agg(l.name ORDER BY lower(l.name)) FROM conversation_labels cl JOIN labels l ON l.id = cl.label_id
		WHERE cl.conversation_id = c.id), '{}'),
	CASE c.owner WHEN 'staff' THEN c.staff_id::text WHEN 'queue' THEN coalesce(c.assignee_id::text, '') ELSE '' END,
	CASE c.owner WHEN 'staff' THEN c.staff_name WHEN 'queue' THEN coalesce((SELECT a.name FROM staff_accounts a WHERE a.id = c.assignee_id), '') ELSE '' END,
	coalesce(c.team_id::text, ''), coalesce((SELECT t.name FROM teams t WHERE t.id = c.team_id), ''),
	CASE WHEN c.status = 'snoozed' THEN c.snoozed_until END,
	CASE WHEN c.owner = 'queue' THEN coalesce((SELECT e.reason FROM ownership_events e
		WHERE e.conversation_id = c.id AND e.to_owner = 'queue' AND e.from_owner <> 'queue' ORDER BY e.id DESC LIMIT 1), '') ELSE '' END,
	CASE WHEN c.owner = 'queue' THEN coalesce((SELECT left(a.body, @preview) FROM messages a
		WHERE a.conversation_id = c.id AND a.author = 'customer' ORDER BY a.seq DESC LIMIT 1), '') ELSE '' END,
	coalesce(rated.rating, 0), coalesce(rated.comment, ''),
	CASE WHEN @me::uuid IS NULL THEN 0 ELSE ` + unreadCount + ` END`

// unreadCount counts, of conversations as c, what the customer wrote after the mark
// of @me.
const unreadCount = `(SELECT count(*) FROM (SELECT 1 FROM messages u
	WHERE u.conversation_id = c.id AND u.author = 'customer' AND u.seq > coalesce((
		SELECT r.seq FROM read_marks r WHERE r.conversation_id = c.id AND r.staff_id = @me::uuid), 0)
	LIMIT @unread) n)`

// rowJoins bring what rowColumns name beside c.
const rowJoins = `
	JOIN contacts p ON p.id = c.contact_id
	LEFT JOIN LATERAL (
		SELECT body, author FROM messages
		WHERE conversation_id = c.id AND NOT note ORDER BY seq DESC LIMIT 1
	) m ON true
	LEFT JOIN LATERAL (
		SELECT e.rating, e.comment FROM episodes e WHERE e.conversation_id = c.id AND e.rating IS NOT NULL ORDER BY e.episode DESC LIMIT 1
	) rated ON true`

func rowTargets(r *conversation.Row, st *stateScan, snoozed **time.Time) []any {
	return append(st.targets(), &r.Contact, &r.Email, &r.Preview, &r.PreviewBy, &r.CreatedAt, &r.UpdatedAt, &r.CustomerAt,
		&r.ContactID, &r.Blocked, &r.Priority, &r.Labels, &r.Assignee.ID, &r.Assignee.Name, &r.Team.ID, &r.Team.Name,
		snoozed, &r.Reason, &r.Asks, &r.Rating, &r.Comment, &r.Unread)
}

func scanRow(row pgx.CollectableRow) (r conversation.Row, err error) {
	var (
		st      stateScan
		snoozed *time.Time
	)
	err = row.Scan(rowTargets(&r, &st, &snoozed)...)
	r.State = st.state()
	if snoozed != nil {
		r.SnoozedUntil = *snoozed
	}
	return r, err
}

// rowArgs are the arguments that rowColumns take.
func rowArgs(me string) pgx.NamedArgs {
	return pgx.NamedArgs{"me": null(me), "preview": maxPreview, "unread": maxUnread}
}

// Row implements conversation.InboxLists.
func (s *Store) Row(ctx context.Context, id, me string) (conversation.Row, error) {
	args := rowArgs(me)
	args["id"] = id
	rows, err := s.pool.Query(ctx, `SELECT `+rowColumns+` FROM conversations c`+rowJoins+` WHERE c.id = @id`, args)
	if err != nil {
		return conversation.Row{}, fail("read", id, err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, scanRow)
	if err != nil {
		return conversation.Row{}, fail("read", id, err)
	}
	return r, nil
}

// RowsOf implements conversation.InboxLists.
func (s *Store) RowsOf(ctx context.Context, ids, readers []string) ([]conversation.Row, map[[2]string]int, error) {
	const unseen = `
		SELECT c.id::text, r.id::text, (SELECT count(*) FROM (SELECT 1 FROM messages u
			WHERE u.conversation_id = c.id AND u.author = 'customer' AND u.seq > coalesce((
				SELECT m.seq FROM read_marks m WHERE m.conversation_id = c.id AND m.staff_id = r.id), 0)
			LIMIT @unread) n)
		FROM conversations c CROSS JOIN unnest(@readers::uuid[]) AS r(id) WHERE c.id = ANY (@ids::uuid[])`
	args := rowArgs("")
	args["ids"], args["readers"] = ids, readers
	rows, err := s.pool.Query(ctx, `SELECT `+rowColumns+` FROM conversations c`+rowJoins+` WHERE c.id = ANY (@ids::uuid[]) AND c.seq > 0`, args)
	if err != nil {
		return nil, nil, fmt.Errorf("read %d rows: %w", len(ids), err)
	}
	list, err := pgx.CollectRows(rows, scanRow)
	if err != nil {
		return nil, nil, fmt.Errorf("read %d rows: %w", len(ids), err)
	}
	counts := map[[2]string]int{}
	if len(readers) == 0 {
		return list, counts, nil
	}
	rows, err = s.pool.Query(ctx, unseen, args)
	if err != nil {
		return nil, nil, fmt.Errorf("count what is unread: %w", err)
	}
	var (
		id, reader string
		n          int
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &reader, &n}, func() error {
		counts[[2]string{id, reader}] = n
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("count what is unread: %w", err)
	}
	return list, counts, nil
}

// Count implements conversation.InboxLists.
func (s *Store) Count(ctx context.Context, me string) (conversation.Counts, error) {
	const q = `
		WITH queue AS MATERIALIZED (
			SELECT c.id FROM conversations c WHERE c.owner = 'queue' AND c.waiting_since IS NOT NULL AND c.status IN ('open', 'waiting') AND c.seq > 0 LIMIT @most
		), mine AS MATERIALIZED (
			SELECT c.id FROM conversations c WHERE c.seq > 0 AND c.owner = 'staff' AND c.staff_id = @me::uuid AND c.status IN ('open', 'waiting')
			UNION ALL
			SELECT c.id FROM conversations c WHERE c.seq > 0 AND c.owner = 'queue' AND c.assignee_id = @me::uuid AND c.status IN ('open', 'waiting')
		)
		SELECT (SELECT count(*) FROM queue), (SELECT count(*) FROM mine),
			(SELECT count(*) FROM (SELECT 1 FROM conversations c WHERE c.status IN ('open', 'waiting') AND c.owner = 'bot' AND c.seq > 0 LIMIT @most) n),
			(SELECT count(*) FROM (SELECT 1 FROM conversations c WHERE c.status IN ('open', 'waiting') AND c.seq > 0 LIMIT @most) n),
			(SELECT count(*) FROM (SELECT 1 FROM conversations c WHERE c.status = 'snoozed' AND c.seq > 0 LIMIT @most) n),
			(SELECT count(*) FROM (SELECT 1 FROM conversations c WHERE c.status = 'resolved' AND c.seq > 0 LIMIT @most) n),
			(SELECT count(*) FROM (SELECT 1 FROM conversations c WHERE ` + isDropped + ` LIMIT @most) n),
			(SELECT count(*) FROM (SELECT id FROM queue UNION SELECT id FROM mine) c WHERE EXISTS (SELECT 1 FROM messages u
				WHERE u.conversation_id = c.id AND u.author = 'customer' AND u.seq > coalesce((
					SELECT r.seq FROM read_marks r WHERE r.conversation_id = c.id AND r.staff_id = @me::uuid), 0)))`
	var c conversation.Counts
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"me": null(me), "most": conversation.MaxCount, "dropped": seconds(conversation.DroppedAfter)}).
		Scan(&c.Queue, &c.Mine, &c.Bot, &c.Open, &c.Snoozed, &c.Resolved, &c.Dropped, &c.Unread)
	if err != nil {
		return c, fmt.Errorf("count the inbox: %w", err)
	}
	return c, nil
}

// isDropped tells whether the last word in conversation c is the customer's and has
// been for a while. Only what is open can be: an answer leaves waiting.
const (
	isDropped    = mayBeDropped + " AND " + lastWordIsTheirs
	mayBeDropped = `c.seq > 0 AND c.status = 'open' AND NOT c.blocked AND c.customer_at < now() - make_interval(secs => @dropped)`

	lastWordIsTheirs = `(SELECT w.author FROM messages w
		WHERE w.conversation_id = c.id AND NOT w.note AND w.author <> 'system' ORDER BY w.seq DESC LIMIT 1) = 'customer'`
)
