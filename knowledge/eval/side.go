package eval

import (
	"context"
	"sync"
)

// side calls f for 0 to n-1 by some workers side by side and stops at the first error.
// done, when set, is told how many have ended, never by two goroutines at once.
func side(ctx context.Context, n int, f func(ctx context.Context, i int) error, done func(n int)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex // guards ended and the calls of done
	ended := 0
	for range workers {
		wg.Go(func() {
			for i := range next {
				if err := f(ctx, i); err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				ended++
				if done != nil {
					done(ended)
				}
				mu.Unlock()
			}
		})
	}
	for i := range n {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}
