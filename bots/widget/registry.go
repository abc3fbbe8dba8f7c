package widget

import (
	"context"
	"sync"
)

const (
	// streamsPerVisitor is how many tabs of one visitor hear events. Browsers
	// themselves allow six connections to an origin over HTTP/1.1.
	streamsPerVisitor = 8
	// streamsPerAddress leaves room for an office behind one address.
	streamsPerAddress = 200
	// maxStreams bounds the memory of all streams (see BenchmarkIdleStreams).
	maxStreams = 20_000
)

// registry counts the open event streams and ends them all at shutdown.
type registry struct {
	perAddress int
	closing    chan struct{} // closed when the streams are to end

	mu        sync.Mutex // guards what follows
	closed    bool
	total     int
	visitors  map[uuid]int
	addresses map[addressKey]int
	running   sync.WaitGroup
}

func newRegistry(perAddress int) *registry {
	return &registry{
		perAddress: perAddress,
		closing:    make(chan struct{}),
		visitors:   map[uuid]int{},
		addresses:  map[addressKey]int{},
	}
}

// acquire makes room for one stream, which the caller must release.
func (g *registry) acquire(visitor uuid, address addressKey) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return errShuttingDown
	case g.total >= maxStreams:
		return errFull
	case g.visitors[visitor] >= streamsPerVisitor, g.addresses[address] >= g.perAddress:
		return errTooManyTabs
	}
	g.total++
	g.visitors[visitor]++
	g.addresses[address]++
	g.running.Add(1)
	return nil
}

func (g *registry) release(visitor uuid, address addressKey) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total--
	decrement(g.visitors, visitor)
	decrement(g.addresses, address)
	g.running.Done()
}

func decrement[K comparable](counts map[K]int, k K) {
	if counts[k]--; counts[k] == 0 {
		delete(counts, k)
	}
}

// open returns how many streams there are.
func (g *registry) open() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.total
}

func (g *registry) shutdown(ctx context.Context) error {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		close(g.closing)
	}
	g.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		g.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
