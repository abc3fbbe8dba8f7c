package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// Inbox is what staff do with conversations beside talking.
type Inbox interface {
	InboxLists
	InboxActs
	ContactBook
	Shelves
	Mentions
	Briefings
}

// InboxLists reads what staff work from.
type InboxLists interface {
	Rows(ctx context.Context, f conversation.Filter) ([]conversation.Row, string, error)
	Row(ctx context.Context, id, me string) (conversation.Row, error)
	RowsOf(ctx context.Context, ids, readers []string) ([]conversation.Row, map[[2]string]int, error)
	Count(ctx context.Context, me string) (conversation.Counts, error)
	Timeline(ctx context.Context, id string) ([]conversation.TimelineEvent, error)
}

// Bounds of what a request may say, in characters.
const (
	maxQueryRunes  = 200
	maxReasonRunes = 500
)

// rowView is what a conversation's row says beside its state.
type rowView struct {
	ContactID    string              `json:"contact_id"`
	Blocked      bool                `json:"blocked,omitempty"`
	Labels       []string            `json:"labels"`
	Priority     int                 `json:"priority"`
	Assignee     *Person             `json:"assignee,omitempty"` // who holds it, or is to
	Team         *Person             `json:"team,omitempty"`
	Unread       int                 `json:"unread"` // messages of the customer the caller has not seen; 100 at most
	SnoozedUntil *time.Time          `json:"snoozed_until,omitempty"`
	Lang         string              `json:"lang,omitempty"`
	Reason       conversation.Reason `json:"reason,omitempty"` // why it waits for a person
	Asks         string              `json:"asks,omitempty"`   // the beginning of what the customer said last, while it waits so
	Messages     int64               `json:"messages"`
	Rating       int                 `json:"rating,omitempty"`  // the customer's newest, 1 to 5
	Comment      string              `json:"comment,omitempty"` // what they said beside it
	Match        *matchView          `json:"match,omitempty"`   // where q was found
}

type matchView struct {
	Seq     int64  `json:"seq"` // 0: in the contact's name or address
	Excerpt string `json:"excerpt"`
}

type countsView struct {
	Queue    int `json:"queue"`
	Mine     int `json:"mine"`
	Bot      int `json:"bot"`
	Open     int `json:"open"`
	Snoozed  int `json:"snoozed"`
	Resolved int `json:"resolved"`
	Dropped  int `json:"dropped"`
	Unread   int `json:"unread"`
}

type timelineView struct {
	Events []timelineEventView `json:"events"`
}

type timelineEventView struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	From   string    `json:"from"`
	To     string    `json:"to"`
	Reason string    `json:"reason"`
	Actor  Person    `json:"actor"`
	// Comment is what the customer said beside a rating, with the newest of an episode.
	Comment string `json:"comment,omitempty"`
}

func viewRow(r conversation.Row) summaryView {
	v := viewSummary(r.Summary)
	v.rowView = rowView{ContactID: r.ContactID, Blocked: r.Blocked, Labels: slices.Concat([]string{}, r.Labels), Priority: r.Priority,
		Assignee: person(r.Assignee), Team: person(r.Team), Unread: r.Unread, SnoozedUntil: when(r.SnoozedUntil),
		Lang: r.State.Locale, Reason: r.Reason, Asks: r.Asks, Messages: r.State.Seq, Rating: r.Rating, Comment: r.Comment}
	if r.Match != nil {
		v.Match = &matchView{r.Match.Seq, r.Match.Excerpt}
	}
	return v
}

func viewRows(list []conversation.Row) []summaryView {
	out := make([]summaryView, len(list))
	for i, r := range list {
		out[i] = viewRow(r)
	}
	return out
}

func person(n conversation.Named) *Person {
	if n.ID == "" {
		return nil
	}
	return &Person{ID: n.ID, Name: n.Name}
}

func (c *Console) listInbox(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	if r.URL.Query().Has("figure") {
		return c.listFigure(w, r, who)
	}
	f, err := inboxFilter(r)
	if err != nil {
		return err
	}
	f.Me = who.ID
	list, next, err := c.inbox.Rows(r.Context(), f)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, conversationsView{Conversations: viewRows(list), Next: next})
}

// inboxFilter reads what is asked for.
func inboxFilter(r *http.Request) (conversation.Filter, error) {
	q := r.URL.Query()
	f := conversation.Filter{View: conversation.View(q.Get("view")), Assignee: strings.ToLower(q.Get("assignee")), Team: strings.ToLower(q.Get("team"))}
	if f.View == "" {
		f.View = conversation.ViewAll
	}
	if !slices.Contains(conversation.Views, f.View) {
		return f, badParameter("view", "queue, mine, bot, open, snoozed, resolved, dropped or all")
	}
	if f.Assignee != "" && f.Assignee != "none" && !isUUID(f.Assignee) {
		return f, badParameter("assignee", "a member of staff's id, or none")
	}
	if f.Team != "" && f.Team != conversation.TeamsMine && !isUUID(f.Team) {
		return f, badParameter("team", "a team's id, or mine")
	}
	for name, to := range map[string]*string{"q": &f.Text, "channel": &f.Channel, "label": &f.Label, "lang": &f.Locale} {
		v := q.Get(name)
		if !utf8.ValidString(v) || strings.ContainsRune(v, 0) || utf8.RuneCountInString(v) > maxQueryRunes {
			return f, badParameter(name, "a text of up to 200 characters")
		}
		*to = strings.TrimSpace(v)
	}
	for name, to := range map[string]*time.Time{"from": &f.From, "to": &f.To} {
		v := q.Get(name)
		if v == "" {
			continue
		}
		var err error
		if *to, err = parseInstant(v); err != nil {
			return f, badParameter(name, "a day such as 2026-01-31 or a time as of RFC 3339")
		}
	}
	priority, err := intParam(r, "priority", 0, conversation.PriorityNone, conversation.PriorityMost)
	if err != nil {
		return f, err
	}
	limit, err := intParam(r, "limit", 50, 1, maxConversationsPage)
	if err != nil {
		return f, err
	}
	f.Priority, f.Limit = int(priority), int(limit)
	f.Cursor, err = cursorParam(r)
	return f, err
}

// parseInstant reads a time, or a day as its beginning in UTC.
func parseInstant(s string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, s)
}

func badParameter(name, is string) error {
	return problem(http.StatusUnprocessableEntity, "bad_parameter", "The parameter "+name+" is "+is+".")
}

func badField(name, is string) error {
	return problem(http.StatusUnprocessableEntity, "bad_field", "The member \""+name+"\" is "+is+".")
}

func (c *Console) countInbox(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	n, err := c.inbox.Count(r.Context(), who.ID)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, countsView(n))
}

func (c *Console) timeline(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	list, err := c.inbox.Timeline(r.Context(), id)
	if err != nil {
		return err
	}
	v := timelineView{Events: make([]timelineEventView, len(list))}
	for i, e := range list {
		actor := Person{ID: e.ActorID, Name: e.ActorName}
		if !isUUID(actor.ID) { // customer, bot or system, who have no id
			actor = Person{Name: e.ActorID}
		}
		v.Events[i] = timelineEventView{At: e.At.UTC(), Kind: e.Kind, From: e.From, To: e.To, Reason: e.Reason, Actor: actor, Comment: e.Comment}
	}
	return writeJSON(w, http.StatusOK, v)
}

// line is a name as it can be stored: one line, without what turns the direction of
// what stands beside it.
func line(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Bidi_Control, r)
	}), " ")
}
