package conversation

import (
	"errors"
	"math"
	"time"

	"frontdesk/knowledge"
)

// GapState is where a gap stands on its way to being answered.
type GapState string

// The states of a gap. A question that joins a closed one opens it again; one
// that joins a dismissed one does not.
const (
	GapOpen       GapState = "open"
	GapDrafted    GapState = "drafted"    // an entry is there to be reviewed
	GapPublishing GapState = "publishing" // the entry is being saved and the questions asked again
	GapClosed     GapState = "closed"     // all of its questions are answered now
	GapDismissed  GapState = "dismissed"
)

// GapReason is why a customer's question is one the bot could not answer.
type GapReason string

// Reasons of gap questions, in the order they are looked for; a question has the
// first that fits.
const (
	GapNoAnswer   GapReason = "no_grounded_answer" // handed over for want of an answer
	GapModelAsked GapReason = "model_asked"        // the model asked for a person and cited nothing
	GapUnknown    GapReason = "unknown"            // "I don't know"
	GapUncited    GapReason = "uncited"            // answered, but resting on nothing
	GapUnhelpful  GapReason = "thumbs_down"
	GapTakeover   GapReason = "takeover" // a person took it from the bot unanswered
)

var (
	// ErrNoGap is returned when there is no gap of that id.
	ErrNoGap = errors.New("conversation: no such gap")
	// ErrGapState is returned for what the gap's present state rules out.
	ErrGapState = errors.New("conversation: not possible in the gap's present state")
	// ErrNoReply is returned when staff answered none of a gap's questions, so
	// that there is nothing to draft from.
	ErrNoReply = errors.New("conversation: staff have not replied to any of the gap's questions")
)

// GapQuestion is one question the bot could not answer, as a customer asked it.
// Messages written in one go are one question, known by the last of them.
type GapQuestion struct {
	Conversation string
	Seq          int64
	Contact      string // UUID
	Channel      string
	Lang         string // BCP 47; empty when the words do not say
	Text         string // the customer's words, at most maxGapText characters
	Query        string // as searched
	Reason       GapReason
	Confidence   float64 // of what was found; 0 when nothing was looked for
	At           time.Time
	Answered     *bool // when it was last asked again; nil: not yet
	Terms        []GapTerm
}

// GapTerm is a word of a question as the lexical index knows it.
type GapTerm struct {
	Dim    int32
	Weight float64
}

// Gap is a group of questions of one meaning.
type Gap struct {
	ID         string
	State      GapState
	StateAt    time.Time
	Question   string // its first question in the customer's words
	Lang       string // of that
	Questions  int
	Customers  int // distinct
	Talks      int // distinct conversations among the newest gapSample questions
	FirstAt    time.Time
	LastAt     time.Time
	Channels   []string // of the newest gapSample questions, as are languages and reasons
	Languages  []string
	Reasons    []GapReason
	Draft      *knowledge.Entry
	DocumentID string // of the entry that was published for it
	Saved      bool   // while publishing: Draft is in that document
	Changes    int64  // how often questions joined or left
	Outcome    string // how publishing ended
}

// gapHalfLife is the time in which a gap that nobody asks for counts half. The
// migration that defines gap_rank has the same number.
const gapHalfLife = 14 * 24 * time.Hour

// Score ranks gaps: distinct customers × 2^(-age of the newest question / 14 days).
func (g Gap) Score(now time.Time) float64 {
	return float64(g.Customers) * math.Exp2(-float64(now.Sub(g.LastAt))/float64(gapHalfLife))
}
