package slack

import (
	"context"
	"sync"
	"time"
)

const (
	// maxTasks bounds what goes on beside the events: live answers, names looked
	// up, words of courtesy. All of it can be left out.
	maxTasks = 512
	// taskTimeout bounds one of them, a whole turn's live answer included.
	taskTimeout = 2 * time.Minute
	// maxSeen is how many event ids are remembered: an hour of a busy workspace.
	// Slack repeats an event for five minutes.
	maxSeen = 20_000
)

// tasks are the goroutines that nobody waits for before the end.
type tasks struct {
	mu     sync.Mutex // guards n and closed, and wg against a late Add
	n      int
	closed bool
	wg     sync.WaitGroup
	ctx    context.Context
	cancel context.CancelFunc
}

func (t *tasks) init() { t.ctx, t.cancel = context.WithCancel(context.Background()) }

// start runs do beside. It reports false when there are too many, or at the end.
func (t *tasks) start(do func(context.Context)) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.n >= maxTasks {
		return false
	}
	t.n++
	t.wg.Go(func() {
		ctx, cancel := context.WithTimeout(t.ctx, taskTimeout)
		defer cancel()
		do(ctx)
		t.mu.Lock()
		t.n--
		t.mu.Unlock()
	})
	return true
}

// close ends them all and waits.
func (t *tasks) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.cancel()
	t.wg.Wait()
}

// seen remembers the newest ids of a bounded number.
type seen struct {
	mu   sync.Mutex // guards ids and ring
	ids  map[string]bool
	ring []string
	next int
}

func newSeen(size int) *seen { return &seen{ids: map[string]bool{}, ring: make([]string, size)} }

func (s *seen) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[id]
}

// add reports whether the id is new.
func (s *seen) add(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == "" || s.ids[id] {
		return false
	}
	delete(s.ids, s.ring[s.next])
	s.ring[s.next] = id
	s.ids[id] = true
	s.next = (s.next + 1) % len(s.ring)
	return true
}
