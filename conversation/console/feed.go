package console

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"frontdesk/conversation"
)

const (
	// feedEvery is how long changes of one conversation are joined before its row is
	// read: nobody sees more than a few a second.
	feedEvery = 150 * time.Millisecond
	// feedBatch bounds the rows read at a time, maxFed what waits for one slow watcher,
	// maxChanged what waits to be read. Past the bounds watchers are told to read their
	// list anew.
	feedBatch  = 100
	maxFed     = 500
	maxChanged = 5000
)

// rowSource is what a feed reads.
type rowSource interface {
	RowsOf(ctx context.Context, ids, readers []string) ([]conversation.Row, map[[2]string]int, error)
}

// inboxEvent is a row that changed. Row is null for a conversation that is no more.
// With stale there were too many: the list is to be read anew.
type inboxEvent struct {
	Conversation string       `json:"conversation,omitempty"`
	Row          *summaryView `json:"row"`
	Stale        bool         `json:"stale,omitempty"`
}

// feed tells watchers which rows of the inbox changed. One reading serves all, and
// with nobody watching nothing is read.
type feed struct {
	hub   Events
	from  rowSource
	log   *slog.Logger
	every time.Duration

	mu      sync.Mutex // guards the rest
	subs    map[*feedSub]struct{}
	cancel  context.CancelFunc // of the watch under way; nil without
	stopped bool
	wg      sync.WaitGroup
}

// feedSub collects for one watcher until it takes.
type feedSub struct {
	of      *feed
	reader  string
	wake    chan struct{}
	order   []string // guarded by of.mu, as what follows
	pending map[string]inboxEvent
	stale   bool
}

func newFeed(hub Events, from rowSource, log *slog.Logger, every time.Duration) *feed {
	return &feed{hub: hub, from: from, log: log, every: every, subs: map[*feedSub]struct{}{}}
}

// watch returns a watcher, which must be closed.
func (f *feed) watch(reader string) *feedSub {
	sub := &feedSub{of: f, reader: reader, wake: make(chan struct{}, 1), pending: map[string]inboxEvent{}}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.subs[sub] = struct{}{}
	if f.cancel == nil && !f.stopped {
		ctx, cancel := context.WithCancel(context.Background())
		f.cancel = cancel
		heard := f.hub.Subscribe("") // before the watcher is told that it watches
		f.wg.Go(func() { f.run(ctx, heard) })
	}
	return sub
}

// close ends the watch.
func (s *feedSub) close() {
	f := s.of
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.subs, s)
	if len(f.subs) == 0 && f.cancel != nil {
		f.cancel()
		f.cancel = nil
	}
}

// take returns what changed since the last call, the longest known first.
func (s *feedSub) take() []inboxEvent {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	var out []inboxEvent
	if s.stale {
		out = append(out, inboxEvent{Stale: true})
	}
	for _, id := range s.order {
		out = append(out, s.pending[id])
	}
	s.order, s.pending, s.stale = nil, map[string]inboxEvent{}, false
	return out
}

// stop ends the watch under way and waits for it.
func (f *feed) stop() {
	f.mu.Lock()
	f.stopped = true
	if f.cancel != nil {
		f.cancel()
		f.cancel = nil
	}
	f.mu.Unlock()
	f.wg.Wait()
}

func (f *feed) run(ctx context.Context, heard *conversation.Subscription) {
	defer func() { heard.Close() }()
	changed := map[string]bool{}
	timer := time.NewTimer(f.every)
	timer.Stop()
	armed := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			armed = false
			f.flush(ctx, changed)
		case <-heard.C():
			for _, e := range heard.Take() {
				switch e.Kind {
				case conversation.EventMessage, conversation.EventState, conversation.EventInbox:
					changed[e.Conversation] = true
				}
			}
			if heard.Lost() || len(changed) > maxChanged {
				heard.Close()
				heard = f.hub.Subscribe("")
				clear(changed)
				f.tell(func(s *feedSub) { s.stale = true })
			}
		}
		if len(changed) > 0 && !armed {
			timer.Reset(f.every)
			armed = true
		}
	}
}

// flush reads a batch of what changed and hands it out.
func (f *feed) flush(ctx context.Context, changed map[string]bool) {
	ids := make([]string, 0, feedBatch)
	for id := range changed {
		if len(ids) == feedBatch {
			break
		}
		ids = append(ids, id)
		delete(changed, id)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	rows, unread, err := f.from.RowsOf(ctx, ids, f.readers())
	if err != nil {
		if ctx.Err() == nil {
			f.log.Warn("rows of the inbox cannot be read", "error", err)
		}
		f.tell(func(s *feedSub) { s.stale = true })
		return
	}
	views := map[string]summaryView{}
	for _, r := range rows {
		views[r.State.Conversation] = viewRow(r)
	}
	f.tell(func(s *feedSub) {
		for _, id := range ids {
			e := inboxEvent{Conversation: id}
			if v, there := views[id]; there {
				v.Unread = unread[[2]string{id, s.reader}]
				e.Row = &v
			}
			s.put(e)
		}
	})
}

func (f *feed) readers() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := map[string]bool{}
	ids := []string{}
	for s := range f.subs {
		if !seen[s.reader] {
			seen[s.reader] = true
			ids = append(ids, s.reader)
		}
	}
	return ids
}

// tell does something to each watcher and wakes it.
func (f *feed) tell(do func(*feedSub)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.subs {
		do(s)
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// put joins e with what waits; of.mu is held.
func (s *feedSub) put(e inboxEvent) {
	if len(s.order) >= maxFed {
		s.order, s.pending, s.stale = nil, map[string]inboxEvent{}, true
		return
	}
	if _, there := s.pending[e.Conversation]; !there {
		s.order = append(s.order, e.Conversation)
	}
	s.pending[e.Conversation] = e
}
