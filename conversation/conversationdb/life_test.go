package conversationdb_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"
)

var ana = conversation.Actor{StaffID: "00000000-0000-4000-8000-000000000001", Name: "Ana"}

// clock runs with the database's, ahead by what a test adds.
type clock struct {
	mu    sync.Mutex // guards ahead
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// runAt is run by a clock of the test's.
func runAt(t *testing.T, url string, find conversation.Finder, c *clock) desk {
	t.Helper()
	pool := dbtest.Connect(t, url)
	store := conversationdb.New(pool)
	e, err := conversation.New(conversation.Config{
		Hold: time.Nanosecond, Poll: 20 * time.Millisecond, Lease: 2 * time.Second, Now: c.now,
		Gather: conversation.Gather{Quiet: 10 * time.Millisecond, Most: 100 * time.Millisecond},
	}, conversation.Deps{Store: store, Finder: find, Counter: tokens.For("gpt-4o-mini"), Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { e.Run(ctx, 5*time.Second); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return desk{e, store, pool}
}

// present makes Ana an account with an open event stream and waits until it is known.
func (d desk) present(t *testing.T) {
	t.Helper()
	if _, err := d.pool.Exec(t.Context(), `INSERT INTO staff_accounts (id, email, name, role, password_hash)
		VALUES ($1, 'ana@example.com', 'Ana', 'agent', '') ON CONFLICT DO NOTHING`, ana.StaffID); err != nil {
		t.Fatal(err)
	}
	if err := d.StaffHere(t.Context(), "00000000-0000-4000-8000-00000000000a", ana.StaffID); err != nil {
		t.Fatal(err)
	}
	id := d.open(t)
	d.state(t, id, func(s conversation.State) bool { return s.Outlook.StaffOnline == 1 })
}

// state waits until a conversation's state satisfies ok.
func (d desk) state(t *testing.T, id string, ok func(conversation.State) bool) conversation.State {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) { // between looks
		st, err := d.State(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if ok(st) {
			return st
		}
		if time.Now().After(deadline) {
			t.Fatalf("the state never got there: %+v, %+v", st, st.Outlook)
		}
	}
}

func owner(o conversation.Owner) func(conversation.State) bool {
	return func(s conversation.State) bool { return s.Owner == o }
}

func resolved(s conversation.State) bool { return s.Status == conversation.StatusResolved }

// reasons are a conversation's ownership events in order.
func (d desk) reasons(t *testing.T, id string) string {
	t.Helper()
	var out string
	err := d.pool.QueryRow(t.Context(), `SELECT coalesce(string_agg(from_owner || '>' || to_owner || ' ' || reason || ' ' ||
		CASE WHEN length(actor) = 36 THEN 'staff' ELSE actor END, ', ' ORDER BY id), '') FROM ownership_events WHERE conversation_id = $1`, id).Scan(&out)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestIdleStaffGoBackToTheQueueNeverToTheBot(t *testing.T) {
	c := &clock{}
	d := runAt(t, dbtest.URL(t), passages{returns}, c)
	id := d.open(t)
	if _, err := d.Handoff(t.Context(), id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
		t.Fatal(err)
	}
	asked := d.state(t, id, owner(conversation.OwnerQueue))
	if _, err := d.Takeover(t.Context(), id, ana); err != nil {
		t.Fatal(err)
	}
	alerts := d.Subscribe("")
	defer alerts.Close()
	c.add(16 * time.Minute)
	back := d.state(t, id, owner(conversation.OwnerQueue))
	if !back.WaitingSince.Equal(asked.WaitingSince) {
		t.Errorf("waits since %v, want still since %v", back.WaitingSince, asked.WaitingSince)
	}
	if got, want := d.reasons(t, id), "bot>queue asked_for_person customer, queue>staff takeover staff, staff>queue staff_idle system"; got != want {
		t.Errorf("events = %s, want %s", got, want)
	}
	ms := d.until(t, id, last(conversation.AuthorSystem))
	if got := ms[len(ms)-1].Text; !strings.HasPrefix(got, "Ana couldn't get back to you in time") {
		t.Errorf("the customer is told %q, want who let them wait", got)
	}
	var kinds []conversation.AlertKind
	for deadline := time.After(20 * time.Second); len(kinds) < 3; {
		select {
		case <-alerts.C():
		case <-deadline:
			t.Fatalf("alerts = %v, want a reminder, an escalation and a new wait", kinds)
		}
		for _, e := range alerts.Take() {
			if e.Kind == conversation.EventAlert {
				kinds = append(kinds, e.Alert.Kind)
			}
		}
	}
	var priority int
	if err := d.pool.QueryRow(t.Context(), `SELECT priority FROM conversations WHERE id = $1`, id).Scan(&priority); err != nil || priority != conversation.PriorityHigh {
		t.Errorf("priority = %d, %v, want it high: low, which is next to none, would hide them", priority, err)
	}
}

func TestSilentCustomersAreClosedButNeverInTheQueue(t *testing.T) {
	c := &clock{}
	d := runAt(t, dbtest.URL(t), passages{returns}, c)
	bots, queued, held := d.open(t), d.open(t), d.open(t)
	for _, id := range []string{bots, queued, held} {
		d.write(t, id, "a", "Can I return it?")
		d.until(t, id, last(conversation.AuthorBot))
	}
	if _, err := d.Handoff(t.Context(), queued, conversation.Actor{}, conversation.ReasonAsked); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Reply(t.Context(), held, ana, "Yes, you can.", ""); err != nil {
		t.Fatal(err)
	}
	c.add(25 * time.Hour)
	d.state(t, bots, resolved)
	d.state(t, held, resolved)
	if st, err := d.State(t.Context(), queued); err != nil || st.Status == conversation.StatusResolved {
		t.Errorf("State(queued) = %+v, %v, want it to wait on", st, err)
	}
	if got, want := d.reasons(t, bots), "bot>bot customer_silent system"; got != want {
		t.Errorf("events = %s, want %s", got, want)
	}
	events, err := d.store.Timeline(t.Context(), bots)
	if err != nil || len(events) != 1 {
		t.Fatalf("Timeline = %+v, %v, want the end alone", events, err)
	}
	if e := events[0]; e.Kind != "status" || e.From != "" || e.To != "resolved" || e.Reason != string(conversation.ReasonSilent) {
		t.Errorf("the timeline ends with %+v, want that it was resolved for want of an answer", e)
	}
}

func TestWhoWasSilentForLongIsNotWrittenToWhenClosed(t *testing.T) {
	c := &clock{}
	d := runAt(t, dbtest.URL(t), passages{returns}, c)
	id := d.open(t)
	d.write(t, id, "a", "Can I return it?")
	before := d.until(t, id, last(conversation.AuthorBot))
	c.add(30 * 24 * time.Hour)
	d.state(t, id, resolved)
	after, err := d.Messages(t.Context(), id, 0, 100)
	if err != nil || len(after) != len(before) {
		t.Errorf("Messages after the close = %+v, %v, want the %d of before", after, err, len(before))
	}
}

func TestCustomerComesBackToTheSamePersonWhoIsThereElseToTheBot(t *testing.T) {
	d := runAt(t, dbtest.URL(t), passages{returns}, &clock{})
	again := func(id, external string) conversation.Receipt {
		t.Helper()
		if _, err := d.Reply(t.Context(), id, ana, "Yes, you can. "+external, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Resolve(t.Context(), id, ana); err != nil {
			t.Fatal(err)
		}
		return d.write(t, id, external, "One more thing")
	}
	id := d.open(t)
	if r := again(id, "a"); !r.Reopened || r.State.Owner != conversation.OwnerBot || r.State.Episode != 2 {
		t.Errorf("Receive with nobody there = %+v, want the bot in a new episode", r.State)
	}
	d.present(t)
	r := again(id, "b")
	if !r.Reopened || r.State.Owner != conversation.OwnerStaff || r.State.StaffName != "Ana" || r.State.Episode != 3 || r.DueIn >= 0 {
		t.Errorf("Receive with Ana there = %+v, want hers in a new episode, and no turn", r.State)
	}
	if r.State.WaitingSince.IsZero() {
		t.Error("the customer does not wait for Ana, want them to")
	}
	if _, err := d.pool.Exec(t.Context(), `UPDATE episodes SET resolved_at = resolved_at - interval '25 hours'`); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resolve(t.Context(), id, ana); err != nil {
		t.Fatal(err)
	}
	if _, err := d.pool.Exec(t.Context(), `UPDATE episodes SET resolved_at = resolved_at - interval '25 hours'`); err != nil {
		t.Fatal(err)
	}
	if r := d.write(t, id, "late", "Hello again"); r.State.Owner != conversation.OwnerBot {
		t.Errorf("Receive a day later = %+v, want the bot", r.State)
	}
}

func TestOutOfHoursTheCustomerHearsWhenPeopleAreBackAndTheBotGoesOnAnswering(t *testing.T) {
	d := runAt(t, dbtest.URL(t), passages{returns}, &clock{})
	d.present(t)
	id := d.open(t)
	// Open in two days for an hour: whatever day it is, nobody answers now.
	day := time.Now().UTC().AddDate(0, 0, 2)
	h, err := d.PutHours(t.Context(), conversation.Hours{Timezone: "UTC", Week: []conversation.Span{{Day: day.Weekday(), From: "09:00", To: "10:00"}}})
	if err != nil || h.Version != 1 {
		t.Fatalf("PutHours = %+v, %v, want version 1", h, err)
	}
	opens := time.Date(day.Year(), day.Month(), day.Day(), 9, 0, 0, 0, time.UTC)
	d.state(t, id, func(s conversation.State) bool {
		return !s.Outlook.Open && s.Outlook.OpensAt.Equal(opens) && s.Outlook.Away && !s.Outlook.AskEmail // nobody waits yet
	})
	st, err := d.Handoff(t.Context(), id, conversation.Actor{}, conversation.ReasonAsked)
	if err != nil || st.Owner != conversation.OwnerQueue || st.Position != 1 || !st.Outlook.AskEmail {
		t.Fatalf("Handoff = %+v, %+v, %v, want first in the queue and asked for an address", st, st.Outlook, err)
	}
	ms := d.until(t, id, last(conversation.AuthorSystem))
	if got := ms[0].Text; !strings.Contains(got, day.Weekday().String()) || !strings.Contains(got, "at 09:00 (UTC time)") || !strings.Contains(got, "e-mail") {
		t.Errorf("the customer is told %q, want when people are back and to leave an address", got)
	}
	d.write(t, id, "q", "Can I return it?")
	ms = d.until(t, id, last(conversation.AuthorBot))
	if got := ms[len(ms)-1]; got.Text != "While you wait: Yes, within 30 days. [1]" || len(got.Sources) != 1 || got.Why == nil {
		t.Errorf("meanwhile = %+v, want the entry's words with their source", got)
	}
	now := d.state(t, id, func(conversation.State) bool { return true })
	if now.Owner != conversation.OwnerQueue || !now.WaitingSince.Equal(st.WaitingSince) || now.Position != 1 {
		t.Errorf("State() = %+v, want the place kept", now)
	}
	if err := d.LeaveEmail(t.Context(), id, "me@example.com"); err != nil {
		t.Fatal(err)
	}
	if s, err := d.Conversation(t.Context(), id); err != nil || s.Email != "me@example.com" || s.State.Position != 1 {
		t.Errorf("Conversation() = %+v, %v, want the address and the place", s, err)
	}
	var opensAt time.Time
	if err := d.pool.QueryRow(t.Context(), `SELECT opens_at FROM waits WHERE conversation_id = $1 AND ended_at IS NULL`, id).Scan(&opensAt); err != nil || !opensAt.Equal(opens) {
		t.Errorf("promised = %v, %v, want %v", opensAt, err, opens)
	}
}

func TestSecondEditorOfASettingIsTold(t *testing.T) {
	url := dbtest.URL(t)
	d, other := runAt(t, url, passages{}, &clock{}), runAt(t, url, passages{}, &clock{})
	first, err := d.Handling(t.Context())
	if err != nil || first != conversation.DefaultHandling {
		t.Fatalf("Handling() = %+v, %v, want the default", first, err)
	}
	edit := first
	edit.IdleMinutes = 7
	if edit, err = d.PutHandling(t.Context(), edit); err != nil || edit.Version != 1 {
		t.Fatalf("PutHandling = %+v, %v, want version 1", edit, err)
	}
	if got, err := other.PutHandling(t.Context(), first); !errors.Is(err, conversation.ErrVersion) || got != edit {
		t.Errorf("PutHandling(old version) = %+v, %v, want ErrVersion with what is stored", got, err)
	}
	if _, err := d.PutHours(t.Context(), conversation.Hours{Timezone: "Mars/Olympus"}); !errors.Is(err, conversation.ErrSetting) {
		t.Errorf("PutHours(no zone) = %v, want ErrSetting", err)
	}
	// The other replica goes by new hours without being told.
	id := other.open(t)
	day := time.Now().UTC().AddDate(0, 0, 2).Weekday()
	if _, err := d.PutHours(t.Context(), conversation.Hours{Week: []conversation.Span{{Day: day, From: "09:00", To: "10:00"}}}); err != nil {
		t.Fatal(err)
	}
	other.state(t, id, func(s conversation.State) bool { return !s.Outlook.Open })
}

func TestEpisodeIsRatedOnceItIsOverAndAnewForADay(t *testing.T) {
	d := runAt(t, dbtest.URL(t), passages{returns}, &clock{})
	id := d.open(t)
	d.write(t, id, "a", "Can I return it?")
	d.until(t, id, last(conversation.AuthorBot))
	if err := d.RateEpisode(t.Context(), id, 5, ""); !errors.Is(err, conversation.ErrNotCurrent) {
		t.Errorf("RateEpisode(open) = %v, want ErrNotCurrent", err)
	}
	if _, err := d.Resolve(t.Context(), id, ana); err != nil {
		t.Fatal(err)
	}
	for _, score := range []int{2, 5} {
		if err := d.RateEpisode(t.Context(), id, score, " good \x00"); err != nil {
			t.Errorf("RateEpisode(%d) = %v", score, err)
		}
	}
	if err := d.RateEpisode(t.Context(), id, 6, ""); !errors.Is(err, conversation.ErrSetting) {
		t.Errorf("RateEpisode(6) = %v, want ErrSetting", err)
	}
	if err := d.RateEpisode(t.Context(), "00000000-0000-4000-8000-0000000000ff", 5, ""); !errors.Is(err, conversation.ErrNotFound) {
		t.Errorf("RateEpisode(unknown) = %v, want ErrNotFound", err)
	}
	if _, err := d.pool.Exec(t.Context(), `UPDATE episodes SET rated_at = rated_at - interval '25 hours'`); err != nil {
		t.Fatal(err)
	}
	if err := d.RateEpisode(t.Context(), id, 1, ""); !errors.Is(err, conversation.ErrNotCurrent) {
		t.Errorf("RateEpisode(after a day) = %v, want ErrNotCurrent", err)
	}
	var got, events string
	if err := d.pool.QueryRow(t.Context(), `SELECT rating || comment, (SELECT string_agg(was || '>' || became, ',' ORDER BY id) FROM conversation_events WHERE kind = 'rating')
		FROM episodes WHERE conversation_id = $1`, id).Scan(&got, &events); err != nil || got != "5good" || events != ">2,2>5" {
		t.Errorf("rating = %q with events %q, %v, want 5good and both changes", got, events, err)
	}
	if err := d.Seen(t.Context(), id, 999); err != nil {
		t.Fatal(err)
	}
	if err := d.Seen(t.Context(), id, 1); err != nil {
		t.Fatal(err)
	}
	if st, err := d.State(t.Context(), id); err != nil || st.Seen != st.Seq {
		t.Errorf("State().Seen = %d, %v, want no further than the newest, %d, and never back", st.Seen, err, st.Seq)
	}
}

func TestOnlyTheCustomerScoresByButtonAndEachEpisodeByItsOwn(t *testing.T) {
	d := runAt(t, dbtest.URL(t), passages{returns}, &clock{})
	write := func(sender, id string) conversation.Inbound {
		t.Helper()
		in := conversation.Inbound{Channel: "slack", Account: "T1", Thread: "C1/1.1", Sender: sender, Text: "Can I return it?", ExternalID: id}
		r, err := d.Receive(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		in.Conversation = r.Conversation
		return in
	}
	closed := func(id string) conversation.Message {
		t.Helper()
		st, err := d.Resolve(t.Context(), id, ana)
		if err != nil {
			t.Fatal(err)
		}
		ms, err := d.Messages(t.Context(), id, st.Seq-1, 1)
		if err != nil || len(ms) != 1 || !ms[0].AsksScore() || len(ms[0].Options) != conversation.MostScore || !strings.Contains(ms[0].Text, "from 1 (poor) to 5") {
			t.Fatalf("closed with %+v, %v, want a question for a score", ms, err)
		}
		return ms[0]
	}
	me := write("U1", "a")
	write("U2", "b")
	first := closed(me.Conversation)
	other := me
	other.Sender = "U2"
	nobody := me
	nobody.Sender = ""
	for _, who := range []conversation.Inbound{other, nobody} {
		if err := d.Score(t.Context(), who, first.Seq, 1); !errors.Is(err, conversation.ErrNotYours) {
			t.Errorf("Score by %q = %v, want ErrNotYours", who.Sender, err)
		}
	}
	for name, c := range map[string]struct {
		seq   int64
		score int
		want  error
	}{
		"no closing words": {1, 5, conversation.ErrNotFound}, "no message": {first.Seq + 9, 5, conversation.ErrNotFound},
		"score 0": {first.Seq, 0, conversation.ErrSetting}, "score 6": {first.Seq, 6, conversation.ErrSetting},
	} {
		if err := d.Score(t.Context(), me, c.seq, c.score); !errors.Is(err, c.want) {
			t.Errorf("Score(%s) = %v, want %v", name, err, c.want)
		}
	}
	write("U1", "c") // a new episode
	second := closed(me.Conversation)
	for _, s := range []struct {
		m     conversation.Message
		score int
	}{{first, 2}, {second, 4}, {first, 3}} {
		if err := d.Score(t.Context(), me, s.m.Seq, s.score); err != nil {
			t.Errorf("Score(%d) = %v", s.score, err)
		}
	}
	var got string
	if err := d.pool.QueryRow(t.Context(), `SELECT string_agg(rating::text, ',' ORDER BY episode) FROM episodes WHERE conversation_id = $1`, me.Conversation).Scan(&got); err != nil || got != "3,4" {
		t.Errorf("ratings = %s, %v, want the first changed to 3 and the second 4", got, err)
	}
	if r, err := d.store.Row(t.Context(), me.Conversation, ""); err != nil || r.Rating != 4 {
		t.Errorf("Row().Rating = %d, %v, want the newest", r.Rating, err)
	}
	widget := d.open(t)
	d.write(t, widget, "a", "Can I return it?")
	if st, err := d.Resolve(t.Context(), widget, ana); err != nil {
		t.Fatal(err)
	} else if ms, err := d.Messages(t.Context(), widget, st.Seq-1, 1); err != nil || ms[0].AsksScore() {
		t.Errorf("the widget's is closed with %+v, %v, want no options: it asks beside the chat", ms, err)
	}
}
