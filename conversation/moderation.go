package conversation

import (
	"context"
	"strings"
	"time"
)

// Moderator judges what customers write and what models answer.
type Moderator interface {
	// Moderate returns what text is flagged for, in a word for staff; "" lets it
	// pass. An error says that it could not be judged.
	Moderate(ctx context.Context, text string) (flagged string, err error)
}

// moderateTimeout bounds one judgement: the customer waits for it.
const moderateTimeout = 10 * time.Second

// KindModerated is an answer that moderation has put in place of another.
const KindModerated Kind = "moderated"

// notJudged is what a text is flagged for that could not be judged, where that
// is to count as flagged.
const notJudged = "not judged"

// moderate judges text. Where it cannot be judged the configuration decides,
// and staff are told once per conversation.
func (a *answering) moderate(text string) string {
	if a.e.d.Moderator == nil || strings.TrimSpace(text) == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(a.ctx, moderateTimeout)
	defer cancel()
	flagged, err := a.e.d.Moderator.Moderate(ctx, text)
	if err == nil || a.ctx.Err() != nil {
		return flagged
	}
	a.e.log.Warn("text could not be moderated", "conversation", a.t.State.Conversation, "closed", a.e.cfg.ModerateClosed, "err", err)
	if a.e.cfg.ModerateClosed {
		a.e.remark(a.ctx, a.t.State.Conversation, "moderation", noteModerationClosed)
		return notJudged
	}
	a.e.remark(a.ctx, a.t.State.Conversation, "moderation", noteModerationOpen)
	return ""
}

// moderateInput answers in place of everybody else where the customer's words,
// or what they sent, are flagged. No model sees them.
func (a *answering) moderateInput() (Outcome, bool) {
	text := a.words
	for _, f := range a.files {
		if f.Kind != FileVoice { // whose words are in a.words
			text += "\n" + f.Text
		}
	}
	flagged := a.moderate(text)
	if flagged == "" {
		return Outcome{}, false
	}
	a.lead = ""
	return a.withhold(flagged, fileTextsFor(a.tongue()).Flagged), true
}

// moderateOutput answers in place of the model where its words are flagged,
// before they are stored or shown.
func (a *answering) moderateOutput(text string) (Outcome, bool) {
	flagged := a.moderate(text)
	if flagged == "" {
		return Outcome{}, false
	}
	a.discard()
	return a.withhold(flagged, fileTextsFor(a.tongue()).Withheld), true
}

// withhold says text and offers a person, or brings one in where nothing could
// be judged or the customer was put off before.
func (a *answering) withhold(flagged, text string) Outcome {
	a.trace.Kind, a.trace.Flagged = KindModerated, flagged
	if flagged == notJudged || a.t.Misses+1 >= maxMisses {
		return a.handOverWith(ReasonNoAnswer, text, nil)
	}
	return a.say(text+" "+a.texts.Offer, nil, a.t.Misses+1)
}

// emitter is where an answer's pieces go. With moderation nothing is shown until
// the whole was judged: a sentence that customers have seen cannot be taken back,
// and what is wrong with an answer may only show in two of its sentences together.
func (a *answering) emitter() func(string) {
	if a.e.d.Moderator != nil {
		return func(string) {}
	}
	if a.lead == "" {
		return a.stream
	}
	led := false
	return func(text string) {
		if !led {
			led = true
			text = a.lead + "\n\n" + text
		}
		a.stream(text)
	}
}

// withoutFlagged drops from a history what was flagged when it was written: no
// model is to see it later either. What we said to it stays.
func withoutFlagged(history []Message) []Message {
	out := history[:0:0]
	for _, m := range history {
		if m.Author == AuthorBot && isFlaggedText(m.Text) {
			for len(out) > 0 && out[len(out)-1].Author == AuthorCustomer {
				out = out[:len(out)-1]
			}
		}
		out = append(out, m)
	}
	return out
}

func isFlaggedText(text string) bool {
	for _, t := range fileTexts {
		if strings.HasPrefix(text, t.Flagged) {
			return true
		}
	}
	return false
}
