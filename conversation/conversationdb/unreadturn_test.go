package conversationdb_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/migrations/dbtest"
)

func TestTurnWaitsForWhoeverIsReadingButNotForever(t *testing.T) {
	url := dbtest.URL(t)
	began, hold := make(chan struct{}, 8), make(chan struct{})
	r := &reader{}
	d, _ := listener{reader: r, model: &model{reply: says("It is on its way.")}, fetcher: fetching(func(ctx context.Context, remote string) ([]byte, error) {
		if remote == "slow" {
			began <- struct{}{}
			select {
			case <-hold:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		return []byte("voice where is my parcel"), nil
	})}.start(t, url)
	queued := func(file conversation.InboundFile) string {
		t.Helper()
		id := d.open(t)
		if _, err := d.Handoff(t.Context(), id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
			t.Fatal(err)
		}
		d.send(t, id, "1", "", file)
		return id
	}
	answered := func(id string) {
		t.Helper()
		d.until(t, id, func(ms []conversation.Message) bool {
			bot, _ := fromBot(ms)
			return strings.HasPrefix(bot.Text, "It is on its way.")
		})
	}
	id := queued(conversation.InboundFile{Remote: "slow", Kind: conversation.FileVoice})
	<-began
	if _, err := d.ChooseBot(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	turns := func() (n int) { // that are at work
		if err := d.pool.QueryRow(t.Context(), `SELECT count(*) FROM conversations WHERE lease_until > now()`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for deadline := time.Now().Add(10 * time.Second); turns() == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the turn never began")
		}
	}
	close(hold)
	answered(id)
	if n, fetched := r.times("voice where is my parcel"), 1+len(began); n != 1 || fetched != 1 {
		t.Errorf("fetched %d times and read %d times, want the turn to take what was being read", fetched, n)
	}

	// One that died over it keeps nobody from being answered.
	impatient, _ := listener{reader: r, model: &model{reply: says("It is on its way.")}, change: func(c *conversation.Config) {
		c.ReadTimeout = 2 * time.Second
	}}.start(t, dbtest.URL(t))
	d = impatient
	id = d.open(t)
	set(t, d.pool, `UPDATE conversations SET lease_token = gen_random_uuid(), lease_until = now() + interval '1 hour' WHERE id = $1`, id)
	d.arrives(t, id, "1", aNote)
	set(t, d.pool, `UPDATE files SET reading_token = gen_random_uuid(), reading_until = now() + interval '1 hour'`)
	set(t, d.pool, `UPDATE conversations SET lease_token = NULL, lease_until = NULL`)
	answered(id)
}

func TestWhatATurnIsReadingIsLeftToIt(t *testing.T) {
	pool := dbtest.New(t)
	s := conversationdb.New(pool)
	id := opened(t, s)
	r, err := s.Receive(t.Context(), with(id, "1", aNote), conversation.Gather{})
	if err != nil {
		t.Fatal(err)
	}
	file := r.Attachments[0].ID
	claimed := func(why string, want int) (c conversation.FileClaim) {
		t.Helper()
		cs, err := s.ClaimFiles(t.Context(), 10, time.Hour)
		if err != nil || len(cs) != want {
			t.Fatalf("ClaimFiles of what %s = %d, %v, want %d", why, len(cs), err, want)
		}
		if want > 0 {
			c = cs[0]
		}
		return c
	}
	take := func(insist bool) error {
		f, err := s.TakeFile(t.Context(), file, time.Hour, insist)
		if err == nil && f.ID != file {
			t.Errorf("TakeFile = %+v", f)
		}
		return err
	}
	claimed("a turn will read", 0)
	if err := take(false); err != nil {
		t.Fatalf("TakeFile = %v", err)
	}
	set(t, pool, `UPDATE conversations SET owner = 'queue', turn_due_at = NULL`)
	claimed("a turn is at that was ended", 0)
	if err := take(false); err != nil { // another turn: the one before is dead
		t.Errorf("TakeFile by the next turn = %v, want no wait for a turn that is over", err)
	}
	if err := s.LeaveFile(t.Context(), conversation.FileClaim{ID: file}, 0, true); err != nil {
		t.Fatal(err)
	}
	c := claimed("a turn has left", 1)
	if err := take(false); !errors.Is(err, conversation.ErrFileBusy) {
		t.Errorf("TakeFile of what is being read = %v, want ErrFileBusy", err)
	}
	if err := s.LeaveFile(t.Context(), c, time.Hour, true); err != nil {
		t.Fatal(err)
	}
	claimed("is to be tried later", 0)
	if err := take(false); err != nil {
		t.Errorf("TakeFile of what is to be tried later = %v, want it at once: somebody waits", err)
	}
	set(t, pool, `UPDATE files SET reading_until = now()`)
	c = claimed("was a turn's once", 1)
	if c.Attempt != 2 {
		t.Errorf("attempt %d, want 2", c.Attempt)
	}
	if err := s.LeaveFile(t.Context(), c, 0, false); err != nil {
		t.Fatal(err)
	}
	if c = claimed("was given back", 1); c.Attempt != 2 {
		t.Errorf("attempt %d after one that was given back, want 2", c.Attempt)
	}
	if err := take(true); err != nil {
		t.Errorf("TakeFile(insist) = %v", err)
	}
	if _, _, err := s.SettleFile(t.Context(), file, conversation.Reading{Text: "hello"}, conversation.FileReady); err != nil {
		t.Fatal(err)
	}
	if f, err := s.TakeFile(t.Context(), file, time.Hour, false); err != nil || f.State != conversation.FileReady || f.Text != "hello" {
		t.Errorf("TakeFile of what is settled = %+v, %v, want it as it is", f.Attachment, err)
	}
	if _, err := s.TakeFile(t.Context(), id, time.Hour, false); !errors.Is(err, conversation.ErrNoFile) {
		t.Errorf("TakeFile(unknown) = %v, want ErrNoFile", err)
	}
}

func TestShutdownGivesBackWhatItWasReading(t *testing.T) {
	url := dbtest.URL(t)
	var once sync.Once
	began := make(chan struct{})
	d, stop := listener{reader: &reader{}, fetcher: fetching(func(ctx context.Context, _ string) ([]byte, error) {
		once.Do(func() { close(began) })
		<-ctx.Done()
		return nil, ctx.Err()
	})}.start(t, url)
	id := d.taken(t)
	receipt := d.send(t, id, "1", "", aNote)
	<-began
	stop()
	file := receipt.Attachments[0].ID
	if n := d.attempts(t, file); n != 0 {
		t.Errorf("%d attempts, want none counted", n)
	}
	next, _ := listener{reader: &reader{}}.start(t, url)
	next.until(t, id, func(ms []conversation.Message) bool {
		return ms[receipt.Seq-1].Attachments[0].Text == "where is my parcel"
	})

	// With grace it is brought to its end.
	began, hold := make(chan struct{}), make(chan struct{})
	d, stop = listener{reader: &reader{}, grace: time.Minute, fetcher: fetching(func(ctx context.Context, _ string) ([]byte, error) {
		close(began)
		select {
		case <-hold:
			return []byte("voice where is my parcel"), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})}.start(t, dbtest.URL(t))
	id = d.taken(t)
	receipt = d.send(t, id, "1", "", aNote)
	<-began
	ended := make(chan struct{})
	go func() { stop(); close(ended) }()
	close(hold)
	<-ended
	if f, err := d.store.File(t.Context(), receipt.Attachments[0].ID); err != nil || f.Text != "where is my parcel" {
		t.Errorf("after the grace the file is %s with %q, %v, want it read", f.State, f.Text, err)
	}
}
