package console

import (
	"encoding/json"
	"strings"
	"testing"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

func TestNotesNameColleagues(t *testing.T) {
	p := newPlace(t)
	id := p.conversation("Hello")
	ana, bo := with(p.cookie(staff.RoleAdmin)), with(p.cookie(staff.RoleAgent))
	var me meView
	p.do("GET", "/api/v1/me", nil, bo).decode(t, &me)
	note := map[string]any{"text": "@agent look", "id": knowledge.NewID(), "mentions": []string{strings.ToUpper(me.ID)}}
	var first, again messageView
	for _, to := range []*messageView{&first, &again} {
		got := p.do("POST", "/api/v1/conversations/"+id+"/note", note, ana)
		if got.code != 201 {
			t.Fatalf("POST note = %d %s", got.code, got.body)
		}
		got.decode(t, to)
	}
	if first.Seq != again.Seq {
		t.Errorf("the same id stored %d and %d, want one note", first.Seq, again.Seq)
	}
	var list mentionsView
	p.do("GET", "/api/v1/me/mentions", nil, bo).decode(t, &list)
	if list.Unread != 1 || len(list.Mentions) != 1 || list.Mentions[0].Text != "@agent look" {
		t.Fatalf("GET /me/mentions = %+v, want the note unread", list)
	}
	if got := p.do("POST", "/api/v1/me/mentions/read", nil, bo); got.code != 204 {
		t.Errorf("POST read = %d %s", got.code, got.body)
	}
	p.do("GET", "/api/v1/me/mentions", nil, bo).decode(t, &list)
	if list.Unread != 0 || !list.Mentions[0].Read {
		t.Errorf("GET /me/mentions = %+v, want it read", list)
	}
	p.do("GET", "/api/v1/me/mentions", nil, ana).decode(t, &list)
	if len(list.Mentions) != 0 {
		t.Errorf("another's mentions are %+v, want none", list)
	}
	for name, bad := range map[string]any{"no id": []string{"agent"}, "too many": make([]string, 21)} {
		if got := p.do("POST", "/api/v1/conversations/"+id+"/note", map[string]any{"text": "x", "mentions": bad}, ana); got.code != 422 || got.problem(t).Code != "bad_field" {
			t.Errorf("POST note with %s = %d %s, want 422 bad_field", name, got.code, got.body)
		}
	}
	note["text"] = "another"
	if got := p.do("POST", "/api/v1/conversations/"+id+"/note", note, ana); got.code != 409 || got.problem(t).Code != "id_reused" {
		t.Errorf("POST note with a used id = %d %s, want 409 id_reused", got.code, got.body)
	}
}

func TestNothingIsTriedAgainThatLeavesByNoChannel(t *testing.T) {
	p := newPlace(t)
	id := p.conversation("Hello")
	agent := bearer(p.token(staff.RoleAgent))
	var m messageView
	p.do("POST", "/api/v1/conversations/"+id+"/reply", map[string]string{"text": "Hi"}, agent).decode(t, &m)
	if m.Delivery != nil {
		t.Errorf("a widget's message has delivery %+v, want none", m.Delivery)
	}
	for _, seq := range []string{"1", "99", "x", "-1"} {
		if got := p.do("POST", "/api/v1/conversations/"+id+"/messages/"+seq+"/retry", nil, agent); got.code != 404 {
			t.Errorf("retry of message %s = %d %s, want 404", seq, got.code, got.body)
		}
	}
}

func TestPreferencesKeepWhatTheyAreGiven(t *testing.T) {
	p := newPlace(t)
	me := with(p.cookie(staff.RoleViewer))
	body := map[string]any{"theme": "dark", "keys": false, "undo": 10, "sound": true, "notify": true}
	if got := p.do("PUT", "/api/v1/me/preferences", body, me); got.code != 200 {
		t.Fatal(got.body)
	}
	var got map[string]any
	p.do("GET", "/api/v1/me/preferences", nil, me).decode(t, &got)
	if a, _ := json.Marshal(got); !strings.Contains(string(a), `"theme":"dark"`) || len(got) != len(body) {
		t.Errorf("preferences are %v, want %v", got, body)
	}
}
