package widget

import (
	"container/list"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxBuckets bounds the memory of one limiter (about 2 MB). Past it the caller
// who has been quiet the longest is forgotten, whose bucket is the likeliest to
// be full again.
const maxBuckets = 10_000

// limiter counts what each caller does within a minute.
type limiter[K comparable] struct {
	perMinute int
	mu        sync.Mutex // guards buckets, order and what they hold
	buckets   map[K]*list.Element
	order     *list.List // of *bucket[K], the latest first
}

type bucket[K comparable] struct {
	key  K
	rate *rate.Limiter
}

// newLimiter returns a limiter that allows perMinute at once and refills evenly
// over a minute. Zero allows everything.
func newLimiter[K comparable](perMinute int) *limiter[K] {
	return &limiter[K]{perMinute: perMinute, buckets: map[K]*list.Element{}, order: list.New()}
}

// take counts one action and returns nil, or a *limitError that says how long
// until it would be allowed.
func (l *limiter[K]) take(k K, now time.Time) error {
	if l.perMinute <= 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	reserved := l.bucket(k).ReserveN(now, 1)
	if wait := reserved.DelayFrom(now); wait > 0 {
		reserved.CancelAt(now)
		return &limitError{wait}
	}
	return nil
}

func (l *limiter[K]) bucket(k K) *rate.Limiter {
	if e := l.buckets[k]; e != nil {
		l.order.MoveToFront(e)
		return e.Value.(*bucket[K]).rate
	}
	if l.order.Len() >= maxBuckets {
		oldest := l.order.Back()
		delete(l.buckets, l.order.Remove(oldest).(*bucket[K]).key)
	}
	b := &bucket[K]{k, rate.NewLimiter(rate.Limit(l.perMinute)/60, l.perMinute)}
	l.buckets[k] = l.order.PushFront(b)
	return b.rate
}

// limit counts a request of a visitor against both of its limits.
func (h *Handler) limit(r *http.Request, visitors *limiter[uuid], visitor uuid) error {
	now := h.now()
	if err := h.posts.take(h.addresses.of(r), now); err != nil {
		return err
	}
	return visitors.take(visitor, now)
}
