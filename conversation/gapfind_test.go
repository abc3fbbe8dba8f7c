package conversation

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// gapLog builds a log, one change a second.
type gapLog struct {
	l  GapLog
	at time.Time
}

func newGapLog() *gapLog {
	return &gapLog{l: GapLog{Conversation: "c", Contact: "p", Channel: "widget"}, at: time.Unix(1e9, 0)}
}

func (g *gapLog) add(m GapMessage) *gapLog {
	m.Seq, m.At = int64(len(g.l.Messages)+1), g.at
	if m.Episode == 0 {
		m.Episode = 1
	}
	g.l.Messages = append(g.l.Messages, m)
	return g
}

func (g *gapLog) customer(text string) *gapLog {
	g.at = g.at.Add(time.Second)
	return g.add(GapMessage{Author: AuthorCustomer, Text: text})
}

func (g *gapLog) bot(k Kind, sources int) *gapLog {
	g.at = g.at.Add(time.Second)
	return g.add(GapMessage{Author: AuthorBot, Turn: g.at.String(), Kind: k, Sources: sources, Confidence: .2})
}

// handed is a turn that ends in the queue, with words of the bot's before.
func (g *gapLog) handed(r Reason, k Kind, sources int) *gapLog {
	g.bot(k, sources).add(GapMessage{Author: AuthorSystem, Turn: g.at.String(), Kind: k})
	return g.event(OwnerBot, OwnerQueue, r)
}

func (g *gapLog) event(from, to Owner, r Reason) *gapLog {
	g.l.Events = append(g.l.Events, GapEvent{From: from, To: to, Reason: r, At: g.at})
	return g
}

// staff is a reply, which takes over from whoever owned the conversation.
func (g *gapLog) staff(from Owner) *gapLog {
	g.at = g.at.Add(time.Second)
	if from != OwnerStaff {
		g.event(from, OwnerStaff, ReasonReply).add(GapMessage{Author: AuthorSystem})
	}
	return g.add(GapMessage{Author: AuthorStaff, Text: "Here you are."})
}

func (g *gapLog) thumb(up bool) *gapLog {
	g.l.Messages[len(g.l.Messages)-1].Helpful = &up
	return g
}

func (g *gapLog) note() *gapLog {
	return g.add(GapMessage{Author: AuthorStaff, Note: true, Text: "hm"})
}

func TestWhatTheBotCouldNotAnswerIsFound(t *testing.T) {
	q := func() *gapLog { return newGapLog().customer("Do you rent gnus?") }
	for name, c := range map[string]struct {
		log  *gapLog
		want string
	}{
		"answered from a source":              {q().bot(KindModel, 1), ""},
		"held back by moderation":             {q().handed(ReasonNoAnswer, KindModerated, 0), ""},
		"a file that could not be used":       {q().handed(ReasonNoAnswer, KindUnread, 0), ""},
		"quoted":                              {q().bot(KindQuoted, 1), ""},
		"unknown":                             {q().bot(KindUnknown, 0), "1 unknown Do you rent gnus?"},
		"answered without a source":           {q().bot(KindModel, 0), "1 uncited Do you rent gnus?"},
		"handed over for want of an answer":   {q().handed(ReasonNoAnswer, KindModel, 0), "1 no_grounded_answer Do you rent gnus?"},
		"the model asked for a person":        {q().handed(ReasonModelTool, KindModel, 0), "1 model_asked Do you rent gnus?"},
		"it asked for one and had an answer":  {q().handed(ReasonModelTool, KindModel, 1), ""},
		"the model failed":                    {q().handed(ReasonFailure, KindHandoff, 0), ""},
		"the customer asked for a person":     {newGapLog().customer("I want a person").handed(ReasonAsked, KindHandoff, 0), ""},
		"thumbs down":                         {q().bot(KindVerbatim, 1).thumb(false), "1 thumbs_down Do you rent gnus?"},
		"thumbs up":                           {q().bot(KindVerbatim, 1).thumb(true), ""},
		"small talk":                          {newGapLog().customer("hello").bot(KindModel, 0).customer("thank you!").bot(KindModel, 0), ""},
		"a greeting in front":                 {newGapLog().customer("hi").customer("Do you rent gnus?").bot(KindUnknown, 0), "2 unknown Do you rent gnus?"},
		"a burst":                             {q().customer("Or zebras?").bot(KindUnknown, 0), "2 unknown Do you rent gnus?\nOr zebras?"},
		"taken over unanswered":               {q().staff(OwnerBot), "1 takeover Do you rent gnus?"},
		"taken over after a note":             {q().note().staff(OwnerBot), "1 takeover Do you rent gnus?"},
		"taken over after the answer":         {q().bot(KindModel, 1).staff(OwnerBot), ""},
		"one answered, one not, taken over":   {q().bot(KindModel, 1).customer("Or zebras?").staff(OwnerBot), "3 takeover Or zebras?"},
		"taken from the queue":                {q().handed(ReasonAsked, KindHandoff, 0).customer("Anyone?").staff(OwnerQueue), ""},
		"asked of staff":                      {q().bot(KindModel, 1).staff(OwnerBot).customer("Or zebras?").staff(OwnerStaff), ""},
		"unknown and then taken over":         {q().bot(KindUnknown, 0).staff(OwnerBot), "1 unknown Do you rent gnus?"},
		"not answered yet":                    {q(), ""},
		"handed over and thumbs down as well": {q().handed(ReasonNoAnswer, KindModel, 0).thumb(false), "1 no_grounded_answer Do you rent gnus?"},
	} {
		if got := show(FindGapQuestions(c.log.l)); got != c.want {
			t.Errorf("%s: FindGapQuestions() = %q, want %q", name, got, c.want)
		}
	}
}

func show(qs []GapQuestion) string {
	var out []string
	for _, q := range qs {
		out = append(out, fmt.Sprintf("%d %s %s", q.Seq, q.Reason, q.Text))
	}
	return strings.Join(out, "; ")
}

func TestAnyStretchOfALogFindsTheSameQuestions(t *testing.T) {
	l := newGapLog().customer("hi").bot(KindSmallTalk, 0).customer("Do you rent gnus?").customer("Or zebras?").bot(KindUnknown, 0).
		customer("Where are you?").staff(OwnerBot).customer("And when?").staff(OwnerStaff).l
	whole := FindGapQuestions(l)
	if len(whole) != 2 {
		t.Fatalf("FindGapQuestions(whole) = %q, want two", show(whole))
	}
	for from := range l.Messages {
		for to := from; to <= len(l.Messages); to++ {
			part := l
			part.Messages = l.Messages[from:to]
			for _, q := range FindGapQuestions(part) {
				if !slices.ContainsFunc(whole, func(w GapQuestion) bool { return w.Seq == q.Seq && w.Reason == q.Reason }) {
					t.Errorf("messages %d to %d find %q, which the whole log does not", from, to, show([]GapQuestion{q}))
				}
			}
		}
	}
}

func TestTheSearchedQueryIsKeptUnlessSmallTalkWasInIt(t *testing.T) {
	l := newGapLog().customer("how much?").bot(KindUnknown, 0)
	l.l.Messages[1].Query = "gnu rental\nhow much?"
	if qs := FindGapQuestions(l.l); len(qs) != 1 || qs[0].Query != "gnu rental\nhow much?" || qs[0].Text != "how much?" || qs[0].Confidence != .2 {
		t.Errorf("FindGapQuestions() = %+v, want the standalone query beside the words", qs)
	}
}

func TestAQuestionJoinsWhatIsNearEnough(t *testing.T) {
	m := func(id string, s float64, vector bool) GapMatch {
		return GapMatch{ID: id, Similarity: s, HasVector: vector}
	}
	for _, c := range []struct {
		near GapNear
		want string
	}{
		{GapNear{}, ""},
		{GapNear{Words: m("w", .31, false)}, "w"},
		{GapNear{Words: m("w", .29, false)}, ""},
		{GapNear{Dense: m("d", .61, true)}, "d"},
		{GapNear{Dense: m("d", .59, true)}, ""},
		{GapNear{Dense: m("d", .8, true), Background: .75}, ""}, // with this model strangers are as near
		{GapNear{Dense: m("d", .9, true), Background: .75}, "d"},
		{GapNear{Dense: m("d", .5, true), Words: m("w", .5, true)}, ""},   // the vectors say no
		{GapNear{Dense: m("d", .5, true), Words: m("w", .5, false)}, "w"}, // of that gap they say nothing
		{GapNear{Dense: m("d", .5, true), Words: m("w", .95, true)}, "w"},
		{GapNear{Dense: m("d", .7, true), Words: m("w", .5, false)}, "d"},
	} {
		if got := chooseGap(c.near); got != c.want {
			t.Errorf("chooseGap(%+v) = %q, want %q", c.near, got, c.want)
		}
	}
}
