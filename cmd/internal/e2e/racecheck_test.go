package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"frontdesk/cmd/internal/visitor"

	"github.com/jackc/pgx/v5"
)

// piece is what a stream has of one answer being written.
type piece struct {
	text           string
	taken          bool // a person had the conversation when its first piece came
	outdated, over bool // a person has taken over since; it was withdrawn, or stored
}

// customerLog is what a customer's stream on one process told.
type customerLog struct {
	open chan struct{}
	once sync.Once

	mu       sync.Mutex // guards what follows
	messages []visitor.Event
	owner    string // as the stream told last, by a state or in words
	state    string // the owner of the last state
	status   string
	turns    map[string]*piece
	faults   []string
}

// follow keeps the stream until ctx ends.
func (l *customerLog) follow(ctx context.Context, v *visitor.Visitor) {
	for ctx.Err() == nil {
		l.mu.Lock()
		last := int64(0)
		if n := len(l.messages); n > 0 {
			last = l.messages[n-1].Seq
		}
		l.mu.Unlock()
		v.Watch(ctx, last, func(e visitor.Event) bool {
			l.once.Do(func() { close(l.open) })
			l.hear(e)
			return true
		})
	}
}

func (l *customerLog) hear(e visitor.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fault := func(format string, args ...any) { l.faults = append(l.faults, fmt.Sprintf(format, args...)) }
	switch e.Name {
	case "message":
		if n := len(l.messages); n > 0 && e.Seq <= l.messages[n-1].Seq {
			fault("message %d after %d", e.Seq, l.messages[n-1].Seq)
		}
		l.messages = append(l.messages, e)
		if turn := l.turns[e.Turn]; turn != nil {
			turn.over = true // whether it was given in time the log says
		}
		// A state may be told before the log that leads to it, or after it.
		if e.Author == "system" && (strings.Contains(e.Text, "handed the chat back") || strings.Contains(e.Text, "answering again") || strings.Contains(e.Text, "was closed")) {
			l.owner = "bot"
		}
	case "state":
		var st struct{ Owner, Status string }
		json.Unmarshal(e.Raw, &st)
		l.owner, l.state, l.status = st.Owner, st.Owner, told(st.Status)
		if st.Owner == "staff" {
			l.taken()
		}
	case "delta":
		turn := l.turns[e.Turn]
		if turn == nil {
			turn = &piece{taken: l.owner == "staff"}
			l.turns[e.Turn] = turn
		}
		if turn.outdated {
			fault("%q of answer %s came after a person took over", e.Text, e.Turn)
		}
		turn.text += e.Text
		turn.over = false
	case "discard":
		if turn := l.turns[e.Turn]; turn != nil {
			turn.over = true
		}
	}
}

// taken notes that whatever is being written now must not go on.
func (l *customerLog) taken() {
	for _, turn := range l.turns {
		turn.outdated = true
	}
}

// told is a status as streams tell it: which of open and waiting it is follows from who
// spoke last, and no event is sent for it alone.
func told(status string) string {
	if status == "waiting" {
		return "open"
	}
	return status
}

// staffLog is what a stream of staff on one process told, of all conversations.
type staffLog struct {
	mu     sync.Mutex                  // guards all below
	texts  map[string]map[int64]string // by conversation and number
	states map[string][2]string        // owner and status, the last told
}

func newStaffLog() *staffLog {
	return &staffLog{texts: map[string]map[int64]string{}, states: map[string][2]string{}}
}

func (l *staffLog) hear(e sse) bool {
	var v struct {
		Conversation, Text, Owner, Status string
		Seq                               int64
	}
	json.Unmarshal(e.data, &v)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e.name {
	case "message":
		if l.texts[v.Conversation] == nil {
			l.texts[v.Conversation] = map[int64]string{}
		}
		l.texts[v.Conversation][v.Seq] = v.Text
	case "state":
		l.states[v.Conversation] = [2]string{v.Owner, told(v.Status)}
	}
	return true
}

// stored is one message as the database has it.
type stored struct {
	Seq    int64
	Author string
	Body   string
	Note   bool
	Turn   string
}

// truth is a conversation as the database has it.
type truth struct {
	owner, status string
	seq           int64
	quiet         bool
	left          string // what is not
	log           []stored
}

func (r *round) truth(ctx context.Context) (now truth, err error) {
	const q = `SELECT c.owner, c.status, c.seq, c.turn_due_at IS NULL AND c.lease_until IS NULL AND e.lease_until IS NULL
			AND (c.status IN ('resolved', 'snoozed') OR e.due_at IS NULL OR e.due_at > now()),
			format('turn due %s, leased until %s, overdue at %s, leased until %s', c.turn_due_at, c.lease_until, e.due_at, e.lease_until)
		FROM conversations c JOIN episodes e ON e.conversation_id = c.id AND e.episode = c.episode WHERE c.id = $1`
	const log = `SELECT seq, author, body, note, coalesce(turn::text, '') FROM messages WHERE conversation_id = $1 ORDER BY seq`
	if err = r.p.pool.QueryRow(ctx, q, r.id).Scan(&now.owner, &now.status, &now.seq, &now.quiet, &now.left); err != nil {
		return now, err
	}
	rows, err := r.p.pool.Query(ctx, log, r.id)
	if err != nil {
		return now, err
	}
	now.log, err = pgx.CollectRows(rows, pgx.RowToStructByPos[stored])
	now.status = told(now.status)
	return now, err
}

// check waits until nothing happens any more and both processes' streams have caught up,
// and holds all that is left against the rules.
func (r *round) check(ctx context.Context) {
	t := r.p.t
	var now truth
	behind := ""
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(10 * time.Millisecond) { // between looks
		var err error
		if now, err = r.truth(ctx); err != nil {
			t.Error(err)
			return
		}
		if behind = now.left; now.quiet {
			behind = r.behind(now)
		}
		if behind == "" {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("%s: %s; %s", r.id, behind, r.show(now))
			return
		}
	}
	for _, fault := range slices.Concat(r.faults(now), r.broken(ctx)) {
		t.Errorf("%s: %s; %s", r.id, fault, r.show(now))
	}
}

// behind says what of now a stream has not told, or "".
func (r *round) behind(now truth) string {
	for i, l := range r.streams {
		l.mu.Lock()
		var want, got []string
		for _, m := range now.log {
			if !m.Note {
				want = append(want, fmt.Sprint(m.Seq, m.Author, m.Body))
			}
		}
		for _, m := range l.messages {
			got = append(got, fmt.Sprint(m.Seq, m.Author, m.Text))
		}
		owner, status := l.state, l.status
		l.mu.Unlock()
		if !slices.Equal(got, want) {
			return fmt.Sprintf("the customer's stream on process %d has %q, want %q", i+1, got, want)
		}
		if owner != now.owner || status != now.status {
			return fmt.Sprintf("the customer's stream on process %d ends %s %s, want %s %s", i+1, owner, status, now.owner, now.status)
		}
	}
	for i, l := range r.seen {
		l.mu.Lock()
		told, texts := l.states[r.id], l.texts[r.id]
		if told == [2]string{} { // nothing has changed since the beginning
			told = [2]string{"bot", "open"}
		}
		missing := ""
		for _, m := range now.log {
			if texts[m.Seq] != m.Body {
				missing = fmt.Sprintf("staff's stream on process %d has %q as message %d, want %q", i+1, texts[m.Seq], m.Seq, m.Body)
			}
		}
		l.mu.Unlock()
		if missing != "" {
			return missing
		}
		if told != [2]string{now.owner, now.status} {
			return fmt.Sprintf("staff's stream on process %d ends %v, want %s %s", i+1, told, now.owner, now.status)
		}
	}
	return ""
}

// faults is what the log and the streams have against the rules.
func (r *round) faults(now truth) (out []string) {
	fault := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	r.mu.Lock()
	defer r.mu.Unlock()
	var said, replies, notes []string
	owner, owed := "bot", false
	turns := map[string]bool{}
	for i, m := range now.log {
		if m.Seq != int64(i+1) {
			fault("message %d has number %d", i+1, m.Seq)
		}
		turns[m.Turn] = true
		switch {
		case m.Note:
			notes = append(notes, m.Body)
		case m.Author == "customer":
			said, owed = append(said, m.Body), true
		case m.Author == "staff":
			replies, owner, owed = append(replies, m.Body), "staff", false
		case m.Author == "bot":
			if owner == "staff" || owner == "queue" && !strings.HasPrefix(m.Body, "While you wait:") {
				fault("the bot spoke in message %d while the %s had it", m.Seq, owner)
			}
			owed = false
		case strings.Contains(m.Body, "joined"):
			owner = "staff"
		case strings.Contains(m.Body, "handed the chat back"), strings.Contains(m.Body, "answering again"):
			owner, owed = "bot", owed && strings.Contains(m.Body, "answering again")
		case strings.Contains(m.Body, "get back to you"), strings.Contains(m.Body, "asked our team"):
			owner = "queue"
		case strings.Contains(m.Body, "was closed"):
			owner, owed = "bot", false // unless staff take it up again, which says who joined
		}
	}
	if int64(len(now.log)) != now.seq {
		fault("there are %d messages, the conversation counts %d", len(now.log), now.seq)
	}
	for what, lists := range map[string][2][]string{"customer": {said, r.accepted}, "replies": {replies, r.replied}, "notes": {notes, r.noted}} {
		slices.Sort(lists[0])
		slices.Sort(lists[1])
		if !slices.Equal(lists[0], lists[1]) {
			fault("of the %s the log has %q, accepted were %q", what, lists[0], lists[1])
		}
	}
	if now.owner == "bot" && now.status != "resolved" && owed {
		fault("the bot has it and owes an answer")
	}
	for i, l := range r.streams {
		l.mu.Lock()
		for _, f := range l.faults {
			fault("the customer's stream on process %d: %s", i+1, f)
		}
		for id, turn := range l.turns {
			if !turn.over {
				fault("the customer on process %d is left with %q of answer %s", i+1, turn.text, id)
			}
			if turn.taken && !turns[id] {
				fault("the customer on process %d was shown %q, of an answer nobody gave, while a person had it", i+1, turn.text)
			}
		}
		l.mu.Unlock()
	}
	return out
}

// broken is what the database keeps beside the log has against the rules.
func (r *round) broken(ctx context.Context) (out []string) {
	const q = `
		WITH e AS (
			SELECT from_owner, to_owner, epoch, reason, actor, lag(to_owner, 1, 'bot') OVER w AS before, lag(epoch, 1, -1::bigint) OVER w AS older
			FROM ownership_events WHERE conversation_id = $1 WINDOW w AS (ORDER BY id)
		)
		SELECT 'the changes of owner do not follow each other' FROM e WHERE from_owner <> before
		UNION ALL SELECT 'two changes of owner have one epoch' FROM e WHERE epoch <= older
		UNION ALL SELECT 'a change of owner without reason or actor' FROM e WHERE reason = '' OR actor = ''
		UNION ALL SELECT 'a change without actor: ' || kind FROM conversation_events WHERE conversation_id = $1 AND actor = ''
		UNION ALL SELECT v.what FROM conversations c, LATERAL (VALUES
			('owner and holder differ', (c.owner = 'staff') <> (c.staff_id IS NOT NULL)),
			('the last change of owner leads elsewhere',
				c.owner <> coalesce((SELECT to_owner FROM ownership_events WHERE conversation_id = c.id ORDER BY id DESC LIMIT 1), 'bot')),
			('in the queue without a wait', c.owner = 'queue' AND c.status <> 'resolved' AND c.waiting_since IS NULL),
			('a wait that nobody has', (c.owner = 'bot' OR c.status = 'resolved')
				AND EXISTS (SELECT FROM waits w WHERE w.conversation_id = c.id AND w.ended_at IS NULL)),
			('episodes are missing', (SELECT count(*) FROM episodes x WHERE x.conversation_id = c.id) <> c.episode),
			('put off without a time', c.status = 'snoozed' AND c.snoozed_until IS NULL)
		) v(what, wrong) WHERE c.id = $1 AND v.wrong`
	rows, err := r.p.pool.Query(ctx, q, r.id)
	if err == nil {
		out, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		return []string{err.Error()}
	}
	var told [2]struct {
		Events []struct {
			Kind, Reason, From, To string
			Actor                  struct{ ID, Name string }
		}
	}
	for i := range told {
		got := r.staff[0].call(ctx, i, "GET", "/api/v1/conversations/"+r.id+"/timeline", nil)
		if err := json.Unmarshal(got.body, &told[i]); got.code != 200 || err != nil {
			out = append(out, fmt.Sprintf("timeline = %d %s", got.code, got.body))
		}
	}
	if fmt.Sprint(told[0]) != fmt.Sprint(told[1]) {
		out = append(out, fmt.Sprintf("the processes tell different timelines: %v and %v", told[0], told[1]))
	}
	for _, e := range told[0].Events {
		byStaff := e.Actor.ID == r.staff[0].id || e.Actor.ID == r.staff[1].id
		if e.Actor.ID == "" && e.Actor.Name == "" || byStaff && e.Actor.Name == "" {
			out = append(out, fmt.Sprintf("%s %s>%s of the timeline has the actor %+v", e.Kind, e.From, e.To, e.Actor))
		}
	}
	return out
}

// show is all there is to see of a round that went wrong.
func (r *round) show(now truth) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", now.owner, now.status)
	for _, m := range now.log {
		fmt.Fprintf(&b, "\n\t%d %s %.60q %.8s", m.Seq, m.Author, m.Body, m.Turn)
	}
	fmt.Fprintf(&b, "\n\t%s", strings.Join(r.happened, ", "))
	return b.String()
}
