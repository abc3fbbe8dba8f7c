package conversationdb_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/migrations/dbtest"
)

// interleavings is how many conversations the race test plays; each is one
// random interleaving of two customers' tabs, two members of staff and the bot,
// spread over two replicas.
func interleavings() int {
	if n, err := strconv.Atoi(os.Getenv("FRONTDESK_INTERLEAVINGS")); err == nil {
		return n
	}
	return 2000
}

func TestNeverTwoVoicesNeverALostTurn(t *testing.T) {
	url := dbtest.URL(t)
	m := &model{reply: func(req conversation.ModelRequest) (conversation.ModelReply, error) {
		time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond) // the model's own time, which is what is raced
		return conversation.ModelReply{Text: "Yes [1]. " + strings.Join(seen(req), " "), Model: "test", Finish: "stop"}, nil
	}}
	// The second takes up a turn at any moment, that of the customer's next message too.
	replicas := []desk{run(t, url, passages{returns}, m), runGathering(t, url, passages{returns}, m, conversation.Gather{Quiet: time.Nanosecond, Most: time.Nanosecond})}
	n := interleavings()
	const workers = 16
	ids := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range ids {
				interleave(t, replicas, i)
			}
		})
	}
	for i := range n {
		ids <- i
	}
	close(ids)
	wg.Wait()
}

// asked finds the number of a question.
var asked = regexp.MustCompile(`No\. \d`)

// seen lists the questions that a model was shown.
func seen(req conversation.ModelRequest) (found []string) {
	for _, m := range req.Messages {
		found = append(found, asked.FindAllString(m.Text, -1)...)
	}
	return found
}

// interleave plays one conversation and checks its log against the rules.
func interleave(t *testing.T, replicas []desk, i int) {
	ctx := t.Context()
	pick := func() desk { return replicas[rand.IntN(len(replicas))] }
	st, err := pick().Open(ctx, conversation.Opening{Channel: "widget", Account: "default"})
	if err != nil {
		t.Error(err)
		return
	}
	id := st.Conversation
	staff := []conversation.Actor{
		{StaffID: "00000000-0000-4000-8000-000000000001", Name: "Ana"},
		{StaffID: "00000000-0000-4000-8000-000000000002", Name: "Ben"},
	}
	var (
		mu  sync.Mutex // guards won
		won []string
		wg  sync.WaitGroup
	)
	step := func(f func(desk)) {
		d, wait := pick(), time.Duration(rand.IntN(6000))*time.Microsecond
		wg.Go(func() { time.Sleep(wait); f(d) })
	}
	for k := range 1 + rand.IntN(3) {
		step(func(d desk) {
			_, err := d.Receive(ctx, conversation.Inbound{Conversation: id, Channel: "widget", ExternalID: fmt.Sprint(k), Text: fmt.Sprintf("Can I send it back? No. %d", k)})
			if err != nil {
				t.Errorf("Receive = %v", err)
			}
		})
	}
	scenario := rand.IntN(4)
	for _, by := range staff[:scenario%3] {
		step(func(d desk) {
			_, err := d.Takeover(ctx, id, by)
			var taken *conversation.TakenError
			switch {
			case err == nil:
				mu.Lock()
				won = append(won, by.Name)
				mu.Unlock()
			case !errors.As(err, &taken):
				t.Errorf("Takeover = %v, want nil or *TakenError", err)
			}
		})
	}
	if scenario == 3 {
		step(func(d desk) {
			if _, err := d.Handoff(ctx, id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
				t.Errorf("Handoff = %v", err)
			}
		})
	}
	wg.Wait()
	if len(won) > 1 {
		t.Errorf("%d: takeover won by %v, want one winner", i, won)
	}
	check(t, replicas[0], id, len(won) == 1)
}

// check waits for the conversation to settle and reads its log.
func check(t *testing.T, d desk, id string, taken bool) {
	var ms []conversation.Message
	settled := func() bool {
		var err error
		if ms, err = d.Transcript(t.Context(), id, 0, 100); err != nil {
			t.Error(err)
			return true
		}
		st, err := d.State(t.Context(), id)
		if err != nil {
			t.Error(err)
			return true
		}
		if st.Owner != conversation.OwnerBot {
			ms, _ = d.Transcript(t.Context(), id, 0, 100) // what made it so is in the log by now
			return true
		}
		return len(ms) > 0 && ms[len(ms)-1].Author == conversation.AuthorBot
	}
	for deadline := time.Now().Add(30 * time.Second); !settled(); {
		if time.Now().After(deadline) {
			t.Errorf("a turn was lost: %s", show(ms))
			return
		}
		time.Sleep(2 * time.Millisecond) // between looks
	}
	if taken {
		// Whatever the bot still had in hand must not come: give it the time it would take.
		time.Sleep(5 * time.Millisecond)
		ms, _ = d.Transcript(t.Context(), id, 0, 100)
	}
	over := false // a person has it
	bots, waiting := 0, false
	for k, m := range ms {
		if m.Seq != int64(k+1) {
			t.Errorf("message %d has seq %d: %s", k+1, m.Seq, show(ms))
		}
		switch {
		case m.Author == conversation.AuthorSystem && (strings.Contains(m.Text, "joined") || strings.Contains(m.Text, "team")):
			over = true
		case m.Author == conversation.AuthorBot && over && strings.HasPrefix(m.Text, "While you wait:") && !strings.Contains(show(ms[:k]), "joined"):
			waiting = false // an entry's own words, to somebody in the queue
		case m.Author == conversation.AuthorBot && over:
			t.Errorf("the bot spoke after a person had it: %s", show(ms))
		case m.Author == conversation.AuthorBot && !waiting:
			t.Errorf("the bot answered twice: %s", show(ms))
		case m.Author == conversation.AuthorBot:
			bots, waiting = bots+1, false
			for _, before := range ms[:k] {
				if q := asked.FindString(before.Text); before.Author == conversation.AuthorCustomer && !strings.Contains(m.Text, q) {
					t.Errorf("an answer passed over %q: %s", q, show(ms))
				}
			}
		case m.Author == conversation.AuthorCustomer:
			waiting = true
		}
	}
	if !over && waiting {
		t.Errorf("the last message of %s stayed unanswered: %s", id, show(ms))
	}
}
