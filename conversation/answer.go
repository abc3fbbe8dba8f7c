package conversation

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"frontdesk/knowledge"
)

// callOK is the outcome of a model call that went well.
const callOK = "ok"

// maxMisses is how many answers in a row may rest on nothing before a person is
// asked without the customer having to.
const maxMisses = 2

// answering is one turn at work: what it has found, streamed and spent.
type answering struct {
	e        *Engine
	s        *Settings // as they were when the turn began
	ctx      context.Context
	t        Turn
	began    time.Time
	leave    func() // makes room for the next turn to prepare
	words    string // what the customer wrote since they were last answered
	folded   string // the same for comparing with known wordings
	history  []Message
	texts    Texts
	trace    Trace
	calls    []Call
	streamed bool
	recap    *recap  // to be made once the answer is stored
	watch    *asking // who is told in place of the customer; nil for a turn
	promise  Promise // what the customer is told of the wait for a person
	attached
}

func (a *answering) channel() string { return a.t.State.Channel }

// answer goes down the ladder: nothing to look up, an FAQ answer word for word,
// the model, the passages themselves, a person.
func (a *answering) answer() (Outcome, error) {
	if err := a.readFiles(); err != nil {
		return Outcome{}, err
	}
	a.split()
	if a.words == "" && len(a.files) == 0 {
		return Outcome{Owner: OwnerBot, Misses: a.t.Misses}, nil
	}
	a.texts = TextsFor(a.tongue())
	a.folded = foldWords(a.words)
	a.regard()
	switch {
	case a.t.Attempt > maxAttempts:
		return a.handOver(ReasonFailure, a.texts.Failed), nil
	case asksForPerson(a.words), yes[a.folded] && a.offered():
		return a.handOver(ReasonAsked, ""), nil
	}
	if out, held := a.moderateInput(); held {
		return out, a.ctx.Err()
	}
	if !a.readable() {
		return a.unread(), nil
	}
	if o, ok := a.chosen(); ok {
		if out, ok, err := a.choice(o); ok {
			return out, err
		}
	}
	found, err := a.find()
	if err != nil {
		return Outcome{}, err
	}
	if h := verbatim(found); h != nil && len(a.files) == 0 {
		return a.wordForWord(found, *h), nil
	}
	if a.model() != nil && a.words != "" {
		found = a.rewritten(found)
	}
	if !chats(a.folded) {
		if out, ok := a.clarify(found); ok {
			return out, nil
		}
	}
	return a.tell(found)
}

// split parts the log into what was dealt with before and the customer's words now.
func (a *answering) split() {
	var now []string
	for _, m := range a.t.Messages {
		m.Text = heard(m)
		if m.Seq > a.t.AnsweredSeq && m.Author == AuthorCustomer {
			now = a.attach(now, m)
		} else if len(now) == 0 && len(a.files) == 0 {
			a.history = append(a.history, m)
		}
	}
	a.words = strings.Join(now, "\n")
	a.history = withoutFlagged(a.history)
}

// offered reports whether our last words offered a person.
func (a *answering) offered() bool {
	if len(a.history) == 0 {
		return false
	}
	last := a.history[len(a.history)-1]
	if last.Author != AuthorBot {
		return false
	}
	for _, t := range texts {
		if strings.HasSuffix(last.Text, t.Offer) || last.Text == t.Unknown || last.Text == t.Rephrase {
			return true
		}
	}
	return false
}

func (a *answering) find() (knowledge.Result, error) {
	if a.words == "" {
		return knowledge.Result{}, nil // only files: there is nothing to look up
	}
	r, err := a.lookUp(knowledge.Query{Text: a.words, History: said(a.history)})
	if err != nil {
		return r, fmt.Errorf("find passages: %w", err)
	}
	a.saw(r)
	return r, nil
}

// verbatim returns the hit whose answer is to be sent as it stands: the
// customer's words are an FAQ entry's question, and no other entry has the same.
func verbatim(r knowledge.Result) *knowledge.Hit {
	if len(r.Hits) == 0 || !r.Hits[0].Exact || !r.Hits[0].IsEntry {
		return nil
	}
	if len(r.Hits) > 1 && r.Hits[1].Exact && r.Hits[1].Text != r.Hits[0].Text {
		return nil
	}
	return &r.Hits[0]
}

func (a *answering) wordForWord(r knowledge.Result, h knowledge.Hit) Outcome {
	sources := []Source{source(1, h)}
	a.trace.Kind, a.trace.Decision = KindVerbatim, DecisionAnswer
	a.note(r, 0, sources)
	return a.say(strings.TrimSpace(h.Text)+" [1]", sources, 0)
}

// withoutModel answers from the passages alone, and brings a person in when that
// has come to nothing too often or when a model should have answered and could not.
func (a *answering) withoutModel(r knowledge.Result) Outcome {
	switch {
	case greetings[a.folded]:
		a.trace.Kind, a.trace.Decision = KindSmallTalk, DecisionChat
		return a.say(cmp.Or(a.s.Bot.Greeting, a.texts.Greeting), nil, a.t.Misses)
	case thanks[a.folded]:
		a.trace.Kind, a.trace.Decision = KindSmallTalk, DecisionChat
		return a.say(a.texts.Welcome, nil, a.t.Misses)
	}
	th := a.s.judge(r)
	text, sources, grounded := quote(a.texts, r, th)
	a.trace.Kind, a.trace.Decision = KindQuoted, DecisionOffer
	if r.Confidence >= th.Answer {
		a.trace.Decision = DecisionAnswer
	}
	if !grounded {
		a.trace.Kind, a.trace.Decision = KindUnknown, DecisionUnknown
	}
	a.note(r, 0, sources)
	switch {
	case grounded:
		return a.say(text, sources, 0)
	case a.trace.Error == ErrOverBudget:
		return a.handOver(ReasonBudget, a.texts.Failed)
	case a.trace.Error != "":
		return a.handOver(ReasonFailure, a.texts.Failed)
	case a.t.Misses+1 >= maxMisses:
		return a.handOver(ReasonNoAnswer, a.texts.Failed)
	}
	return a.say(text, nil, a.t.Misses+1)
}

// ask has the model answer. Only a *ModelError lets the turn go on without it.
func (a *answering) ask(r knowledge.Result) (Outcome, error) {
	history := a.unsummarised()
	p := a.s.prompter.Build(history, a.turnWords(), r.Hits, a.t.Summary)
	if err := a.show(&p, history); err != nil {
		return Outcome{}, err
	}
	p.Request.User = a.t.State.Conversation
	if a.watch != nil {
		a.tellFound(r, len(p.Passages))
		a.watch.w.Prompted(p)
	}
	if plan, ok := a.trimmed(history, len(history)-p.Tokens.Trimmed); ok {
		a.recap = &plan
	}
	emit := a.emitter()
	c := &citer{sources: len(p.Passages), emit: emit}
	if a.doubtful(r) {
		c.emit = heldUntilCited(c, emit)
	}
	a.leave()
	reply, err := a.call(a.ctx, "answer", p.Request, c.write)
	if err != nil {
		var failure *ModelError
		if errors.As(err, &failure) && failure.Kind == ErrNoVision && !a.blind {
			a.discard()
			a.noVision()
			return a.ask(r)
		}
		return Outcome{}, err
	}
	text := c.close()
	if out, held := a.moderateOutput(text); held {
		return out, a.ctx.Err()
	}
	if reply.Finish == "length" {
		text += " " + a.texts.More
	}
	var sources []Source
	for _, n := range c.cited {
		sources = append(sources, source(n, p.Passages[n-1]))
	}
	a.trace.Kind, a.trace.Model, a.trace.Tokens, a.trace.Usage = KindModel, reply.Model, &p.Tokens, &reply.Usage
	a.note(r, len(p.Passages), sources)
	if reason, summary, ok := handoffCall(reply.Calls); ok {
		a.trace.Summary = summary
		if a.doubtful(r) && len(sources) == 0 {
			text = "" // it may be made up, and nobody has seen it
		}
		return a.handOverWith(reason, text, sources), nil
	}
	if text == "" {
		return Outcome{}, &ModelError{Kind: ErrContentFilter, Err: errors.New("the model answered nothing")}
	}
	return a.settle(r, text, sources), nil
}

// note records in the trace what was found and by what it was judged.
func (a *answering) note(r knowledge.Result, sent int, cited []Source) {
	th := a.s.judge(r)
	a.trace.Thresholds = &th
	a.trace.take(r, sent, cited)
	a.saw(r)
}

// handoffCall reads the model's typed request for a person. Its arguments come
// from outside: an unknown reason is one all the same, and the summary is cut.
func handoffCall(calls []ToolCall) (reason Reason, summary string, ok bool) {
	const maxSummary = 500
	for _, c := range calls {
		if c.Name != handToPerson.Name {
			continue
		}
		var args struct{ Reason, Summary string }
		if json.Unmarshal(c.Arguments, &args) == nil {
			summary = args.Summary
			if rs := []rune(summary); len(rs) > maxSummary {
				summary = string(rs[:maxSummary])
			}
		}
		if args.Reason == "asked" {
			return ReasonAsked, summary, true
		}
		return ReasonModelTool, summary, true
	}
	return "", "", false
}

func (a *answering) say(text string, sources []Source, misses int) Outcome {
	return Outcome{Owner: OwnerBot, Misses: misses, Calls: a.calls, Messages: []NewMessage{{
		Author: AuthorBot, Name: a.s.Bot.Name, Text: a.led(text), Sources: sources, Trace: a.trace.json(),
	}}}
}

// handOver puts the conversation in the queue and tells the customer so, after
// one sentence of ours.
func (a *answering) handOver(r Reason, before string) Outcome {
	if a.trace.Kind == "" || a.trace.Kind == KindUnknown || a.trace.Kind == KindClarify {
		a.trace.Kind = KindHandoff
	}
	return a.handOverWith(r, before, nil)
}

// handOverWith does so after what the bot still has to say.
func (a *answering) handOverWith(r Reason, text string, sources []Source) Outcome {
	a.trace.Decision = DecisionPerson
	out := Outcome{Owner: OwnerQueue, Reason: r, Calls: a.calls}
	if text = a.led(text); text != "" {
		out.Messages = append(out.Messages, NewMessage{
			Author: AuthorBot, Name: a.s.Bot.Name, Text: text, Sources: sources, Trace: a.trace.json(),
		})
	}
	queued, p := a.e.queuedWords(a.ctx, a.tongue(), a.texts.Queued, a.channel())
	a.promise = p
	out.Messages = append(out.Messages, NewMessage{Author: AuthorSystem, Text: queued, Trace: a.trace.json()})
	return out
}

// stream shows a piece of the answer to whoever watches, unless the turn is over.
func (a *answering) stream(text string) {
	if a.ctx.Err() != nil {
		return
	}
	a.streamed = true
	if a.watch != nil {
		a.watch.delta(text)
		return
	}
	ev := Event{Kind: EventDelta, Conversation: a.t.State.Conversation, Turn: a.t.ID, Epoch: a.t.State.Epoch, Text: text}
	a.e.hub.Publish(ev)
	a.e.d.Bus.Relay(ev)
}

// discard withdraws what was streamed.
func (a *answering) discard() {
	if !a.streamed {
		return
	}
	a.streamed = false
	if a.watch != nil {
		a.watch.w.Discard()
		return
	}
	ev := Event{Kind: EventDiscard, Conversation: a.t.State.Conversation, Turn: a.t.ID}
	a.e.hub.Publish(ev)
	a.e.d.Bus.Relay(ev)
}
