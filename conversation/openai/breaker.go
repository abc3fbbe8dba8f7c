package openai

import (
	"sync"
	"time"
)

const (
	breakAfter = 5                // failures in a row that open the circuit
	firstPause = 10 * time.Second // until the first probe
	longPause  = 2 * time.Minute  // the most between two probes; each failed one doubles the pause
)

// breaker spares customers the wait for a server that is down. After breakAfter failures in a row it
// refuses calls for a pause, then lets one through as a probe: its success closes the circuit, its
// failure starts a longer pause.
//
// The zero value is closed. Safe for concurrent use.
type breaker struct {
	mu       sync.Mutex // guards what follows
	failures int        // in a row
	pause    time.Duration
	until    time.Time // the circuit is open before this, when pause > 0
	probing  bool      // one call is out to see
}

// allow reports whether a call may go out at now, and if not, how long until the next probe may.
// Each allowed call must be followed by one report.
func (b *breaker) allow(now time.Time) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.pause == 0:
		return 0, true
	case now.Before(b.until):
		return b.until.Sub(now), false
	case b.probing:
		return time.Second, false
	}
	b.probing = true
	return 0, true
}

type outcome int

const (
	succeeded outcome = iota // the server answered, be it with a refusal
	failed                   // it did not
	unknown                  // the caller went away before it was clear
)

// report tells how an allowed call ended.
func (b *breaker) report(now time.Time, o outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	switch o {
	case succeeded:
		b.failures, b.pause = 0, 0
	case failed:
		b.failures++
		if b.failures < breakAfter {
			return
		}
		// Calls that were already out when the circuit opened do not lengthen the pause.
		if b.pause == 0 {
			b.pause = firstPause
		} else if !now.Before(b.until) {
			b.pause = min(2*b.pause, longPause)
		}
		b.until = now.Add(b.pause)
	}
}
