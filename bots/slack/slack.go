// Package slack is the Slack channel: it takes what customers write in direct
// messages, in the assistant's pane and in threads that begin with a mention,
// and delivers answers there.
//
// Everything from outside is verified before it is parsed, and stored before it
// is acknowledged. A Slack that cannot be reached or refuses the token stops
// nothing else: Run keeps trying, State says how it stands.
package slack

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"frontdesk/bots"
	"frontdesk/conversation"

	"github.com/slack-go/slack"
)

// Channel is the name under which the engine knows this channel.
const Channel = "slack"

// defaultAPIURL is where Slack's methods live.
const defaultAPIURL = "https://slack.com/api/"

// Engine is what the channel needs of the conversation engine.
type Engine interface {
	bots.Receiver
	State(ctx context.Context, id string) (conversation.State, error)
	Handoff(ctx context.Context, id string, by conversation.Actor, r conversation.Reason) (conversation.State, error)
	Feedback(ctx context.Context, id string, seq int64, helpful bool) error
	Choose(ctx context.Context, where conversation.Inbound, seq int64, option int) (conversation.Receipt, error)
	// Score stores a score of 1 to 5 for what message seq closed; a later one replaces
	// it. ErrNotYours for anybody but the customer, ErrNotCurrent when it is too late.
	Score(ctx context.Context, where conversation.Inbound, seq int64, score int) error
	Note(ctx context.Context, id string, by conversation.Actor, text string) (conversation.Message, error)
	Describe(ctx context.Context, id string, p conversation.Profile) error
	Subscribe(id string) *conversation.Subscription
	Forward(ctx context.Context, id, file string) (conversation.File, error)
	OpenFile(ctx context.Context, id, file string) (conversation.File, error)
}

// Threads finds conversations by where they take place.
type Threads interface {
	// Thread returns the id of the conversation of a thread, or
	// conversation.ErrNotFound.
	Thread(ctx context.Context, channel, account, thread string) (string, error)
}

// Config is what a Bot is made of. Without a BotToken it does nothing but
// refuse requests.
type Config struct {
	Engine        Engine
	Threads       Threads
	BotToken      string
	SigningSecret string // of requests over HTTP; empty: all of them are refused
	AppToken      string // for Socket Mode; empty: HTTP alone
	APIURL        string // empty: Slack itself
	StaffChannel  string // id of the channel where staff answer; empty: none
	Desk          Desk   // takes what they do there; needed with StaffChannel
	Log           *slog.Logger
	Count         func(outcome string) // of what came from Slack, for metrics; may be nil
	Now           func() time.Time
	// Transport carries the calls to Slack; nil: the default one.
	Transport http.RoundTripper
}

// Bot is one Slack app in one workspace. All its methods are safe for
// concurrent use.
type Bot struct {
	engine  Engine
	threads Threads
	cfg     Config
	api     *slack.Client
	log     *slog.Logger
	now     func() time.Time

	me       atomic.Pointer[identity] // nil until the token has been accepted
	status   status
	seen     *seen
	tasks    tasks
	pace     pace
	drafts   drafts
	watching watching
	progress progress
	live     switches
	patience time.Duration // with a delivery that is to take a draft

	downloads   *http.Client // of customers' files; follows no redirect by itself
	fetchWithin time.Duration
	rest        func(context.Context, time.Duration) bool
}

func (c Config) defaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Count == nil {
		c.Count = func(string) {}
	}
	if c.APIURL == "" {
		c.APIURL = defaultAPIURL
	}
	c.APIURL = strings.TrimSuffix(c.APIURL, "/") + "/"
	return c
}

// New returns a bot, whose Run must be called. It panics without engine or
// threads, which are faults of the wiring.
func New(c Config) *Bot {
	if c.Engine == nil || c.Threads == nil {
		panic("slack: engine and threads are required")
	}
	c = c.defaults()
	b := &Bot{
		engine: c.Engine, threads: c.Threads, cfg: c, api: newClient(c), log: c.Log, now: c.Now,
		seen: newSeen(maxSeen),
	}
	b.live.now, b.pace.every = c.Now, postEvery
	b.patience = settleWithin
	b.downloads = newDownloads(c)
	b.fetchWithin, b.rest = fetchTimeout, sleep
	b.tasks.init()
	return b
}

// Enabled reports whether there is a token to speak with.
func (b *Bot) Enabled() bool { return b.cfg.BotToken != "" }

// Routes registers the endpoints that Slack calls.
func (b *Bot) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /slack/events", b.serve(b.serveEvent))
	mux.HandleFunc("POST /slack/interactions", b.serve(b.serveInteraction))
}

// Run keeps the channel alive until ctx ends, then waits for what is under way.
// It returns at once where there is no token.
func (b *Bot) Run(ctx context.Context) {
	if b.Enabled() {
		var wg sync.WaitGroup
		wg.Go(func() { b.identify(ctx) })
		if b.cfg.AppToken != "" {
			wg.Go(func() { b.listen(ctx) })
		}
		wg.Wait()
	}
	b.tasks.close()
}
