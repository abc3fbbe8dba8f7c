// Package telegram speaks with customers through a Telegram bot. It fetches
// updates itself, or takes them at a webhook, and acknowledges each only once what
// it says is stored; answers leave through its Send, in Telegram's own limits.
package telegram

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-telegram/bot"

	"frontdesk/conversation"
)

// Channel is the name of this channel in conversations and deliveries.
const Channel = "telegram"

// WebhookPath is where Telegram posts updates to, below PUBLIC_URL.
const WebhookPath = "/telegram/webhook"

// Engine is what the bot asks of the conversation engine.
type Engine interface {
	Receive(ctx context.Context, in conversation.Inbound) (conversation.Receipt, error)
	State(ctx context.Context, id string) (conversation.State, error)
	Handoff(ctx context.Context, id string, by conversation.Actor, r conversation.Reason) (conversation.State, error)
	ChooseBot(ctx context.Context, id string) (conversation.State, error)
	Feedback(ctx context.Context, id string, seq int64, helpful bool) error
	Choose(ctx context.Context, where conversation.Inbound, seq int64, option int) (conversation.Receipt, error)
	// Score stores a score of 1 to 5 for what message seq closed; a later one replaces
	// it. ErrNotYours for anybody but the customer, ErrNotCurrent when it is too late.
	Score(ctx context.Context, where conversation.Inbound, seq int64, score int) error
	Subscribe(id string) *conversation.Subscription
	Remark(ctx context.Context, id, key, text string) error
	Forward(ctx context.Context, id, file string) (conversation.File, error)
	OpenFile(ctx context.Context, id, file string) (conversation.File, error)
}

// Threads knows which conversation a thread of a channel is.
type Threads interface {
	// EnsureThread returns the conversation of in's thread, which it makes where there
	// is none yet.
	EnsureThread(ctx context.Context, in conversation.Inbound) (id string, err error)
	// Thread returns the conversation of a thread, or conversation.ErrNotFound.
	Thread(ctx context.Context, channel, account, thread string) (string, error)
	// MoveThread gives what was said in a thread, and in those below it, another
	// name. Where there is a conversation of that name already both stay.
	MoveThread(ctx context.Context, channel, account, from, to string) error
}

// Config is what a bot is made of. Engine, Threads and Token are needed.
type Config struct {
	Token     string
	APIURL    string // empty: Telegram's own
	PublicURL string // with Secret: updates come to a webhook below it
	Secret    string // what Telegram proves itself with at the webhook
	StaffChat int64  // where staff answer; 0: nowhere
	Desk      Desk   // takes what they do there; needed with StaffChat
	Engine    Engine
	Threads   Threads
	// Observe counts updates by what came of them. It may be nil.
	Observe func(outcome string)
	Log     *slog.Logger
}

// Bot is one Telegram bot. Its methods are safe for concurrent use.
type Bot struct {
	cfg     Config
	log     *slog.Logger
	api     *api
	account string
	me      atomic.Pointer[user] // nil until Telegram has said who we are
	limits  *limiter
	sent    *recent[string, progress]
	stream  *streamer
	notices chan func(context.Context)
	desk    staffDesk
	albums  *recent[string, *album] // of groups
	pause   func(context.Context, time.Duration) error
	timing  timing

	staffChat atomic.Int64 // follows Config.StaffChat when that group gets another number

	mu     sync.Mutex // guards ok and detail
	ok     bool
	detail string
}

// timing is how long the bot waits for what.
type timing struct {
	poll    time.Duration // a request for updates stays open at most this long
	first   time.Duration // before trying again what failed once; doubles
	most    time.Duration // the longest such wait
	slow    time.Duration // where only a person can help: a wrong token, a second poller
	draft   time.Duration // between two previews of one answer
	inspect time.Duration // between two looks at the registered webhook
	answer  time.Duration // for an answer to a request
	fetch   time.Duration // for a customer's file, waits included
}

var usual = timing{
	poll: 50 * time.Second, first: time.Second, most: 30 * time.Second, slow: 30 * time.Second,
	draft: time.Second, inspect: 5 * time.Minute, answer: 20 * time.Second, fetch: time.Minute,
}

// tokenForm is what a token may hold; it becomes part of an address.
var tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]+(?::[A-Za-z0-9_-]+)?$`)

// errTokenForm is returned for a token that cannot be one.
var errTokenForm = errors.New("the token is not of the form 123456:ABC")

// New returns a bot, whose Run must be called. It asks Telegram nothing yet, so
// that neither a wrong token nor a network that is down keeps a server from
// starting.
func New(cfg Config) (*Bot, error) {
	if !tokenForm.MatchString(cfg.Token) {
		return nil, errTokenForm
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string) {}
	}
	account, _, _ := strings.Cut(cfg.Token, ":")
	b := &Bot{
		cfg: cfg, log: cfg.Log, account: account, limits: newLimiter(), timing: usual, pause: pause,
		sent: newRecent[string, progress](maxProgress), notices: make(chan func(context.Context), maxNotices),
		detail: "starting", desk: newStaffDesk(), albums: newRecent[string, *album](maxAlbums),
	}
	b.staffChat.Store(cfg.StaffChat)
	var err error
	if b.api, err = newAPI(cfg.Token, cfg.APIURL, &b.timing, b.log); err != nil {
		return nil, err
	}
	b.stream = newStreamer(b)
	return b, nil
}

// Webhook reports whether updates come to a webhook; else they are fetched.
func (b *Bot) Webhook() bool { return b.cfg.PublicURL != "" && b.cfg.Secret != "" }

// Account is what conversations with this bot carry: its number, the part of the token
// that is no secret.
func (b *Bot) Account() string { return b.account }

// State says whether the bot works, in words for an operator that hold no secret.
func (b *Bot) State() (ok bool, detail string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ok, b.detail
}

// set notes a state, and logs it where it is news.
func (b *Bot) set(ok bool, detail string) {
	b.mu.Lock()
	news := b.ok != ok || b.detail != detail
	b.ok, b.detail = ok, detail
	b.mu.Unlock()
	switch {
	case news && ok:
		b.log.Info("telegram works", "how", detail)
	case news:
		b.log.Warn("telegram does not work; trying again", "why", detail)
	}
}

// Run takes updates, and shows answers being written, until ctx ends.
func (b *Bot) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { b.stream.run(ctx) })
	for range noticeWorkers {
		wg.Go(func() { b.runNotices(ctx) })
	}
	b.intake(ctx)
	wg.Wait()
}

// intake connects and takes updates, again and again as long as either fails.
func (b *Bot) intake(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		err := b.connect(ctx)
		if err == nil {
			failures = 0
			if b.Webhook() {
				err = b.watchWebhook(ctx)
			} else {
				err = b.poll(ctx)
			}
		}
		if ctx.Err() != nil {
			return
		}
		failures++
		b.set(false, explain(err))
		if b.pause(ctx, b.retryAfter(err, failures)) != nil {
			return
		}
	}
}

// connect learns who the bot is, makes its commands known and tells Telegram
// where updates go.
func (b *Bot) connect(ctx context.Context) error {
	me, err := b.api.GetMe(ctx)
	if err != nil {
		return b.api.fail("ask who the bot is", err)
	}
	b.me.Store(&user{ID: me.ID, Username: me.Username})
	if err := b.publishCommands(ctx); err != nil {
		// The bot works without them; they are offered again at the next start.
		b.log.Warn("telegram commands not published", "err", err)
	}
	if b.Webhook() {
		return b.register(ctx)
	}
	if _, err := b.api.DeleteWebhook(ctx, &bot.DeleteWebhookParams{}); err != nil {
		return b.api.fail("remove the webhook", err)
	}
	return nil
}

// retryAfter is how long to wait after a failure.
func (b *Bot) retryAfter(err error, failures int) time.Duration {
	var busy *bot.TooManyRequestsError
	switch {
	case errors.As(err, &busy):
		return max(b.timing.first, time.Duration(busy.RetryAfter)*time.Second)
	case errors.Is(err, bot.ErrorUnauthorized), errors.Is(err, bot.ErrorNotFound), errors.Is(err, bot.ErrorConflict):
		return b.timing.slow
	}
	return min(b.timing.most, b.timing.first<<min(failures-1, 10))
}

// Check asks Telegram who the bot is and returns its name.
func (b *Bot) Check(ctx context.Context) (string, error) {
	me, err := b.api.GetMe(ctx)
	if err != nil {
		return "", fmt.Errorf("%s", explain(b.api.fail("ask who the bot is", err)))
	}
	return "@" + me.Username, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
