package conversation

import (
	"context"
	"errors"
	"time"
)

// ErrNoFigure is returned for a figure no report has.
var ErrNoFigure = errors.New("conversation: no such figure")

// ReportQuery says which episodes a report is of: those that began from From until To.
// Empty fields are no condition.
type ReportQuery struct {
	From, To time.Time
	Zone     *time.Location // in which days begin
	Channel  string
	Label    string // its name
	Staff    string // the id of who replied first
}

// Before is the range of the same length in front of q's.
func (q ReportQuery) Before() time.Time { return q.From.Add(q.From.Sub(q.To)) }

// Spread is a median and the value that nine of ten stay within, in seconds; absent
// where there is nothing to take them from.
type Spread struct{ Median, P90 *float64 }

// Tally is the figures of one group of episodes.
//
// Resolved by the bot is an episode that was closed, was never given to a person, had
// an answer of the bot's, no thumb down as its last and no rating below 3, and whose
// customer did not come back within seven days. It is confirmed by a thumb up, by
// thanks, or by a rating of 4 or 5; assumed where the customer just fell silent.
type Tally struct {
	Conversations int64
	BotConfirmed  int64
	BotAssumed    int64
	BotReopened   int64 // would be one of those, had the customer not come back
	Handed        int64
	Resolved      int64
	Rated         int64
	RatedGood     int64    // 4 or 5
	CSAT          *float64 // the average rating

	BotFirst   Spread // until the bot's first answer
	StaffFirst Spread // from when it was handed over until a person's first reply
	BotTook    Spread // until the last words of what the bot resolved
	StaffTook  Spread // until the last words of what a person replied in
}

// Group is one part of a report.
type Group struct {
	Key  string // a channel, a person's or a reason's id, a label's name, or a day
	Name string // where the key is an id
	Tally
}

// Report compares a range with the one before it.
type Report struct {
	Total, Previous Tally
	Days            []Group // without spreads
	Reasons         []Group // of handing over, without spreads
	Channels        []Group
	Staff           []Group
	Labels          []Group // without spreads
	Waits           WaitReport
	WaitsPrevious   WaitReport
	Comments        []Comment // the newest MaxReportComments
}

// MaxReportComments bounds the comments in a report. The list behind its ratings has all.
const MaxReportComments = 100

// Comment is what a customer said beside the score of an episode.
type Comment struct {
	Conversation string
	Contact      string // their name; may be empty
	Score        int
	Text         string
	At           time.Time // when the episode was first rated
}

// WaitReport compares what customers were told of their wait with what happened.
type WaitReport struct {
	Waits    int64    // that began in the range
	Told     int64    // with a typical wait
	Kept     int64    // of those, replied to within it
	Promised *float64 // the median of what was told, in seconds
	Actual   *float64 // and of what it took
}

// Figures counts.
type Figures interface {
	Report(ctx context.Context, q ReportQuery) (Report, error)
	// Reported lists the conversations behind a figure, the latest changed first.
	// ErrNoFigure, ErrBadCursor.
	Reported(ctx context.Context, q ReportQuery, figure, cursor string, limit int) ([]Summary, string, error)
}

// Report implements Figures.
func (e *Engine) Report(ctx context.Context, q ReportQuery) (Report, error) {
	return e.d.Store.Report(ctx, q)
}

// Reported implements Figures.
func (e *Engine) Reported(ctx context.Context, q ReportQuery, figure, cursor string, limit int) ([]Summary, string, error) {
	return e.d.Store.Reported(ctx, q, figure, cursor, limit)
}

// Zone is the time zone of the business hours, in which days begin.
func (e *Engine) Zone(ctx context.Context) (*time.Location, error) {
	h, err := e.Hours(ctx)
	return h.Zone(), err
}
