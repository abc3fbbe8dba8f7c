package conversationdb

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// listing is one page being put together: which conversations, in which order.
type listing struct {
	f      conversation.Filter
	where  []string
	args   pgx.NamedArgs
	by     string // column of conversations c that orders it
	desc   bool
	status []string // one ordered list each, merged; empty: one of all
	later  string   // what is so costly to tell that it is asked in the list's order, until the page is full
	among  string   // what holds of those wanted among the first of the list
}

// Rows implements conversation.InboxLists.
func (s *Store) Rows(ctx context.Context, f conversation.Filter) ([]conversation.Row, string, error) {
	l := newListing(f)
	if err := l.filter(); err != nil {
		return nil, "", err
	}
	if l.f.Label != "" {
		if none, err := s.labelled(ctx, l); err != nil || none {
			return nil, "", err
		}
	}
	if l.f.Text != "" {
		query := queryOf(l.f.Text)
		if query == "" {
			return nil, "", nil // there is nothing in it to look for
		}
		return s.search(ctx, l, query)
	}
	return s.page(ctx, l)
}

// search reads a page of what was found. Words that many have fill it from the
// beginning of the list, where looking costs little; the index then need not name
// the hundreds of thousands of messages that have them too. Rare ones it names.
func (s *Store) search(ctx context.Context, l *listing, query string) ([]conversation.Row, string, error) {
	l.args["query"], l.args["near"] = query, nearby
	l.among = holdsQuery
	rows, next, err := s.page(ctx, l)
	if err != nil {
		return nil, "", err
	}
	if next == "" {
		h, err := s.hits(ctx, query)
		if err != nil {
			return nil, "", err
		}
		l.among = ""
		l.restrict(h)
		if rows, next, err = s.page(ctx, l); err != nil {
			return nil, "", err
		}
	}
	return rows, next, s.match(ctx, rows, query, l.f.Text)
}

var unresolved = []string{string(conversation.StatusOpen), string(conversation.StatusWaiting)}

func newListing(f conversation.Filter) *listing {
	l := &listing{f: f, by: "updated_at", desc: true, args: rowArgs(f.Me), where: []string{"c.seq > 0"}}
	l.args["limit"] = f.Limit + 1
	switch f.View {
	case conversation.ViewQueue:
		l.and("c.owner = 'queue' AND c.waiting_since IS NOT NULL AND c.status IN ('open', 'waiting')")
		l.by, l.desc = "waiting_since", false
	case conversation.ViewMine:
		// Each half has an index of its own; who has none sees nothing.
		l.and(`c.id IN (
			SELECT o.id FROM conversations o WHERE o.owner = 'staff' AND o.staff_id = @me::uuid AND o.status IN ('open', 'waiting')
			UNION ALL
			SELECT o.id FROM conversations o WHERE o.owner = 'queue' AND o.assignee_id = @me::uuid AND o.status IN ('open', 'waiting'))`)
	case conversation.ViewBot:
		l.and("c.owner = 'bot'")
		l.status = unresolved
	case conversation.ViewOpen:
		l.status = unresolved
	case conversation.ViewSnoozed:
		l.status = []string{string(conversation.StatusSnoozed)}
	case conversation.ViewResolved:
		l.status = []string{string(conversation.StatusResolved)}
	case conversation.ViewDropped:
		l.and(mayBeDropped)
		l.later = lastWordIsTheirs
		l.args["dropped"] = seconds(conversation.DroppedAfter)
		l.by, l.desc = "customer_at", false
	}
	return l
}

func (l *listing) and(condition string) { l.where = append(l.where, condition) }

// filter adds what the filter asks for.
func (l *listing) filter() error {
	f := &l.f
	add := func(set bool, name string, value any, condition string) {
		if set {
			l.args[name] = value
			l.and(condition)
		}
	}
	add(f.Channel != "", "channel", f.Channel, "c.channel = @channel")
	if f.Team == conversation.TeamsMine {
		l.and("c.team_id IN (SELECT tm.team_id FROM team_members tm WHERE tm.staff_id = @me::uuid)")
	} else {
		add(f.Team != "", "team", f.Team, "c.team_id = @team::uuid")
	}
	l.speaks(strings.ToLower(f.Locale))
	add(f.Priority > 0, "priority", f.Priority, "c.priority >= @priority AND c.priority > 0")
	add(!f.From.IsZero(), "from", f.From, "c.updated_at >= @from")
	add(!f.To.IsZero(), "to", f.To, "c.updated_at < @to")
	switch f.Assignee {
	case "":
	case "none":
		l.and("c.owner <> 'staff' AND (c.owner <> 'queue' OR c.assignee_id IS NULL)")
	default:
		l.args["assignee"] = f.Assignee
		l.and(`(c.owner = 'staff' AND c.staff_id = @assignee::uuid OR c.owner = 'queue' AND c.assignee_id = @assignee::uuid)`)
	}
	if f.Cursor == "" {
		return nil
	}
	at, id, err := openCursor(f.Cursor)
	if err != nil {
		return err
	}
	sign := ">"
	if l.desc {
		sign = "<"
	}
	l.args["cursor_at"], l.args["cursor_id"] = at, id
	l.and("(c." + l.by + ", c.id) " + sign + " (@cursor_at::timestamptz, @cursor_id::uuid)")
	return nil
}

// sql is the statement. The inner one names the page, the outer one brings what its
// rows show.
func (l *listing) sql() string {
	dir := "ASC"
	if l.desc {
		dir = "DESC"
	}
	limit := " LIMIT @limit"
	if l.among != "" {
		limit = " LIMIT @near"
	}
	order := " ORDER BY c." + l.by + " " + dir + ", c.id " + dir
	from := "SELECT c.* FROM conversations c WHERE " + strings.Join(l.where, " AND ")
	if len(l.status) > 0 {
		var each []string
		for _, s := range l.status { // of ours, never of the caller's
			each = append(each, "("+from+" AND c.status = '"+s+"'"+order+limit+")")
		}
		from = "SELECT * FROM (" + strings.Join(each, " UNION ALL ") + ") c"
	}
	if l.later != "" { // sorted first: Postgres would rather ask it of every row
		from = "SELECT c.* FROM (" + from + order + " OFFSET 0) c WHERE " + l.later
	}
	page := "WITH page AS MATERIALIZED (" + from + order + limit + ") "
	if l.among != "" {
		page = "WITH near AS MATERIALIZED (" + from + order + limit + "), page AS MATERIALIZED (SELECT c.* FROM near c WHERE " + l.among + order + " LIMIT @limit) "
	}
	return page + "SELECT " + rowColumns + " FROM page c" + rowJoins + order
}

// page reads it. The statement is planned for its values each time: what they are
// decides which index is the right one.
func (s *Store) page(ctx context.Context, l *listing) ([]conversation.Row, string, error) {
	rows, err := s.pool.Query(ctx, l.sql(), pgx.QueryExecModeCacheDescribe, l.args)
	if err != nil {
		return nil, "", listError(err)
	}
	list, err := pgx.CollectRows(rows, scanRow)
	if err != nil {
		return nil, "", listError(err)
	}
	if len(list) <= l.f.Limit {
		return list, "", nil
	}
	list = list[:l.f.Limit]
	last := list[len(list)-1]
	at := last.UpdatedAt
	switch l.by {
	case "waiting_since":
		at = last.State.WaitingSince
	case "customer_at":
		at = last.CustomerAt
	}
	return list, base64.RawURLEncoding.EncodeToString([]byte(at.UTC().Format(time.RFC3339Nano) + " " + last.State.Conversation)), nil
}

// listError tells a cursor that is none of ours from what is our own fault.
func listError(err error) error {
	if isCode(err, invalidText) {
		return conversation.ErrBadCursor
	}
	return fmt.Errorf("list the inbox: %w", err)
}

// maxHits is how many messages a search names by the index. What more have than that
// is so common that going through the list finds a page sooner.
const maxHits = 10_000

// nearby is how many conversations are looked at one by one before the index is asked.
const nearby = 200

// holdsQuery tells whether conversation c or its contact has the words. It is written
// so that the rows of one conversation are looked at, never the index of all.
const holdsQuery = `(EXISTS (SELECT 1 FROM message_terms t WHERE t.conversation_id = c.id AND (t.terms || ''::tsvector) @@ @query::tsquery)
	OR EXISTS (SELECT 1 FROM contact_terms t WHERE t.contact_id = c.contact_id AND (t.terms || ''::tsvector) @@ @query::tsquery))`

// hits are the conversations that a search found. Where there are too many, full is
// set and they are to be looked for along the list.
type hits struct {
	ids  []string
	full bool
}

func (s *Store) hits(ctx context.Context, query string) (h hits, err error) {
	const q = `
		SELECT conversation_id::text, count(*) FROM (SELECT conversation_id FROM message_terms WHERE terms @@ @query::tsquery LIMIT @most) m GROUP BY 1
		UNION ALL
		SELECT id::text, 1 FROM (SELECT c.id FROM conversations c WHERE c.contact_id IN (
			SELECT contact_id FROM contact_terms WHERE terms @@ @query::tsquery LIMIT @most) LIMIT @most) n`
	rows, err := s.pool.Query(ctx, q, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs{"query": query, "most": maxHits})
	if err != nil {
		return h, fmt.Errorf("search the inbox: %w", err)
	}
	var (
		id       string
		n, found int
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &n}, func() error {
		h.ids, found = append(h.ids, id), found+n
		return nil
	})
	if err != nil {
		return h, fmt.Errorf("search the inbox: %w", err)
	}
	h.full = found >= maxHits
	return h, nil
}

// restrict narrows the list to what the search found.
func (l *listing) restrict(h hits) {
	if h.full {
		l.and(holdsQuery)
		return
	}
	l.args["hits"] = h.ids
	l.and("c.id = ANY (@hits::uuid[])")
}

// match says for each row where the words were found: in the newest message with
// all of them, else in the contact.
func (s *Store) match(ctx context.Context, rows []conversation.Row, query, text string) error {
	const q = `
		SELECT c.id::text, m.seq, m.body FROM unnest(@ids::uuid[]) AS c(id) CROSS JOIN LATERAL (
			SELECT t.seq FROM message_terms t WHERE t.conversation_id = c.id AND t.terms @@ @query::tsquery ORDER BY t.seq DESC LIMIT 1
		) t JOIN messages m ON m.conversation_id = c.id AND m.seq = t.seq`
	ids := make([]string, len(rows))
	at := map[string]*conversation.Row{}
	for i := range rows {
		ids[i] = rows[i].State.Conversation
		at[ids[i]] = &rows[i]
		rows[i].Match = &conversation.Match{Excerpt: excerpt(strings.TrimSpace(rows[i].Contact+" "+rows[i].Email), text)}
	}
	found, err := s.pool.Query(ctx, q, pgx.QueryExecModeCacheDescribe, pgx.NamedArgs{"ids": ids, "query": query})
	if err != nil {
		return fmt.Errorf("search the inbox: %w", err)
	}
	var (
		id, body string
		seq      int64
	)
	_, err = pgx.ForEachRow(found, []any{&id, &seq, &body}, func() error {
		at[id].Match = &conversation.Match{Seq: seq, Excerpt: excerpt(body, text)}
		return nil
	})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("search the inbox: %w", err)
	}
	return nil
}
