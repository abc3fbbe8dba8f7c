package console

import (
	"fmt"
	"strings"
	"testing"

	"frontdesk/conversation/staff"
)

// resetLink makes a link for somebody and returns its secret.
func (p *place) resetLink(id string, admin option) string {
	p.t.Helper()
	var made resetLinkView
	p.do("POST", "/api/v1/staff/"+id+"/reset", nil, admin).want(p.t, 201, "").decode(p.t, &made)
	_, token, ok := strings.Cut(made.URL, "/console#/reset/")
	if !ok || !strings.HasPrefix(made.URL, p.URL) {
		p.t.Fatalf("link = %q, want one to the console here", made.URL)
	}
	return token
}

func TestAResetLinkChangesThePasswordOnce(t *testing.T) {
	p := newPlace(t)
	admin := with(p.cookie(staff.RoleAdmin))
	zoe := p.member("zoe@example.com", staff.RoleAgent)
	session := with(p.login("zoe@example.com", password, "").want(t, 200, "").cookies[0])
	var e enrolmentView
	p.do("POST", "/api/v1/me/totp", nil, session).decode(t, &e)
	p.do("POST", "/api/v1/me/totp/confirm", map[string]string{"code": codeOf(t, e.Secret, -1)}, session).want(t, 200, "")

	replaced, token := p.resetLink(zoe, admin), p.resetLink(zoe, admin)
	p.do("GET", "/api/v1/resets/"+replaced, nil).want(t, 404, "reset")
	var of resetView
	if p.do("GET", "/api/v1/resets/"+token, nil).want(t, 200, "").decode(t, &of); of.Email != "zoe@example.com" {
		t.Errorf("the link is for %q, want zoe@example.com", of.Email)
	}
	fresh := map[string]string{"password": "another long password"}
	p.do("POST", "/api/v1/resets/"+token, fresh, header("Sec-Fetch-Site", "cross-site")).want(t, 403, "cross_origin")
	p.do("POST", "/api/v1/resets/"+token, map[string]string{"password": "short"}).want(t, 422, "bad_password")
	p.do("GET", "/api/v1/me", nil, session).want(t, 200, "")
	if got := p.do("POST", "/api/v1/resets/"+token, fresh).want(t, 204, ""); len(got.cookies) != 0 {
		t.Errorf("the link set %d cookies, want nobody signed in", len(got.cookies))
	}
	p.do("POST", "/api/v1/resets/"+token, fresh).want(t, 404, "reset")
	p.do("GET", "/api/v1/me", nil, session).want(t, 401, "")
	p.login("zoe@example.com", password, "").want(t, 401, "login")
	p.login("zoe@example.com", "another long password", "").want(t, 401, "totp_required")

	p.do("POST", "/api/v1/staff/"+zoe+"/totp-reset", nil, admin).want(t, 204, "")
	p.do("POST", "/api/v1/staff/"+zoe+"/totp-reset", nil, admin).want(t, 409, "totp_off")
	p.login("zoe@example.com", "another long password", "").want(t, 200, "")

	var log auditView
	p.do("GET", "/api/v1/audit?target="+zoe, nil, admin).decode(t, &log)
	told := ""
	for _, entry := range log.Entries {
		told += entry.Action + " by " + entry.Actor.Name + "\n"
	}
	for _, want := range []string{"POST /api/v1/staff/{id}/reset by Admin", "POST /api/v1/resets/{token} by Zoe", "POST /api/v1/staff/{id}/totp-reset by Admin"} {
		if !strings.Contains(told, want) {
			t.Errorf("the audit log has\n%swant %q in it", told, want)
		}
	}
	if strings.Contains(p.log.String(), token) {
		t.Error("the log has the secret of the link")
	}
}

func TestAResetLinkEnds(t *testing.T) {
	p := newPlace(t)
	admin := with(p.cookie(staff.RoleAdmin))
	zoe := p.member("zoe@example.com", staff.RoleAgent)
	for name, end := range map[string]func(){
		"after its time": func() {
			if err := p.exec(`UPDATE staff_resets SET expires_at = now()`); err != nil {
				t.Fatal(err)
			}
		},
		"with the account": func() {
			for _, off := range []bool{true, false} {
				p.do("PATCH", "/api/v1/staff/"+zoe, map[string]any{"disabled": off}, admin).want(t, 200, "")
			}
		},
		"with another password": func() {
			session := with(p.login("zoe@example.com", password, "").want(t, 200, "").cookies[0])
			p.do("POST", "/api/v1/me/password", map[string]string{"current": password, "new": password}, session).want(t, 204, "")
		},
	} {
		token := p.resetLink(zoe, admin)
		p.do("GET", "/api/v1/resets/"+token, nil).want(t, 200, "")
		end()
		if got := p.do("POST", "/api/v1/resets/"+token, map[string]string{"password": "another long password"}); got.code != 404 {
			t.Errorf("a link that ended %s = %d %s, want 404", name, got.code, got.body)
		}
	}
	p.do("PATCH", "/api/v1/staff/"+zoe, map[string]any{"disabled": true}, admin).want(t, 200, "")
	p.do("POST", "/api/v1/staff/"+zoe+"/reset", nil, admin).want(t, 404, "not_found")
	var me meView
	p.do("GET", "/api/v1/me", nil, admin).decode(t, &me)
	p.do("POST", "/api/v1/staff/"+me.ID+"/reset", nil, admin).want(t, 409, "own_account")
	p.do("POST", "/api/v1/staff/"+me.ID+"/totp-reset", nil, admin).want(t, 409, "own_account")
}

func TestWhoeverIsGivenAConversationIsTold(t *testing.T) {
	p := newPlace(t)
	id := p.conversation("Hello")
	ana, bo := with(p.cookie(staff.RoleAdmin)), with(p.cookie(staff.RoleAgent))
	var me, boss meView
	p.do("GET", "/api/v1/me", nil, bo).decode(t, &me)
	p.do("GET", "/api/v1/me", nil, ana).decode(t, &boss)
	his, hers := p.watch(bo), p.watch(ana)
	assign := func(body map[string]any) {
		t.Helper()
		p.do("PUT", "/api/v1/conversations/"+id+"/assign", body, ana).want(t, 200, "")
	}
	var team teamView
	p.do("POST", "/api/v1/teams", map[string]any{"name": "Returns", "members": []string{me.ID}}, ana).want(t, 201, "").decode(t, &team)
	assign(map[string]any{"staff": me.ID})
	assign(map[string]any{"staff": me.ID}) // again: nothing new
	assign(map[string]any{"staff": boss.ID})
	assign(map[string]any{"auto": true, "team": team.ID})
	p.do("POST", "/api/v1/conversations/"+id+"/note", map[string]any{"text": "enough", "mentions": []string{me.ID}}, ana).want(t, 201, "")
	p.do("POST", "/api/v1/conversations/"+id+"/note", map[string]any{"text": "enough", "mentions": []string{boss.ID}}, bo).want(t, 201, "")
	for name, c := range map[string]struct {
		events <-chan event
		want   int
	}{"Bo": {his, 2}, "Ana": {hers, 0}} {
		told := 0
		for e := range c.events {
			if e.kind != "alert" {
				continue
			}
			if strings.Contains(e.data, `"mention"`) {
				break
			}
			if strings.Contains(e.data, `"assigned"`) {
				told++
				if want := fmt.Sprintf(`"text":%q`, boss.Name+" gave you a conversation"); !strings.Contains(e.data, want) {
					t.Errorf("the alert is %s, want %s in it", e.data, want)
				}
			}
		}
		if told != c.want {
			t.Errorf("%s was told of %d assignments, want %d", name, told, c.want)
		}
	}
	for _, c := range []struct {
		as   option
		want int
	}{{bo, 1}, {ana, 0}} {
		var list conversationsView
		if p.do("GET", "/api/v1/conversations?team=mine", nil, c.as).want(t, 200, "").decode(t, &list); len(list.Conversations) != c.want {
			t.Errorf("the caller's teams have %d conversations, want %d", len(list.Conversations), c.want)
		}
	}
	p.do("GET", "/api/v1/conversations?team=other", nil, bo).want(t, 422, "bad_parameter")
}
