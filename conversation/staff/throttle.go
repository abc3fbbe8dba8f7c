package staff

import (
	"container/list"
	"net/netip"
	"sync"
	"time"
)

// How fast logins may be tried. A pair of account and address has a few at once
// and then one every while, so that a person who mistypes is hardly slowed and a
// guesser gets some 3,000 attempts a day. Since the address is part of the key,
// nobody can slow down somebody else, who comes from elsewhere.
const (
	pairBurst = 5
	pairEvery = 30 * time.Second
	addrBurst = 30 // one address over all accounts
	addrEvery = 4 * time.Second
	// Codes of a second factor are counted for the account over all addresses: at 1,440
	// a day, three of a million being right at any time, somebody who knows the password
	// needs five months for even odds.
	codeBurst  = 10
	codeEvery  = time.Minute
	maxBuckets = 20_000 // of each kind; about 4 MB when full
)

// throttle slows down logins.
type throttle struct {
	pairs, addrs *buckets
	codes        *buckets // by account
}

func newThrottle() *throttle {
	return &throttle{
		pairs: newBuckets(pairBurst, pairEvery, maxBuckets),
		addrs: newBuckets(addrBurst, addrEvery, maxBuckets),
		codes: newBuckets(codeBurst, codeEvery, maxBuckets),
	}
}

// attempt takes one attempt for the account from the address, or says how long
// to wait. It counts before the outcome is known, so that attempts made at the
// same moment cannot slip by.
func (t *throttle) attempt(email, addr string, now time.Time) error {
	if wait := t.addrs.take(addr, now); wait > 0 {
		return &SlowDownError{After: wait}
	}
	if wait := t.pairs.take(email+"\x00"+addr, now); wait > 0 {
		return &SlowDownError{After: wait}
	}
	return nil
}

// succeeded forgives what the pair has tried. The address keeps its count: an
// account of one's own is no licence to guess at others.
func (t *throttle) succeeded(email, addr string) { t.pairs.forget(email + "\x00" + addr) }

// network returns what one party is counted under: an IPv4 address, or the /64
// that an IPv6 customer is given whole.
func network(remote string) string {
	a, err := netip.ParseAddr(remote)
	if err != nil {
		return "?"
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	p, _ := a.Prefix(64) // never fails for an IPv6 address
	return p.Addr().String()
}

// buckets are token buckets by key, at most max of them: when one more is
// needed the one unused for longest goes.
type buckets struct {
	burst float64
	every time.Duration
	max   int

	mu    sync.Mutex // guards the two below
	byKey map[string]*list.Element
	order *list.List // of *bucket, most recently used first
}

type bucket struct {
	key    string
	tokens float64
	at     time.Time
}

func newBuckets(burst int, every time.Duration, limit int) *buckets {
	return &buckets{burst: float64(burst), every: every, max: limit, byKey: map[string]*list.Element{}, order: list.New()}
}

// take removes a token and returns 0, or leaves the bucket as it is and returns
// how long until there is one.
func (b *buckets) take(key string, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.byKey[key]
	if e == nil {
		if len(b.byKey) >= b.max {
			oldest := b.order.Back()
			delete(b.byKey, oldest.Value.(*bucket).key)
			b.order.Remove(oldest)
		}
		e = b.order.PushFront(&bucket{key: key, tokens: b.burst, at: now})
		b.byKey[key] = e
	}
	b.order.MoveToFront(e)
	k := e.Value.(*bucket)
	if past := now.Sub(k.at); past > 0 {
		k.tokens = min(b.burst, k.tokens+float64(past)/float64(b.every))
		k.at = now
	}
	if k.tokens < 1 {
		return time.Duration((1 - k.tokens) * float64(b.every))
	}
	k.tokens--
	return 0
}

func (b *buckets) forget(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.byKey[key]; e != nil {
		delete(b.byKey, key)
		b.order.Remove(e)
	}
}
