package conversation

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"frontdesk/knowledge"
)

// MaxOptions is how many options a message carries at most: more are not read, and
// no channel shows more buttons than that in a row.
const MaxOptions = 4

// maxOptionRunes bounds an option's text. A button of Slack's holds 75 characters
// (docs.slack.dev/reference/block-kit/block-elements/button-element); channels that
// hold fewer cut what they show, never what is sent.
const maxOptionRunes = 75

// Option is a short answer that the customer can choose with one press; choosing it
// sends its text as their message.
type Option struct {
	Text  string `json:"text"`
	Value string `json:"value,omitempty"` // what it stands for: a passage's id; never leaves to customers
}

// Listed writes options as lines with a number each, for where there are no buttons.
func Listed(options []Option) string {
	var b strings.Builder
	for i, o := range options {
		b.WriteString("\n" + strconv.Itoa(i+1) + ". " + o.Text)
	}
	return strings.TrimPrefix(b.String(), "\n")
}

// PassageReader is what a Finder may do besides: return one passage by its id.
type PassageReader interface {
	// Passage returns knowledge.ErrNotFound for a passage that is not there any more.
	Passage(ctx context.Context, id string) (knowledge.Passage, error)
}

// Choose stores that a customer pressed an option: its text becomes their message.
// The channel vouches for who that is, as in Receive; where says where, and its
// Conversation must be set. The same option of the same message is stored once
// however often it is pressed. ErrNotFound where message seq is none of the bot's
// or has no such option; else as Receive.
func (e *Engine) Choose(ctx context.Context, where Inbound, seq int64, option int) (Receipt, error) {
	ms, err := e.d.Store.Messages(ctx, where.Conversation, seq-1, 1, false)
	if err != nil {
		return Receipt{}, err
	}
	if len(ms) == 0 || ms[0].Seq != seq || ms[0].Author != AuthorBot || option < 0 || option >= len(ms[0].Options) {
		return Receipt{}, fmt.Errorf("choose option %d of message %d: %w", option, seq, ErrNotFound)
	}
	where.Text = ms[0].Options[option].Text
	where.ExternalID = "option/" + strconv.FormatInt(seq, 10) + "/" + strconv.Itoa(option)
	return e.Receive(ctx, where)
}

// chosen returns the option that the customer's words are: its text, of whichever of
// the bot's messages, or its number in the last one.
func (a *answering) chosen() (Option, bool) {
	latest := true
	for i := len(a.history) - 1; i >= 0; i-- {
		m := a.history[i]
		if m.Author != AuthorBot {
			continue
		}
		for n, o := range m.Options {
			same := a.folded != "" && foldWords(o.Text) == a.folded
			// Asked for something else long ago means nothing now.
			if same && (latest || o.Value != "") || latest && a.folded == strconv.Itoa(n+1) {
				return o, true
			}
		}
		latest = false
	}
	return Option{}, false
}

// choice answers with exactly what the customer chose. It reports false where that
// is not there any more.
func (a *answering) choice(o Option) (Outcome, bool, error) {
	if o.Value == "" {
		a.trace.Kind, a.trace.Decision, a.trace.Query = KindClarify, DecisionClarify, a.words
		if a.t.Misses+1 >= maxMisses {
			return a.handOver(ReasonNoAnswer, ""), true, nil
		}
		return a.say(a.texts.Rephrase, nil, a.t.Misses+1), true, nil
	}
	hit, ok := a.passage(o)
	if !ok {
		return Outcome{}, false, nil
	}
	found := knowledge.Result{Query: a.words, Hits: []knowledge.Hit{hit}, Confidence: 1}
	a.trace.Chosen = true
	if hit.IsEntry {
		return a.wordForWord(found, hit), true, nil
	}
	out, err := a.tell(found)
	return out, true, err
}

// passage reads what an option stands for.
func (a *answering) passage(o Option) (knowledge.Hit, bool) {
	reader, ok := a.e.d.Finder.(PassageReader)
	if !ok {
		return knowledge.Hit{}, false
	}
	ctx, cancel := context.WithTimeout(a.ctx, a.e.cfg.FindTimeout)
	defer cancel()
	p, err := reader.Passage(ctx, o.Value)
	if err != nil {
		a.e.log.Info("a chosen passage cannot be read; searching for its title", "conversation", a.t.State.Conversation, "err", err)
		return knowledge.Hit{}, false
	}
	return knowledge.Hit{Passage: p, Score: 1, Exact: true}, true
}
