package conversation

import (
	"context"
	"fmt"
	"time"

	"frontdesk/knowledge"
)

// MaxPreview bounds how many questions a preview asks again, and
// DefaultPreview is how many when nobody says.
const (
	MaxPreview     = 500
	DefaultPreview = 50
)

// AskedQuestion is what a customer wrote and the bot answered.
type AskedQuestion struct {
	Conversation string
	Seq          int64 // of the last message of it
	At           time.Time
	Text         string
	History      []Message // what both sides said before it in the episode, oldest first: Author and Text
}

// Questions are the real questions of customers.
type Questions interface {
	// LatestQuestions returns up to n questions that turns have answered, the
	// newest first, without greetings and thanks.
	LatestQuestions(ctx context.Context, n int) ([]AskedQuestion, error)
}

// Rehearser tries a change of the knowledge out; knowledge.Rehearsal is one.
type Rehearser interface {
	Rehearse(ctx context.Context, c knowledge.Change, questions []knowledge.Query) (now, then []knowledge.Result, err error)
}

// Stance is what the bot makes of a question before any model is asked.
type Stance string

// The stances, from the surest down.
const (
	StanceVerbatim Stance = "verbatim" // an entry's answer, word for word
	StanceAnswer   Stance = "answer"
	StanceOffer    Stance = "offer"   // answers, and offers a person
	StanceUnknown  Stance = "unknown" // "I don't know"
)

// Prospect is a stance with what it rests on.
type Prospect struct {
	Stance     Stance
	Confidence float64
	Top        *knowledge.Hit // the best passage; nil when none was found
}

// Foresee takes the stance that an answer without a model is given by.
func Foresee(r knowledge.Result, th Thresholds) Prospect {
	th = th.orOf(r)
	d := Prospect{Stance: StanceUnknown, Confidence: r.Confidence}
	if len(r.Hits) > 0 {
		d.Top = &r.Hits[0]
	}
	switch h := verbatim(r); {
	case h != nil:
		d.Stance = StanceVerbatim
	case d.Top == nil || r.Confidence < th.Maybe:
	case r.Confidence < th.Answer:
		d.Stance = StanceOffer
	default:
		d.Stance = StanceAnswer
	}
	return d
}

// same reports whether a customer would be told the same from the same passage.
func (d Prospect) same(o Prospect) bool {
	if d.Stance != o.Stance || (d.Top == nil) != (o.Top == nil) {
		return false
	}
	return d.Top == nil || d.Top.DocumentID == o.Top.DocumentID && d.Top.Title == o.Top.Title && d.Top.Text == o.Top.Text
}

// Replayed is a question whose answer or top passage a change would make another.
type Replayed struct {
	AskedQuestion
	Now, Then Prospect
}

// Preview is what a change would do to the last real questions.
type Preview struct {
	Questions int
	Changed   []Replayed // in the order of Questions.LatestQuestions
	Now, Then map[Stance]int
}

// DefaultThresholds are those of an engine that is not told others: zero, which takes
// what comes with each result.
func DefaultThresholds() Thresholds {
	var c Config
	c.defaults()
	return c.Thresholds
}

// Previewer replays real questions against a change of the knowledge before it
// goes live. It is safe for concurrent use.
type Previewer struct {
	questions Questions
	rehearser Rehearser
	th        Thresholds
	// Settings are those of the moment; where they are, they decide instead.
	Settings func() *Settings
}

// NewPreviewer returns a Previewer that decides by th.
func NewPreviewer(q Questions, r Rehearser, th Thresholds) *Previewer {
	return &Previewer{questions: q, rehearser: r, th: th}
}

// Preview asks the last n real questions, MaxPreview at most, as things are and
// as they would be after the change. Nothing goes live. Its errors are those of
// knowledge.Rehearsal.
func (p *Previewer) Preview(ctx context.Context, c knowledge.Change, n int) (Preview, error) {
	asked, err := p.questions.LatestQuestions(ctx, min(n, MaxPreview))
	if err != nil {
		return Preview{}, err
	}
	queries := make([]knowledge.Query, len(asked))
	for i, a := range asked {
		queries[i] = knowledge.Query{Text: a.Text, History: said(a.History)}
	}
	now, then, err := p.rehearser.Rehearse(ctx, c, queries)
	if err != nil {
		return Preview{}, err
	}
	if len(now) != len(asked) || len(then) != len(asked) {
		return Preview{}, fmt.Errorf("preview: %d and %d results for %d questions", len(now), len(then), len(asked))
	}
	out := Preview{Questions: len(asked), Now: map[Stance]int{}, Then: map[Stance]int{}}
	for i, a := range asked {
		r := Replayed{a, Foresee(now[i], p.judge(now[i])), Foresee(then[i], p.judge(then[i]))}
		out.Now[r.Now.Stance]++
		out.Then[r.Then.Stance]++
		if !r.Now.same(r.Then) {
			out.Changed = append(out.Changed, r)
		}
	}
	return out, nil
}
