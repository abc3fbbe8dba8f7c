package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"frontdesk/cmd/internal/proc"
	"frontdesk/cmd/internal/visitor"
	"frontdesk/knowledge"
)

// times are durations of one thing, for quantiles.
type times []time.Duration

// at returns the q-quantile.
func (t times) at(q float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	slices.Sort(t)
	return t[min(len(t)-1, int(q*float64(len(t))))]
}

type latencies struct{ token, answer times }

// latency has visitors ask at once, each its next question after the last answer,
// and times from just before the POST to the first delta and to the stored answer
// as their streams show them.
func latency(ctx context.Context, url string, visitors, each int) (latencies, error) {
	var (
		mu  sync.Mutex // guards all and failed
		all latencies
		wg  sync.WaitGroup
	)
	var failed error
	c := client(2 * visitors)
	for range visitors {
		wg.Go(func() {
			l, err := chat(ctx, c, url, each)
			mu.Lock()
			defer mu.Unlock()
			all.token, all.answer = append(all.token, l.token...), append(all.answer, l.answer...)
			failed = errors.Join(failed, err)
		})
	}
	wg.Wait()
	return all, failed
}

func chat(ctx context.Context, c *http.Client, url string, n int) (l latencies, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	v, err := visitor.New(ctx, c, url)
	if err != nil {
		return l, err
	}
	type heard struct {
		name string
		at   time.Time
	}
	events := make(chan heard, 64)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		v.Watch(ctx, 0, func(e visitor.Event) bool {
			if e.Name == "delta" || e.Name == "state" || e.Name == "message" && e.Author == "bot" {
				events <- heard{e.Name, time.Now()}
			}
			return true
		})
	})
	<-events // the stream is open
	for i := range n {
		began := time.Now()
		if _, err := v.Send(ctx, knowledge.NewID(), fmt.Sprintf("Could I send my order number %d back?", i)); err != nil {
			return l, err
		}
		for first, stored := true, false; !stored; {
			select {
			case e := <-events:
				if e.name == "delta" && first {
					first = false
					l.token = append(l.token, e.at.Sub(began))
				}
				if e.name == "message" {
					stored = true
					l.answer = append(l.answer, e.at.Sub(began))
				}
			case <-ctx.Done():
				return l, fmt.Errorf("answer %d did not come: %w", i, ctx.Err())
			}
		}
	}
	return l, nil
}

type accepted struct {
	rate float64
	post times
}

// accepting posts as fast as the server takes messages.
func accepting(ctx context.Context, url string, visitors int, d time.Duration) (accepted, error) {
	c := client(visitors)
	var (
		mu     sync.Mutex // guards post and failed
		post   times
		failed error
		n      atomic.Int64
		wg     sync.WaitGroup
	)
	vs := make([]*visitor.Visitor, 0, visitors*8)
	for range cap(vs) { // more conversations than connections: a person does not write ten messages a second
		v, err := visitor.New(ctx, c, url)
		if err != nil {
			return accepted{}, err
		}
		vs = append(vs, v)
	}
	began := time.Now()
	for i := range visitors {
		wg.Go(func() {
			var own times
			for k := 0; time.Since(began) < d; k++ {
				at := time.Now()
				if _, err := vs[(i+k*visitors)%len(vs)].Send(ctx, knowledge.NewID(), "Could I send my order back?"); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
					return
				}
				own = append(own, time.Since(at))
				n.Add(1)
			}
			mu.Lock()
			post = append(post, own...)
			mu.Unlock()
		})
	}
	wg.Wait()
	return accepted{float64(n.Load()) / time.Since(began).Seconds(), post}, failed
}

// memory prints what the idle server holds, and what idle event streams add.
func memory(ctx context.Context, s *proc.Server, streams int) error {
	settle(ctx)
	idle, err := s.Memory()
	if err != nil {
		return err
	}
	fmt.Printf("| resident memory, idle | %.1f MB |\n", float64(idle)/(1<<20))
	ctx, cancel := context.WithCancel(ctx)
	c := client(streams)
	var (
		open atomic.Int64
		wg   sync.WaitGroup
	)
	defer wg.Wait()
	defer cancel()
	ready := make(chan error, streams)
	gate := make(chan struct{}, 32)
	for range streams {
		wg.Go(func() {
			gate <- struct{}{}
			v, err := visitor.New(ctx, c, s.URL)
			if err != nil {
				<-gate
				ready <- err
				return
			}
			once := sync.OnceFunc(func() { <-gate; open.Add(1); ready <- nil })
			err = v.Watch(ctx, 0, func(visitor.Event) bool { once(); return true })
			if ctx.Err() == nil {
				ready <- fmt.Errorf("stream ended: %w", err)
			}
		})
	}
	for range streams {
		if err := <-ready; err != nil {
			return err
		}
	}
	settle(ctx)
	held, err := s.Memory()
	if err != nil {
		return err
	}
	fmt.Printf("| resident memory per idle event stream, %d streams | %.1f KB |\n", open.Load(), float64(held-idle)/float64(open.Load())/(1<<10))
	return nil
}

// settle lets the server's collector come round.
func settle(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(5 * time.Second):
	}
}
