package telegram

import (
	"container/list"
	"sync"
)

// recent is a map that keeps the entries used last, up to a number, and so bounds
// what it takes of memory. It is safe for concurrent use.
type recent[K comparable, V any] struct {
	mu    sync.Mutex // guards the rest
	most  int
	order *list.List // of *entry, the one used last in front
	at    map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

func newRecent[K comparable, V any](most int) *recent[K, V] {
	return &recent[K, V]{most: most, order: list.New(), at: map[K]*list.Element{}}
}

// get returns what is kept under key.
func (r *recent[K, V]) get(key K) (v V, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.at[key]
	if !ok {
		return v, false
	}
	r.order.MoveToFront(e)
	return e.Value.(*entry[K, V]).value, true
}

// put keeps v under key.
func (r *recent[K, V]) put(key K, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.store(key, v)
}

// getOr returns what is kept under key, or keeps what fresh makes.
func (r *recent[K, V]) getOr(key K, fresh func() V) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.at[key]; ok {
		r.order.MoveToFront(e)
		return e.Value.(*entry[K, V]).value
	}
	v := fresh()
	r.store(key, v)
	return v
}

// drop forgets what is kept under key.
func (r *recent[K, V]) drop(key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.at[key]; ok {
		r.order.Remove(e)
		delete(r.at, key)
	}
}

func (r *recent[K, V]) store(key K, v V) {
	if e, ok := r.at[key]; ok {
		e.Value.(*entry[K, V]).value = v
		r.order.MoveToFront(e)
		return
	}
	r.at[key] = r.order.PushFront(&entry[K, V]{key, v})
	for r.order.Len() > r.most {
		last := r.order.Back()
		delete(r.at, last.Value.(*entry[K, V]).key)
		r.order.Remove(last)
	}
}
