package conversationdb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

var (
	holder = conversation.Actor{StaffID: "00000000-0000-4000-8000-000000000001", Name: "Ana"}
	aNote  = conversation.InboundFile{Remote: "a", Kind: conversation.FileVoice, Name: "voice.oga"}
	away   = &conversation.ModelError{Kind: conversation.ErrUnavailable, Err: errors.New("503")}
)

// fetching is a channel whose fetches a test takes part in.
type fetching func(ctx context.Context, remote string) ([]byte, error)

func (f fetching) Fetch(ctx context.Context, _, remote string, _ int64) ([]byte, error) {
	return f(ctx, remote)
}

// listener is one replica that reads files.
type listener struct {
	model   conversation.Model
	reader  *reader
	fetcher conversation.Fetcher // one file, "a", when nil
	change  func(*conversation.Config)
	grace   time.Duration
}

// start runs it on the database at url until stop is called, or the test ends.
func (l listener) start(t *testing.T, url string) (d desk, stop func()) {
	t.Helper()
	pool := dbtest.Connect(t, url)
	store := conversationdb.New(pool)
	cfg := conversation.Config{
		Hold: time.Nanosecond, Poll: 20 * time.Millisecond, Lease: 2 * time.Second, ReadAgain: time.Millisecond,
		Gather: conversation.Gather{Quiet: 10 * time.Millisecond, Most: 100 * time.Millisecond},
	}
	if l.change != nil {
		l.change(&cfg)
	}
	e, err := conversation.New(cfg, conversation.Deps{
		Store: store, Finder: passages{returns}, Model: l.model, Reader: l.reader, Counter: tokens.For("gpt-4o-mini"), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if l.fetcher == nil {
		l.fetcher = storage{"a": "voice where is my parcel"}
	}
	e.FetchWith("widget", l.fetcher)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { e.Run(ctx, l.grace); close(done) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return desk{e, store, pool}, stop
}

// seldom has a replica look by itself once an hour: what happens before is done because it was told.
func seldom(c *conversation.Config) { c.Poll = time.Hour }

func heard(ms []conversation.Message) bool {
	return len(ms) > 0 && len(ms[0].Attachments) > 0 && ms[0].Attachments[len(ms[0].Attachments)-1].Text == "where is my parcel"
}

// arrives stores a message of files that no engine has been told of.
func (d desk) arrives(t *testing.T, id, external string, files ...conversation.InboundFile) conversation.Receipt {
	t.Helper()
	r, err := d.store.Receive(t.Context(), conversation.Inbound{Conversation: id, Channel: "widget", ExternalID: external, Attachments: files}, conversation.Gather{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// taken opens a conversation that Ana holds.
func (d desk) taken(t *testing.T) string {
	t.Helper()
	id := d.open(t)
	if _, err := d.Takeover(t.Context(), id, holder); err != nil {
		t.Fatal(err)
	}
	return id
}

func set(t *testing.T, pool *pgxpool.Pool, q string, args ...any) {
	t.Helper()
	if tag, err := pool.Exec(t.Context(), q, args...); err != nil || tag.RowsAffected() == 0 {
		t.Fatalf("%s = %v, %v", q, tag, err)
	}
}

func (d desk) attempts(t *testing.T, file string) (n int) {
	t.Helper()
	if err := d.pool.QueryRow(t.Context(), `SELECT reading_attempts FROM files WHERE id = $1`, file).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNoteIsHeardThoughStaffTakeOverFirst(t *testing.T) {
	r := &reader{}
	d, _ := listener{reader: r, change: seldom}.start(t, dbtest.URL(t))
	id := d.open(t)
	sub := d.Subscribe(id)
	defer sub.Close()
	d.arrives(t, id, "1", aNote)
	if _, err := d.Takeover(t.Context(), id, holder); err != nil {
		t.Fatal(err)
	}
	told := false
	d.until(t, id, func(ms []conversation.Message) bool {
		for _, e := range sub.Take() {
			if e.Kind == conversation.EventFiles && e.Seq == 1 && e.Message != nil && e.Message.Attachments[0].Text == "where is my parcel" {
				told = true
			}
		}
		return told && heard(ms)
	})
	var paid int64
	for _, u := range d.usage(t) {
		if u.Purpose == "transcribe" {
			paid += u.CostMicros
		}
	}
	if n := r.times("voice where is my parcel"); n != 1 || paid != 3 {
		t.Errorf("read %d times for %d, want once for 3", n, paid)
	}
}

func TestNoteIsHeardWhoeverTheConversationPassesTo(t *testing.T) {
	d, _ := listener{reader: &reader{}}.start(t, dbtest.URL(t))
	for name, pass := range map[string]func(id string) (conversation.State, error){
		"handed over": func(id string) (conversation.State, error) {
			return d.Handoff(t.Context(), id, conversation.Actor{}, conversation.ReasonAsked)
		},
		"closed": func(id string) (conversation.State, error) { return d.Resolve(t.Context(), id, holder) },
		"taken and handed back": func(id string) (conversation.State, error) {
			if _, err := d.Takeover(t.Context(), id, holder); err != nil {
				return conversation.State{}, err
			}
			return d.Handback(t.Context(), id, holder)
		},
	} {
		t.Run(name, func(t *testing.T) {
			// All at once, so that no turn comes in between.
			id := d.open(t)
			set(t, d.pool, `UPDATE conversations SET lease_token = gen_random_uuid(), lease_until = now() + interval '1 hour' WHERE id = $1`, id)
			d.arrives(t, id, "1", aNote)
			if _, err := pass(id); err != nil {
				t.Fatal(err)
			}
			d.until(t, id, heard)
		})
	}
}

func TestTheRestOfAMessageIsReadWhenItsTurnIsEndedOverAFile(t *testing.T) {
	r := &reader{hold: make(chan struct{}), began: make(chan struct{})}
	d, _ := listener{reader: r, change: seldom, model: sighted{&model{reply: says("not to be said")}}}.start(t, dbtest.URL(t))
	release := sync.OnceFunc(func() { close(r.hold) })
	t.Cleanup(release)
	id := d.open(t)
	d.send(t, id, "1", "", d.upload(t, id, "slow picture"), aNote)
	<-r.began
	if _, err := d.Takeover(t.Context(), id, holder); err != nil {
		t.Fatal(err)
	}
	release()
	ms := d.until(t, id, func(ms []conversation.Message) bool {
		return heard(ms) && ms[0].Attachments[0].State == conversation.FileReady
	})
	if bot, _ := fromBot(ms); bot.Text != "" {
		t.Errorf("the bot said %q, want nothing", bot.Text)
	}
	if a, b := r.times("slow picture"), r.times("voice where is my parcel"); a != 1 || b != 1 {
		t.Errorf("read %d and %d times, want each once", a, b)
	}
}

func TestWhatADeadReplicaWasReadingIsReadByAnother(t *testing.T) {
	url := dbtest.URL(t)
	dead := conversationdb.New(dbtest.Connect(t, url))
	queued := func() (id, file string) {
		id = opened(t, dead)
		in := with(id, "1", aNote)
		r, err := dead.Receive(t.Context(), in, conversation.Gather{})
		if err != nil {
			t.Fatal(err)
		}
		return id, r.Attachments[0].ID
	}
	id, file := queued()
	deadly, poison := queued()
	pool := dbtest.Connect(t, url)
	set(t, pool, `UPDATE conversations SET owner = 'queue', turn_due_at = NULL`)
	cs, err := dead.ClaimFiles(t.Context(), 10, time.Hour)
	if err != nil || len(cs) != 2 || cs[0].Attempt != 1 || cs[0].Conversation == "" || cs[0].Token == "" || cs[0].Token == cs[1].Token {
		t.Fatalf("ClaimFiles = %+v, %v, want the first attempt at two files", cs, err)
	}
	if again, err := dead.ClaimFiles(t.Context(), 10, time.Hour); err != nil || len(again) != 0 {
		t.Fatalf("ClaimFiles = %d, %v, want none while somebody is at them", len(again), err)
	}
	set(t, pool, `UPDATE files SET reading_until = now()`)
	set(t, pool, `UPDATE files SET reading_attempts = 3 WHERE id = $1`, poison) // it died over it each time
	r := &reader{}
	d, _ := listener{reader: r}.start(t, url)
	d.until(t, id, heard)
	if n := d.attempts(t, file); n != 2 {
		t.Errorf("attempt %d, want the second", n)
	}
	ms := d.until(t, deadly, func(ms []conversation.Message) bool { return ms[0].Attachments[0].State == conversation.FileFailed })
	if at := ms[0].Attachments[0]; at.Reason != conversation.RefusedTimeout {
		t.Errorf("given up for %q, want %q", at.Reason, conversation.RefusedTimeout)
	}
	if n := r.times("voice where is my parcel"); n != 1 {
		t.Errorf("read %d times, want the one note once and the other not at all", n)
	}
	for _, c := range cs { // it was only slow
		if err := dead.LeaveFile(t.Context(), c, 0, true); err != nil {
			t.Errorf("LeaveFile of a claim that is over = %v", err)
		}
	}
}

func TestWhatMayPassIsTriedAgainThreeTimesAtMost(t *testing.T) {
	r := &reader{fail: func(content string, times int) error {
		if content == "voice mumbled" || times < 3 {
			return away
		}
		return nil
	}}
	d, _ := listener{reader: r, fetcher: storage{"a": "voice where is my parcel", "mumbled": "voice mumbled"}}.start(t, dbtest.URL(t))
	id, deaf, down := d.taken(t), d.taken(t), d.taken(t)
	seq := func(id string, r conversation.Receipt) func([]conversation.Message) conversation.Attachment {
		return func(ms []conversation.Message) conversation.Attachment { return ms[r.Seq-1].Attachments[0] }
	}
	first := seq(id, d.send(t, id, "1", "", aNote))
	d.until(t, id, func(ms []conversation.Message) bool { return first(ms).Text == "where is my parcel" })
	if n := r.times("voice where is my parcel"); n != 3 {
		t.Errorf("read %d times, want 3: it failed twice", n)
	}
	for _, c := range []struct {
		id     string
		file   conversation.InboundFile
		reason conversation.Refusal
	}{
		{deaf, conversation.InboundFile{Remote: "mumbled", Kind: conversation.FileVoice, Name: "voice.oga"}, conversation.RefusedNoHearing},
		{down, conversation.InboundFile{Remote: "down", Name: "plan.pdf"}, conversation.RefusedGone},
	} {
		receipt := d.send(t, c.id, "1", "", c.file)
		of := seq(c.id, receipt)
		ms := d.until(t, c.id, func(ms []conversation.Message) bool {
			_, notes := fromBot(ms)
			return of(ms).State != conversation.FilePending && len(notes) > 0
		})
		if at := of(ms); at.State != conversation.FileFailed || at.Reason != c.reason {
			t.Errorf("%s is %s for %q, want failed for %q", at.Name, at.State, at.Reason, c.reason)
		}
		if _, notes := fromBot(ms); len(notes) != 1 || !strings.Contains(notes[0], c.file.Name) {
			t.Errorf("notes %q, want one about %s", notes, c.file.Name)
		}
		if n := d.attempts(t, receipt.Attachments[0].ID); n != 3 {
			t.Errorf("%s was tried %d times, want 3", c.file.Name, n)
		}
	}
	if n := r.times("voice mumbled"); n != 3 {
		t.Errorf("read %d times, want 3 and no more", n)
	}
}

func TestTwoReplicasReadNoFileTwice(t *testing.T) {
	const files = 24
	url, r, all := dbtest.URL(t), &reader{}, storage{}
	for i := range files {
		all[fmt.Sprint(i)] = fmt.Sprintf("voice %d", i)
	}
	d, _ := listener{reader: r, fetcher: all}.start(t, url)
	other, _ := listener{reader: r, fetcher: all}.start(t, url)
	ids := make([]string, files)
	for i := range files {
		ids[i] = d.taken(t)
	}
	for i, id := range ids {
		[]desk{d, other}[i%2].send(t, id, "1", "", conversation.InboundFile{Remote: fmt.Sprint(i), Kind: conversation.FileVoice})
	}
	for i, id := range ids {
		d.until(t, id, func(ms []conversation.Message) bool {
			return ms[len(ms)-1].Attachments[0].State == conversation.FileReady
		})
		if n := r.times(fmt.Sprintf("voice %d", i)); n != 1 {
			t.Errorf("note %d was read %d times, want once", i, n)
		}
	}
}

func TestNothingIsSpentOnABlockedContact(t *testing.T) {
	r := &reader{}
	d, _ := listener{reader: r, fetcher: storage{"a": "voice where is my parcel", "b": "voice b", "c": "voice c"}}.start(t, dbtest.URL(t))
	id, other := d.open(t), d.taken(t)
	var contact string
	if err := d.pool.QueryRow(t.Context(), `SELECT contact_id::text FROM conversations WHERE id = $1`, id).Scan(&contact); err != nil {
		t.Fatal(err)
	}
	if _, err := d.store.BlockContact(t.Context(), contact, holder, true); err != nil {
		t.Fatal(err)
	}
	receipt := d.send(t, id, "1", "", aNote)
	for _, remote := range []string{"b", "c"} { // with those the blocked one's were looked at
		sent := d.send(t, other, remote, "", conversation.InboundFile{Remote: remote, Kind: conversation.FileVoice})
		d.until(t, other, func(ms []conversation.Message) bool { return ms[sent.Seq-1].Attachments[0].Text == remote })
	}
	f, err := d.store.File(t.Context(), receipt.Attachments[0].ID)
	if n := r.times("voice where is my parcel"); n != 0 || err != nil || f.State != conversation.FilePending || f.Content != nil {
		t.Errorf("read %d times, %s, %v, want it left alone", n, f.State, err)
	}
	if _, err := d.store.BlockContact(t.Context(), contact, holder, false); err != nil {
		t.Fatal(err)
	}
	d.until(t, id, heard)
}

func TestNoteThatComesWhileTheBotHandsOverIsHeard(t *testing.T) {
	m := &model{started: make(chan string, 8), gate: make(chan struct{}), reply: func(conversation.ModelRequest) (conversation.ModelReply, error) {
		return conversation.ModelReply{Model: "test", Finish: "tool_calls", Calls: []conversation.ToolCall{{Name: "hand_to_person", Arguments: []byte(`{"reason":"asked"}`)}}}, nil
	}}
	d, _ := listener{reader: &reader{}, model: m}.start(t, dbtest.URL(t))
	id := d.open(t)
	d.write(t, id, "1", "This is beyond you, is it not?")
	<-m.started
	sent := d.send(t, id, "2", "", aNote)
	close(m.gate)
	d.until(t, id, func(ms []conversation.Message) bool {
		return ms[sent.Seq-1].Attachments[0].Text == "where is my parcel" && last(conversation.AuthorSystem)(ms)
	})
	if st, err := d.State(t.Context(), id); err != nil || st.Owner != conversation.OwnerQueue {
		t.Errorf("owner %s, %v, want the queue", st.Owner, err)
	}
}
