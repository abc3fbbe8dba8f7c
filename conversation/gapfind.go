package conversation

import (
	"strings"
	"time"
)

// maxGapText is how much of a question is kept for grouping, in characters; what
// is longer is still read in the conversation.
const maxGapText = 2000

// GapLog is a stretch of a conversation's log, in order.
type GapLog struct {
	Conversation string
	Contact      string
	Channel      string
	Messages     []GapMessage
	Events       []GapEvent
}

// GapMessage is what finding gap questions reads of a message.
type GapMessage struct {
	Seq        int64
	Author     Author
	Note       bool
	Text       string
	Turn       string
	Episode    int
	At         time.Time
	Helpful    *bool
	Sources    int
	Kind       Kind // these three of a bot's trace
	Query      string
	Confidence float64
}

// GapEvent is a change of owner. Messages of the same change have its time.
type GapEvent struct {
	From, To Owner
	Reason   Reason
	At       time.Time
}

// FindGapQuestions returns the questions of the log that the bot could not
// answer. A stretch that begins or ends within a question finds no other
// questions than the whole log: one is known by its last message and found only
// once a turn or a person has dealt with it.
func FindGapQuestions(l GapLog) []GapQuestion {
	f := gapFinder{log: l, events: map[int64][]GapEvent{}, turns: map[string]int{}}
	for _, e := range l.Events {
		f.events[e.At.UnixMicro()] = append(f.events[e.At.UnixMicro()], e)
	}
	for _, m := range l.Messages {
		if !m.Note {
			f.read(m)
		}
	}
	var out []GapQuestion
	for _, o := range f.outcomes {
		if q, ok := f.question(o); ok {
			out = append(out, q)
		}
	}
	return out
}

// gapFinder reads a log from its beginning.
type gapFinder struct {
	log      GapLog
	events   map[int64][]GapEvent // by time
	turns    map[string]int       // in outcomes, by turn
	outcomes []gapOutcome
	open     []GapMessage // what the customer wrote that nobody has dealt with
}

// gapOutcome is what became of what a customer wrote in one go.
type gapOutcome struct {
	asked      []GapMessage
	kind       Kind
	query      string
	confidence float64
	sources    int
	unhelpful  bool
	handed     Reason // of being handed over by the turn
	takeover   bool
}

func (f *gapFinder) read(m GapMessage) {
	if len(f.open) > 0 && f.open[0].Episode != m.Episode {
		f.open = nil
	}
	switch {
	case m.Author == AuthorCustomer:
		f.open = append(f.open, m)
	case m.Turn != "":
		f.dealt(m)
	default:
		for _, e := range f.events[m.At.UnixMicro()] {
			if e.From == OwnerBot && e.To == OwnerStaff && len(f.open) > 0 {
				f.outcomes = append(f.outcomes, gapOutcome{asked: f.open, takeover: true})
				f.open = nil
			}
			if e.Reason == ReasonHandback {
				f.open = nil
			}
		}
		if m.Author == AuthorStaff {
			f.open = nil
		}
	}
}

// dealt takes in one message of a turn's outcome.
func (f *gapFinder) dealt(m GapMessage) {
	i, known := f.turns[m.Turn]
	if !known {
		i = len(f.outcomes)
		f.turns[m.Turn] = i
		f.outcomes = append(f.outcomes, gapOutcome{asked: f.open, kind: m.Kind, query: m.Query, confidence: m.Confidence})
		f.open = nil
		for _, e := range f.events[m.At.UnixMicro()] {
			if e.From == OwnerBot && e.To == OwnerQueue {
				f.outcomes[i].handed = e.Reason
			}
		}
	}
	o := &f.outcomes[i]
	o.sources += m.Sources
	o.unhelpful = o.unhelpful || m.Helpful != nil && !*m.Helpful
}

// reason says why the outcome is a gap; empty when it is none.
func (o gapOutcome) reason() GapReason {
	switch {
	case o.takeover:
		return GapTakeover
	case o.handed == ReasonNoAnswer:
		return GapNoAnswer
	case o.handed == ReasonModelTool && o.sources == 0:
		return GapModelAsked
	case o.handed == "" && o.kind == KindUnknown:
		return GapUnknown
	case o.handed == "" && o.kind == KindModel && o.sources == 0:
		return GapUncited
	case o.unhelpful:
		return GapUnhelpful
	}
	return ""
}

func (f *gapFinder) question(o gapOutcome) (GapQuestion, bool) {
	reason := o.reason()
	// What was flagged goes to no model, a draft's neither; a file is no question.
	if reason == "" || len(o.asked) == 0 || o.kind == KindSmallTalk || o.kind == KindModerated || o.kind == KindUnread {
		return GapQuestion{}, false
	}
	var words []string
	for _, m := range o.asked {
		if !smallTalk(m.Text) {
			words = append(words, m.Text)
		}
	}
	if len(words) == 0 {
		return GapQuestion{}, false
	}
	q := GapQuestion{
		Conversation: f.log.Conversation, Contact: f.log.Contact, Channel: f.log.Channel, Seq: o.asked[len(o.asked)-1].Seq,
		Text: cut(strings.Join(words, "\n"), maxGapText), Query: o.query, Reason: reason, Confidence: o.confidence, At: o.asked[len(o.asked)-1].At,
	}
	if q.Query == "" || len(words) < len(o.asked) {
		q.Query = q.Text
	}
	q.Query = cut(q.Query, maxGapText)
	return q, true
}

// smallTalk reports whether a message asks nothing that knowledge could answer.
func smallTalk(text string) bool {
	f := foldWords(text)
	return f == "" || greetings[f] || thanks[f] || yes[f] || asksForPerson(text)
}

// cut returns at most most characters of s.
func cut(s string, most int) string {
	n := 0
	for i := range s {
		if n == most {
			return s[:i]
		}
		n++
	}
	return s
}
