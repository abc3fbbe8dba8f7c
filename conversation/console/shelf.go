package console

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"frontdesk/knowledge"
)

// shelfEvery is how often the knowledge is looked at for changes while anybody
// watches: as often as a bar needs to move.
const shelfEvery = 500 * time.Millisecond

// maxShelved bounds what waits for one slow watcher; beyond it the oldest news
// are dropped, and the next change of the same document says all of it again.
const maxShelved = 1000

// changes is what a shelf looks at.
type changes interface {
	Changes(ctx context.Context, since time.Time) (knowledge.Changes, error)
}

// shelf tells watchers what changes in the knowledge, on whatever replica. One
// look serves all of them, and with nobody watching nothing is asked.
type shelf struct {
	from  changes
	log   *slog.Logger
	every time.Duration

	mu      sync.Mutex // guards the rest
	subs    map[*shelfSub]struct{}
	cancel  context.CancelFunc // of the watch under way; nil without
	stopped bool
	wg      sync.WaitGroup
}

// shelfEvent is one document or site as it stands.
type shelfEvent struct {
	kind string // document or site
	id   string
	view any
}

// shelfSub collects for one watcher until it takes.
type shelfSub struct {
	of      *shelf
	wake    chan struct{}
	pending []shelfEvent // guarded by of.mu
}

func newShelf(from changes, log *slog.Logger, every time.Duration) *shelf {
	return &shelf{from: from, log: log, every: every, subs: map[*shelfSub]struct{}{}}
}

// watch returns a watcher, which must be closed.
func (s *shelf) watch() *shelfSub {
	sub := &shelfSub{of: s, wake: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subs[sub] = struct{}{}
	if s.cancel == nil && !s.stopped {
		ctx, cancel := context.WithCancel(context.Background())
		s.cancel = cancel
		s.wg.Go(func() { s.run(ctx) })
	}
	return sub
}

func (w *shelfSub) close() {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	delete(w.of.subs, w)
	if len(w.of.subs) == 0 && w.of.cancel != nil {
		w.of.cancel()
		w.of.cancel = nil
	}
}

func (w *shelfSub) take() []shelfEvent {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	p := w.pending
	w.pending = nil
	return p
}

// stop ends the looking and waits for it; watchers hear no more.
func (s *shelf) stop() {
	s.mu.Lock()
	s.stopped = true
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// run looks until ctx ends. It remembers what it told, since a look returns
// again what changed shortly before.
func (s *shelf) run(ctx context.Context) {
	var since time.Time
	told := map[string]time.Time{} // of documents of the last look: their change
	sites := map[string]knowledge.Site{}
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for {
		got, err := s.from.Changes(ctx, since)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.WarnContext(ctx, "changes of the knowledge not read", "error", err)
		default:
			since = got.At
			s.publish(news(got, told, sites))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// news is what of a look was not told yet; told and sites are brought up to it.
func news(got knowledge.Changes, told map[string]time.Time, sites map[string]knowledge.Site) []shelfEvent {
	var out []shelfEvent
	seen := make(map[string]time.Time, len(got.Documents))
	for i := len(got.Documents) - 1; i >= 0; i-- { // oldest first
		d := got.Documents[i]
		seen[d.ID] = d.UpdatedAt
		if !told[d.ID].Equal(d.UpdatedAt) {
			out = append(out, shelfEvent{"document", d.ID, viewDocument(d)})
		}
	}
	clear(told)
	for id, at := range seen {
		told[id] = at
	}
	now := make(map[string]knowledge.Site, len(got.Sites))
	for _, site := range got.Sites {
		now[site.ID] = site
		if sites[site.ID] != site {
			out = append(out, shelfEvent{"site", site.ID, viewSite(site)})
		}
	}
	clear(sites)
	for id, site := range now {
		sites[id] = site
	}
	return out
}

// publish gives events to every watcher; the last word on a thing is enough.
func (s *shelf) publish(events []shelfEvent) {
	if len(events) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for sub := range s.subs {
		sub.add(events)
	}
}

func (w *shelfSub) add(events []shelfEvent) {
	at := make(map[string]int, len(w.pending))
	for i, e := range w.pending {
		at[e.kind+e.id] = i
	}
	for _, e := range events {
		if i, ok := at[e.kind+e.id]; ok {
			w.pending[i] = e
			continue
		}
		at[e.kind+e.id] = len(w.pending)
		w.pending = append(w.pending, e)
	}
	if n := len(w.pending); n > maxShelved {
		w.pending = w.pending[n-maxShelved:]
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}
