package conversation

import (
	"context"
	"sync"
	"time"
)

const (
	// wakeEvery is how often snoozed conversations are looked at, and fadeEvery who has
	// left a conversation without a word.
	wakeEvery = time.Second
	fadeEvery = 5 * time.Second
	// indexEvery is how often new messages are taken into the search, and indexBatch how
	// many at a time. After each batch the worker rests for indexRest times as long as
	// it took: searching a moment later must not slow down answering.
	indexEvery = time.Second
	indexBatch = 1000
	indexRest  = 3
	wakeBatch  = 200
)

// Run wakes what was snoozed, forgets who has left and takes messages into the
// search, until ctx ends.
func (in *Inbox) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { in.every(ctx, wakeEvery, in.wake) })
	wg.Go(func() { in.every(ctx, indexEvery, in.index) })
	wg.Go(func() {
		in.every(ctx, fadeEvery, func(context.Context) time.Duration { in.e.fadePresence(time.Now()); return -1 })
	})
	wg.Wait()
}

// every runs do at each tick, and sooner where it asks for that.
func (in *Inbox) every(ctx context.Context, d time.Duration, do func(context.Context) time.Duration) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		next := do(ctx)
		if next < 0 {
			next = d
		}
		timer.Reset(next)
	}
}

// wake wakes what is due.
func (in *Inbox) wake(ctx context.Context) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	ids, err := in.WakeSnoozed(ctx, wakeBatch)
	if err != nil {
		if ctx.Err() == nil {
			in.e.log.Warn("snoozed conversations not woken", "err", err)
		}
		return -1
	}
	for _, id := range ids {
		in.stateChanged(id)
	}
	in.touched(ids...)
	if len(ids) == wakeBatch {
		return 0
	}
	return -1
}

// index takes a batch into the search and rests.
func (in *Inbox) index(ctx context.Context) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	more, err := in.IndexSome(ctx, indexBatch)
	if err != nil {
		if ctx.Err() == nil {
			in.e.log.Warn("messages not taken into the search", "err", err)
		}
		return -1
	}
	if more {
		return indexRest * time.Since(began)
	}
	return -1
}
