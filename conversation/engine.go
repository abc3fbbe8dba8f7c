package conversation

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Config is how an engine behaves. Zero durations and sizes take the defaults.
type Config struct {
	BotName      string // "Assistant"
	Instructions string // the admin's addition to the system prompt
	Budget       Budget
	Thresholds   Thresholds // when zero, those that come with each result
	// Models are the names that answers are asked of, in order; ModelsPinned says that
	// nobody may set others. BotName, Instructions, Budget and Models are the defaults
	// of settings.
	Models       []string
	ModelsPinned bool
	Gather       Gather
	// Hold is how long after the customer's newest message an answer is stored at
	// the earliest. Platforms split one long text into several messages a few
	// milliseconds apart; they are to get one answer.
	Hold        time.Duration
	Lease       time.Duration // a turn whose worker died is taken up by another after this
	TurnTimeout time.Duration // of a turn as a whole
	FindTimeout time.Duration
	// RewriteTimeout is how long a follow-up question may take to be rewritten before
	// the search goes on with the customer's words: they wait for it.
	RewriteTimeout time.Duration
	Poll           time.Duration // how often due turns are looked for that no hint told of
	Backoff        time.Duration // after a delivery's first failure; doubles with each
	Concurrency    int           // turns at once in this process
	ReadTimeout    time.Duration // for looking into the files of one turn, beside TurnTimeout
	// ReadAgain is how long a file that could not be read, and that no turn waits for, waits
	// for the second attempt; for the third four times as long.
	ReadAgain time.Duration
	// Now is the clock that hours and rules of handling go by; the wall clock when nil.
	Now func() time.Time
	// ModerateClosed has what the Moderator could not judge treated as flagged.
	ModerateClosed bool
}

func (c *Config) defaults() {
	or := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	or(&c.Gather.Quiet, 600*time.Millisecond)
	or(&c.Gather.Most, 5*time.Second)
	or(&c.Hold, 100*time.Millisecond)
	or(&c.Lease, 20*time.Second)
	or(&c.TurnTimeout, 60*time.Second)
	or(&c.FindTimeout, 5*time.Second)
	or(&c.ReadTimeout, 2*time.Minute)
	or(&c.ReadAgain, 20*time.Second)
	or(&c.RewriteTimeout, 2*time.Second)
	or(&c.Poll, time.Second)
	or(&c.Backoff, firstBackoff)
	if c.Concurrency == 0 {
		c.Concurrency = 256
	}
	if c.BotName == "" {
		c.BotName = "Assistant"
	}
	if c.Budget == (Budget{}) {
		c.Budget = DefaultBudget()
	}
}

// Observer hears of finished turns and received messages, for metrics.
type Observer interface {
	Received(channel string)
	// Turned tells how a turn ended: the kind of its answer, or "superseded" or "failed".
	Turned(channel, outcome string, took time.Duration)
	Called(c Call)
	Found(took time.Duration)
}

// Deps are what an engine works with. Model, Bus, Observer, Reader and Moderator
// may be nil: then no file is looked into, and all may be said.
type Deps struct {
	Store   Store
	Finder  Finder
	Model   Model
	Counter Counter
	// Counters returns what counts as a model does; Counter does for all when nil.
	Counters func(model string) Counter
	Bus      Bus
	Observer Observer
	Log      *slog.Logger

	Reader    Reader
	Moderator Moderator

	// Limits and Price are what models may cost and do; they are asked before each
	// call. Nil: no limit, and what the model itself says. Purse is who pays, made
	// from Store when nil.
	Limits func() Spending
	Price  Price
	Purse  *Purse
}

// Engine receives messages, decides who speaks and answers as the bot. All its
// methods are safe for concurrent use.
type Engine struct {
	cfg       Config
	d         Deps
	log       *slog.Logger
	hub       *Hub
	settings  settings
	sched     scheduler
	desks     chan struct{} // one for each turn that may claim, search and prepare at once
	backlog   atomic.Bool   // the last look found more due turns than it took
	look      chan struct{} // readable when it is time to look again
	recaps    chan struct{} // one for each summary being made
	recapping sync.Map      // the conversations whose summary that is
	life      context.Context
	end       context.CancelCauseFunc // of life, when Run stops taking turns
	files     filing
	living    living
	present   presence
	helping   chan struct{} // one for each answer a model is making for staff
	purse     *Purse
}

// New returns an engine, whose Run must be called for turns to be taken.
func New(cfg Config, d Deps) (*Engine, error) {
	cfg.defaults()
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Bus == nil {
		d.Bus = noBus{}
	}
	if d.Observer == nil {
		d.Observer = noObserver{}
	}
	e := &Engine{cfg: cfg, d: d, log: d.Log, hub: NewHub()}
	if err := e.initSettings(); err != nil {
		return nil, err
	}
	if e.purse = d.Purse; e.purse == nil {
		e.purse = NewPurse(d.Store, nil, d.Log)
	}
	e.purse.use(e.terms())
	e.sched.init(cfg.Concurrency)
	e.look = make(chan struct{}, 1)
	e.recaps = make(chan struct{}, recapsAtOnce)
	e.life, e.end = context.WithCancelCause(context.Background())
	e.desks = make(chan struct{}, preparing*runtime.GOMAXPROCS(0))
	e.files.init()
	e.living.init()
	e.helping = make(chan struct{}, helpsAtOnce)
	return e, nil
}

// Open starts a conversation for a new visitor.
func (e *Engine) Open(ctx context.Context, o Opening) (State, error) {
	return e.d.Store.Open(ctx, o)
}

// Describe keeps what a page says about its visitor; what it does not say at all stays
// as it was. ErrNotFound.
func (e *Engine) Describe(ctx context.Context, id string, p Profile) error {
	p.Name, p.Email = cleanName(p.Name), cleanName(p.Email)
	clean := make(map[string]string, len(p.Context))
	for k, v := range p.Context {
		clean[cleanName(k)] = cleanName(v)
	}
	p.Context = clean
	return e.d.Store.Describe(ctx, id, p)
}

// Receive stores one customer message; when it returns without error the message
// survives any crash and will be answered. ErrEmpty, ErrTooLong, ErrConflict,
// ErrNotFound.
func (e *Engine) Receive(ctx context.Context, in Inbound) (Receipt, error) {
	var err error
	if in.Text, err = Clean(in.Text); err != nil && !(err == ErrEmpty && len(in.Attachments) > 0) {
		return Receipt{}, err
	}
	if in.Attachments, err = cleanFiles(in.Attachments); err != nil {
		return Receipt{}, err
	}
	in.SenderName = cleanName(in.SenderName)
	in.Sticky = hours(e.Settings().Handling.StickyHours)
	r, err := e.d.Store.Receive(ctx, in, e.cfg.Gather)
	if err != nil || r.Repeat {
		return r, err
	}
	e.d.Observer.Received(in.Channel)
	e.sched.supersede(r.Conversation, r.State.Epoch)
	e.hub.Outdate(r.Conversation, r.State.Epoch)
	e.hub.Publish(Event{Kind: EventMessage, Conversation: r.Conversation, Message: &Message{
		Conversation: r.Conversation, Seq: r.Seq, ExternalID: in.ExternalID, Author: AuthorCustomer,
		Name: in.SenderName, Text: in.Text, Episode: r.State.Episode, At: r.At, Attachments: r.Attachments,
	}})
	if r.Reopened || r.Woken {
		st := e.described(r.State)
		e.hub.Publish(Event{Kind: EventState, Conversation: r.Conversation, State: &st})
	}
	if r.DueIn >= 0 {
		e.wake(r.Conversation, r.DueIn)
	} else if len(r.Attachments) > 0 {
		e.files.seek()
	}
	e.aside(r, in.Text)
	e.d.Bus.Hint(r.Conversation, r.State.Epoch)
	return r, nil
}

// State returns a conversation as it stands, with its place in the queue.
func (e *Engine) State(ctx context.Context, id string) (State, error) {
	st, err := e.d.Store.State(ctx, id)
	if err != nil {
		return st, err
	}
	return e.described(st), nil
}

// Messages returns what the customer may see of the log after a sequence number.
func (e *Engine) Messages(ctx context.Context, id string, after int64, limit int) ([]Message, error) {
	return e.d.Store.Messages(ctx, id, after, limit, false)
}

// Transcript returns the log with its private notes.
func (e *Engine) Transcript(ctx context.Context, id string, after int64, limit int) ([]Message, error) {
	return e.d.Store.Messages(ctx, id, after, limit, true)
}

// Subscribe watches one conversation, or all when id is empty.
func (e *Engine) Subscribe(id string) *Subscription { return e.hub.Subscribe(id) }

// Draft returns the answer the bot is writing in a conversation, as far as it is known
// here; turn is empty when it writes none.
func (e *Engine) Draft(id string) (turn, text string) { return e.hub.Draft(id) }

// Heard takes a hint from another replica: the conversation changed there.
func (e *Engine) Heard(conversation string, epoch int64) {
	e.sched.supersede(conversation, epoch)
	e.hub.Outdate(conversation, epoch)
	e.lookAgain(conversation)
}

// HeardEvent takes from another replica what is in no log: a delta, a discard, that an
// answer is stored, somebody's typing, or who of staff is where.
func (e *Engine) HeardEvent(ev Event) {
	if ev.Kind == EventPresence {
		e.heardPresence(ev)
		return
	}
	if ev.Kind == EventSettings {
		e.heardSettings()
		return
	}
	ev.afar = true
	e.hub.Publish(ev)
}

// HeardGap says that hints may have been missed: all watchers look again. Of an answer
// that is being written elsewhere pieces may be lost, or that it was stored: it is
// withdrawn, and comes whole.
func (e *Engine) HeardGap() {
	e.heardSettings()
	e.hub.silenceAfar()
	for _, id := range e.hub.Conversations() {
		e.lookAgain(id)
	}
}

// lookAgain has watchers read whose the conversation is and then what was said: in
// between, no piece of an answer from before passes for one from since.
func (e *Engine) lookAgain(id string) {
	e.hub.Publish(Event{Kind: EventState, Conversation: id})
	e.hub.Publish(Event{Kind: EventMessage, Conversation: id})
}

// preparing is how many turns per processor claim, search and prepare at once. That is work
// for this machine's processors and its database, unlike waiting for a model; with
// more at once, receiving messages would starve under load, and turns that wait
// here gather what their customers still write.
const preparing = 4

type noBus struct{}

func (noBus) Hint(string, int64) {}
func (noBus) Relay(Event)        {}

type noObserver struct{}

func (noObserver) Received(string)                      {}
func (noObserver) Turned(string, string, time.Duration) {}
func (noObserver) Called(Call)                          {}
func (noObserver) Found(time.Duration)                  {}
