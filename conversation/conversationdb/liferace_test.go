package conversationdb_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/migrations/dbtest"
)

// Every transition at once: two members of staff, the customer, the bot, and the rules of
// handling, by whose clock all is overdue at once, on two replicas over one database.
func TestNoRaceOfTransitionsLeavesTwoVoicesOrABrokenChain(t *testing.T) {
	url := dbtest.URL(t)
	c := &clock{ahead: 2 * time.Hour}
	replicas := []desk{runAt(t, url, passages{returns}, c), runAt(t, url, passages{returns}, c)}
	if _, err := replicas[0].PutHandling(t.Context(), conversation.Handling{IdleMinutes: 1, ResolveHours: 1, RemindMinutes: 1, EscalateMinutes: 1, StickyHours: 1}); err != nil {
		t.Fatal(err)
	}
	ids := make(chan int)
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			for range ids {
				playAll(t, replicas)
			}
		})
	}
	for i := range max(1, interleavings()/5) {
		ids <- i
	}
	close(ids)
	wg.Wait()
}

// playAll plays one conversation, lets it settle and checks what is left of it.
func playAll(t *testing.T, replicas []desk) {
	ctx := t.Context()
	pick := func() desk { return replicas[rand.IntN(len(replicas))] }
	st, err := pick().Open(ctx, conversation.Opening{Channel: "widget", Account: "default"})
	if err != nil {
		t.Error(err)
		return
	}
	id := st.Conversation
	staff := []conversation.Actor{ana, {StaffID: "00000000-0000-4000-8000-000000000002", Name: "Ben"}}
	written := 0
	moves := []func(d desk, by conversation.Actor, n int) error{
		func(d desk, _ conversation.Actor, n int) error {
			_, err := d.Receive(ctx, conversation.Inbound{Conversation: id, Channel: "widget", ExternalID: fmt.Sprint(n), Text: "Can I send it back?"})
			return err
		},
		func(d desk, _ conversation.Actor, _ int) error {
			_, err := d.Handoff(ctx, id, conversation.Actor{}, conversation.ReasonAsked)
			return err
		},
		func(d desk, _ conversation.Actor, _ int) error { _, err := d.ChooseBot(ctx, id); return err },
		func(d desk, _ conversation.Actor, _ int) error { return d.RateEpisode(ctx, id, 1+rand.IntN(5), "") },
		func(d desk, by conversation.Actor, _ int) error { _, err := d.Takeover(ctx, id, by); return err },
		func(d desk, by conversation.Actor, _ int) error {
			_, err := d.Reply(ctx, id, by, "Hello from "+by.Name, "")
			return err
		},
		func(d desk, by conversation.Actor, _ int) error { _, err := d.Handback(ctx, id, by); return err },
		func(d desk, by conversation.Actor, _ int) error { _, err := d.Resolve(ctx, id, by); return err },
		func(d desk, by conversation.Actor, _ int) error { _, err := d.Note(ctx, id, by, "A note"); return err },
	}
	var wg sync.WaitGroup
	for n := range 4 + rand.IntN(6) {
		move, wait := rand.IntN(len(moves)), time.Duration(rand.IntN(60_000))*time.Microsecond
		if n == 0 {
			move = 0 // somebody has to begin
		}
		if move == 0 {
			written++
		}
		d, by := pick(), staff[rand.IntN(2)]
		wg.Go(func() {
			time.Sleep(wait) // what is raced
			err := moves[move](d, by, n)
			var taken *conversation.TakenError
			if err != nil && !errors.As(err, &taken) && !errors.Is(err, conversation.ErrNotCurrent) {
				t.Errorf("move %d = %v", move, err)
			}
		})
	}
	wg.Wait()
	settle(t, replicas[0], id)
	ms, err := replicas[0].Transcript(ctx, id, 0, 200)
	if err != nil {
		t.Error(err)
		return
	}
	customers := 0
	for _, m := range ms {
		if m.Author == conversation.AuthorCustomer {
			customers++
		}
	}
	if customers != written {
		t.Errorf("the log has %d of the customer's %d messages: %s", customers, written, show(ms))
	}
	oneVoice(t, ms)
	chained(t, replicas[0], id, ms)
}

// settle waits until neither the bot nor the rules have anything left to do.
func settle(t *testing.T, d desk, id string) {
	const q = `SELECT c.turn_due_at IS NULL AND c.lease_until IS NULL AND (c.status = 'resolved' OR c.owner = 'queue')
			AND e.lease_until IS NULL AND (e.due_at IS NULL OR e.due_at > now() + interval '2 hours')
		FROM conversations c JOIN episodes e ON e.conversation_id = c.id AND e.episode = c.episode WHERE c.id = $1`
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(5 * time.Millisecond) { // between looks
		var done bool
		if err := d.pool.QueryRow(t.Context(), q, id).Scan(&done); err != nil || done {
			if err != nil {
				t.Error(err)
			}
			return
		}
		if time.Now().After(deadline) {
			ms, _ := d.Transcript(t.Context(), id, 0, 200)
			st, _ := d.State(t.Context(), id)
			t.Errorf("conversation %s never settled: %+v %s", id, st, show(ms))
			return
		}
	}
}

// oneVoice replays the log: the bot never speaks while a person has the conversation,
// and to somebody in the queue only from an entry.
func oneVoice(t *testing.T, ms []conversation.Message) {
	owner, closed := conversation.OwnerBot, false
	for k, m := range ms {
		if m.Seq != int64(k+1) {
			t.Errorf("message %d has seq %d: %s", k+1, m.Seq, show(ms))
		}
		was := owner
		switch text := m.Text; {
		case m.Note:
		case m.Author == conversation.AuthorCustomer && closed:
			owner, closed = conversation.OwnerBot, false
		case m.Author == conversation.AuthorStaff:
			owner, closed = conversation.OwnerStaff, false
		case m.Author == conversation.AuthorBot:
			if owner == conversation.OwnerStaff || owner == conversation.OwnerQueue && !strings.HasPrefix(text, "While you wait:") {
				t.Errorf("the bot spoke in message %d while the %s had it: %s", m.Seq, was, show(ms))
			}
		case m.Author != conversation.AuthorSystem:
		case strings.Contains(text, "joined"):
			owner, closed = conversation.OwnerStaff, false
		case strings.Contains(text, "handed the chat back"):
			owner = conversation.OwnerBot
		case strings.Contains(text, "answering again"):
			owner, closed = conversation.OwnerBot, false
		case strings.Contains(text, "get back to you"), strings.Contains(text, "asked our team"):
			owner, closed = conversation.OwnerQueue, false
		case strings.Contains(text, "was closed"):
			closed = true
		}
	}
}

// chained checks what the database keeps beside the log.
func chained(t *testing.T, d desk, id string, ms []conversation.Message) {
	const broken = `
		SELECT count(*) FROM (
			SELECT from_owner, epoch, lag(to_owner, 1, 'bot') OVER w AS before, lag(epoch, 1, -1::bigint) OVER w AS older
			FROM ownership_events WHERE conversation_id = $1 WINDOW w AS (ORDER BY id)
		) e WHERE from_owner <> before OR epoch <= older`
	const wrong = `
		SELECT coalesce(string_agg(what, ', '), '') FROM conversations c
		JOIN episodes e ON e.conversation_id = c.id AND e.episode = c.episode
		LEFT JOIN waits w ON w.conversation_id = c.id AND w.ended_at IS NULL, LATERAL (VALUES
			('the last event leads elsewhere', c.owner <> coalesce((SELECT to_owner FROM ownership_events WHERE conversation_id = c.id ORDER BY id DESC LIMIT 1), 'bot')),
			('owner and holder differ', (c.owner = 'staff') <> (c.staff_id IS NOT NULL)),
			('in the queue without a wait', c.owner = 'queue' AND c.status <> 'resolved' AND (c.waiting_since IS NULL OR w.id IS NULL)),
			('a wait that nobody has', w.id IS NOT NULL AND (c.owner = 'bot' OR c.status = 'resolved')),
			('the wait began anew', w.since <> c.waiting_since),
			('closed and not noted', (c.status = 'resolved') <> (e.resolved_at IS NOT NULL)),
			('closed without a reason', c.status = 'resolved' AND e.resolved_for = ''),
			('episodes are missing', (SELECT count(*) FROM episodes x WHERE x.conversation_id = c.id) <> c.episode)		,
			('closed while the customer waited for staff', EXISTS (
				SELECT FROM ownership_events o JOIN messages m ON m.conversation_id = o.conversation_id AND m.created_at = o.created_at AND m.author = 'system'
				WHERE o.conversation_id = c.id AND o.reason = 'customer_silent' AND o.from_owner = 'staff' AND 'customer' = (
					SELECT author FROM messages p WHERE p.conversation_id = m.conversation_id AND p.seq < m.seq AND NOT p.note ORDER BY p.seq DESC LIMIT 1)))
		) v(what, wrong) WHERE c.id = $1 AND v.wrong`
	var breaks int
	if err := d.pool.QueryRow(t.Context(), broken, id).Scan(&breaks); err != nil || breaks > 0 {
		t.Errorf("the chain of %s breaks %d times, %v: %s %s", id, breaks, err, d.reasons(t, id), show(ms))
	}
	var faults string
	if err := d.pool.QueryRow(t.Context(), wrong, id).Scan(&faults); err != nil || faults != "" {
		t.Errorf("%s: %s, %v: %s %s", id, faults, err, d.reasons(t, id), show(ms))
	}
}

func TestWhatWasDecidedAtEpochZeroHoldsForNoOther(t *testing.T) {
	d := runAt(t, dbtest.URL(t), passages{returns}, &clock{})
	id := d.open(t)
	before, err := d.store.State(t.Context(), id)
	if err != nil || before.Epoch != 0 {
		t.Fatalf("State() = %+v, %v, want a new conversation at epoch 0", before, err)
	}
	if _, err := d.Reply(t.Context(), id, ana, "Hello", ""); err != nil {
		t.Fatal(err)
	}
	after, ms, err := d.store.Change(t.Context(), id, conversation.Change{
		From: []conversation.Owner{conversation.OwnerBot, conversation.OwnerStaff}, AtEpoch: &before.Epoch, System: true,
		Reason: conversation.ReasonSilent, Status: conversation.StatusResolved,
		Messages: []conversation.NewMessage{{Author: conversation.AuthorSystem, Text: "closed"}},
	})
	if err != nil || len(ms) > 0 || after.Status == conversation.StatusResolved {
		t.Errorf("Change(at epoch 0) = %+v with %d messages, %v, want nothing changed: Ana has it since", after, len(ms), err)
	}
}
