package slack

import (
	"context"
	"strings"
	"sync"
	"time"

	"frontdesk/conversation"

	"github.com/slack-go/slack"
)

// settleWithin is how long a finished answer's draft waits for the delivery to
// take it. Another process may have delivered the answer: then the draft goes.
const settleWithin = 5 * time.Second

// watching are the conversations whose answers this process shows live.
type watching struct {
	mu sync.Mutex // guards m and what the watches hold
	m  map[string]*watch
}

// watch is the live view of a conversation from a customer's message to the
// answer.
type watch struct {
	at    place
	to    addressee
	user  string
	says  string // Slack's status line while the answer is made
	seq   int64  // of the customer's newest message here
	epoch int64  // it left the conversation at
}

// watch shows the answer to a message while it is made, on a task of its own.
// A message that joins one under way prolongs that one's.
func (b *Bot) watch(at place, to addressee, user, status string, r conversation.Receipt) {
	b.watching.mu.Lock()
	defer b.watching.mu.Unlock()
	if w := b.watching.m[r.Conversation]; w != nil {
		w.seq, w.epoch, w.user = max(w.seq, r.Seq), max(w.epoch, r.State.Epoch), user
		return
	}
	w := &watch{at: at, to: to, user: user, says: status, seq: r.Seq, epoch: r.State.Epoch}
	if b.watching.m == nil {
		b.watching.m = map[string]*watch{}
	}
	if b.tasks.start(func(ctx context.Context) { b.show(ctx, r.Conversation, w) }) {
		b.watching.m[r.Conversation] = w
	}
}

// newest returns which message the watch is about.
func (b *Bot) newest(w *watch) (seq, epoch int64, user string) {
	b.watching.mu.Lock()
	defer b.watching.mu.Unlock()
	return w.seq, w.epoch, w.user
}

// end forgets the watch, unless a message has come since seq.
func (b *Bot) end(id string, w *watch, seq int64) bool {
	b.watching.mu.Lock()
	defer b.watching.mu.Unlock()
	if w.seq > seq {
		return false
	}
	if b.watching.m[id] == w {
		delete(b.watching.m, id)
	}
	return true
}

// show follows the conversation until its customer has been answered.
func (b *Bot) show(ctx context.Context, id string, w *watch) {
	v := &view{b: b, id: id, w: w}
	defer func() {
		b.end(id, w, 1<<62)
		v.drop(ctx)
	}()
	sub := b.engine.Subscribe(id)
	defer sub.Close()
	if v.answered(ctx) {
		return
	}
	b.think(ctx, w.at, w.says)
	tick := time.NewTicker(appendEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-sub.C():
			for _, ev := range sub.Take() {
				if v.hear(ctx, ev) {
					return
				}
			}
		case <-tick.C:
			v.flush(ctx)
		}
	}
}

// view is what the reader of one conversation has been shown.
type view struct {
	b     *Bot
	id    string
	w     *watch
	turn  string
	text  strings.Builder // of the answer so far
	tried bool            // to begin a draft for the turn
	draft *draft
	last  time.Time // of the newest call
}

// hear takes an event in, and reports whether the watch is over.
func (v *view) hear(ctx context.Context, ev conversation.Event) bool {
	switch ev.Kind {
	case conversation.EventDelta:
		if ev.Turn != v.turn {
			v.drop(ctx)
			v.turn = ev.Turn
		}
		v.text.WriteString(ev.Text)
	case conversation.EventDiscard:
		if ev.Turn == v.turn {
			v.drop(ctx)
		}
	case conversation.EventMessage, conversation.EventState:
		m := ev.Message
		if m != nil && m.Author == conversation.AuthorCustomer {
			return false
		}
		if m != nil && v.draft != nil && m.Turn == v.turn {
			v.handOver(ctx)
		}
		return v.answered(ctx)
	}
	return false
}

// answered looks whether the customer's newest message has been dealt with, or
// another process has taken over showing it.
func (v *view) answered(ctx context.Context) bool {
	seq, epoch, _ := v.b.newest(v.w)
	st, err := v.b.engine.State(ctx, v.id)
	if err != nil {
		return true
	}
	if st.Owner == conversation.OwnerBot && st.Epoch == epoch && st.Seq <= seq {
		return false
	}
	if st.Owner == conversation.OwnerBot && st.Epoch == epoch && v.draft != nil {
		v.handOver(ctx)
	}
	return v.b.end(v.id, v.w, seq)
}

// flush shows what has come since the last time.
func (v *view) flush(ctx context.Context) {
	text := v.text.String()
	if strings.TrimSpace(text) == "" {
		return
	}
	if v.draft == nil {
		if !v.tried {
			v.tried = true
			_, _, user := v.b.newest(v.w)
			v.draft = v.b.begin(ctx, v.w.at, v.w.to, user, v.turn, text)
			v.last = v.b.now()
		}
		return
	}
	if !v.draft.stream && v.b.now().Sub(v.last) < editEvery {
		return
	}
	v.b.grow(ctx, v.draft, text)
	v.last = v.b.now()
}

// drop withdraws the draft, unless a delivery has it.
func (v *view) drop(ctx context.Context) {
	if v.draft != nil {
		v.b.withdraw(ctx, v.b.drafts.take(v.turn))
	}
	v.draft, v.turn, v.tried = nil, "", false
	v.text.Reset()
}

// handOver leaves the draft to the delivery of the answer, which may be made by
// another process: what nobody takes is withdrawn.
func (v *view) handOver(ctx context.Context) {
	turn, b := v.turn, v.b
	v.draft, v.turn, v.tried = nil, "", false
	v.text.Reset()
	leave := func(ctx context.Context) {
		sleep(ctx, b.patience)
		b.withdraw(ctx, b.drafts.take(turn))
	}
	if !b.tasks.start(leave) {
		leave(ctx)
	}
}

// think shows that an answer is being made. Slack takes that away by itself
// when one is posted.
func (b *Bot) think(ctx context.Context, at place, says string) {
	if at.thread == "" || !b.live.on(optStatus) {
		return
	}
	err := b.api.SetAssistantThreadsStatusContext(ctx, slack.AssistantThreadsSetStatusParameters{
		ChannelID: at.channel, ThreadTS: at.thread, Status: says,
	})
	b.live.heard(optStatus, err)
}
