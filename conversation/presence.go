package conversation

import (
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// PresenceEvery is how often a page says where its reader is, and PresenceFor how
	// long that counts: one message may be lost.
	PresenceEvery = 10 * time.Second
	PresenceFor   = 25 * time.Second
	// maxPresent bounds who is remembered at one conversation, and maxPresentIn the
	// conversations; past it newcomers are not shown.
	maxPresent   = 50
	maxPresentIn = 10_000
)

// Typing is what a member of staff is writing.
type Typing string

// Kinds of Typing.
const (
	TypingNone  Typing = "none"
	TypingReply Typing = "reply"
	TypingNote  Typing = "note"
)

// Valid reports whether t is one of those above.
func (t Typing) Valid() bool { return t == TypingNone || t == TypingReply || t == TypingNote }

// Presence is a member of staff who looks at a conversation.
type Presence struct {
	StaffID string
	Name    string
	Typing  Typing
}

// presence knows, in this process alone, who of staff looks at what. What happens on
// other replicas comes over the bus; nothing of it is stored. Who is online is another
// question, which Lives answers.
type presence struct {
	mu sync.Mutex // guards in
	in map[string]map[string]present
}

type present struct {
	Presence
	until time.Time
}

// Look notes that by looks at a conversation, and what they are writing there.
// Whoever watches hears when that is news; it ends by itself after PresenceFor.
// With leaves they are gone at once.
func (e *Engine) Look(conversation string, by Actor, t Typing, leaves bool) {
	ev := Event{Kind: EventPresence, Conversation: conversation, Staff: by.StaffID, Name: cleanName(by.Name), Typing: t, Leaves: leaves}
	e.d.Bus.Relay(ev)
	e.heardPresence(ev)
}

// LooksAt lists who looks at a conversation, by name.
func (e *Engine) LooksAt(conversation string) []Presence {
	return e.present.at(conversation, time.Now())
}

func (e *Engine) heardPresence(ev Event) {
	now := time.Now()
	if e.present.look(ev, now) {
		e.publishPresence(ev.Conversation, now)
	}
}

func (e *Engine) publishPresence(conversation string, now time.Time) {
	e.hub.Publish(Event{Kind: EventPresence, Conversation: conversation, Present: e.present.at(conversation, now)})
}

// fadePresence tells of those whose time is over.
func (e *Engine) fadePresence(now time.Time) {
	for _, id := range e.present.fade(now) {
		e.publishPresence(id, now)
	}
}

// look reports whether what others see has changed.
func (p *presence) look(ev Event, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	here := p.in[ev.Conversation]
	was, known := here[ev.Staff]
	if ev.Leaves {
		delete(here, ev.Staff)
		if len(here) == 0 {
			delete(p.in, ev.Conversation)
		}
		return known
	}
	if !known && (len(here) >= maxPresent || here == nil && len(p.in) >= maxPresentIn) {
		return false
	}
	if here == nil {
		if p.in == nil {
			p.in = map[string]map[string]present{}
		}
		here = map[string]present{}
		p.in[ev.Conversation] = here
	}
	is := Presence{StaffID: ev.Staff, Name: ev.Name, Typing: ev.Typing}
	here[ev.Staff] = present{is, now.Add(PresenceFor)}
	return !known || was.Presence != is || !now.Before(was.until)
}

func (p *presence) at(conversation string, now time.Time) []Presence {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Presence
	for _, x := range p.in[conversation] {
		if now.Before(x.until) {
			out = append(out, x.Presence)
		}
	}
	slices.SortFunc(out, func(a, b Presence) int {
		return strings.Compare(a.Name+"\x00"+a.StaffID, b.Name+"\x00"+b.StaffID)
	})
	return out
}

// fade forgets whose time is over and returns where they were.
func (p *presence) fade(now time.Time) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var changed []string
	for id, here := range p.in {
		n := len(here)
		for staff, x := range here {
			if !now.Before(x.until) {
				delete(here, staff)
			}
		}
		if len(here) < n {
			changed = append(changed, id)
		}
		if len(here) == 0 {
			delete(p.in, id)
		}
	}
	return changed
}
