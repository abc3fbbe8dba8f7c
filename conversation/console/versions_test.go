package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// editable is a thing that two people edit at once.
type editable struct {
	name, method, path string
	first, second      map[string]any
	kept, lost         string // of the first and the second change, as an answer has them
}

// editables makes one of each kind.
func (p *place) editables(admin option) []editable {
	p.t.Helper()
	made := func(path string, body any) string {
		var got struct {
			ID      string `json:"id"`
			Version int64  `json:"version"`
		}
		if a := p.do("POST", "/api/v1/"+path, body, admin); a.code != 201 {
			p.t.Fatalf("POST %s = %d %s", path, a.code, a.body)
		} else if a.decode(p.t, &got); got.Version < 1 {
			p.t.Errorf("POST %s = %s, want a version", path, a.body)
		}
		return "/api/v1/" + path + "/" + got.ID
	}
	ana, eve := p.member("ana@shop.example", staff.RoleAgent), p.member("eve@shop.example", staff.RoleAgent)
	p.member("root@shop.example", staff.RoleAdmin) // the last admin could not be demoted
	row, err := p.inbox.Row(p.t.Context(), p.conversation("Hello?"), "")
	if err != nil {
		p.t.Fatal(err)
	}
	events := []conversation.EventName{conversation.EventGapOpened}
	test := func(answer string) map[string]any {
		return map[string]any{"question": "How long?", "expect": map[string]any{"answer": answer}}
	}
	return []editable{
		{"label", "PUT", made("labels", map[string]string{"name": "Refund"}), map[string]any{"name": "Money back"}, map[string]any{"name": "Returns"}, "Money back", "Returns"},
		{"team", "PUT", made("teams", map[string]any{"name": "Billing", "members": []string{}}), map[string]any{"name": "Billing", "members": []string{ana}}, map[string]any{"name": "Billing", "members": []string{eve}}, ana, eve},
		{"canned reply", "PUT", made("canned", map[string]string{"shortcut": "hi", "text": "Hi"}), map[string]any{"shortcut": "hi", "text": "Hello"}, map[string]any{"shortcut": "hi", "text": "Good day"}, "Hello", "Good day"},
		{"webhook", "PUT", made("webhooks", map[string]any{"url": "http://127.0.0.1:9/a", "events": events}), map[string]any{"url": "http://127.0.0.1:9/b", "events": events}, map[string]any{"url": "http://127.0.0.1:9/c", "events": events}, ":9/b", ":9/c"},
		{"test", "PUT", made("tests", test("3 days")), test("4 days"), test("5 days"), "4 days", "5 days"},
		{"contact", "PATCH", "/api/v1/contacts/" + row.ContactID, map[string]any{"attributes": map[string]string{"plan": "pro"}}, map[string]any{"attributes": map[string]string{"city": "Riga"}}, `"plan":"pro"`, "Riga"},
		{"member of staff", "PATCH", "/api/v1/staff/" + ana, map[string]any{"role": "admin"}, map[string]any{"role": "viewer"}, `"role":"admin"`, `"role":"viewer"`},
	}
}

// reading is body of whoever read that version.
func reading(body map[string]any, version any) map[string]any {
	out := map[string]any{"version": version}
	for k, v := range body {
		out[k] = v
	}
	return out
}

func TestTheSecondOfTwoEditorsIsToldAndOverwritesNothing(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	for _, e := range p.editables(admin) {
		var now, held struct {
			Version int64 `json:"version"`
		}
		first := p.do(e.method, e.path, reading(e.first, 1), admin)
		first.want(t, 200, "").decode(t, &now)
		if now.Version < 2 || first.header.Get("ETag") != fmt.Sprintf(`"%d"`, now.Version) || !strings.Contains(first.body, e.kept) {
			t.Errorf("%s: first = %s with ETag %s, want the next version and what was sent", e.name, first.body, first.header.Get("ETag"))
		}
		second := p.do(e.method, e.path, reading(e.second, 1), admin)
		second.want(t, 409, "version_changed")
		current := string(second.problem(t).Current)
		if !strings.Contains(current, e.kept) || strings.Contains(current, e.lost) {
			t.Errorf("%s: current = %s, want it as the first left it", e.name, current)
		}
		if err := json.Unmarshal([]byte(current), &held); err != nil || held != now {
			t.Errorf("%s: current has version %d, %v, want %d", e.name, held.Version, err, now.Version)
		}
		p.do(e.method, e.path, e.second, admin, header("If-Match", `"1"`)).want(t, 409, "version_changed")
		p.do(e.method, e.path, e.second, admin, header("If-Match", `"of another thing"`)).want(t, 409, "version_changed")
		if got := p.do(e.method, e.path, e.second, admin, header("If-Match", fmt.Sprintf(`"%d"`, now.Version))).want(t, 200, ""); !strings.Contains(got.body, e.lost) {
			t.Errorf("%s: after having read it = %s, want it changed", e.name, got.body)
		}
		if got := p.do(e.method, e.path, e.first, admin).want(t, 200, ""); !strings.Contains(got.body, e.kept) {
			t.Errorf("%s: without a version = %s, want it changed whatever it was", e.name, got.body)
		}
		p.do(e.method, e.path, reading(e.second, 1), admin, header("If-Match", "*")).want(t, 200, "")
		gone := e.path[:strings.LastIndexByte(e.path, '/')+1] + "00000000-0000-4000-8000-000000000000"
		p.do(e.method, gone, reading(e.second, 1), admin).want(t, 404, "not_found")
	}
}

func TestOfManyEditorsAtOnceOneWins(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	for _, e := range p.editables(admin) {
		var mu sync.Mutex // guards codes
		codes := map[int]int{}
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				body := e.first
				if i%2 == 1 {
					body = e.second
				}
				got := p.do(e.method, e.path, reading(body, 1), admin)
				mu.Lock()
				defer mu.Unlock()
				codes[got.code]++
			})
		}
		wg.Wait()
		if codes[http.StatusOK] != 1 || codes[http.StatusConflict] != 5 {
			t.Errorf("%s: answers %v, want one 200 and five 409", e.name, codes)
		}
	}
}

func TestWhatChangesByItselfIsNoEdit(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	for _, e := range p.editables(admin) {
		id := e.path[strings.LastIndexByte(e.path, '/')+1:]
		for kind, sql := range map[string]string{
			"webhook":         `UPDATE webhooks SET failing_since = now() WHERE id = $1`,
			"contact":         `UPDATE contacts SET blocked = true, locale = 'de' WHERE id = $1`,
			"member of staff": `UPDATE staff_accounts SET status = 'away' WHERE id = $1`,
			"test":            `UPDATE tests SET names = '{a}', updated_at = now() WHERE id = $1`,
		} {
			if e.name != kind {
				continue
			}
			if err := p.exec(sql, id); err != nil {
				t.Fatal(err)
			}
			p.do(e.method, e.path, reading(e.first, 1), admin).want(t, 200, "")
		}
	}
}
