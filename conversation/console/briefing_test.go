package console

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

func TestABriefTellsWhatWasAskedAndWhyItWasHandedOver(t *testing.T) {
	p := newShift(t)
	agent := bearer(p.token(staff.RoleAgent))
	mia := p.customer("Mia Keller")
	for _, text := range []string{"first", "second", "third", "How long may I return it? " + strings.Repeat("x", 400)} {
		mia.writes(text)
	}
	mia.hears("within 30 days")
	read := func() (b briefingView) {
		t.Helper()
		got := p.do("GET", "/api/v1/conversations/"+mia.id+"/brief", nil, agent)
		if got.code != http.StatusOK {
			t.Fatalf("GET brief = %d %s", got.code, got.body)
		}
		got.decode(t, &b)
		return b
	}
	b := read()
	if b.Reason != "" || b.Said != 4 || len(b.Asked) != conversation.MaxAsked || b.Asked[0] != "second" || len(b.Asked[2]) != 300 || !slices.Equal(b.Tried, []string{"Returns"}) {
		t.Errorf("brief = %+v, want the newest three of four questions and what was found", b)
	}
	if _, err := p.engine.Handoff(t.Context(), mia.id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
		t.Fatal(err)
	}
	if b = read(); b.Reason != conversation.ReasonAsked || b.Source != "" {
		t.Errorf("brief = %+v, want that a person was asked for, and no summary", b)
	}
	if err := p.exec(`UPDATE conversations SET summary = 'Wants to return boots.', summary_seq = seq, context_seq = 0 WHERE id = $1`, mia.id); err != nil {
		t.Fatal(err)
	}
	if b = read(); b.Summary != "Wants to return boots." || b.Source != "running" {
		t.Errorf("brief = %+v, want the running summary", b)
	}
	if err := p.exec(`UPDATE messages SET trace = trace || '{"summary": "Mia wants her money back."}' WHERE conversation_id = $1 AND trace IS NOT NULL`, mia.id); err != nil {
		t.Fatal(err)
	}
	if b = read(); b.Summary != "Mia wants her money back." || b.Source != "handover" {
		t.Errorf("brief = %+v, want what was written at the handover", b)
	}
}

// What a browser sends again after it lost the answer gives what was stored, even where
// a colleague has the conversation by then.
func TestAReplySentAgainAfterATakeoverIsTheOneStored(t *testing.T) {
	p := newPlace(t)
	id := p.conversation("Where is my parcel?")
	ana, ben := bearer(p.token(staff.RoleAgent)), bearer(p.token(staff.RoleAgent))
	reply := map[string]string{"text": "On its way.", "id": "11111111-1111-4111-8111-111111111111"}
	var first, again messageView
	p.do("POST", "/api/v1/conversations/"+id+"/reply", reply, ana).decode(t, &first)
	p.do("POST", "/api/v1/conversations/"+id+"/handback", nil, ana).want(t, 200, "")
	p.do("POST", "/api/v1/conversations/"+id+"/takeover", nil, ben).want(t, 200, "")
	got := p.do("POST", "/api/v1/conversations/"+id+"/reply", reply, ana)
	if got.code != http.StatusCreated {
		t.Fatalf("the same reply again = %d %s, want 201", got.code, got.body)
	}
	if got.decode(t, &again); again.Seq != first.Seq || again.Text != first.Text {
		t.Errorf("the same reply again = %+v, want %+v", again, first)
	}
	reply["id"] = "22222222-2222-4222-8222-222222222222"
	if got := p.do("POST", "/api/v1/conversations/"+id+"/reply", reply, ana); got.code != http.StatusConflict || got.problem(t).TakenBy == nil {
		t.Errorf("another reply = %d %s, want 409 that names who has it", got.code, got.body)
	}
}
