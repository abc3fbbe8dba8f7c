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
	for name, c := range map[string]struct {
		path, body string
		code       int
		says       string
	}{
		"backwards":        {"hours", `{"week":[{"day":1,"from":"17:30","to":"09:00"}],"version":1}`, 422, "week[0]"},
		"overlapping":      {"hours", `{"week":[{"day":1,"from":"09:00","to":"12:00"},{"day":1,"from":"11:00","to":"13:00"}],"version":1}`, 422, "week[1] overlaps with week[0]"},
		"no day":           {"hours", `{"week":[{"day":7,"from":"09:00","to":"12:00"}],"version":1}`, 422, "week[0]"},
		"no time":          {"hours", `{"week":[{"day":1,"from":"9","to":"noon"}],"version":1}`, 422, "week[0]"},
		"no zone":          {"hours", `{"timezone":"Mars/Olympus","version":1}`, 422, "timezone"},
		"a path as zone":   {"hours", `{"timezone":"../../etc/passwd","version":1}`, 422, "timezone"},
		"no date":          {"hours", `{"holidays":[{"date":"25.12.","name":"x"}],"version":1}`, 422, "holidays[0]"},
		"another type":     {"hours", `{"week":"always"}`, 422, ""},
		"half":             {"hours", `{"week":`, 400, ""},
		"an old version":   {"hours", `{"version":7}`, 409, "Somebody"},
		"less than none":   {"handling", `{"idle_minutes":-1}`, 422, "idle_minutes"},
		"more than a year": {"handling", `{"resolve_hours":100000}`, 422, "resolve_hours"},
		"half a minute":    {"handling", `{"idle_minutes":0.5}`, 422, ""},
		"no such version":  {"handling", `{"idle_minutes":5,"version":3}`, 409, "Somebody"},
	} {
		res := p.do("PUT", "/api/v1/settings/"+c.path, strings.NewReader(c.body), admin)
		if res.code != c.code || !strings.Contains(res.problem(t).Detail, c.says) {
			t.Errorf("%s: PUT %s = %d %s, want %d about %q", name, c.path, res.code, res.body, c.code, c.says)
		}
	}
	if res := p.do("GET", "/api/v1/settings/hours", nil, viewer); !strings.Contains(res.body, `"17:30"`) || !strings.Contains(res.body, `"version":1`) {
		t.Errorf("GET hours = %s, want what was stored first", res.body)
	}
	if res := p.do("GET", "/api/v1/settings/handling", nil, viewer); !strings.Contains(res.body, `"idle_minutes":15`) || !strings.Contains(res.body, `"version":0`) {
		t.Errorf("GET handling = %s, want the default", res.body)
	}
	var h conversation.Handling
	p.do("PUT", "/api/v1/settings/handling", map[string]any{"idle_minutes": 7, "version": 0}, admin).want(t, 200, "").decode(t, &h)
	if h.IdleMinutes != 7 || h.Version != 1 {
		t.Errorf("PUT handling = %+v, want 7 minutes as version 1", h)
	}
}

func TestStaffSeeWhatACustomerExpectsReadsAndThinks(t *testing.T) {
	p := newPlace(t)
	viewer := bearer(p.token(staff.RoleViewer))
	heard := p.watch(viewer)
	first, id := p.conversation("Hi"), p.conversation("Hello")
	for _, id := range []string{first, id} {
		if _, err := p.engine.Handoff(t.Context(), id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
			t.Fatal(err)
		}
	}
	var v summaryView
	p.do("GET", "/api/v1/conversations/"+id, nil, viewer).want(t, 200, "").decode(t, &v)
	if v.OutlookView == nil || !v.Open || v.StaffOnline != 0 || v.Position != 2 || v.Rating != 0 {
		t.Errorf("GET conversation = %+v, %+v, want the second place while it is open and nobody is there", v, v.OutlookView)
	}
	await(t, heard, "alert", `"kind":"waiting"`)
	p.engine.CustomerTypes(id)
	await(t, heard, "typing", `"author":"customer"`)
	if err := p.engine.Seen(t.Context(), id, 1); err != nil {
		t.Fatal(err)
	}
	await(t, heard, "seen", `"seq":1`)
	customer := p.engine.Subscribe(id)
	defer customer.Close()
	p.do("POST", "/api/v1/conversations/"+id+"/read", map[string]int{"seq": 1}, viewer).want(t, 204, "")
	<-customer.C()
	if got := customer.Take(); len(got) != 1 || got[0].Kind != conversation.EventRead {
		t.Errorf("the customer heard %+v, want that somebody has read", got)
	}
	if st, err := p.engine.State(t.Context(), id); err != nil || st.SeenByStaff != 1 {
		t.Errorf("State() = %+v, %v, want the first message seen by staff", st, err)
	}
	p.do("POST", "/api/v1/conversations/"+id+"/resolve", nil, bearer(p.token(staff.RoleAgent))).want(t, 200, "")
	if err := p.engine.RateEpisode(t.Context(), id, 4, "quick"); err != nil {
		t.Fatal(err)
	}
	p.do("GET", "/api/v1/conversations/"+id, nil, viewer).decode(t, &v)
	if v.Rating != 4 || v.Comment != "quick" || v.SeenSeq != 1 {
		t.Errorf("GET conversation = %+v, want rated 4 for being quick and read up to 1", v)
	}
	var line timelineView
	p.do("GET", "/api/v1/conversations/"+id+"/timeline", nil, viewer).decode(t, &line)
	if e := line.Events[len(line.Events)-1]; e.Kind != "rating" || e.To != "4" || e.Actor.Name != "customer" || e.Comment != "quick" {
		t.Errorf("timeline ends with %+v, want the customer's rating and comment", e)
	}
	if err := p.engine.RateEpisode(t.Context(), id, 2, "=1+1\nslow, after all"); err != nil {
		t.Fatal(err)
	}
	line = timelineView{}
	p.do("GET", "/api/v1/conversations/"+id+"/timeline", nil, viewer).decode(t, &line)
	if n := len(line.Events); line.Events[n-2].Comment != "" || line.Events[n-1].To != "2" || line.Events[n-1].Comment != "=1+1\nslow, after all" {
		t.Errorf("timeline ends with %+v, want the comment with the newest score alone", line.Events[n-2:])
	}
	text := p.do("GET", "/api/v1/conversations/"+id+"/transcript.txt", nil, viewer).want(t, 200, "").body
	if first, second := strings.Index(text, "customer, score: 4 of 5\n\n"), strings.Index(text, "customer, score: 2 of 5\n    \u2068=1+1\u2069\n    \u2068slow, after all\u2069\n"); first < strings.Index(text, "Hello") || second < first {
		t.Errorf("the transcript is %q, want both scores after the message", text)
	}
	var rep reportView
	p.do("GET", "/api/v1/reports", nil, viewer).want(t, 200, "").decode(t, &rep)
	if len(rep.Comments) != 1 || rep.Comments[0].Conversation != id || rep.Comments[0].Score != 2 || rep.Comments[0].Comment != "=1+1\nslow, after all" || rep.Comments[0].At.IsZero() {
		t.Errorf("GET reports has the comments %+v, want the one with its score", rep.Comments)
	}
	if sheet := p.do("GET", "/api/v1/reports.csv", nil, viewer).want(t, 200, "").body; !strings.Contains(sheet, "comment,"+id+",\"'=1+1\r\nslow, after all\",score,2,,/conversations/"+id) {
		t.Errorf("GET reports.csv = %q, want the comment, defused", sheet)
	}
	var none reportView
	p.do("GET", "/api/v1/reports?channel=slack", nil, viewer).want(t, 200, "").decode(t, &none)
	if none.Comments == nil || len(none.Comments) != 0 {
		t.Errorf("GET reports of another channel has the comments %+v, want none", none.Comments)
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
	day := v.Days[len(v.Days)-1] // of the two should midnight pass between them
	for _, d := range v.Days {
		if n := d.Figures["handed_over"].Value; n != nil && *n > 0 {
			day = d
		}
	}
	for _, query := range []string{handed.Query, v.Reasons[0].Figures["conversations"].Query, v.Channels[0].Figures["handed_over"].Query, day.Figures["handed_over"].Query} {
		var list conversationsView
		p.do("GET", "/api/v1"+query, nil, viewer).decode(t, &list)
		if len(list.Conversations) != 1 || list.Conversations[0].ID != id {
			t.Errorf("GET %s = %+v, want the one handed over", query, list)
		}
	}
	var page conversationsView
	p.do("GET", "/api/v1/conversations?figure=conversations&limit=1", nil, viewer).decode(t, &page)
	var rest conversationsView
	p.do("GET", "/api/v1/conversations?figure=conversations&limit=1&cursor="+page.Next, nil, viewer).decode(t, &rest)
	if len(page.Conversations) != 1 || len(rest.Conversations) != 1 || page.Next == "" || page.Conversations[0].ID == rest.Conversations[0].ID || page.Conversations[0].Unread != 1 {
		t.Errorf("pages of one = %+v, then %+v, want both conversations, one on each and unread", page, rest)
	}
	for _, bad := range []string{"/api/v1/conversations?figure=none", "/api/v1/conversations?figure=", "/api/v1/conversations?figure=1=1", "/api/v1/conversations?figure=rated&limit=0",
		"/api/v1/conversations?figure=rated&cursor=x", "/api/v1/conversations?figure=rated&from=2026-02-30", "/api/v1/reports?from=yesterday", "/api/v1/reports?from=2026-02-01&to=2026-01-01", "/api/v1/reports?staff=me"} {
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
