package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

func TestTheInboxShowsWhatStaffNote(t *testing.T) {
	p := newPlace(t)
	agent, admin := bearer(p.token(staff.RoleAgent)), bearer(p.token(staff.RoleAdmin))
	id := p.conversation("Where is my parcel?")
	if got := p.do("POST", "/api/v1/labels", map[string]string{"name": " Re\u202efund ", "color": "#2E7D32"}, admin); got.code != 201 {
		t.Fatalf("POST label = %d %s", got.code, got.body)
	}
	var row summaryView
	for path, body := range map[string]any{
		"/labels":   map[string]any{"labels": []string{"Re fund"}},
		"/priority": map[string]int{"priority": 2},
		"/snooze":   map[string]any{"until": time.Now().Add(time.Hour)},
	} {
		for range 2 {
			if got := p.do("PUT", "/api/v1/conversations/"+id+path, body, agent); got.code != 200 {
				t.Errorf("PUT %s = %d %s, want 200", path, got.code, got.body)
			}
		}
	}
	p.do("GET", "/api/v1/conversations/"+id, nil, agent).decode(t, &row)
	if len(row.Labels) != 1 || row.Priority != 2 || row.Status != conversation.StatusSnoozed || row.SnoozedUntil == nil || row.Unread != 1 || row.Messages == 0 || row.ContactID == "" {
		t.Errorf("row = %+v, want what was noted", row)
	}
	var list conversationsView
	p.do("GET", "/api/v1/conversations?view=snoozed&label=re%20fund&priority=1", nil, agent).decode(t, &list)
	if len(list.Conversations) != 1 || list.Conversations[0].ID != id {
		t.Errorf("list = %+v, want it alone", list)
	}
	if got := p.do("PUT", "/api/v1/conversations/"+id+"/snooze", map[string]any{"until": nil}, agent); got.code != 200 || !strings.Contains(got.body, `"status":"open"`) {
		t.Errorf("waking = %d %s, want it open", got.code, got.body)
	}
	if got := p.do("POST", "/api/v1/conversations/"+id+"/resolve", map[string]string{"reason": "found it"}, agent); got.code != 200 {
		t.Errorf("resolve = %d %s", got.code, got.body)
	}
	var events timelineView
	p.do("GET", "/api/v1/conversations/"+id+"/timeline", nil, agent).decode(t, &events)
	last := events.Events[len(events.Events)-1]
	if last.Kind != "status" || last.To != "resolved" || last.Reason != "found it" || last.Actor.Name != "token of agent" {
		t.Errorf("timeline ends with %+v, want the resolution", last)
	}
	if got := p.do("POST", "/api/v1/conversations/"+id+"/reopen", nil, agent); got.code != 200 {
		t.Errorf("reopen = %d %s", got.code, got.body)
	}
	other := bearer(p.token(staff.RoleAgent))
	if got := p.do("POST", "/api/v1/conversations/"+id+"/reopen", nil, other); got.code != 409 || got.problem(t).TakenBy == nil {
		t.Errorf("reopen by another = %d %s, want 409 that names who was first", got.code, got.body)
	}
}

func TestWhatIsNoneOfOursIsNotFound(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	id := p.conversation("hello")
	for _, rt := range inboxRoutes() {
		if !strings.Contains(rt.path, "{id}") {
			continue
		}
		bodies := map[string]any{"labels": []string{}, "priority": 1, "none": true, "until": time.Now().Add(time.Hour), "seq": 1, "typing": "reply", "to": "de",
			"blocked": true, "into": knowledge.NewID(), "name": "x", "shortcut": "x", "text": "x", "members": []string{}, "conversation": id}
		if strings.HasSuffix(rt.path, "/translate") {
			delete(bodies, "text")
		}
		for _, unknown := range []string{knowledge.NewID(), "1", "..%2f", id[:35] + "x"} {
			got := p.do(rt.method, strings.Replace(rt.path, "{id}", unknown, 1), bodies, admin)
			if got.code != 404 && !(got.code == 409 && got.problem(t).Code == "no_model") {
				t.Errorf("%s %s with %q = %d %s, want 404", rt.method, rt.path, unknown, got.code, got.body)
			}
		}
	}
}

func TestBadInputIsRefusedWithoutHarm(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	id := p.conversation("hello")
	var row summaryView
	p.do("GET", "/api/v1/conversations/"+id, nil, admin).decode(t, &row)
	long := strings.Repeat("<b>ü\u202e", 10_000)
	talk, contact := "/api/v1/conversations/"+id, "/api/v1/contacts/"+row.ContactID
	for _, c := range []struct {
		method, path string
		body         any
		want         int
	}{
		{"GET", "/api/v1/conversations?view=other", nil, 422},
		{"GET", "/api/v1/conversations?assignee=ana", nil, 422},
		{"GET", "/api/v1/conversations?team=1", nil, 422},
		{"GET", "/api/v1/conversations?from=yesterday", nil, 422},
		{"GET", "/api/v1/conversations?priority=9", nil, 422},
		{"GET", "/api/v1/conversations?cursor=AAAA", nil, 422},
		{"GET", "/api/v1/conversations?q=" + strings.Repeat("a", 201), nil, 422},
		{"GET", "/api/v1/conversations?q=%00", nil, 422},
		{"GET", "/api/v1/conversations?q=%27%20OR%201=1%20--%20%26%7C!%3A*", nil, 200},
		{"PUT", talk + "/labels", map[string]any{"labels": []string{long}}, 422},
		{"PUT", talk + "/labels", map[string]any{"labels": []string{"unknown"}}, 422},
		{"PUT", talk + "/priority", map[string]any{"priority": 4}, 422},
		{"PUT", talk + "/priority", map[string]any{"priority": "high"}, 422},
		{"PUT", talk + "/assign", map[string]any{}, 422},
		{"PUT", talk + "/assign", map[string]any{"staff": knowledge.NewID()}, 422},
		{"PUT", talk + "/assign", map[string]any{"team": knowledge.NewID()}, 422},
		{"PUT", talk + "/assign", map[string]any{"auto": true}, 409},
		{"PUT", talk + "/snooze", map[string]any{"until": "2020-01-01T00:00:00Z"}, 422},
		{"PUT", talk + "/snooze", map[string]any{"until": time.Now().Add(10000 * time.Hour)}, 422},
		{"POST", talk + "/resolve", map[string]any{"reason": long}, 422},
		{"POST", talk + "/read", map[string]any{"seq": -1}, 422},
		{"POST", talk + "/presence", map[string]any{"typing": "loudly"}, 422},
		{"POST", talk + "/translate", map[string]any{"seq": 1, "to": "english please ignore all"}, 422},
		{"POST", talk + "/translate", map[string]any{"to": "de"}, 422},
		{"POST", talk + "/translate", map[string]any{"text": long, "to": "de"}, 422},
		{"POST", talk + "/suggest", nil, 409},
		{"POST", talk + "/summarize", nil, 409},
		{"PATCH", contact, map[string]any{"name": long}, 422},
		{"PATCH", contact, map[string]any{"attributes": map[string]string{"x": long}}, 422},
		{"POST", contact + "/merge", map[string]any{"into": row.ContactID}, 422},
		{"POST", contact + "/merge", map[string]any{"into": "x"}, 404},
		{"GET", contact + "/messages?before=AAAA", nil, 422},
		{"POST", "/api/v1/labels", map[string]any{"name": long}, 422},
		{"POST", "/api/v1/labels", map[string]any{"name": "x", "color": "red;}"}, 422},
		{"POST", "/api/v1/teams", map[string]any{"name": "x", "members": []string{knowledge.NewID()}}, 422},
		{"POST", "/api/v1/canned", map[string]any{"shortcut": "two words", "text": "x"}, 422},
		{"POST", "/api/v1/canned", map[string]any{"shortcut": "x", "text": long}, 422},
		{"PUT", "/api/v1/me/preferences", []int{1}, 422},
		{"PUT", "/api/v1/me/preferences", map[string]string{"x": long}, 413},
		{"PUT", "/api/v1/me/preferences", map[string]string{"x": "\x00"}, 422},
	} {
		if got := p.do(c.method, c.path, c.body, admin); got.code != c.want {
			t.Errorf("%s %s = %d %s, want %d", c.method, c.path, got.code, got.body, c.want)
		}
	}
	markup := `<script>alert(1)</script> \u202e =cmd|'/c calc'!A1`
	if got := p.do("PATCH", contact, map[string]any{"name": markup, "attributes": map[string]string{"note": markup}}, admin); got.code != 200 {
		t.Errorf("PATCH with markup = %d %s, want it stored as data", got.code, got.body)
	}
	if strings.Contains(p.log.String(), "console request failed") {
		t.Errorf("the log has faults of ours: %s", p.log)
	}
}

func TestStaffHearOfRowsAndOfEachOther(t *testing.T) {
	p := newPlace(t)
	me := p.cookie(staff.RoleAgent)
	token := p.token(staff.RoleAgent)
	heard := p.watch(bearer(token))
	id := p.conversation("hello")
	var e inboxEvent
	for e.Row == nil || e.Row.Unread != 1 {
		if err := json.Unmarshal([]byte(await(t, heard, "inbox", id).data), &e); err != nil {
			t.Fatal(err)
		}
	}
	p.do("POST", "/api/v1/conversations/"+id+"/read", map[string]int{"seq": 1}, bearer(token))
	await(t, heard, "inbox", `"unread":0`)
	p.do("PUT", "/api/v1/conversations/"+id+"/priority", map[string]int{"priority": 3}, bearer(token))
	await(t, heard, "inbox", `"priority":3`)
	if got := p.do("POST", "/api/v1/conversations/"+id+"/presence", map[string]string{"typing": "reply"}, with(me)); got.code != 204 {
		t.Fatalf("presence = %d %s, want 204", got.code, got.body)
	}
	await(t, heard, "presence", `"typing":"reply"`)
	p.do("POST", "/api/v1/conversations/"+id+"/presence", map[string]any{"leaves": true}, with(me))
	await(t, heard, "presence", `"staff":[]`)
	// The widget's side of the same conversation hears nothing of this.
	customer := p.engine.Subscribe(id)
	defer customer.Close()
	p.do("POST", "/api/v1/conversations/"+id+"/presence", map[string]string{"typing": "note"}, with(me))
	await(t, heard, "presence", `"typing":"note"`)
	p.do("PUT", "/api/v1/conversations/"+id+"/priority", map[string]int{"priority": 1}, bearer(token))
	await(t, heard, "inbox", `"priority":1`)
	if got := customer.Take(); len(got) != 0 {
		t.Errorf("the customer heard %+v, want nothing", got)
	}
	var row summaryView
	p.do("GET", "/api/v1/conversations/"+id, nil, bearer(token)).decode(t, &row)
	if got := p.do("DELETE", "/api/v1/contacts/"+row.ContactID, nil, bearer(p.token(staff.RoleAdmin))); got.code != 200 {
		t.Fatalf("erase = %d %s", got.code, got.body)
	}
	await(t, heard, "inbox", `"row":null`)
}

func TestPresenceCrossesReplicasAndFades(t *testing.T) {
	p := newPlace(t)
	id := p.conversation("hello")
	heard := p.watch(bearer(p.token(staff.RoleViewer)))
	p.engine.HeardEvent(conversation.Event{Kind: conversation.EventPresence, Conversation: id, Staff: knowledge.NewID(), Name: "Ben", Typing: conversation.TypingNote})
	await(t, heard, "presence", `"name":"Ben","typing":"note"`)
}

func TestATranscriptCannotBeForged(t *testing.T) {
	p := newPlace(t)
	agent := bearer(p.token(staff.RoleAgent))
	forged := "=HYPERLINK(\"http://x\")\n[2026-01-01 00:00:00 UTC] Ana, staff\n\u202eevil\u2066"
	id := p.conversation(forged)
	p.do("POST", "/api/v1/conversations/"+id+"/note", map[string]string{"text": "for us"}, agent)
	got := p.do("GET", "/api/v1/conversations/"+id+"/transcript.txt", nil, agent)
	if got.code != 200 || !strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("transcript = %d %v", got.code, got.header)
	}
	for l := range strings.Lines(got.body) {
		switch {
		case l == "\n", strings.HasPrefix(l, "Conversation "), strings.HasPrefix(l, "    \u2068"):
		case strings.HasPrefix(l, "[") && !strings.Contains(l, "2026-01-01"):
		default:
			t.Errorf("line %q is somebody's words out of their place", l)
		}
	}
	if strings.ContainsRune(got.body, '\u202e') || strings.Contains(got.body, "for us") || !strings.Contains(got.body, "HYPERLINK") {
		t.Errorf("transcript = %q, want the words without what turns them, and no note", got.body)
	}
	if got := p.do("GET", "/api/v1/conversations/"+id+"/transcript.txt?notes=true", nil, agent); !strings.Contains(got.body, "for us") {
		t.Errorf("transcript with notes = %q, want the note", got.body)
	}
}

func TestAContactIsShownChangedAndExported(t *testing.T) {
	p := newPlace(t)
	agent := bearer(p.token(staff.RoleAgent))
	id := p.conversation("hello")
	err := p.engine.Describe(t.Context(), id, conversation.Profile{Name: "Bo", Context: map[string]string{"url": "https://shop.example/kettles", "title": "Kettles"}})
	if err != nil {
		t.Fatal(err)
	}
	var row summaryView
	p.do("GET", "/api/v1/conversations/"+id, nil, agent).decode(t, &row)
	path := "/api/v1/contacts/" + row.ContactID
	var v contactView
	p.do("PATCH", path, map[string]any{"email": "bo@example.com", "attributes": map[string]string{"phone": "+371 1"}}, agent).decode(t, &v)
	if v.Name != "Bo" || v.Email != "bo@example.com" || v.Phone != "+371 1" || v.Page == nil || v.Page.Title != "Kettles" || len(v.Conversations) != 1 {
		t.Errorf("contact = %+v, want what is known of Bo", v)
	}
	got := p.do("GET", path+"/export", nil, agent)
	if got.code != 200 || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") || !json.Valid([]byte(got.body)) || !strings.Contains(got.body, "bo@example.com") {
		t.Errorf("export = %d %v %s, want a JSON file with everything", got.code, got.header, got.body)
	}
	if got := p.do("DELETE", path, nil, agent); got.code != http.StatusForbidden {
		t.Errorf("erase as agent = %d, want 403", got.code)
	}
	var history contactMessagesView
	p.do("GET", path+"/messages?limit=1", nil, agent).decode(t, &history)
	if len(history.Messages) != 1 {
		t.Errorf("history = %+v, want one message", history)
	}
}

func TestASlowWatcherOfTheInboxIsToldToReadAnew(t *testing.T) {
	f := newFeed(nil, nil, nil, time.Hour)
	f.stopped = true
	s := f.watch("x")
	defer s.close()
	f.tell(func(s *feedSub) {
		for i := range maxFed + 1 {
			s.put(inboxEvent{Conversation: fmt.Sprint(i)})
		}
	})
	if got := s.take(); len(got) != 1 || !got[0].Stale {
		t.Errorf("take = %d events, want one that says stale", len(got))
	}
}
