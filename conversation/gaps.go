package conversation

import (
	"context"
	"log/slog"
	"time"

	"frontdesk/knowledge"
)

// GapSource reads the log for questions the bot could not answer.
type GapSource interface {
	// GapWork reports whether there is anything to read, group or ask again, and
	// whether a gap is being published.
	GapWork(ctx context.Context, settle time.Duration, model string) (work, publishing bool, err error)
	// Unread returns up to limit conversations that changed since they were read,
	// the longest unchanged first, but none that changed within settle.
	Unread(ctx context.Context, settle time.Duration, limit int) ([]GapScan, error)
	// GapLog returns the stretch of the log that begins a little before what was read
	// and ends at last; whole says that there is no more. It is empty for a
	// conversation that is gone.
	GapLog(ctx context.Context, s GapScan) (l GapLog, last int64, whole bool, err error)
	// Read stores questions, those not known yet, and that the log has been read to
	// last; whole says that nothing is left to read of the conversation as it was.
	// ErrNotFound when it is gone.
	Read(ctx context.Context, s GapScan, qs []GapQuestion, last int64, whole bool) error
	// ReadUntil moves on the time up to which every conversation has been read.
	ReadUntil(ctx context.Context, at time.Time) error
}

// GapScan is a conversation to be read.
type GapScan struct {
	Conversation string
	Contact      string
	Channel      string
	UpdatedAt    time.Time
	Seq          int64 // read before
}

// GapGroups puts questions into gaps.
type GapGroups interface {
	// Unembedded returns up to limit questions without a vector of the model, the
	// newest first; SetVectors stores what was made for them.
	Unembedded(ctx context.Context, model string, limit int) ([]GapQuestion, error)
	SetVectors(ctx context.Context, model string, qs []GapQuestion, vectors [][]float32) error
	// Ungrouped returns up to limit questions that are in no gap, the oldest first.
	Ungrouped(ctx context.Context, limit int) ([]GapQuestion, error)
	// Join puts a question into the gap that choose names of the nearest ones, or
	// into a new one when it names none. One question joins at a time, on any
	// replica; one that is in a gap already stays.
	Join(ctx context.Context, q GapQuestion, model string, choose func(GapNear) string) error
	// MergeGaps moves the questions of from into the gap to. ErrNoGap, ErrGapState.
	MergeGaps(ctx context.Context, to, from string) error
}

// GapBook keeps gaps and their states.
type GapBook interface {
	// Gaps lists those in a state, the highest rank first. ErrBadCursor.
	Gaps(ctx context.Context, state GapState, cursor string, limit int) ([]Gap, string, error)
	// Gap returns ErrNoGap for an unknown id.
	Gap(ctx context.Context, id string) (Gap, error)
	// GapQuestions returns the newest questions of a gap, the newest first.
	GapQuestions(ctx context.Context, id string, limit int) ([]GapQuestion, error)
	// GapTalks returns what followed the newest questions that staff replied to.
	GapTalks(ctx context.Context, id string, limit int) ([]GapTalk, error)
	// SetGap applies c as one compare-and-set on the state. ErrNoGap, ErrGapState.
	SetGap(ctx context.Context, id string, c GapChange) error
}

// GapRetry is what asking a gap's questions again needs.
type GapRetry interface {
	// Publishing returns up to limit gaps in GapPublishing.
	Publishing(ctx context.Context, limit int) ([]Gap, error)
	// Asked stores which questions are answered now, and moves the gap on by c, both
	// or neither, and only if no question has joined or left since changes.
	// ErrGapState.
	Asked(ctx context.Context, id string, changes int64, answered []GapQuestion, c GapChange) error
}

// GapLease lets one replica at a time work in the background. Losing it costs
// double work and nothing else.
type GapLease interface {
	LeaseGaps(ctx context.Context, lease time.Duration) (token string, err error) // empty: another has it
	EndGapLease(ctx context.Context, token string) error
}

// GapStore is all that gaps ask of their database.
type GapStore interface {
	GapSource
	GapGroups
	GapBook
	GapRetry
	GapLease
	Ledger
}

// GapChange moves a gap from one of the states From to To.
type GapChange struct {
	From     []GapState
	To       GapState
	Draft    *knowledge.Entry // nil: as it is
	Document string           // empty: as it is
	Saved    bool             // the entry to publish is in the document
	Outcome  string
	// Of are the conversations that Draft is made of: with one of them erased meanwhile
	// nothing changes.
	Of []string
}

// GapWords analyzes the words of a question as the lexical index does.
type GapWords interface {
	// Terms returns the distinct words of a text, and what each counts before it is
	// known how rare it is.
	Terms(text string) (dims []int32, weights []float64)
	// Language is a BCP 47 code, empty when the text does not say.
	Language(text string) string
}

// GapEntries is the knowledge as publishing an entry needs it.
type GapEntries interface {
	// SaveEntry makes e the content of the document, of a new one when it is empty
	// or gone, and returns its id. Saving the same again changes nothing.
	SaveEntry(ctx context.Context, document string, e knowledge.Entry) (string, error)
	// Document returns knowledge.ErrNotFound for one that is gone.
	Document(ctx context.Context, id string) (knowledge.Document, error)
}

// GapDeps are what Gaps works with. Model and Embedder may be nil.
type GapDeps struct {
	Store    GapStore
	Words    GapWords
	Entries  GapEntries
	Finder   Finder
	Embedder knowledge.Embedder
	Model    Model
	Counter  Counter
	Observer Observer // may be nil
	Purse    *Purse   // pays for Model; books without limits when nil
	Log      *slog.Logger
	// Settings are those of the moment; nil leaves everything as wired.
	Settings func() *Settings
}

// GapConfig is how Gaps behaves. Zero durations take the defaults.
type GapConfig struct {
	Thresholds Thresholds
	Poll       time.Duration // how often to look for what has changed
	// Settle is how long a conversation is left alone after its last change: the
	// answer is usually the next one. Negative for none.
	Settle time.Duration
}

// Gaps keeps the questions the bot could not answer, grouped by meaning, until
// the knowledge answers them. All its methods are safe for concurrent use, also
// from several replicas.
type Gaps struct {
	cfg GapConfig
	GapDeps
	wake chan struct{} // readable when there is work that polling need not find
}

// NewGaps returns a Gaps, whose Run must be called for questions to be found.
func NewGaps(cfg GapConfig, d GapDeps) *Gaps {
	if cfg.Poll == 0 {
		cfg.Poll = 5 * time.Second
	}
	if cfg.Settle == 0 {
		cfg.Settle = 3 * time.Second
	}
	cfg.Settle = max(cfg.Settle, 0)
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Observer == nil {
		d.Observer = noObserver{}
	}
	if d.Purse == nil {
		d.Purse = NewPurse(onlyLedger{d.Store}, nil, d.Log)
		d.Purse.use(terms{observer: d.Observer})
	}
	return &Gaps{cfg: cfg, GapDeps: d, wake: make(chan struct{}, 1)}
}

// gapSample is how many of a gap's newest questions are looked at where all of
// them would have no bound: shown, summed up, asked again.
const gapSample = 200

// List returns gaps in a state, the most pressing first.
func (g *Gaps) List(ctx context.Context, state GapState, cursor string, limit int) ([]Gap, string, error) {
	return g.Store.Gaps(ctx, state, cursor, limit)
}

// Gap returns a gap with its newest questions. ErrNoGap.
func (g *Gaps) Gap(ctx context.Context, id string) (Gap, []GapQuestion, error) {
	gap, err := g.Store.Gap(ctx, id)
	if err != nil {
		return gap, nil, err
	}
	qs, err := g.Store.GapQuestions(ctx, id, gapSample)
	return gap, qs, err
}

// Dismiss puts a gap aside: it stays so whoever asks again. ErrNoGap, ErrGapState
// while it is being published.
func (g *Gaps) Dismiss(ctx context.Context, id string) (Gap, error) {
	return g.set(ctx, id, GapChange{From: []GapState{GapOpen, GapDrafted, GapClosed, GapDismissed}, To: GapDismissed})
}

// Reopen makes a gap open from any state; publishing ends where it is. ErrNoGap.
func (g *Gaps) Reopen(ctx context.Context, id string) (Gap, error) {
	return g.set(ctx, id, GapChange{From: []GapState{GapOpen, GapDrafted, GapPublishing, GapClosed, GapDismissed}, To: GapOpen})
}

// Merge moves the questions of another gap into the gap to, which opens if it
// was closed. ErrNoGap, ErrGapState while one of them is being published.
func (g *Gaps) Merge(ctx context.Context, to, from string) (Gap, error) {
	if err := g.Store.MergeGaps(ctx, to, from); err != nil {
		return Gap{}, err
	}
	return g.Store.Gap(ctx, to)
}

func (g *Gaps) set(ctx context.Context, id string, c GapChange) (Gap, error) {
	if err := g.Store.SetGap(ctx, id, c); err != nil {
		return Gap{}, err
	}
	return g.Store.Gap(ctx, id)
}
