// Package fakechat is a Slack workspace and a Telegram Bot API with the faults real
// ones have, for tests of the whole server and for load runs.
package fakechat

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Fault is what happens to one call instead of its success. The zero Fault is none.
type Fault struct {
	Status     int    // other than 200
	Code       string // the platform's own word for what is wrong, such as invalid_auth
	RetryAfter int    // seconds to stay away
	Hang       bool   // nothing is answered until the caller goes
	Cut        bool   // what was asked is done, and the connection breaks within the answer
	Garbage    bool   // a success that is not the platform's, as a proxy makes it
}

// Post is a message as its reader sees it.
type Post struct {
	Place, Thread, ID string
	Text, Buttons     string
	metadata          string
	at                time.Time
}

// At is when it was last written.
func (p Post) At() time.Time { return p.at }

// platform is what both have in common.
type platform struct {
	mu      sync.Mutex // guards the rest
	posts   []*Post
	n       int
	faults  map[string][]Fault
	broken  *Fault // of every call
	calls   map[string]int
	changed chan struct{} // closed and made anew when something happens
	onPost  func(Post)
}

func (p *platform) init() {
	p.faults, p.calls, p.changed = map[string][]Fault{}, map[string]int{}, make(chan struct{})
}

// Fail has the next calls of a method go wrong, one fault each. place is the channel
// or chat they are about; empty means any.
func (p *platform) Fail(method, place string, fs ...Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults[method+" "+place] = append(p.faults[method+" "+place], fs...)
}

// Break has every call go wrong until Mend.
func (p *platform) Break(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = &f
}

// Mend ends what Break began.
func (p *platform) Mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = nil
}

// OnPost has each called with every message as it is written. It must not block.
func (p *platform) OnPost(each func(Post)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onPost = each
}

// Calls is how often a method was called, faults included.
func (p *platform) Calls(method string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[method]
}

// Posts are the messages that stand in a place, oldest first; in all of them for "".
func (p *platform) Posts(place string) []Post {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Post
	for _, m := range p.posts {
		if place == "" || m.Place == place {
			out = append(out, *m)
		}
	}
	return out
}

// Wait returns the first message for which ok is true, as soon as there is one.
func (p *platform) Wait(ctx context.Context, place string, ok func(Post) bool) (Post, error) {
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		all := p.Posts(place)
		for _, m := range all {
			if ok(m) {
				return m, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Post{}, fmt.Errorf("no such message in %q among %+v: %w", place, all, ctx.Err())
		}
	}
}

// called counts a call and returns the fault it meets, if any.
func (p *platform) called(method, place string) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[method]++
	for _, key := range []string{method + " " + place, method + " "} {
		if fs := p.faults[key]; len(fs) > 0 {
			p.faults[key] = fs[1:]
			return fs[0]
		}
	}
	if p.broken != nil {
		return *p.broken
	}
	return Fault{}
}

// wrote tells waiters; p.mu is held.
func (p *platform) wrote(m *Post) {
	m.at = time.Now()
	if p.onPost != nil {
		p.onPost(*m)
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *platform) find(place, id string) (int, *Post) {
	for i, m := range p.posts {
		if m.Place == place && m.ID == id {
			return i, m
		}
	}
	return -1, nil
}

func (p *platform) remove(i int) {
	m := p.posts[i]
	p.posts = append(p.posts[:i:i], p.posts[i+1:]...)
	p.wrote(m)
}

// suffer carries out the faults that are the same on all platforms. It reports true
// when there is nothing more to answer.
func suffer(w http.ResponseWriter, r *http.Request, f Fault) bool {
	switch {
	case f.Hang:
		<-r.Context().Done()
	case f.Garbage:
		fmt.Fprint(w, "<html>welcome to the hotel's network</html>")
	case f.Status >= 500:
		w.WriteHeader(f.Status)
		fmt.Fprint(w, "<html>oops</html>")
	default:
		return false
	}
	return true
}

// cut sends half of an answer and breaks the connection.
func cut(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, `{"ok":tr`)
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
