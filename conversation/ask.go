package conversation

import (
	"cmp"
	"context"
	"strings"
	"time"

	"frontdesk/knowledge"
)

// AskRequest is a question that is answered as a turn would answer it, without a
// conversation. What is nil or empty is as the engine has it.
type AskRequest struct {
	Question string
	History  []Message // what was said before, oldest first: Author and Text
	Locale   string    // where the words do not tell their language

	Model        string // the one model to ask in place of the list
	Instructions *string
	Thresholds   *Thresholds
	Budget       *Budget // what is 0 in it is as the engine has it
}

// AskWatcher is told how an answer comes about, from one goroutine and before Ask
// returns.
type AskWatcher interface {
	// Found tells what was found and what becomes of each hit. It is told again where
	// the model fails and another answer is made of the same hits.
	Found(r knowledge.Result, th Thresholds, hits []TracedHit)
	// Prompted tells the prompt exactly as the model is sent it.
	Prompted(p Prompt)
	// Delta is a piece of the answer as a customer would see it; Discard takes all of
	// them back.
	Delta(text string)
	Discard()
}

// Asked is the answer a customer would have been given.
type Asked struct {
	Messages []NewMessage // in order: ours, and the system's where a person is called
	Owner    Owner        // OwnerQueue: a person would be called
	Reason   Reason
	Trace    Trace // Cost is of all calls
	Calls    []Call
	Took     time.Duration
	First    time.Duration // until the first Delta; 0 without one
}

// askPurpose is what the calls of a question without a conversation are booked under.
const askPurpose = "ask"

// Ask answers by the very steps of a turn. Nothing is stored of it but what its calls
// cost, and no customer sees it. ErrEmpty, ErrTooLong, ErrBudget where the request's own
// instructions do not fit, a search's error, or ctx's.
func (e *Engine) Ask(ctx context.Context, req AskRequest, w AskWatcher) (Asked, error) {
	question, err := Clean(req.Question)
	if err != nil {
		return Asked{}, err
	}
	v, err := e.variant(req)
	if err != nil {
		return Asked{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, v.cfg.TurnTimeout)
	defer cancel()
	t := Turn{State: State{Owner: OwnerBot, Locale: req.Locale}, Attempt: 1, AnsweredSeq: int64(len(req.History))}
	for i, m := range req.History {
		t.Messages = append(t.Messages, Message{Seq: int64(i + 1), Author: m.Author, Text: m.Text})
	}
	t.Messages = append(t.Messages, Message{Seq: t.AnsweredSeq + 1, Author: AuthorCustomer, Text: question})
	seen := &asking{w: w, began: time.Now(), found: knowledge.Result{Query: question}}
	a := &answering{e: v, s: v.Settings(), ctx: ctx, t: t, began: seen.began, leave: func() {}, watch: seen}
	defer func() {
		for i := range a.calls {
			a.calls[i].Purpose, a.calls[i].Turn = askPurpose, ""
		}
		e.record(ctx, a.calls)
	}()
	out, err := a.run()
	if err != nil {
		return Asked{}, err
	}
	a.tellRest()
	return Asked{Messages: out.Messages, Owner: out.Owner, Reason: out.Reason, Trace: a.trace, Calls: a.calls,
		Took: time.Since(seen.began), First: seen.first}, nil
}

// variant is an engine that answers as e does but for what the request says, and has
// no conversations: it must not be Run.
func (e *Engine) variant(req AskRequest) (*Engine, error) {
	v := &Engine{cfg: e.cfg, d: e.d, log: e.log, hub: NewHub(), purse: e.purse}
	v.d.Store, v.d.Bus = unstored{e.d.Store}, noBus{}
	v.living.floor.Store(e.living.floor.Load())
	now := e.Settings()
	s := *now
	if th := req.Thresholds; th != nil {
		s.Thresholds = ThresholdSettings{Answer: &th.Answer, Offer: &th.Maybe}
	}
	if req.Model != "" {
		s.Models = ModelSettings{Enabled: true, Answer: []string{req.Model}, Temperature: s.Models.Temperature}
	}
	if req.Instructions != nil {
		s.Bot.Instructions = *req.Instructions
	}
	if b := req.Budget; b != nil {
		s.Tokens = Budget{Total: cmp.Or(b.Total, s.Tokens.Total), Answer: cmp.Or(b.Answer, s.Tokens.Answer),
			Passages: cmp.Or(b.Passages, s.Tokens.Passages), Images: cmp.Or(b.Images, s.Tokens.Images)}
	}
	if err := e.fit(&s, now); err != nil {
		return nil, err
	}
	v.settings.now.Store(&s)
	return v, nil
}

// unstored is a store that no note is left in: there is no conversation to leave it with.
type unstored struct{ Store }

// Remark implements Store by doing nothing.
func (unstored) Remark(context.Context, string, string, string) (Message, bool, error) {
	return Message{}, false, nil
}

// asking is what an answering without a conversation tells in place of the hub.
type asking struct {
	w     AskWatcher
	began time.Time
	first time.Duration
	told  bool // what was found
	found knowledge.Result
}

func (s *asking) delta(text string) {
	if s.first == 0 {
		s.first = time.Since(s.began)
	}
	s.w.Delta(text)
}

// tellFound tells a watcher what was found, of which the first sent go to the model.
func (a *answering) tellFound(r knowledge.Result, sent int) {
	if a.watch == nil || a.watch.told {
		return
	}
	a.watch.told = true
	t := a.trace
	t.Model = askPurpose // what is not sent had no room
	t.take(r, sent, nil)
	a.watch.w.Found(r, a.s.judge(r), t.Passages)
}

// saw keeps what was found for a watcher, of which the newest counts.
func (a *answering) saw(r knowledge.Result) {
	if a.watch != nil {
		a.watch.found = r
	}
}

// tellRest tells what was found where no model was asked: what became of the hits is
// settled once the answer is.
func (a *answering) tellRest() {
	if a.watch.told {
		return
	}
	r, hits := a.watch.found, a.trace.Passages
	if len(hits) != len(r.Hits) { // small talk, or a person was asked for
		t := a.trace
		t.take(r, 0, nil)
		for i := range t.Passages {
			t.Passages[i].Fate = FateUnused
		}
		hits = t.Passages
	}
	a.watch.told = true
	a.watch.w.Found(r, a.s.judge(r), hits)
}

// Text is all that would have been said, one message below the other.
func (a Asked) Text() string {
	texts := make([]string, len(a.Messages))
	for i, m := range a.Messages {
		texts[i] = m.Text
	}
	return strings.Join(texts, "\n\n")
}

// Sources are those of all messages.
func (a Asked) Sources() []Source {
	var out []Source
	for _, m := range a.Messages {
		out = append(out, m.Sources...)
	}
	return out
}
