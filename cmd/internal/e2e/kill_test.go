package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/bots/browsertest"
	"frontdesk/cmd/internal/fakeai"
	"frontdesk/cmd/internal/proc"
	"frontdesk/cmd/internal/visitor"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

// binary builds the program once for all tests of this package.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "frontdesk-e2e")
	if err != nil {
		return "", err
	}
	built = dir
	return proc.Build(context.Background(), dir)
})

var built string

func TestMain(m *testing.M) {
	code := browsertest.Main(m)
	for _, dir := range []string{built, racedDir} {
		if dir != "" {
			os.RemoveAll(dir)
		}
	}
	os.Exit(code)
}

// setup starts a fake model and says how to run a server against it and a new database.
func setup(t *testing.T, answer func(fakeai.Request) fakeai.Reply) (*fakeai.Server, proc.Options) {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ai := fakeai.New(answer)
	srv := httptest.NewServer(ai)
	t.Cleanup(srv.Close)
	address, err := proc.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return ai, proc.Options{Bin: bin, Address: address, Output: t.Output(), Env: []string{
		"DATABASE_URL=" + dbtest.URL(t), "DATA_DIR=" + t.TempDir(), "OPENAI_API_KEY=test", "OPENAI_BASE_URL=" + srv.URL + "/v1",
		"LOG_LEVEL=warn", "ADMIN_PASSWORD=correct horse battery staple",
	}}
}

// counted is a number from the environment, for longer runs by hand.
func counted(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// TestKilledUnderLoadLosesAndDoublesNothing kills the server again and again while
// visitors write. Each sends its next message once the last is answered, so every
// message must get exactly one answer.
func TestKilledUnderLoadLosesAndDoublesNothing(t *testing.T) {
	const visitors = 20
	each := counted("FRONTDESK_KILL_MESSAGES", 800) / visitors
	_, o := setup(t, func(r fakeai.Request) fakeai.Reply {
		return fakeai.Reply{Text: "Returns are free within thirty days of delivery [1].", Pause: time.Millisecond}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	s, err := proc.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}

	var (
		wg, killer sync.WaitGroup
		kills      atomic.Int64
		done       = make(chan struct{})
		people     = make([]*person, visitors)
	)
	for i := range people {
		people[i] = &person{t: t, url: "http://" + o.Address, kills: &kills}
	}
	killer.Go(func() {
		took := time.Duration(0)
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Duration(100+rand.IntN(400))*time.Millisecond + took/4):
			}
			// On a busy machine a turn might be killed each time it has begun, and then it rightly goes to a person.
			for slices.ContainsFunc(people, (*person).spared) {
				select {
				case <-done:
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
			s.Kill()
			kills.Add(1)
			began := time.Now()
			next, err := proc.Start(ctx, o)
			took = time.Since(began) // how slow the machine is
			if err != nil {          // the one killed is what the end kills again, which is no harm
				t.Errorf("restart %d: %v", kills.Load(), err)
				cancel()
				return
			}
			s = next
		}
	})
	for _, p := range people {
		wg.Go(func() { p.talk(ctx, each) })
	}
	wg.Wait()
	close(done)
	killer.Wait()
	defer func() { s.Kill() }()

	acknowledged := 0
	for _, p := range people {
		acknowledged += p.acknowledged
		p.verify(ctx)
	}
	t.Logf("%d messages acknowledged and answered once over %d kills", acknowledged, kills.Load())
	if acknowledged != visitors*each {
		t.Errorf("%d messages acknowledged, want %d", acknowledged, visitors*each)
	}
}

// person is a visitor who tries again until the server is back, as the widget does.
type person struct {
	t            *testing.T
	url          string
	v            *visitor.Visitor
	kills        *atomic.Int64
	waits        atomic.Int64 // one more than the kills there had been when the message that waits was sent; 0: none waits
	acknowledged int
	sent         map[string]int64 // id to seq
}

// killsOfATurn is how often the turn of one message may be killed: one that was begun three times and never ended is given
// up (conversation, maxAttempts).
const killsOfATurn = 2

// spared reports whether another kill could be one too many for the message that waits.
func (p *person) spared() bool {
	w := p.waits.Load()
	return w > 0 && p.kills.Load()-(w-1) >= killsOfATurn
}

// again repeats do until it succeeds or is refused for good.
func (p *person) again(ctx context.Context, do func() error) bool {
	for ctx.Err() == nil {
		err := do()
		if err == nil {
			return true
		}
		var status *visitor.StatusError
		if errors.As(err, &status) && status.Status < 500 {
			p.t.Errorf("refused: %v", err)
			return false
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond): // as a client backs off
		}
	}
	p.t.Errorf("gave up: %v", ctx.Err())
	return false
}

func (p *person) talk(ctx context.Context, n int) {
	p.sent = map[string]int64{}
	client := &http.Client{}
	if !p.again(ctx, func() (err error) { p.v, err = visitor.New(ctx, client, p.url); return err }) {
		return
	}
	for i := range n {
		id, text := knowledge.NewID(), fmt.Sprintf("Question %d: could I send it back after %d days?", i, i)
		var seq int64
		p.waits.Store(p.kills.Load() + 1)
		if !p.again(ctx, func() (err error) { seq, err = p.v.Send(ctx, id, text); return err }) {
			return
		}
		p.acknowledged++
		p.sent[id] = seq
		if !p.again(ctx, func() error { return p.answered(ctx, seq) }) {
			return
		}
		p.waits.Store(0)
	}
}

// errStream is a stream that ended before the answer came.
var errStream = errors.New("stream ended")

// answered waits for a message of the bot's after seq.
func (p *person) answered(ctx context.Context, seq int64) error {
	found := false
	err := p.v.Watch(ctx, seq, func(e visitor.Event) bool {
		found = found || e.Name == "message" && e.Author == "bot"
		return !found
	})
	if err == nil && !found {
		err = errStream
	}
	return err
}

// verify reads the whole log: each message once, each followed by one answer.
func (p *person) verify(ctx context.Context) {
	last := int64(2 * p.acknowledged)
	var log []visitor.Event
	p.again(ctx, func() error {
		log = log[:0]
		return p.v.Watch(ctx, 0, func(e visitor.Event) bool {
			if e.Name == "message" {
				log = append(log, e)
			}
			return len(log) < int(last)
		})
	})
	for i, e := range log {
		want := []string{"customer", "bot"}[i%2]
		if e.Seq != int64(i+1) || e.Author != want {
			p.t.Errorf("message %d is %s's with seq %d, want %s's", i+1, e.Author, e.Seq, want)
		}
		if e.Author == "customer" && p.sent[e.ID] != e.Seq {
			p.t.Errorf("message %s has seq %d, was acknowledged as %d", e.ID, e.Seq, p.sent[e.ID])
		}
	}
	if int64(len(log)) != last {
		p.t.Errorf("log has %d messages, want %d", len(log), last)
	}
}
