package conversation

import (
	"context"
	"strings"

	"frontdesk/knowledge"
)

// aside answers somebody who waits for a person while none is there, where an FAQ entry
// does: in that entry's own words, without any model. The conversation stays in the queue
// with the time it has waited, and the answer is stored only if nobody took it over and
// the customer wrote nothing else meanwhile. It is a courtesy: what a crash or a rush
// swallows, the person they wait for answers.
func (e *Engine) aside(r Receipt, text string) {
	if r.State.Owner != OwnerQueue || text == "" || len(r.Attachments) > 0 {
		return
	}
	folded := foldWords(text)
	if o, f := e.outlook(); !f.away(o) || chats(folded) || asksForPerson(text) {
		return
	}
	select {
	case e.living.asides <- struct{}{}:
	default:
		return
	}
	select {
	case <-e.life.Done():
		<-e.living.asides
		return
	default:
	}
	e.living.wg.Go(func() {
		defer func() { <-e.living.asides }()
		ctx, cancel := context.WithTimeout(e.life, e.cfg.FindTimeout+storeTimeout)
		defer cancel()
		if err := e.answerAside(ctx, r.State, text); err != nil && ctx.Err() == nil {
			e.log.Warn("somebody who waits got no answer meanwhile", "conversation", r.Conversation, "err", err)
		}
	})
}

func (e *Engine) answerAside(ctx context.Context, st State, text string) error {
	find, cancel := context.WithTimeout(ctx, e.cfg.FindTimeout)
	found, err := e.purse.Finder(e.d.Finder, Account{Conversation: st.Conversation}).Find(find, knowledge.Query{Text: text})
	cancel()
	if err != nil {
		return err
	}
	h := e.certain(found)
	if h == nil {
		return nil
	}
	sources := []Source{source(1, *h)}
	a := answering{e: e, s: e.Settings()}
	a.trace.Kind, a.trace.Decision, a.trace.Query = KindVerbatim, DecisionAnswer, text
	a.note(found, 0, sources)
	lead := lifeTextsFor(a.s.Bot.tongue(language(text, st.Locale))).Meantime
	_, err = e.change(ctx, st.Conversation, Change{
		From: []Owner{OwnerQueue}, AtEpoch: &st.Epoch, System: true, Answers: true, Always: true,
		Messages: []NewMessage{{
			Author: AuthorBot, Name: a.s.Bot.Name, Text: lead + " " + strings.TrimSpace(h.Text) + " [1]",
			Sources: sources, Trace: a.trace.json(),
		}},
	})
	return err
}

// certain returns the entry that answers a question beyond doubt: its own question was
// asked, or it comes first with the confidence at which the bot answers without reserve.
func (e *Engine) certain(r knowledge.Result) *knowledge.Hit {
	if h := verbatim(r); h != nil {
		return h
	}
	if len(r.Hits) > 0 && r.Hits[0].IsEntry && r.Confidence >= e.Settings().judge(r).Answer {
		return &r.Hits[0]
	}
	return nil
}
