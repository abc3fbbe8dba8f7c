package openai

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// open returns a breaker that has just opened, and the time it is then.
func open(t *testing.T) (*breaker, time.Time) {
	t.Helper()
	b, now := &breaker{}, time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for range breakAfter {
		if _, ok := b.allow(now); !ok {
			t.Fatal("the circuit opened too early")
		}
		b.report(now, failed)
	}
	return b, now
}

func TestCircuitOpensAfterFailuresInARow(t *testing.T) {
	b, now := open(t)
	if wait, ok := b.allow(now.Add(firstPause - 1)); ok || wait != 1 {
		t.Errorf("allow just before the pause ends = %v, %v, want 1ns, false", wait, ok)
	}
}

func TestSuccessBetweenFailuresKeepsTheCircuitClosed(t *testing.T) {
	b, now := &breaker{}, time.Now()
	for i := range 10 * breakAfter {
		if _, ok := b.allow(now); !ok {
			t.Fatalf("call %d was refused", i)
		}
		if i%(breakAfter-1) == 0 {
			b.report(now, succeeded)
		} else {
			b.report(now, failed)
		}
	}
}

func TestOneProbeDecides(t *testing.T) {
	b, now := open(t)
	now = now.Add(firstPause)
	var through atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, ok := b.allow(now); ok {
				through.Add(1)
			}
		})
	}
	wg.Wait()
	if n := through.Load(); n != 1 {
		t.Fatalf("%d probes went out at once, want 1", n)
	}
	b.report(now, succeeded)
	if _, ok := b.allow(now); !ok {
		t.Error("the circuit is still open after a good probe")
	}
}

func TestFailedProbesLengthenThePauseUpToALimit(t *testing.T) {
	b, now := open(t)
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		if _, ok := b.allow(now.Add(pause - 1)); ok {
			t.Fatalf("a call went through before a pause of %v was over", pause)
		}
		now = now.Add(pause)
		if _, ok := b.allow(now); !ok {
			t.Fatalf("no probe after a pause of %v", pause)
		}
		b.report(now, failed)
		if pause == longPause {
			return
		}
	}
}

func TestAbandonedProbeLeavesTheNextOneToDecide(t *testing.T) {
	b, now := open(t)
	now = now.Add(firstPause)
	b.allow(now)
	b.report(now, unknown)
	if _, ok := b.allow(now); !ok {
		t.Error("no second probe after the first was abandoned")
	}
}

func TestLateFailuresDoNotLengthenThePause(t *testing.T) {
	b, now := open(t)
	for range 20 {
		b.report(now.Add(time.Second), failed)
	}
	if _, ok := b.allow(now.Add(time.Second + firstPause)); !ok {
		t.Error("failures of calls already out lengthened the pause")
	}
}
