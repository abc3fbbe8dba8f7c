package console

import "sync"

// watchers are the open event streams by who watches, so that one whose right may
// have ended looks at once instead of at its next heartbeat. The zero value is ready.
type watchers struct {
	mu sync.Mutex // guards by
	by map[string]map[chan struct{}]struct{}
}

// add returns what is readable when the stream of that account or token is to look
// whether it may go on; forget must be called.
func (w *watchers) add(id string) (look <-chan struct{}, forget func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by == nil {
		w.by = map[string]map[chan struct{}]struct{}{}
	}
	if w.by[id] == nil {
		w.by[id] = map[chan struct{}]struct{}{}
	}
	w.by[id][c] = struct{}{}
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.by[id], c)
		if len(w.by[id]) == 0 {
			delete(w.by, id)
		}
	}
}

// look tells the streams of that account or token to look.
func (w *watchers) look(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.by[id] {
		select {
		case c <- struct{}{}:
		default: // it will anyway
		}
	}
}
