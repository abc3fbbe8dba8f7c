package conversation

import (
	"strings"
	"sync"
	"unicode/utf16"
)

// maxPendingMessages bounds what one slow watcher can hold; past it the
// watcher is told to read the log instead, which loses nothing.
const maxPendingMessages = 32

// maxPending bounds all that a slow watcher of every conversation can hold, and
// so what publishing to it costs. Past it the events are dropped, see Lost.
const maxPending = 1024

// Hub hands events to those in this process who watch a conversation. Publishing
// never blocks and never waits for a watcher: what a slow one has not taken yet
// is joined, deltas into one piece and states into the newest.
type Hub struct {
	mu   sync.Mutex // guards all below
	conv map[string]*watched
	all  map[*Subscription]struct{}
	past outdated
}

// watched is a conversation somebody watches or whose answer is being written.
type watched struct {
	subs map[*Subscription]struct{}
	turn string // answer being written, with what there is of it
	at   int64  // the epoch it was begun at; 0: not known
	afar bool   // it is being written on another replica
	text strings.Builder
	long int    // of text, in UTF-16 units
	over string // a turn that was silenced: nothing more of it passes
}

// NewHub returns an empty hub.
func NewHub() *Hub {
	return &Hub{conv: map[string]*watched{}, all: map[*Subscription]struct{}{}}
}

// Subscribe watches one conversation as its customer sees it, without notes, or
// every one with them when the id is empty. Messages may come out of order or
// not at all: whoever sees a gap in their sequence reads the log. A watcher that comes while an answer is being written first hears what there is
// of it. Close must be called.
func (h *Hub) Subscribe(conversation string) *Subscription {
	s := &Subscription{hub: h, conversation: conversation, wake: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if conversation == "" {
		h.all[s] = struct{}{}
		return s
	}
	w := h.watched(conversation)
	if w.subs == nil {
		w.subs = map[*Subscription]struct{}{}
	}
	w.subs[s] = struct{}{}
	if w.turn != "" && w.text.Len() > 0 {
		s.push(Event{Kind: EventDelta, Conversation: conversation, Turn: w.turn, Epoch: w.at, Text: w.text.String()})
	}
	return s
}

// subscribeBare watches every conversation without keeping what happens there: it
// only wakes.
func (h *Hub) subscribeBare() *Subscription {
	s := &Subscription{hub: h, wake: make(chan struct{}, 1), bare: true}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all[s] = struct{}{}
	return s
}

// Publish tells the watchers of e's conversation.
func (h *Hub) Publish(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.conv[e.Conversation]
	if e.Kind == EventDelta {
		if w != nil && w.over == e.Turn || h.past.is(e) {
			return
		}
		w = h.watched(e.Conversation)
	}
	if w != nil {
		w.track(&e)
		if (e.Message == nil || !e.Message.Note) && !e.Kind.forStaff() {
			for s := range w.subs {
				s.push(e)
			}
		}
		h.drop(e.Conversation, w)
	}
	if e.Kind == EventAnswered {
		return // watchers hear of the message itself
	}
	for s := range h.all {
		s.push(e)
	}
}

// Silence ends the answer being written in a conversation, at once and for every
// watcher here: what they have of it is withdrawn, what is still to come is dropped.
func (h *Hub) Silence(conversation string) { h.silence(conversation, 0) }

// Outdate is Silence of answers begun before the conversation had that epoch, and of
// what of them is still to come from other replicas.
func (h *Hub) Outdate(conversation string, epoch int64) {
	if epoch > 0 {
		h.silence(conversation, epoch)
	}
}

func (h *Hub) silence(conversation string, before int64) {
	h.mu.Lock()
	w := h.conv[conversation]
	turn := ""
	if w != nil && w.turn != "" && (before == 0 || w.at < before) {
		turn = w.turn
		w.over = turn
	}
	if before > 0 {
		h.past.note(conversation, before)
	}
	h.mu.Unlock()
	if turn != "" {
		h.Publish(Event{Kind: EventDiscard, Conversation: conversation, Turn: turn})
	}
}

// silenceAfar is Silence of every answer that is being written on another replica.
func (h *Hub) silenceAfar() {
	h.mu.Lock()
	var ids []string
	for id, w := range h.conv {
		if w.turn != "" && w.afar {
			ids = append(ids, id)
		}
	}
	h.mu.Unlock()
	for _, id := range ids {
		h.Silence(id)
	}
}

// Watching reports whether anybody here watches the conversation.
func (h *Hub) Watching(conversation string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.conv[conversation]
	return len(h.all) > 0 || w != nil && len(w.subs) > 0
}

// Conversations lists those watched here, so that a process that may have
// missed hints can have their watchers look again.
func (h *Hub) Conversations() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := make([]string, 0, len(h.conv))
	for id, w := range h.conv {
		if len(w.subs) > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

func (h *Hub) watched(id string) *watched {
	w := h.conv[id]
	if w == nil {
		w = &watched{}
		h.conv[id] = w
	}
	return w
}

func (h *Hub) drop(id string, w *watched) {
	if len(w.subs) == 0 && w.turn == "" {
		delete(h.conv, id)
	}
}

// track keeps the text so far of the answer being written, for late watchers.
func (w *watched) track(e *Event) {
	switch e.Kind {
	case EventDelta:
		if w.turn != e.Turn {
			w.turn, w.at, w.afar = e.Turn, e.Epoch, e.afar
			w.clear()
		}
		e.At = w.long
		w.text.WriteString(e.Text)
		for _, r := range e.Text {
			w.long += utf16.RuneLen(r)
		}
	case EventDiscard:
		w.ended(e.Turn, 0)
	case EventAnswered:
		w.ended(e.Turn, e.Epoch)
	case EventMessage:
		// A hint, a note or what staff wrote says nothing about an answer being written.
		if e.Message != nil && e.Message.Turn != "" {
			w.ended(e.Message.Turn, e.Epoch)
		}
	}
}

// ended forgets the answer being written if it is turn's, or was begun no later than at
// an epoch that has been answered: whoever wrote it has died.
func (w *watched) ended(turn string, answered int64) {
	if w.turn == turn || w.at > 0 && w.at <= answered {
		w.turn = ""
		w.clear()
	}
}

func (w *watched) clear() {
	w.text.Reset()
	w.long = 0
}

// Draft returns the answer being written in a conversation as far as it is known here;
// turn is empty when none is.
func (h *Hub) Draft(conversation string) (turn, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.conv[conversation]; w != nil && w.turn != "" && w.turn != w.over {
		return w.turn, w.text.String()
	}
	return "", ""
}

// Subscription collects the events of one watcher until it takes them.
type Subscription struct {
	hub          *Hub
	conversation string
	wake         chan struct{}
	bare         bool // keeps no events

	mu       sync.Mutex // guards what follows
	pending  []Event
	messages int
	lost     bool
}

// C is readable when there is something to Take.
func (s *Subscription) C() <-chan struct{} { return s.wake }

// Take returns what happened since the last call, oldest first. An EventMessage
// without a Message means: read the log after the last sequence number you know.
func (s *Subscription) Take() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pending
	s.pending, s.messages = nil, 0
	return p
}

// Lost reports whether events were dropped because they were not taken in time.
// It stays so: whoever needs them all starts anew.
func (s *Subscription) Lost() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// Close ends the watch.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.conversation == "" {
		delete(s.hub.all, s)
		return
	}
	if w := s.hub.conv[s.conversation]; w != nil {
		delete(w.subs, s)
		s.hub.drop(s.conversation, w)
	}
}

// push joins e with what waits. For one conversation the slice stays small: one
// delta and one discard per turn, one state, and messages up to
// maxPendingMessages; for all of them maxPending is the end.
func (s *Subscription) push(e Event) {
	if s.bare && e.Kind != EventMessage && e.Kind != EventState {
		return // an answer being written gives nobody work yet
	}
	defer func() {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}()
	if s.bare {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) >= maxPending {
		s.pending, s.messages, s.lost = nil, 0, true
	}
	switch e.Kind {
	case EventDelta:
		for i := len(s.pending) - 1; i >= 0; i-- {
			if p := &s.pending[i]; p.Kind == EventDelta && p.Turn == e.Turn {
				p.Text += e.Text
				return
			}
		}
	case EventDiscard:
		s.remove(func(p Event) bool {
			return (p.Kind == EventDelta || p.Kind == EventDiscard) && p.Turn == e.Turn && p.Conversation == e.Conversation
		})
	case EventFiles, EventDelivery:
		s.remove(func(p Event) bool {
			return p.Kind == e.Kind && p.Seq == e.Seq && p.Conversation == e.Conversation
		})
	case EventState:
		// Of two changes at once the older may be told last; it must not stand for the newer.
		s.remove(func(p Event) bool {
			if p.Kind != e.Kind || p.Conversation != e.Conversation {
				return false
			}
			if p.State == nil || e.State != nil && p.State.Epoch > e.State.Epoch {
				e.State = p.State
			}
			return true
		})
	case EventTyping, EventInbox, EventPresence, EventSeen, EventRead:
		s.remove(func(p Event) bool { return p.Kind == e.Kind && p.Conversation == e.Conversation && p.By == e.By })
	case EventMessage:
		if s.messages++; s.messages > maxPendingMessages {
			s.remove(func(p Event) bool { return p.Kind == EventMessage && p.Conversation == e.Conversation })
			e.Message = nil
		}
	}
	s.pending = append(s.pending, e)
}

func (s *Subscription) remove(drop func(Event) bool) {
	kept := s.pending[:0]
	for _, p := range s.pending {
		if !drop(p) {
			kept = append(kept, p)
		}
	}
	s.pending = kept
}
