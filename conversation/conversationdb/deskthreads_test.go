package conversationdb_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/migrations/dbtest"
)

func TestACaseBecomesOneThreadWithEveryMessageOnceAndInOrderWhateverFails(t *testing.T) {
	url, w := dbtest.URL(t), newWall()
	w.fail = func(string) error {
		switch rand.IntN(4) {
		case 0:
			return errBusy
		case 1:
			return errors.New("no answer in time")
		}
		return nil
	}
	rs := []*counter{newCounter(t, url, w, 0), newCounter(t, url, w, 0)}
	const cases, messages = 6, 12
	var ids []string
	for k := range cases {
		id := rs[0].says(t, fmt.Sprint(k), "first", "Where is it?")
		rs[0].queue(t, id)
		ids = append(ids, id)
	}
	for i := range messages {
		for k := range cases {
			rs[(i+k)%2].says(t, fmt.Sprint(k), fmt.Sprint(i), fmt.Sprint("message ", i))
		}
	}
	w.until(t, "all messages are there", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		for i := range w.opened {
			th := w.threads[fmt.Sprint("t", i+1)]
			if holds(th.posts, fmt.Sprint("customer: message ", messages-1)) == 0 {
				return false
			}
		}
		return len(w.opened) == cases
	})
	for i, id := range w.opened {
		if !slices.Contains(ids, id) || slices.Contains(w.opened[:i], id) {
			t.Errorf("opened %v, want each of %v once", w.opened, ids)
		}
		want := []string{"system: " + conversation.TextsFor("").Queued}
		for m := range messages {
			want = append(want, fmt.Sprint("customer: message ", m))
		}
		if got := w.posts(fmt.Sprint("t", i+1)); !slices.Equal(got, want) {
			t.Errorf("thread %d = %q, want %q", i+1, got, want)
		}
	}
}

func TestTheBriefFollowsTheOwner(t *testing.T) {
	w := newWall()
	r := newCounter(t, dbtest.URL(t), w, 0)
	ana := r.person(t, "Ana", staff.RoleAgent, "")
	id := r.says(t, "1", "1", "Where is it?")
	if n := len(w.opened); n != 0 {
		t.Fatalf("%d threads for a conversation of the bot's, want none", n)
	}
	if _, err := r.Reply(t.Context(), id, ana, "Looking.", ""); err != nil { // from the console
		t.Fatal(err)
	}
	w.until(t, "Ana's reply is in the thread", func() bool { return holds(w.posts("t1"), "staff: Looking.") == 1 })
	w.until(t, "the brief names Ana", func() bool { return w.status("t1") == "Ana answers" })
	if _, err := r.Note(t.Context(), id, ana, "rings twice"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Handback(t.Context(), id, ana); err != nil {
		t.Fatal(err)
	}
	w.until(t, "the brief names the assistant", func() bool { return w.status("t1") == "The assistant answers" })
	w.until(t, "what follows goes on in the same thread", func() bool { return holds(w.posts("t1"), "note: rings twice") == 1 })
	r.queue(t, id)
	w.until(t, "it waits again", func() bool { return strings.HasPrefix(w.status("t1"), "Waits for a person since ") })
	if len(w.opened) != 1 {
		t.Errorf("%d threads, want one", len(w.opened))
	}
}

func TestADeletedThreadIsOpenedAgain(t *testing.T) {
	w := newWall()
	r := newCounter(t, dbtest.URL(t), w, 0)
	id := r.says(t, "1", "1", "Where is it?")
	r.queue(t, id)
	w.until(t, "the thread is there", func() bool { return len(w.posts("t1")) == 1 })
	w.mu.Lock()
	w.threads["t1"].gone = true
	w.mu.Unlock()
	r.says(t, "1", "2", "Hello?")
	w.until(t, "the message is in a new thread", func() bool { return slices.Equal(w.posts("t2"), []string{"customer: Hello?"}) })
	r.person(t, "Ana", staff.RoleAgent, "UANA")
	if got := r.said(t, voice("t1", "UANA", "1", "Hi")); !got.Elsewhere {
		t.Errorf("Said in the deleted thread = %+v, want it to be none", got)
	}
	if got := r.said(t, voice("t2", "UANA", "2", "Hi")); got.Elsewhere {
		t.Errorf("Said in the new thread = %+v, want it taken", got)
	}
	if st := r.state(t, id); st.StaffName != "Ana" {
		t.Errorf("held by %q, want Ana", st.StaffName)
	}
}

// forgetful is a store on which the process dies after a post and before its record.
type forgetful struct {
	conversation.DeskStore
	die func(t conversation.DeskThread) bool
}

func (f forgetful) SaveDeskThread(ctx context.Context, t conversation.DeskThread, lease time.Duration) error {
	if f.die(t) {
		return conversation.ErrSuperseded // all that follows is left undone, the lease with it
	}
	return f.DeskStore.SaveDeskThread(ctx, t, lease)
}

func TestADeathBetweenPostAndRecordRepeatsOnePostAtMost(t *testing.T) {
	url, w := dbtest.URL(t), newWall()
	r := newCounter(t, url, w, 0)
	id := r.says(t, "1", "1", "Where is it?")
	r.queue(t, id)
	w.until(t, "the thread is there", func() bool { return len(w.posts("t1")) == 1 })
	r.stop()
	dead := false
	r.desks = conversation.NewDesks(r.Engine, forgetful{r.store, func(th conversation.DeskThread) bool {
		dead = dead || th.Posted == 5
		return dead
	}}, conversation.DeskConfig{})
	r.desks.Serve("slack", w)
	for i := range 4 {
		r.says(t, "1", fmt.Sprint("m", i), fmt.Sprint("message ", i)) // 3 to 6
	}
	r.start(t)
	w.until(t, "it died after the third", func() bool { return holds(w.posts("t1"), "message 2") == 1 })
	r.stop()
	if _, err := r.pool.Exec(t.Context(), `UPDATE desk_threads SET lease_until = now() - interval '1 second'`); err != nil {
		t.Fatal(err)
	}
	newCounter(t, url, w, 0)
	w.until(t, "another goes on", func() bool { return holds(w.posts("t1"), "message 3") == 1 })
	got := w.posts("t1")[1:]
	want := []string{"customer: message 0", "customer: message 1", "customer: message 2", "customer: message 2", "customer: message 3"}
	if !slices.Equal(got, want) {
		t.Errorf("the thread holds %q, want %q", got, want)
	}
}

func TestAMessageThatDidNotReachTheCustomerIsShown(t *testing.T) {
	w := newWall()
	r := newCounter(t, dbtest.URL(t), w, 0)
	r.person(t, "Ana", staff.RoleAgent, "UANA")
	id := r.says(t, "1", "1", "Where is it?")
	r.queue(t, id)
	w.until(t, "the thread is there", func() bool { return len(w.posts("t1")) == 1 })
	r.said(t, voice("t1", "UANA", "1", "never"))
	p := &platform{got: map[string][]int64{}, done: make(chan struct{}, 9)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		conversation.NewCourier(r.Engine, r.store, map[string]conversation.Sender{"fake": p}).Run(ctx)
	}()
	defer func() { cancel(); <-done }()
	w.until(t, "the failure is told", func() bool { return holds(w.posts("t1"), "did not reach the customer: send: blocked") == 1 })
	if n := holds(w.posts("t1"), "never"); n != 0 {
		t.Errorf("what Ana wrote there is in the thread %d times more, want none", n)
	}
}

func TestADeskThatIsNewShowsWhatIsHandedOverMeanwhile(t *testing.T) {
	r := newCounter(t, dbtest.URL(t), newWall(), 0)
	id := r.says(t, "1", "1", "A person, please")
	err, held := dbtest.During(t, r.pool, `UPDATE conversations SET owner = 'queue', waiting_since = now() WHERE id = $1`, func() error {
		return r.store.SetDesks(t.Context(), []string{"slack", "telegram"})
	}, nil, id)
	if err != nil || held != nil {
		t.Fatal(err, held)
	}
	var there bool
	const q = `SELECT EXISTS (SELECT FROM desk_threads WHERE conversation_id = $1 AND channel = 'telegram')`
	if err := r.pool.QueryRow(t.Context(), q, id).Scan(&there); err != nil || !there {
		t.Errorf("a thread on the new desk: %v, %v, want one", there, err)
	}
}

func TestADeskThatIsNewShowsWhatWaitsAlready(t *testing.T) {
	url, w := dbtest.URL(t), newWall()
	r := newCounter(t, url, w, 0)
	r.stop()
	if err := r.store.SetDesks(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	waits, bots := r.says(t, "1", "1", "A person, please"), r.says(t, "2", "1", "Where is it?")
	r.queue(t, waits)
	newCounter(t, url, w, 0)
	w.until(t, "the one that waits has a thread", func() bool { return w.status("t1") != "" })
	if !slices.Equal(w.opened, []string{waits}) {
		t.Errorf("opened %v, want %s and not %s", w.opened, waits, bots)
	}
}
