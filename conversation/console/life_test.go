package console

import (
	"encoding/csv"
	"strings"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

func TestSecondEditorOfTheHoursIsTold(t *testing.T) {
	p := newPlace(t)
	admin, viewer := bearer(p.token(staff.RoleAdmin)), bearer(p.token(staff.RoleViewer))
	hours := conversation.Hours{Timezone: "Europe/Berlin", Week: []conversation.Span{{Day: 1, From: "09:00", To: "17:30"}}}
	var got conversation.Hours
	res := p.do("PUT", "/api/v1/settings/hours", hours, admin)
	res.decode(t, &got)
	if res.code != 200 || got.Version != 1 || got.Holidays == nil {
		t.Errorf("PUT hours = %d %s, want version 1 with a list of holidays", res.code, res.body)
	}
	if res := p.do("PUT", "/api/v1/settings/hours", hours, admin); res.code != 409 || res.problem(t).Code != "version_changed" {
		t.Errorf("PUT hours(version 0 again) = %d %s, want 409 version_changed", res.code, res.body)
	}
	hours.Week[0].To = "08:00"
	if res := p.do("PUT", "/api/v1/settings/hours", hours, admin); res.code != 422 || !strings.Contains(res.problem(t).Detail, "week[0]") {
		t.Errorf("PUT hours(backwards) = %d %s, want 422 that names the span", res.code, res.body)
	}
	if res := p.do("GET", "/api/v1/settings/hours", nil, viewer); !strings.Contains(res.body, `"17:30"`) {
		t.Errorf("GET hours = %s, want what was stored first", res.body)
	}
	if res := p.do("GET", "/api/v1/settings/handling", nil, viewer); !strings.Contains(res.body, `"idle_minutes":15`) || !strings.Contains(res.body, `"version":0`) {
		t.Errorf("GET handling = %s, want the default", res.body)
	}
	if res := p.do("PUT", "/api/v1/settings/handling", map[string]int{"idle_minutes": -1}, admin); res.code != 422 {
		t.Errorf("PUT handling(-1) = %d, want 422", res.code)
	}
	id := p.conversation("Hello")
	if res := p.do("GET", "/api/v1/conversations/"+id, nil, viewer); !strings.Contains(res.body, `"open":`) || !strings.Contains(res.body, `"staff_online":0`) {
		t.Errorf("GET conversation = %s, want open and staff_online", res.body)
	}
}

func TestFiguresOfAReportListTheirConversations(t *testing.T) {
	p := newPlace(t)
	viewer := bearer(p.token(staff.RoleViewer))
	id := p.conversation("Hello")
	p.conversation("Hi")
	if _, err := p.engine.Handoff(t.Context(), id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
		t.Fatal(err)
	}
	var v reportView
	res := p.do("GET", "/api/v1/reports", nil, viewer)
	res.decode(t, &v)
	handed := v.Totals["handed_over"]
	if all := v.Totals["conversations"].Value; res.code != 200 || all == nil || *all != 2 || handed.Value == nil || *handed.Value != 1 || len(v.Reasons) != 1 {
		t.Fatalf("GET reports = %d %s, want 2 conversations, one handed over", res.code, res.body)
	}
	for _, query := range []string{handed.Query, v.Reasons[0].Figures["conversations"].Query, v.Channels[0].Figures["handed_over"].Query, v.Days[0].Figures["handed_over"].Query} {
		var list conversationsView
		p.do("GET", "/api/v1"+query, nil, viewer).decode(t, &list)
		if len(list.Conversations) != 1 || list.Conversations[0].ID != id {
			t.Errorf("GET %s = %+v, want the one handed over", query, list)
		}
	}
	for _, bad := range []string{"/api/v1/conversations?figure=none", "/api/v1/reports?from=yesterday", "/api/v1/reports?from=2026-02-01&to=2026-01-01", "/api/v1/reports?staff=me"} {
		if res := p.do("GET", bad, nil, viewer); res.code != 422 {
			t.Errorf("GET %s = %d %s, want 422", bad, res.code, res.body)
		}
	}
	res = p.do("GET", "/api/v1/reports.csv", nil, viewer)
	rows, err := csv.NewReader(strings.NewReader(res.body)).ReadAll()
	if err != nil || len(rows) < 20 || rows[1][3] != "conversations" || rows[1][4] != "2" || !strings.HasPrefix(res.header.Get("Content-Type"), "text/csv") {
		t.Errorf("GET reports.csv = %d %s, %v, want the same as a table", res.code, res.body, err)
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "＝1": "'＝1", "vip": "vip", "": ""} {
		if got := inert(in); got != want {
			t.Errorf("inert(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOpenStreamMakesAPersonOnlineButNoToken(t *testing.T) {
	p := newPlace(t)
	online := func() int {
		t.Helper()
		f, err := p.store.Floor(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return f.Online
	}
	agent, viewer := with(p.cookie(staff.RoleAgent)), with(p.cookie(staff.RoleViewer))
	p.watch(bearer(p.token(staff.RoleAgent)))
	p.watch(viewer)
	if n := online(); n != 0 {
		t.Errorf("online = %d, want nobody behind a token, and no viewer", n)
	}
	var list staffView
	p.do("GET", "/api/v1/staff", nil, viewer).want(t, 200, "").decode(t, &list)
	who := staff.Principal{Role: staff.RoleAgent}
	for _, m := range list.Staff {
		if m.Online != (m.Role == staff.RoleViewer) {
			t.Errorf("%s has online %v, want only whoever has a console open", m.Email, m.Online)
		}
		if m.Role == staff.RoleAgent {
			who.ID = m.ID
		}
	}
	here, again := p.console.presence(who), p.console.presence(who)
	if n := online(); n != 1 {
		t.Errorf("online = %d, want one with two streams open", n)
	}
	p.do("PATCH", "/api/v1/me", map[string]string{"status": "away"}, agent).want(t, 200, "")
	if n := online(); n != 0 {
		t.Errorf("online = %d, want nobody while they are away", n)
	}
	p.do("PATCH", "/api/v1/me", map[string]string{"status": "online"}, agent).want(t, 200, "")
	here.end()
	if n := online(); n != 1 {
		t.Errorf("online = %d, want the one whose other stream goes on", n)
	}
	again.end()
	if n := online(); n != 0 {
		t.Errorf("online = %d, want nobody once both have ended", n)
	}
}
