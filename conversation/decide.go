package conversation

import (
	"errors"
	"strings"
	"unicode/utf8"

	"frontdesk/knowledge"
)

// maxQuestionRunes bounds what passes for a question asked back.
const maxQuestionRunes = 240

// tell answers from what was found: by the model, else with the passages themselves.
func (a *answering) tell(found knowledge.Result) (Outcome, error) {
	if a.model() != nil {
		out, err := a.ask(found)
		var failure *ModelError
		if !errors.As(err, &failure) || a.ctx.Err() != nil {
			return out, err
		}
		told := a.e.log.Warn
		if failure.Kind == ErrOverBudget {
			told = a.e.log.Info // staff were told when it came to that, once
		}
		told("model failed; answering from passages", "conversation", a.t.State.Conversation,
			"kind", failure.Kind, "err", failure.Err)
		a.discard()
		if a.watch != nil {
			a.watch.told = false // what becomes of the hits is decided anew
		}
		a.trace = Trace{Error: failure.Kind, Rewritten: a.trace.Rewritten, Chosen: a.trace.Chosen, Cost: a.trace.Cost}
	}
	return a.withoutModel(found), nil
}

// doubtful reports whether the confidence allows no answer that cites nothing: the
// customer asked something, and what was found probably does not answer it. A file
// they sent is something to go by that no search finds.
func (a *answering) doubtful(r knowledge.Result) bool {
	return r.Confidence < a.s.judge(r).Maybe && !chats(a.folded) && !a.beholds()
}

// heldUntilCited holds an answer back until it has cited a passage, so that one that
// never does can still be withdrawn unseen.
func heldUntilCited(c *citer, emit func(string)) func(string) {
	var held strings.Builder
	return func(s string) {
		if len(c.cited) == 0 {
			held.WriteString(s)
			return
		}
		if held.Len() > 0 {
			s = held.String() + s
			held.Reset()
		}
		emit(s)
	}
}

// settle decides what a model's finished answer is worth: sent as it is, with the
// offer of a person after it, or replaced by "I don't know".
func (a *answering) settle(r knowledge.Result, text string, sources []Source) Outcome {
	switch {
	case chats(a.folded) && len(sources) == 0:
		a.trace.Decision = DecisionChat
		return a.say(text, nil, a.chatMisses())
	case len(sources) > 0 && r.Confidence >= a.s.judge(r).Answer:
		a.trace.Decision = DecisionAnswer
		return a.say(text, sources, 0)
	case len(sources) > 0:
		a.trace.Decision = DecisionOffer
		return a.say(a.offer(text), sources, 0)
	}
	// It rests on nothing: an honest "I don't know", a question asked back, or made up.
	doubt := a.doubtful(r)
	switch misses := a.t.Misses + 1; {
	case misses >= maxMisses && doubt && !asksBack(text):
		a.trace.Kind = KindUnknown
		return a.handOver(ReasonNoAnswer, a.texts.Failed)
	case misses >= maxMisses:
		return a.handOverWith(ReasonNoAnswer, text, nil)
	case asksBack(text):
		a.trace.Decision = DecisionClarify
		return a.say(text, nil, misses)
	case doubt:
		a.trace.Kind, a.trace.Decision = KindUnknown, DecisionUnknown
		return a.say(a.texts.Unknown, nil, misses)
	default:
		a.trace.Decision = DecisionOffer
		return a.say(a.offer(text), nil, misses)
	}
}

// chatMisses is the count of misses after small talk, which is none and mends none,
// except that greetings and thanks say all is well.
func (a *answering) chatMisses() int {
	if greetings[a.folded] || thanks[a.folded] {
		return 0
	}
	return a.t.Misses
}

// offer ends an answer that was streamed with the offer of a person.
func (a *answering) offer(text string) string {
	more := "\n\n" + a.texts.Offer
	if a.streamed {
		a.stream(more)
	}
	return text + more
}

// asksBack reports whether text is one short question and nothing else, which claims
// nothing.
func asksBack(text string) bool {
	text = strings.TrimSpace(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	if !strings.ContainsRune("?？؟", last) || utf8.RuneCountInString(text) > maxQuestionRunes {
		return false
	}
	inner := strings.TrimRight(text, "?？؟")
	return !strings.ContainsAny(inner, "?？؟!！。\n") && !strings.Contains(inner, ". ")
}
