package console

import (
	"fmt"
	"testing"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

func TestWatchersHearHowFarADocumentIs(t *testing.T) {
	p := newPlace(t)
	events := p.watch(bearer(p.token(staff.RoleViewer)))
	id := knowledge.NewID()
	set := func(d knowledge.Document) {
		d.ID, d.UpdatedAt = id, time.Now()
		p.library.mu.Lock()
		p.library.docs[id] = d
		p.library.mu.Unlock()
	}
	set(knowledge.Document{Name: "manual.pdf", Status: knowledge.StatusExtracting, Progress: knowledge.Progress{Done: 7, Total: 90}})
	await(t, events, "document", `"progress":{"done":7,"total":90}`)
	set(knowledge.Document{Name: "manual.pdf", Status: knowledge.StatusReady, Passages: 12})
	if e := await(t, events, "document", `"ready"`); len(e.data) == 0 {
		t.Error("the event is empty")
	}
}

func TestAChangeIsToldOnce(t *testing.T) {
	told, sites := map[string]time.Time{}, map[string]knowledge.Site{}
	at := time.Now()
	got := knowledge.Changes{Documents: []knowledge.Document{{ID: "a", UpdatedAt: at}}, Sites: []knowledge.Site{{ID: "s"}}}
	if n := len(news(got, told, sites)); n != 2 {
		t.Errorf("the first look tells %d, want 2", n)
	}
	if n := len(news(got, told, sites)); n != 0 {
		t.Errorf("the same look again tells %d, want 0", n)
	}
	got.Documents[0].UpdatedAt = at.Add(time.Second)
	got.Sites[0].Progress.Fetched = 3
	if n := len(news(got, told, sites)); n != 2 {
		t.Errorf("a later look tells %d, want 2", n)
	}
	if n := len(news(knowledge.Changes{}, told, sites)); n != 0 || len(told) != 0 || len(sites) != 0 {
		t.Errorf("an empty look tells %d and leaves %d and %d remembered, want nothing", n, len(told), len(sites))
	}
}

func TestASlowWatcherHoldsTheLastWordOnEachDocument(t *testing.T) {
	s := newShelf(nil, nil, time.Hour)
	sub := &shelfSub{of: s, wake: make(chan struct{}, 1)}
	for i := range 3 * maxShelved {
		sub.add([]shelfEvent{{"document", fmt.Sprint(i), i}, {"document", "same", i}})
	}
	got := sub.take()
	if len(got) != maxShelved {
		t.Errorf("%d events wait, want %d", len(got), maxShelved)
	}
	seen := map[string]bool{}
	for _, e := range got {
		if seen[e.id] {
			t.Errorf("%s waits twice", e.id)
		}
		seen[e.id] = true
	}
}
