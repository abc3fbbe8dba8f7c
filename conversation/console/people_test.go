package console

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation/staff"
)

// codeOf is what an authenticator app shows, some steps from now.
func codeOf(t *testing.T, secret string, steps int64) string {
	t.Helper()
	key, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	binary.Write(mac, binary.BigEndian, time.Now().Unix()/30+steps)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1_000_000)
}

// login signs somebody in and returns the answer.
func (p *place) login(email, pass, code string) answer {
	p.t.Helper()
	return p.do("POST", "/api/v1/login", map[string]string{"email": email, "password": pass, "code": code})
}

// member adds somebody and returns their id.
func (p *place) member(email string, role staff.Role) string {
	p.t.Helper()
	a, err := p.staff.Add(p.t.Context(), email, password, role)
	if err != nil {
		p.t.Fatal(err)
	}
	return a.ID
}

func (a answer) want(t *testing.T, code int, problem string) answer {
	t.Helper()
	if a.code != code || problem != "" && a.problem(t).Code != problem {
		t.Errorf("answer = %d %s, want %d %s", a.code, a.body, code, problem)
	}
	return a
}

func TestSigningInWithASecondFactor(t *testing.T) {
	p := newPlace(t)
	me := with(p.cookie(staff.RoleAgent))
	var e enrolmentView
	p.do("POST", "/api/v1/me/totp", nil, me).want(t, 200, "").decode(t, &e)
	p.do("POST", "/api/v1/me/totp/confirm", map[string]string{"code": "000000"}, me).want(t, 422, "totp_wrong")
	p.login("agent@example.com", password, "").want(t, 200, "") // not asked for before it is confirmed
	var codes recoveryView
	p.do("POST", "/api/v1/me/totp/confirm", map[string]string{"code": codeOf(t, e.Secret, -1)}, me).want(t, 200, "").decode(t, &codes)
	if len(codes.Codes) != 10 {
		t.Fatalf("%d recovery codes, want 10", len(codes.Codes))
	}
	p.do("POST", "/api/v1/me/totp", nil, me).want(t, 409, "totp_on")
	if got := p.do("GET", "/api/v1/me", nil, me); !strings.Contains(got.body, `"totp":true`) {
		t.Errorf("me = %s, want the second factor told", got.body)
	}

	p.login("agent@example.com", password, "").want(t, 401, "totp_required")
	p.login("agent@example.com", "wrong wrong", "").want(t, 401, "login")
	code := codeOf(t, e.Secret, 0) // of one step, though the next may begin any moment
	if got := p.login("agent@example.com", password, code).want(t, 200, ""); len(got.cookies) != 1 {
		t.Errorf("%d cookies, want one", len(got.cookies))
	}
	p.login("agent@example.com", password, code).want(t, 401, "totp_wrong")
	p.login("agent@example.com", password, codes.Codes[4]).want(t, 200, "")
	p.login("agent@example.com", password, codes.Codes[4]).want(t, 401, "totp_wrong")

	p.do("DELETE", "/api/v1/me/totp", map[string]string{"password": "wrong wrong"}, me).want(t, 422, "wrong_password")
	p.do("DELETE", "/api/v1/me/totp", map[string]string{"password": password}, me).want(t, 204, "")
	p.login("agent@example.com", password, "").want(t, 200, "")
}

func TestSessionsAreListedAndRevoked(t *testing.T) {
	p := newPlace(t)
	first := with(p.cookie(staff.RoleAgent))
	res := p.do("POST", "/api/v1/login", map[string]string{"email": "agent@example.com", "password": password},
		header("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"))
	second := with(res.cookies[0])
	var list sessionsView
	p.do("GET", "/api/v1/me/sessions", nil, first).want(t, 200, "").decode(t, &list)
	if len(list.Sessions) != 2 {
		t.Fatalf("sessions = %+v, want two", list.Sessions)
	}
	other := list.Sessions[0]
	if other.Current {
		other = list.Sessions[1]
	}
	if other.Current || other.Agent != "Firefox 132, Linux" || other.IP != "127.0.0.1" || other.LastUsedAt.Second() != 0 {
		t.Errorf("the other session is %+v, want Firefox on Linux here, to the minute", other)
	}
	heard := p.watch(second)
	p.do("DELETE", "/api/v1/me/sessions/"+other.ID, nil, first).want(t, 204, "")
	ended(t, heard)
	p.do("GET", "/api/v1/me", nil, second).want(t, 401, "unauthenticated")
	p.do("DELETE", "/api/v1/me/sessions/"+other.ID, nil, first).want(t, 404, "not_found")
	p.do("GET", "/api/v1/me", nil, first).want(t, 200, "")
}

func TestAnothersSessionCannotBeRevoked(t *testing.T) {
	p := newPlace(t)
	agent, admin := with(p.cookie(staff.RoleAgent)), with(p.cookie(staff.RoleAdmin))
	var list sessionsView
	p.do("GET", "/api/v1/me/sessions", nil, agent).decode(t, &list)
	p.do("DELETE", "/api/v1/me/sessions/"+list.Sessions[0].ID, nil, admin).want(t, 404, "not_found")
	p.do("DELETE", "/api/v1/me/sessions", nil, admin).want(t, 204, "")
	p.do("GET", "/api/v1/me", nil, agent).want(t, 200, "")
}

func TestAChangeOfPasswordEndsTheOtherSessions(t *testing.T) {
	p := newPlace(t)
	mine, other := with(p.cookie(staff.RoleAgent)), with(p.login("agent@example.com", password, "").cookies[0])
	heard := p.watch(other)
	p.do("POST", "/api/v1/me/password", map[string]string{"current": "wrong wrong", "new": "another password"}, mine).want(t, 422, "wrong_password")
	p.do("POST", "/api/v1/me/password", map[string]string{"current": password, "new": "short"}, mine).want(t, 422, "bad_password")
	p.do("GET", "/api/v1/me", nil, other).want(t, 200, "")
	p.do("POST", "/api/v1/me/password", map[string]string{"current": password, "new": "another password"}, mine).want(t, 204, "")
	ended(t, heard)
	p.do("GET", "/api/v1/me", nil, other).want(t, 401, "")
	p.do("GET", "/api/v1/me", nil, mine).want(t, 200, "")
	p.login("agent@example.com", password, "").want(t, 401, "login")
	p.login("agent@example.com", "another password", "").want(t, 200, "")
}

func TestADisabledPersonIsOutAtOnce(t *testing.T) {
	p := newPlace(t)
	agent, admin := with(p.cookie(staff.RoleAgent)), bearer(p.token(staff.RoleAdmin))
	var me meView
	p.do("GET", "/api/v1/me", nil, agent).decode(t, &me)
	heard, colleague := p.watch(agent), p.watch(admin)
	got := p.do("PATCH", "/api/v1/staff/"+me.ID, map[string]any{"disabled": true}, admin).want(t, 200, "")
	if !strings.Contains(got.body, `"disabled":true`) {
		t.Errorf("PATCH = %s, want it disabled", got.body)
	}
	ended(t, heard) // long before the heartbeat of 15 s
	p.do("GET", "/api/v1/me", nil, agent).want(t, 401, "unauthenticated")
	p.login("agent@example.com", password, "").want(t, 401, "login")
	p.do("PATCH", "/api/v1/staff/"+me.ID, map[string]any{"disabled": false}, admin).want(t, 200, "")
	p.do("GET", "/api/v1/me", nil, agent).want(t, 401, "unauthenticated")
	p.login("agent@example.com", password, "").want(t, 200, "")
	p.conversation("still there?")
	await(t, colleague, "message", "still there?")
}

func TestAnotherReplicasStreamEndsWithinItsHeartbeat(t *testing.T) {
	p := newPlace(t)
	p.console.beat = 20 * time.Millisecond
	cookie := p.cookie(staff.RoleAgent)
	heard := p.watch(with(cookie))
	who, err := p.staff.Session(t.Context(), cookie.Value)
	if err != nil {
		t.Fatal(err)
	}
	yes := true // changed where this console hears nothing of it
	if _, err := p.staff.ChangeAccount(t.Context(), who.ID, staff.Change{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	ended(t, heard)
}

func TestTheStaffAreListedAndChanged(t *testing.T) {
	p := newPlace(t)
	agent, admin := with(p.cookie(staff.RoleAgent)), with(p.cookie(staff.RoleAdmin))
	away := p.member("zoe@example.com", staff.RoleViewer)
	id := p.conversation("hello")
	p.do("POST", "/api/v1/conversations/"+id+"/takeover", nil, agent).want(t, 200, "")
	p.do("PATCH", "/api/v1/me", map[string]any{"status": "away", "name": "Ana"}, agent).want(t, 200, "")
	p.do("PATCH", "/api/v1/me", map[string]any{"status": "asleep"}, agent).want(t, 422, "bad_status")
	p.do("PATCH", "/api/v1/me", map[string]any{"name": "a\u202Eb"}, agent).want(t, 422, "bad_name")
	p.do("PATCH", "/api/v1/me", map[string]any{"name": strings.Repeat("a", 50<<10)}, agent).want(t, 422, "bad_name")
	p.watch(agent)
	var list staffView
	p.do("GET", "/api/v1/staff", nil, agent).want(t, 200, "").decode(t, &list)
	if len(list.Staff) != 3 {
		t.Fatalf("staff = %+v, want three", list.Staff)
	}
	for _, m := range list.Staff {
		switch m.Email {
		case "agent@example.com":
			if m.Name != "Ana" || m.Status != staff.StatusAway || !m.Online || m.Open != 1 {
				t.Errorf("agent = %+v, want Ana, here, away, with one conversation", m)
			}
		case "zoe@example.com":
			if m.Online || m.Open != 0 || m.Status != staff.StatusOnline {
				t.Errorf("zoe = %+v, want her not here", m)
			}
		}
	}
	p.do("PATCH", "/api/v1/staff/"+away, map[string]any{"role": "owner"}, admin).want(t, 422, "bad_role")
	p.do("PATCH", "/api/v1/staff/"+away, map[string]any{"role": "admin"}, agent).want(t, 403, "forbidden")
	var me meView
	p.do("GET", "/api/v1/me", nil, admin).decode(t, &me)
	p.do("PATCH", "/api/v1/staff/"+me.ID, map[string]any{"role": "agent"}, admin).want(t, 409, "last_admin")
	p.do("PATCH", "/api/v1/staff/"+me.ID, map[string]any{"disabled": true}, admin).want(t, 409, "last_admin")
	p.do("PATCH", "/api/v1/staff/"+away, map[string]any{"role": "admin"}, admin).want(t, 200, "")
	p.do("PATCH", "/api/v1/staff/"+me.ID, map[string]any{"role": "agent"}, admin).want(t, 200, "")
	p.do("GET", "/api/v1/audit", nil, admin).want(t, 403, "forbidden") // at once
}

func TestAnInvitationMakesAnAccount(t *testing.T) {
	p := newPlace(t)
	admin := with(p.cookie(staff.RoleAdmin))
	p.do("POST", "/api/v1/staff/invitations", map[string]string{"email": "admin@example.com", "role": "agent"}, admin).want(t, 409, "exists")
	p.do("POST", "/api/v1/staff/invitations", map[string]string{"email": "no address", "role": "agent"}, admin).want(t, 422, "bad_email")
	var made invitedView
	p.do("POST", "/api/v1/staff/invitations", map[string]string{"email": "New@Example.com", "role": "agent"}, admin).want(t, 201, "").decode(t, &made)
	_, token, ok := strings.Cut(made.URL, "/console#/invitation/")
	if !ok || !strings.HasPrefix(made.URL, p.URL) || made.ExpiresAt.Before(time.Now().Add(staff.InvitationLife-time.Minute)) {
		t.Fatalf("invitation = %+v, want a link here for seven days", made)
	}
	if got := p.do("GET", "/api/v1/staff/invitations", nil, admin); !strings.Contains(got.body, "new@example.com") || strings.Contains(got.body, token) {
		t.Errorf("invitations = %s, want the address and not the secret", got.body)
	}
	path := "/api/v1/invitations/" + token
	var offer offerView
	if p.do("GET", path, nil).want(t, 200, "").decode(t, &offer); offer != (offerView{"new@example.com", staff.RoleAgent}) {
		t.Errorf("offer = %+v, want an agent's", offer)
	}
	accept := map[string]string{"name": "Neo", "password": password}
	p.do("POST", path, accept, header("Sec-Fetch-Site", "cross-site")).want(t, 403, "cross_origin")
	p.do("POST", path, map[string]string{"name": "Neo", "password": "short"}).want(t, 422, "bad_password")
	p.do("POST", path, map[string]string{"name": " ", "password": password}).want(t, 422, "bad_name")
	got := p.do("POST", path, accept).want(t, 201, "")
	var me meView
	if got.decode(t, &me); len(got.cookies) != 1 || me.Name != "Neo" || me.Role != staff.RoleAgent || me.Email != "new@example.com" {
		t.Fatalf("accepted = %s with %d cookies, want Neo signed in", got.body, len(got.cookies))
	}
	p.do("GET", "/api/v1/me", nil, with(got.cookies[0])).want(t, 200, "")
	p.do("GET", path, nil).want(t, 404, "invitation")
	p.do("POST", path, accept).want(t, 404, "invitation")

	p.do("POST", "/api/v1/staff/invitations", map[string]string{"email": "other@example.com", "role": "viewer"}, admin).decode(t, &made)
	p.do("DELETE", "/api/v1/staff/invitations/"+made.ID, nil, admin).want(t, 204, "")
	_, token, _ = strings.Cut(made.URL, "/invitation/")
	p.do("POST", "/api/v1/invitations/"+token, accept).want(t, 404, "invitation")
}

func TestTokensAreMadeAndRevokedOverTheAPI(t *testing.T) {
	p := newPlace(t)
	admin := with(p.cookie(staff.RoleAdmin))
	var made newTokenView
	p.do("POST", "/api/v1/tokens", map[string]string{"name": "importer", "role": "viewer"}, admin).want(t, 201, "").decode(t, &made)
	p.do("POST", "/api/v1/tokens", map[string]string{"name": "", "role": "viewer"}, admin).want(t, 422, "bad_name")
	heard := p.watch(bearer(made.Token))
	got := p.do("GET", "/api/v1/tokens", nil, admin).want(t, 200, "")
	if !strings.Contains(got.body, made.ID) || strings.Contains(got.body, made.Token) || !strings.Contains(got.body, "last_used_at") {
		t.Errorf("tokens = %s, want the token, used, without its secret", got.body)
	}
	p.do("GET", "/api/v1/me/sessions", nil, bearer(made.Token)).want(t, 409, "no_account")
	p.do("DELETE", "/api/v1/tokens/"+made.ID, nil, admin).want(t, 204, "")
	ended(t, heard)
	p.do("GET", "/api/v1/me", nil, bearer(made.Token)).want(t, 401, "unauthenticated")
	p.do("DELETE", "/api/v1/tokens/"+made.ID, nil, admin).want(t, 404, "not_found")
}

func TestEveryChangeIsInTheAuditLog(t *testing.T) {
	p := newPlace(t)
	admin := with(p.cookie(staff.RoleAdmin))
	agent := p.token(staff.RoleAgent)
	id := p.conversation("my card number is 4111")
	do := func(method, path string, body any, as option) string {
		t.Helper()
		got := p.do(method, path, body, as)
		if got.code >= 300 {
			t.Fatalf("%s %s = %d %s", method, path, got.code, got.body)
		}
		return got.body
	}
	do("POST", "/api/v1/conversations/"+id+"/reply", map[string]string{"text": "a private answer"}, bearer(agent))
	secret := do("POST", "/api/v1/tokens", map[string]string{"name": "importer", "role": "viewer"}, admin)
	do("POST", "/api/v1/documents", map[string]string{"question": "Q?", "answer": "A."}, admin)
	do("GET", "/api/v1/me", nil, admin)
	do("POST", "/api/v1/search", map[string]string{"query": "parcel"}, admin)
	p.do("DELETE", "/api/v1/tokens/00000000-0000-7000-8000-000000000000", nil, admin).want(t, 404, "")
	p.do("POST", "/api/v1/tokens", map[string]string{"name": "x", "role": "viewer"}, bearer(agent)).want(t, 403, "")
	do("POST", "/api/v1/logout", nil, admin)

	got := p.do("GET", "/api/v1/audit", nil, bearer(p.token(staff.RoleAdmin))).want(t, 200, "")
	var log auditView
	got.decode(t, &log)
	want := []struct{ action, actor string }{
		{"POST /api/v1/logout", "Admin"}, {"POST /api/v1/documents", "Admin"}, {"POST /api/v1/tokens", "Admin"},
		{"POST /api/v1/conversations/{id}/reply", "token of agent"}, {"POST /api/v1/login", "Admin"},
	}
	if len(log.Entries) != len(want) {
		t.Fatalf("audit = %s, want %d entries", got.body, len(want))
	}
	for i, e := range log.Entries {
		if e.Action != want[i].action || e.Actor.Name != want[i].actor || e.IP != "127.0.0.1" || e.Actor.ID == "" {
			t.Errorf("entry %d = %+v, want %s by %s", i, e, want[i].action, want[i].actor)
		}
	}
	if e := log.Entries[3]; e.Target != id || e.Actor.Kind != staff.ActorToken {
		t.Errorf("the reply's entry is %+v, want it about the conversation, by a token", e)
	}
	if e := log.Entries[2]; e.Target == "" || e.Detail["role"] != "viewer" {
		t.Errorf("the token's entry is %+v, want its id and role", e)
	}
	var made newTokenView
	answer{body: secret}.decode(t, &made)
	for _, never := range []string{"private answer", "4111", made.Token, agent, password} {
		if strings.Contains(got.body, never) {
			t.Errorf("the audit log has %q", never)
		}
	}
	got = p.do("GET", "/api/v1/audit?target="+id+"&limit=1", nil, bearer(p.token(staff.RoleAdmin))).want(t, 200, "")
	if got.decode(t, &log); len(log.Entries) != 1 || log.Entries[0].Target != id {
		t.Errorf("audit of the conversation = %s, want its reply", got.body)
	}
	p.do("GET", "/api/v1/audit?cursor=x", nil, bearer(p.token(staff.RoleAdmin))).want(t, 422, "bad_cursor")
}

func TestWhatIsLoggedIsLoggedBeforeItIsAnswered(t *testing.T) {
	order := ""
	w := &auditWriter{ResponseWriter: writerFunc(func() { order += "answer " }), done: func() { order += "entry " }}
	w.Write([]byte("x"))
	w.Write([]byte("y"))
	if order != "entry answer answer " {
		t.Errorf("order = %q, want the entry first, once", order)
	}
	order = ""
	w = &auditWriter{ResponseWriter: writerFunc(func() { order += "answer " }), done: func() { order += "entry " }}
	w.WriteHeader(http.StatusConflict)
	w.begin(http.StatusOK)
	if order != "answer " {
		t.Errorf("order = %q, want no entry for what failed", order)
	}
}

// writerFunc is a ResponseWriter that says when it is written to.
type writerFunc func()

func (writerFunc) Header() http.Header           { return http.Header{} }
func (f writerFunc) Write(b []byte) (int, error) { f(); return len(b), nil }
func (f writerFunc) WriteHeader(int)             { f() }

func TestUnauditedRoutesExistAndChangeNothing(t *testing.T) {
	names := map[string]bool{}
	for _, rt := range routes {
		names[rt.method+" "+rt.path] = true
	}
	for name := range unaudited {
		if !names[name] {
			t.Errorf("%s is no route", name)
		}
	}
}

func TestALostAuditEntryIsInTheLog(t *testing.T) {
	p := newPlace(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the caller has left: the entry is stored all the same
	r, err := http.NewRequestWithContext(ctx, "POST", "/api/v1/tokens", nil)
	if err != nil {
		t.Fatal(err)
	}
	p.console.record(route{method: "POST", path: "/api/v1/tokens"}, r, &auditNote{actor: staff.Actor{Kind: staff.ActorVisitor}, target: "t1"})
	list, _, err := p.staff.AuditPage(t.Context(), staff.AuditFilter{Target: "t1"}, "", 5)
	if err != nil || len(list) != 1 {
		t.Errorf("AuditPage = %d entries, %v, want the one of a caller who left", len(list), err)
	}
	p.console.record(route{method: "POST", path: "/x"}, r, &auditNote{actor: staff.Actor{Kind: "nobody"}, target: "t2"}) // which the table refuses
	if !strings.Contains(p.log.String(), "change is not in the audit log") || !strings.Contains(p.log.String(), "t2") {
		t.Errorf("log = %s, want the entry that could not be stored", p.log)
	}
}
