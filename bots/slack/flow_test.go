package slack

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"
)

// help finds one passage for every question.
type help struct{}

func (help) Find(_ context.Context, q knowledge.Query) (knowledge.Result, error) {
	return knowledge.Result{Query: q.Text, Confidence: 0.9, Hits: []knowledge.Hit{{
		Passage: knowledge.Passage{ID: knowledge.NewID(), Text: "Orders can be returned within 30 days.", Title: "Returns", Document: "Returns", URL: "https://help.example/returns"},
	}}}, nil
}

// echo answers each question with its own words, and calls everybody.
type echo struct{}

func (echo) Stream(_ context.Context, req conversation.ModelRequest, emit func(string)) (conversation.ModelReply, error) {
	text := "<!channel> you asked: " + req.Messages[len(req.Messages)-1].Text + " [1]"
	for word := range strings.SplitAfterSeq(text, " ") {
		emit(word)
	}
	return conversation.ModelReply{Text: text, Model: "test", Finish: "stop"}, nil
}

// desk is the whole path: engine, database, channel and courier.
type desk struct {
	*rig
	engine *conversation.Engine
	store  *conversationdb.Store
}

func newDesk(t *testing.T) *desk { return newDeskWith(t, nil) }

// newDeskWith is newDesk with something that looks into files.
func newDeskWith(t *testing.T, reader conversation.Reader) *desk {
	store := conversationdb.New(dbtest.New(t))
	engine, err := conversation.New(
		conversation.Config{Hold: time.Millisecond, Gather: conversation.Gather{Quiet: time.Millisecond, Most: time.Millisecond}, Poll: 50 * time.Millisecond, Backoff: 10 * time.Millisecond},
		conversation.Deps{Store: store, Finder: help{}, Model: echo{}, Counter: tokens.For("gpt-4o-mini"), Reader: reader})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{engine: engine, store: store}
	d.rig = newRig(t, func(c *Config) { c.Engine, c.Threads = engine, store })
	engine.FetchWith(Channel, d.Bot)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { engine.Run(ctx, time.Second) })
	wg.Go(func() {
		conversation.NewCourier(engine, store, map[string]conversation.Sender{Channel: d.Bot}).Run(ctx)
	})
	wg.Go(func() { d.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return d
}

// asks sends a direct message and returns its text.
func (d *desk) asks(t *testing.T, channel string, n int) string {
	t.Helper()
	text := fmt.Sprintf("question %d of %s", n, channel)
	body := strings.NewReplacer("D024BE91L", channel, "1763807400.000100", fmt.Sprintf("1763807400.%06d", n), "Ev0PV52K21", fmt.Sprintf("Ev%s%d", channel, n),
		"How do I return an order?", text).Replace(recorded(t, "message_im"))
	if code := d.deliver(t, "/slack/events", body); code != http.StatusOK {
		t.Fatalf("status %d, want 200", code)
	}
	return text
}

func (d *desk) answers(channel, thread, words string) int {
	n := 0
	for _, m := range d.slack.visible() {
		if m.Channel == channel && m.Thread == thread && strings.Contains(m.Text, words) && strings.Contains(m.Blocks, actionPerson) {
			n++
		}
	}
	return n
}

func TestADirectMessageIsAnsweredOnceInItsPlace(t *testing.T) {
	d := newDesk(t)
	d.deliver(t, "/slack/events", recorded(t, "message_im"))
	d.deliver(t, "/slack/events", recorded(t, "message_im"))
	d.deliver(t, "/slack/events", recorded(t, "mention_message"))
	d.deliver(t, "/slack/events", recorded(t, "app_mention"))
	d.slack.until(t, "both answers", func() bool {
		return d.answers("D024BE91L", "", "return an order") == 1 && d.answers("C0LAN2Q65", "1763807500.000400", "you ship to Switzerland") == 1
	})
	d.deliver(t, "/slack/events", recorded(t, "thread_reply"))
	d.slack.until(t, "the answer in the followed thread", func() bool { return d.answers("C0LAN2Q65", "1763807500.000400", "how long does it take") == 1 })
	for _, m := range d.slack.visible() {
		mustCallNobody(t, m.Text)
		if !strings.Contains(m.Blocks, "https://help.example/returns") {
			t.Errorf("%q has no source", m.Text)
		}
	}
	if got := d.slack.visible(); len(got) != 3 {
		t.Errorf("%d messages, want 3: %+v", len(got), got)
	}
}

func TestAPersonAndAThumbAreAskedForByButton(t *testing.T) {
	d := newDesk(t)
	d.deliver(t, "/slack/events", recorded(t, "message_im"))
	d.slack.until(t, "the answer", func() bool { return d.answers("D024BE91L", "", "return an order") == 1 })
	if code := d.clickOn(t, recorded(t, "block_actions")); code != 200 || d.last() != wasClick {
		t.Fatalf("the thumb down: status %d, %s", code, d.last())
	}
	d.slack.until(t, "what happens next", func() bool {
		got := d.slack.visible()
		return strings.Contains(got[len(got)-1].Text, "asked our team to take over")
	})
	id, err := d.store.Thread(t.Context(), Channel, testTeam, "D024BE91L")
	if err != nil {
		t.Fatal(err)
	}
	if st, err := d.engine.State(t.Context(), id); err != nil || st.Owner != conversation.OwnerQueue {
		t.Errorf("owner %s, %v, want the queue", st.Owner, err)
	}
	d.deliver(t, "/slack/events", recorded(t, "message_changed"))
	log, err := d.engine.Transcript(t.Context(), id, 0, 10)
	if err != nil || len(log) != 4 || !log[3].Note || !strings.Contains(log[3].Text, "return a gift") {
		t.Errorf("the log is %+v, %v, want the edit as a note", log, err)
	}
}

// TestUnderFaultsEachIsAnsweredOnceAndInOrder injects every kind of fault into
// many conversations at once.
func TestUnderFaultsEachIsAnsweredOnceAndInOrder(t *testing.T) {
	d := newDesk(t)
	d.slack.fail("chat.postMessage", fault{after: true}, fault{status: 500}, fault{status: 429, retry: "1"}, fault{after: true}, fault{code: "internal_error"}, fault{status: 503})
	d.slack.fail("chat.update", fault{status: 502}, fault{after: true}, fault{status: 429, retry: "1"})
	d.slack.fail("conversations.history", fault{status: 500}, fault{after: true})
	const rounds, channels = 3, 4
	for n := 1; n <= rounds; n++ {
		var asked []string
		for c := range channels {
			asked = append(asked, d.asks(t, fmt.Sprintf("D%d", c), n))
		}
		for c, text := range asked {
			d.slack.until(t, "an answer to "+text, func() bool { return d.answers(fmt.Sprintf("D%d", c), "", text) == 1 })
		}
	}
	var settled = func() bool { return len(d.slack.visible()) == rounds*channels }
	d.slack.until(t, "nothing but answers", settled)
	last := map[string]int{}
	for _, m := range d.slack.visible() {
		var n int
		fmt.Sscanf(m.Text[strings.Index(m.Text, "question "):], "question %d", &n)
		if n != last[m.Channel]+1 {
			t.Errorf("in %s the answer to %d follows that to %d", m.Channel, n, last[m.Channel])
		}
		last[m.Channel] = n
	}
}
