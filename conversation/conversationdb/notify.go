package conversationdb

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/knowledge"
)

const (
	notifyChannel = "frontdesk"
	// maxPayload is what one NOTIFY may carry (PostgreSQL, NOTIFY: "less than 8000
	// bytes"), less some room.
	maxPayload = 7800
	// maxDelta bounds the text in one payload, in bytes: JSON may write six for one.
	maxDelta = 1200
	// maxHints bounds the conversations named in one payload, some 60 bytes each.
	maxHints = 100
	// hintEvery and deltaEvery are the least time between two sendings, in which what is to
	// be sent is collected: the first after a pause leaves at once.
	hintEvery  = 20 * time.Millisecond
	deltaEvery = 250 * time.Millisecond
	// helloEvery is how often a replica says that it is there; one not heard of for
	// three times as long is taken for gone, and with none left nothing is sent.
	helloEvery = 10 * time.Second
	// maxPending bounds what waits while the database is away. Hints are only
	// hints: what is dropped is found by the others' poll.
	maxPending = 10_000
	// reconnect is how long a lost connection stays lost before the next attempt.
	reconnect = time.Second
)

// Ears hear what other replicas did.
type Ears interface {
	Heard(conversation string, epoch int64)
	HeardEvent(e conversation.Event)
	HeardGap()
}

// Notifier carries hints between the replicas of one database by NOTIFY, on two
// connections of its own. It implements conversation.Bus; until Run it only
// collects. While this replica is alone it sends nothing but a sign of life.
type Notifier struct {
	config   *pgx.ConnConfig
	presence *presence
	self     string
	log      *slog.Logger
	wake     chan struct{}

	mu     sync.Mutex // guards all below
	peers  map[string]time.Time
	greet  bool // somebody new is there who does not know of us
	hints  map[string]int64
	deltas map[string]*streamed // by turn
	events []conversation.Event
}

// streamed is text of one answer that has not been sent yet.
type streamed struct {
	conversation string
	epoch        int64
	text         strings.Builder
}

// note is what one NOTIFY says; most of it is empty.
type note struct {
	From   string             `json:"f"`
	Hints  map[string]int64   `json:"h,omitempty"` // conversation to epoch
	Event  conversation.Event `json:"e,omitzero"`
	Leaves bool               `json:"l,omitempty"`
}

// Notifier returns the notifier of this store's replica, which will connect to
// the same database as the store does.
func (s *Store) Notifier(log *slog.Logger) *Notifier {
	return &Notifier{
		config: s.pool.Config().ConnConfig.Copy(), presence: s.presence, self: knowledge.NewID(), log: log, wake: make(chan struct{}, 1),
		peers: map[string]time.Time{}, hints: map[string]int64{}, deltas: map[string]*streamed{},
	}
}

// Hint implements conversation.Bus.
func (n *Notifier) Hint(id string, epoch int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.peers) == 0 || len(n.hints) >= maxPending {
		return
	}
	n.hints[id] = max(epoch, n.hints[id])
	n.rouse()
}

// Relay implements conversation.Bus.
func (n *Notifier) Relay(e conversation.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.peers) == 0 || len(n.events)+len(n.deltas) >= maxPending {
		return
	}
	if e.Kind == conversation.EventDelta {
		d := n.deltas[e.Turn]
		if d == nil {
			d = &streamed{conversation: e.Conversation, epoch: e.Epoch}
			n.deltas[e.Turn] = d
		}
		d.text.WriteString(e.Text)
	} else {
		delete(n.deltas, e.Turn) // what is withdrawn need not be shown first
		n.events = append(n.events, e)
	}
	n.rouse()
}

func (n *Notifier) rouse() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// Run listens and sends until ctx ends.
func (n *Notifier) Run(ctx context.Context, ears Ears) {
	var wg sync.WaitGroup
	wg.Go(func() { n.again(ctx, "listen", func(c *pgx.Conn) error { return n.listen(ctx, c, ears) }) })
	wg.Go(func() { n.again(ctx, "send", func(c *pgx.Conn) error { return n.send(ctx, c) }) })
	wg.Wait()
}

// again keeps do running on a connection, a new one whenever the last is lost.
func (n *Notifier) again(ctx context.Context, what string, do func(*pgx.Conn) error) {
	for ctx.Err() == nil {
		c, err := pgx.ConnectConfig(ctx, n.config)
		if err == nil {
			err = do(c)
			c.Close(context.WithoutCancel(ctx))
		}
		if ctx.Err() != nil {
			return
		}
		n.log.Warn("replica hints interrupted", "doing", what, "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(reconnect):
		}
	}
}

func (n *Notifier) listen(ctx context.Context, c *pgx.Conn, ears Ears) error {
	if _, err := c.Exec(ctx, "LISTEN "+notifyChannel); err != nil {
		return err
	}
	if err := n.presence.hold(ctx, c); err != nil {
		return err
	}
	defer n.presence.lose()
	n.mu.Lock()
	n.greet = true
	n.rouse()
	n.mu.Unlock()
	ears.HeardGap()
	for {
		got, err := c.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		var m note
		if json.Unmarshal([]byte(got.Payload), &m) != nil || m.From == "" || m.From == n.self {
			continue
		}
		n.met(m)
		for id, epoch := range m.Hints {
			ears.Heard(id, epoch)
		}
		if m.Event.Kind != "" {
			ears.HeardEvent(m.Event)
		}
	}
}

// met keeps account of who is there.
func (n *Notifier) met(m note) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if m.Leaves {
		delete(n.peers, m.From)
		return
	}
	if _, known := n.peers[m.From]; !known {
		n.greet = true
		n.rouse()
	}
	n.peers[m.From] = time.Now()
}

func (n *Notifier) send(ctx context.Context, c *pgx.Conn) error {
	// A hint that a crash loses is found by the poll.
	if _, err := c.Exec(ctx, "SET synchronous_commit = off"); err != nil {
		return err
	}
	hello := time.NewTicker(helloEvery)
	defer hello.Stop()
	var lastSent, lastDeltas time.Time
	for {
		say := false
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), reconnect)
			defer cancel()
			n.notify(last, c, note{Leaves: true})
			return ctx.Err()
		case <-hello.C:
			say = true
		case <-n.wake:
			if wait := hintEvery - time.Since(lastSent); wait > 0 && !pause(ctx, wait) {
				continue
			}
		}
		withDeltas := time.Since(lastDeltas) >= deltaEvery
		if withDeltas {
			lastDeltas = time.Now()
		}
		for _, m := range n.collect(say, withDeltas) {
			if err := n.notify(ctx, c, m); err != nil {
				return err
			}
		}
		lastSent = time.Now()
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// collect takes what waits to be sent, cut to the size of payloads.
func (n *Notifier) collect(hello, withDeltas bool) []note {
	n.mu.Lock()
	defer n.mu.Unlock()
	for p, seen := range n.peers {
		if time.Since(seen) > 3*helloEvery {
			delete(n.peers, p)
		}
	}
	var out []note
	if hello || n.greet {
		n.greet = false
		out = append(out, note{})
	}
	// What changed goes before what is said since.
	for len(n.hints) > 0 {
		m := note{Hints: map[string]int64{}}
		for id, epoch := range n.hints {
			if len(m.Hints) == maxHints {
				break
			}
			m.Hints[id] = epoch
			delete(n.hints, id)
		}
		out = append(out, m)
	}
	if withDeltas {
		for turn, d := range n.deltas {
			for text := d.text.String(); text != ""; {
				k := min(len(text), maxDelta)
				for k < len(text) && !utf8.RuneStart(text[k]) {
					k--
				}
				out = append(out, note{Event: conversation.Event{
					Kind: conversation.EventDelta, Conversation: d.conversation, Turn: turn, Epoch: d.epoch, Text: text[:k],
				}})
				text = text[k:]
			}
			delete(n.deltas, turn)
		}
	} else if len(n.deltas) > 0 {
		time.AfterFunc(deltaEvery, n.rouse)
	}
	for _, e := range n.events {
		out = append(out, note{Event: e})
	}
	n.events = nil
	return out
}

func (n *Notifier) notify(ctx context.Context, c *pgx.Conn, m note) error {
	m.From = n.self
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil || b.Len() > maxPayload {
		n.log.Error("hint not sent", "bytes", b.Len(), "err", err)
		return nil
	}
	_, err := c.Exec(ctx, "SELECT pg_notify($1, $2)", notifyChannel, b.String())
	return err
}
