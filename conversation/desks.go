package conversation

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// How desks work.
const (
	deskBatch = 8  // threads, or sends, worked on at once
	deskPage  = 20 // messages read at once
	// deskLease is kept up with every message posted.
	deskLease = 2 * sendTimeout
	// deskReady is how long to wait for a platform that has not said yet who the bot is.
	deskReady = 3 * time.Second
	// deskPaced bounds what a platform's limits usually cost: Telegram takes 20
	// messages a minute in a group, Slack one a second in a channel. What takes longer
	// is shown as a fault.
	deskPaced = 30 * time.Second
)

var errDeskNotReady = errors.New("not connected yet")

// DeskConfig is how desks behave.
type DeskConfig struct {
	// Undo is how long what staff write can be taken back; 0: it is sent at once.
	Undo time.Duration
	// Unread is how long a message waits for its files to be looked into before it is
	// shown without what was found in them; 0: 30 s, which most recordings stay below.
	Unread time.Duration
	// Link returns the console's address for a conversation; nil: there is none.
	Link func(conversation string) string
}

// Desks bring conversations that need a person before staff on their own platforms,
// and what they write there to the customer. All methods are safe for concurrent use;
// Serve is called before Run.
type Desks struct {
	e       *Engine
	store   DeskStore
	cfg     DeskConfig
	posters map[string]DeskPoster

	mu     sync.Mutex        // guards faults
	faults map[string]string // by channel, of the newest attempt
}

// NewDesks returns desks without any place yet.
func NewDesks(e *Engine, s DeskStore, cfg DeskConfig) *Desks {
	if cfg.Link == nil {
		cfg.Link = func(string) string { return "" }
	}
	if cfg.Unread == 0 {
		cfg.Unread = deskUnread
	}
	return &Desks{e: e, store: s, cfg: cfg, posters: map[string]DeskPoster{}, faults: map[string]string{}}
}

// Serve has the desk of a channel served by p.
func (d *Desks) Serve(channel string, p DeskPoster) { d.posters[channel] = p }

// State says how the desk of a channel stands, in words for an operator.
func (d *Desks) State(channel string) (ok bool, detail string) {
	if at, ready := d.posters[channel].Place(); !ready {
		return false, errDeskNotReady.Error()
	} else {
		detail = "in " + at.Chat
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.faults[channel]; f != "" {
		return false, f
	}
	return true, detail
}

func (d *Desks) fault(channel string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.faults[channel] = ""; err != nil {
		d.faults[channel] = briefly(err.Error(), maxBriefText)
	}
}

// Run keeps threads up to date and sends what staff wrote in them until ctx ends,
// then lets what is under way finish.
func (d *Desks) Run(ctx context.Context) {
	channels := slices.Sorted(maps.Keys(d.posters))
	if !d.set(ctx, channels) || len(channels) == 0 {
		return
	}
	var wg sync.WaitGroup
	for _, channel := range channels { // one that hangs holds up no other
		own := []string{channel}
		wg.Go(func() {
			d.e.pump(ctx, d.e.cfg.Poll, func(ctx context.Context) bool { return d.threads(ctx, own) })
		})
		wg.Go(func() {
			d.e.pump(ctx, d.e.cfg.Poll, func(ctx context.Context) bool { return d.sends(ctx, own) })
		})
	}
	wg.Wait()
}

// set makes the desks known, again and again until that works or ctx ends.
func (d *Desks) set(ctx context.Context, channels []string) bool {
	for attempt := 1; ctx.Err() == nil; attempt++ {
		limited, cancel := context.WithTimeout(ctx, storeTimeout)
		err := d.store.SetDesks(limited, channels)
		cancel()
		if err == nil {
			return true
		}
		d.e.log.Error("desks not set; trying again", "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(backoff(d.e.cfg.Backoff, attempt)):
		}
	}
	return false
}
