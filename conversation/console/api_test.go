package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// form is a multipart form with one file.
func form(t testing.TB, field, name string, content []byte) (io.Reader, option) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile(field, name)
	if err != nil {
		t.Fatal(err)
	}
	part.Write(content)
	w.Close()
	return &b, header("Content-Type", w.FormDataContentType())
}

func TestAFileIsTakenInAndListedAndDeleted(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	body, media := form(t, "file", "faq.md", []byte("# Returns\n30 days."))
	got := p.do("POST", "/api/v1/documents", body, media, admin)
	var added addedView
	got.decode(t, &added)
	if got.code != 202 || got.header.Get("Location") != "/api/v1/documents/"+added.ID {
		t.Fatalf("POST = %d %v, want 202 and the document's address", got.code, got.header)
	}
	if string(p.library.content[added.ID]) != "# Returns\n30 days." {
		t.Errorf("stored %q, want the file's bytes", p.library.content[added.ID])
	}
	var one documentView
	p.do("GET", "/api/v1/documents/"+strings.ToUpper(added.ID), nil, admin).decode(t, &one)
	if one.Name != "faq.md" || one.Status != knowledge.StatusQueued {
		t.Errorf("GET = %+v, want faq.md, queued", one)
	}
	var list documentsView
	p.do("GET", "/api/v1/documents", nil, admin).decode(t, &list)
	if len(list.Documents) != 1 {
		t.Errorf("list has %d documents, want 1", len(list.Documents))
	}
	for _, want := range []int{204, 404} {
		if got := p.do("DELETE", "/api/v1/documents/"+added.ID, nil, admin); got.code != want {
			t.Errorf("DELETE = %d, want %d", got.code, want)
		}
	}
}

func TestAnEntryIsTakenInAsTyped(t *testing.T) {
	p := newPlace(t)
	got := p.do("POST", "/api/v1/documents", map[string]any{"question": " How long?\x00 ", "answer": "3 days", "alternatives": []string{"when", " "}, "lang": "en", "later": 1},
		bearer(p.token(staff.RoleAdmin)))
	if got.code != 202 {
		t.Fatalf("POST = %d %s, want 202", got.code, got.body)
	}
	if e := p.library.entries[0]; e.Question != "How long?" || e.Answer != "3 days" || len(e.Alternatives) != 1 {
		t.Errorf("stored %+v, want it trimmed and without what no database holds", e)
	}
}

func TestBadInputIsAClearProblem(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	file := func(name string, content []byte) func() (io.Reader, option) {
		return func() (io.Reader, option) { return form(t, "file", name, content) }
	}
	raw := func(media, text string) func() (io.Reader, option) {
		return func() (io.Reader, option) { return strings.NewReader(text), header("Content-Type", media) }
	}
	id := knowledge.NewID()
	for _, c := range []struct {
		name, method, path string
		body               func() (io.Reader, option)
		want               int
		code               string
	}{
		{"no type", "POST", "/api/v1/documents", raw("", "x"), 415, "content_type"},
		{"XML", "POST", "/api/v1/documents", raw("application/xml", "<x/>"), 415, "content_type"},
		{"broken JSON", "POST", "/api/v1/documents", raw("application/json", `{"question":`), 400, "bad_json"},
		{"two JSON values", "POST", "/api/v1/search", raw("application/json", `{"query":"x"}{"query":"y"}`), 400, "bad_json"},
		{"not UTF-8", "POST", "/api/v1/search", raw("application/json", "{\"query\":\"\xff\"}"), 400, "bad_json"},
		{"a number for text", "POST", "/api/v1/search", raw("application/json", `{"query":5}`), 422, "bad_field"},
		{"a list for an object", "POST", "/api/v1/search", raw("application/json", `[]`), 400, "bad_json"},
		{"JSON over 1 MB", "POST", "/api/v1/search", raw("application/json", `{"query":"`+strings.Repeat("a", 1<<20)+`"}`), 413, "too_large"},
		{"a query over the limit", "POST", "/api/v1/search", raw("application/json", `{"query":"`+strings.Repeat("a", 9000)+`"}`), 422, "too_long"},
		{"a query of nothing", "POST", "/api/v1/search", raw("application/json", `{"query":" \u0000 "}`), 422, "empty"},
		{"a limit below 0", "POST", "/api/v1/search", raw("application/json", `{"query":"x","limit":-1}`), 422, "bad_limit"},
		{"a limit too high", "POST", "/api/v1/search", raw("application/json", `{"query":"x","limit":101}`), 422, "bad_limit"},
		{"half an entry", "POST", "/api/v1/documents", raw("application/json", `{"question":"x"}`), 422, "incomplete_entry"},
		{"an address inside", "POST", "/api/v1/documents", raw("application/json", `{"url":"http://169.254.169.254/"}`), 422, "bad_address"},
		{"a form without boundary", "POST", "/api/v1/documents", raw("multipart/form-data", "x"), 400, "bad_form"},
		{"a form cut short", "POST", "/api/v1/documents", raw("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.md\"\r\n\r\nabc"), 400, "bad_form"},
		{"a form without file", "POST", "/api/v1/documents", raw("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nabc\r\n--b--\r\n"), 422, "no_file"},
		{"an empty file", "POST", "/api/v1/documents", file("x.md", nil), 422, "empty"},
		{"a file over 64 MB", "POST", "/api/v1/documents", file("x.md", make([]byte, MaxFileBytes+1)), 413, "too_large"},
		{"a file far over 64 MB", "POST", "/api/v1/documents", file("x.md", make([]byte, MaxFileBytes+1<<20)), 413, "too_large"},
		{"a file without name", "POST", "/api/v1/documents", file("..", []byte("x")), 422, "no_name"},
		{"an id that is none", "GET", "/api/v1/documents/1", nil, 404, "not_found"},
		{"an id with SQL", "GET", "/api/v1/conversations/1'%20OR%20'1'='1", nil, 404, "not_found"},
		{"an id with a zero byte", "DELETE", "/api/v1/documents/%00", nil, 404, "not_found"},
		{"another's id", "GET", "/api/v1/conversations/" + id, nil, 404, "not_found"},
		{"a reply to nobody", "POST", "/api/v1/conversations/" + id + "/reply", raw("application/json", `{"text":"x"}`), 404, "not_found"},
		{"an empty reply", "POST", "/api/v1/conversations/" + id + "/reply", raw("application/json", `{"text":" \n"}`), 422, "empty"},
		{"a reply too long", "POST", "/api/v1/conversations/" + id + "/note", raw("application/json", `{"text":"`+strings.Repeat("é", 8001)+`"}`), 422, "too_long"},
		{"a foreign cursor", "GET", "/api/v1/conversations?cursor=x", nil, 422, "bad_cursor"},
		{"a limit that is no number", "GET", "/api/v1/conversations?limit=many", nil, 422, "bad_parameter"},
		{"a negative place", "GET", "/api/v1/conversations/" + id + "/messages?after=-1", nil, 422, "bad_parameter"},
		{"a day that is none", "GET", "/api/v1/usage?from=yesterday", nil, 422, "bad_parameter"},
		{"a range the wrong way", "GET", "/api/v1/usage?from=2026-11-22&to=2026-11-21", nil, 422, "bad_range"},
		{"an unknown route", "GET", "/api/v1/secrets", nil, 404, "no_route"},
		{"a wrong method", "PUT", "/api/v1/me", nil, 405, "method"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var body any
			options := []option{admin}
			if c.body != nil {
				in, media := c.body()
				body, options = in, append(options, media)
			}
			got := p.do(c.method, c.path, body, options...)
			if prob := got.problem(t); got.code != c.want || prob.Code != c.code {
				t.Errorf("%s %s = %d %s, want %d %s", c.method, c.path, got.code, got.body, c.want, c.code)
			}
		})
	}
	if p.log.Len() > 0 {
		t.Errorf("the log says %s, want nothing: bad input is the sender's fault", p.log)
	}
}

func TestAFaultOfOursShowsNoInternals(t *testing.T) {
	p := newPlace(t)
	p.library.fail = errors.New("dial tcp 10.0.0.5:5432: password authentication failed for user frontdesk")
	got := p.do("POST", "/api/v1/search", map[string]string{"query": "my card number is 4111"}, bearer(p.token(staff.RoleViewer)))
	if got.code != 500 || strings.Contains(got.body, "10.0.0.5") || strings.Contains(got.body, "frontdesk") {
		t.Errorf("search = %d %s, want a 500 that names nothing", got.code, got.body)
	}
	if log := p.log.String(); !strings.Contains(log, "10.0.0.5") || strings.Contains(log, "4111") {
		t.Errorf("log = %s, want the cause and not the query", log)
	}
}

func TestSearchShowsBothRanks(t *testing.T) {
	p := newPlace(t)
	var res ResultView
	p.do("POST", "/api/v1/search", map[string]any{"query": "refund", "limit": 3, "history": []any{"hello", map[string]any{"text": "Hi! About an order?", "ours": true}}}, bearer(p.token(staff.RoleViewer))).decode(t, &res)
	if q := p.library.queries[0]; q.Text != "refund" || q.Limit != 3 || !slices.Equal(q.History, []knowledge.Said{{Text: "hello"}, {Text: "Hi! About an order?", Ours: true}}) {
		t.Errorf("searched for %+v, want refund, 3, with the history of both sides", q)
	}
	if got := p.do("POST", "/api/v1/search", map[string]any{"query": "refund", "history": []any{7}}, bearer(p.token(staff.RoleViewer))); got.code != http.StatusUnprocessableEntity {
		t.Errorf("search with a number as history = %d, want 422", got.code)
	}
	h := res.Passages[0]
	if res.Confidence != .75 || *h.LexicalRank != 1 || *h.LexicalScore != 7.5 || h.DenseRank != nil || h.Score != .0163 {
		t.Errorf("result %+v, want lexical rank 1 and no dense rank", res)
	}
}

func TestStaffTakeOverAnswerAndHandBack(t *testing.T) {
	p := newPlace(t)
	id := p.conversation("Where is my parcel?")
	ana, ben := with(p.cookie(staff.RoleAgent)), bearer(p.token(staff.RoleAdmin))
	at := "/api/v1/conversations/" + id

	var st stateView
	p.do("POST", at+"/takeover", nil, ana).decode(t, &st)
	if st.Owner != conversation.OwnerStaff || st.Staff == nil || st.Staff.Name != "Agent" {
		t.Fatalf("takeover gives %+v, want it held by Agent", st)
	}
	lost := p.do("POST", at+"/takeover", nil, ben)
	if prob := lost.problem(t); lost.code != 409 || prob.Code != "taken" || prob.TakenBy == nil || prob.TakenBy.Name != "Agent" {
		t.Errorf("the second takeover = %d %s, want 409 naming Agent", lost.code, lost.body)
	}
	for range 2 {
		if got := p.do("POST", at+"/reply", map[string]string{"text": "On its way.", "id": "r1"}, ana); got.code != 201 {
			t.Errorf("reply = %d %s, want 201", got.code, got.body)
		}
	}
	if got := p.do("POST", at+"/note", map[string]string{"text": "VIP"}, ben); got.code != 201 {
		t.Errorf("note = %d %s, want 201: a note changes no owner", got.code, got.body)
	}
	var log messagesView
	p.do("GET", at+"/messages", nil, ana).decode(t, &log)
	var replies, notes int
	for i, m := range log.Messages {
		if m.Seq != int64(i+1) {
			t.Errorf("message %d has seq %d, want no gaps", i, m.Seq)
		}
		if m.Author == conversation.AuthorStaff && !m.Note {
			replies++
		}
		if m.Note {
			notes++
		}
	}
	if replies != 1 || notes != 1 {
		t.Errorf("log has %d replies and %d notes, want one of each: %+v", replies, notes, log.Messages)
	}
	var rest messagesView
	p.do("GET", at+"/messages?after=2&limit=1", nil, ana).decode(t, &rest)
	if len(rest.Messages) != 1 || rest.Messages[0].Seq != 3 {
		t.Errorf("messages after 2, at most 1 = %+v, want seq 3", rest.Messages)
	}
	for _, end := range []string{"/handback", "/resolve"} {
		if got := p.do("POST", at+end, map[string]int{"seen_seq": -1}, ana); got.code != 422 {
			t.Errorf("%s with message -1 seen = %d %s, want 422", end, got.code, got.body)
		}
	}
	if _, err := p.engine.Receive(t.Context(), conversation.Inbound{Conversation: id, Channel: "widget", ExternalID: "late", Text: "One more thing."}); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"/handback", "/resolve"} {
		if got := p.do("POST", at+end, map[string]int64{"seen_seq": int64(len(log.Messages))}, ana); got.code != 409 || got.problem(t).Code != "unseen" {
			t.Errorf("%s over a message nobody has seen = %d %s, want 409", end, got.code, got.body)
		}
	}
	p.do("POST", at+"/handback", map[string]int{"seen_seq": len(log.Messages) + 1}, ana).decode(t, &st)
	if st.Owner != conversation.OwnerBot {
		t.Errorf("handback gives %+v, want the bot", st)
	}
	p.do("POST", at+"/resolve", nil, ben).decode(t, &st)
	if st.Status != conversation.StatusResolved {
		t.Errorf("resolve gives %+v, want resolved", st)
	}
}

func TestConversationsComeInPages(t *testing.T) {
	p := newPlace(t)
	viewer := bearer(p.token(staff.RoleViewer))
	want := map[string]bool{}
	for i := range 5 {
		want[p.conversation(fmt.Sprint("question ", i))] = true
	}
	next, pages := "", 0
	for {
		var list conversationsView
		p.do("GET", "/api/v1/conversations?limit=2&cursor="+next, nil, viewer).decode(t, &list)
		for _, c := range list.Conversations {
			if !want[c.ID] {
				t.Errorf("conversation %s listed twice or unknown", c.ID)
			}
			delete(want, c.ID)
		}
		if pages++; list.Next == "" || pages > 10 {
			break
		}
		next = list.Next
	}
	if len(want) != 0 {
		t.Errorf("%d conversations were not listed", len(want))
	}
}

func TestUsageAddsUp(t *testing.T) {
	p := newPlace(t)
	var u usageView
	got := p.do("GET", "/api/v1/usage?from=2026-11-01&to=2026-11-30", nil, bearer(p.token(staff.RoleViewer)))
	got.decode(t, &u)
	if got.code != 200 || u.Rows == nil || u.Total.Calls != 0 || u.From.Day() != 1 {
		t.Errorf("usage = %d %s, want an empty month", got.code, got.body)
	}
}

func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	p := newPlace(t)
	got := p.do("GET", "/api/v1/openapi.json", nil)
	var doc struct {
		OpenAPI    string
		Paths      map[string]map[string]map[string]any
		Components struct{ Schemas map[string]any }
	}
	got.decode(t, &doc)
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("openapi %q, want 3.1.0", doc.OpenAPI)
	}
	seen, ids := 0, map[any]bool{}
	for _, rt := range routes {
		op := doc.Paths[rt.path][strings.ToLower(rt.method)]
		if op == nil || op["summary"] == "" || op["responses"] == nil || ids[op["operationId"]] {
			t.Errorf("%s %s is described as %v, want a summary, responses and an id of its own", rt.method, rt.path, op)
			continue
		}
		ids[op["operationId"]] = true
		if rt.least != anyone && op["x-least-role"] != string(rt.least) {
			t.Errorf("%s %s is described as for %v, want %s", rt.method, rt.path, op["x-least-role"], rt.least)
		}
		seen++
	}
	described := 0
	for _, item := range doc.Paths {
		described += len(item)
	}
	if described != seen {
		t.Errorf("%d operations are described, %d served", described, seen)
	}
	for ref := range refs(t, got.body) {
		if doc.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")] == nil {
			t.Errorf("reference %s leads nowhere", ref)
		}
	}
}

// refs collects every $ref of a JSON document.
func refs(t *testing.T, text string) map[string]bool {
	var doc any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if r, ok := v["$ref"].(string); ok {
				out[r] = true
			}
			for _, e := range v {
				walk(e)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(doc)
	return out
}

func FuzzFileName(f *testing.F) {
	for _, s := range []string{"faq.md", "../../etc/passwd", `C:\x\y.csv`, "a\x00b.md", "\u202egpj.exe", "..", "", strings.Repeat("é", 500) + ".md"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := fileName(s)
		if got == "" {
			return
		}
		if !utf8.ValidString(got) || strings.ContainsAny(got, "/\\\x00\n\r") || got == "." || got == ".." || utf8.RuneCountInString(got) > maxNameRunes || got != path.Base(got) {
			t.Errorf("fileName(%q) = %q, want a short plain name", s, got)
		}
	})
}

func FuzzPathID(f *testing.F) {
	f.Add("01a2031a-15be-72d5-92e6-4f184d691226")
	f.Add("01A2031A-15BE-72D5-92E6-4F184D69122G")
	f.Fuzz(func(t *testing.T, s string) {
		r := &http.Request{}
		r.SetPathValue("id", s)
		id, err := pathID(r, conversation.ErrNotFound)
		if err == nil && (len(id) != 36 || strings.Trim(id, "0123456789abcdef-") != "") {
			t.Errorf("pathID(%q) = %q, want it refused", s, id)
		}
	})
}
