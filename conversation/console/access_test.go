package console

import (
	"net/http"
	"strings"
	"testing"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

func TestEveryRouteAsksForItsRole(t *testing.T) {
	p := newPlace(t)
	callers := []struct {
		name string
		role staff.Role
		as   []option
	}{{name: "nobody"}}
	for _, role := range []staff.Role{staff.RoleViewer, staff.RoleAgent, staff.RoleAdmin} {
		callers = append(callers,
			struct {
				name string
				role staff.Role
				as   []option
			}{"token of " + string(role), role, []option{bearer(p.token(role))}},
			struct {
				name string
				role staff.Role
				as   []option
			}{"session of " + string(role), role, []option{with(p.cookie(role))}})
	}
	asked, out := 0, 0
	for _, rt := range routes {
		if rt.path == "/api/v1/login" || rt.path == "/api/v1/logout" {
			out++
			continue // their own tests
		}
		path := strings.NewReplacer("{id}", knowledge.NewID(), "{token}", "none", "{name}", "slack").Replace(rt.path)
		for _, c := range callers {
			got := p.do(rt.method, path, map[string]string{}, c.as...)
			asked++
			switch {
			case rt.least == anyone || c.role.Allows(rt.least):
				if got.code == 401 || got.code == 403 || got.code >= 500 {
					t.Errorf("%s %s as %s = %d %s, want it allowed", rt.method, rt.path, c.name, got.code, got.body)
				}
			case c.role == "":
				if got.code != 401 || got.header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s %s as %s = %d, want 401 with WWW-Authenticate", rt.method, rt.path, c.name, got.code)
				}
			case got.code != 403:
				t.Errorf("%s %s as %s = %d, want 403", rt.method, rt.path, c.name, got.code)
			}
		}
	}
	if asked != (len(routes)-out)*len(callers) || out > 2 {
		t.Errorf("%d requests for %d routes and %d callers, %d routes left out", asked, len(routes), len(callers), out)
	}
	t.Logf("%d routes, %d requests", len(routes), asked)
}

func TestNoRouteThatWritesIsOpenOrAViewers(t *testing.T) {
	open := map[string]bool{"POST /api/v1/login": true, "POST /api/v1/logout": true, "POST /api/v1/invitations/{token}": true,
		"POST /api/v1/resets/{token}": true}
	readsByPost := map[string]bool{"POST /api/v1/search": true,
		"POST /api/v1/conversations/{id}/read": true, "POST /api/v1/conversations/{id}/unread": true} // what somebody has read is their own
	for _, rt := range routes {
		name := rt.method + " " + rt.path
		if rt.method == "GET" || open[name] || readsByPost[name] {
			continue
		}
		if rt.path == "/api/v1/me" || strings.HasPrefix(rt.path, "/api/v1/me/") {
			if rt.least != staff.RoleViewer {
				t.Errorf("%s is for %q, want viewer: it is everybody's own", name, rt.least)
			}
			continue
		}
		if !rt.least.Allows(staff.RoleAgent) {
			t.Errorf("%s is for %q, want agent or admin", name, rt.least)
		}
	}
}

func TestBadCredentialsOpenNothing(t *testing.T) {
	p := newPlace(t)
	good := p.token(staff.RoleAdmin)
	session := p.cookie(staff.RoleAdmin)
	for name, o := range map[string]option{
		"cut token":              bearer(good[:len(good)-1]),
		"token in other case":    bearer(strings.ToUpper(good)),
		"token with a tail":      bearer(good + " x"),
		"basic":                  header("Authorization", "Basic "+good),
		"bare":                   header("Authorization", good),
		"session as a token":     bearer(session.Value),
		"empty":                  header("Authorization", "Bearer "),
		"token as a cookie":      with(&http.Cookie{Name: plainCookie, Value: good}),
		"cookie of another name": with(&http.Cookie{Name: "session", Value: session.Value}),
		"secure name, no TLS":    with(&http.Cookie{Name: secureCookie, Value: session.Value}),
		"bad token, good cookie": func(r *http.Request) { bearer("fd_x")(r); with(session)(r) },
	} {
		if got := p.do("GET", "/api/v1/me", nil, o); got.code != 401 {
			t.Errorf("GET /api/v1/me with %s = %d, want 401", name, got.code)
		}
	}
	if got := p.do("GET", "/api/v1/me", nil, header("Authorization", "bearer "+good)); got.code != 200 {
		t.Errorf("GET /api/v1/me with a lower-case scheme = %d, want 200 (RFC 9110 §11.1)", got.code)
	}
}

func TestAnotherSiteCannotUseTheCookie(t *testing.T) {
	p := newPlace(t)
	admin, token := with(p.cookie(staff.RoleAdmin)), bearer(p.token(staff.RoleAdmin))
	entry := map[string]string{"question": "Q?", "answer": "A."}
	for _, c := range []struct {
		name string
		by   option
		from option
		want int
	}{
		{"our page", admin, header("Sec-Fetch-Site", "same-origin"), 202},
		{"our origin, no fetch metadata", admin, header("Origin", p.URL), 202},
		{"a program without a browser", admin, header("X-Nothing", ""), 202},
		{"another site", admin, header("Sec-Fetch-Site", "cross-site"), 403},
		{"a neighbour under the same domain", admin, header("Sec-Fetch-Site", "same-site"), 403},
		{"another origin, no fetch metadata", admin, header("Origin", "https://evil.example"), 403},
		{"a sandboxed frame", admin, header("Origin", "null"), 403},
		{"another site with a token of its own", token, header("Sec-Fetch-Site", "cross-site"), 202},
	} {
		if got := p.do("POST", "/api/v1/documents", entry, c.by, c.from); got.code != c.want {
			t.Errorf("POST from %s = %d %s, want %d", c.name, got.code, got.body, c.want)
		}
	}
	login := map[string]string{"email": "admin@example.com", "password": password}
	for _, path := range []string{"/api/v1/login", "/api/v1/logout"} {
		if got := p.do("POST", path, login, admin, header("Sec-Fetch-Site", "cross-site")); got.code != 403 || len(got.cookies) > 0 {
			t.Errorf("POST %s from another site = %d with %d cookies, want 403 and none", path, got.code, len(got.cookies))
		}
	}
	if got := p.do("GET", "/api/v1/me", nil, admin); got.code != 200 {
		t.Errorf("the session is gone after a logout from another site (%d), want it kept", got.code)
	}
}

func TestTheCookieFitsTheConnection(t *testing.T) {
	p := newPlace(t)
	plain := p.cookie(staff.RoleViewer)
	if plain.Name != plainCookie || !plain.HttpOnly || plain.Secure || plain.SameSite != http.SameSiteStrictMode || plain.Path != "/" {
		t.Errorf("cookie without TLS = %v, want %s, HttpOnly, SameSite=Strict", plain, plainCookie)
	}
	p.secure = true
	secure := p.cookie(staff.RoleAgent)
	if secure.Name != secureCookie || !secure.HttpOnly || !secure.Secure || secure.SameSite != http.SameSiteStrictMode || secure.Path != "/" || secure.Domain != "" {
		t.Errorf("cookie over TLS = %v, want %s, Secure, HttpOnly, SameSite=Strict, no domain", secure, secureCookie)
	}
	if got := p.do("GET", "/api/v1/me", nil, with(plain)); got.code != 401 {
		t.Errorf("GET over TLS with the plain cookie = %d, want 401: it could have been set by anybody on the network", got.code)
	}
	if got := p.do("GET", "/api/v1/me", nil, with(secure)); got.code != 200 {
		t.Errorf("GET over TLS with the secure cookie = %d, want 200", got.code)
	}
}

func TestLogoutEndsTheSession(t *testing.T) {
	p := newPlace(t)
	c := p.cookie(staff.RoleViewer)
	got := p.do("POST", "/api/v1/logout", nil, with(c))
	if got.code != 204 || len(got.cookies) != 1 || got.cookies[0].MaxAge >= 0 {
		t.Errorf("logout = %d %v, want 204 and the cookie deleted", got.code, got.cookies)
	}
	if got := p.do("GET", "/api/v1/me", nil, with(c)); got.code != 401 {
		t.Errorf("GET with the old cookie = %d, want 401", got.code)
	}
}

func TestASessionIsOnlyItsOwnAccounts(t *testing.T) {
	p := newPlace(t)
	ana, ben := p.cookie(staff.RoleAgent), p.cookie(staff.RoleViewer)
	var me struct{ ID string }
	p.do("GET", "/api/v1/me", nil, with(ana)).decode(t, &me)
	if got := p.do("GET", "/api/v1/me", nil, with(ana), header(accountHeader, me.ID)); got.code != 200 {
		t.Errorf("GET by the account that is named = %d, want 200", got.code)
	}
	for _, path := range []string{"GET /api/v1/me", "GET /api/v1/events", "POST /api/v1/logout"} {
		method, path, _ := strings.Cut(path, " ")
		if got := p.do(method, path, nil, with(ben), header(accountHeader, me.ID)); got.code != 401 || got.problem(t).Code != "other_account" {
			t.Errorf("%s %s with another's session = %d %s, want 401 other_account", method, path, got.code, got.body)
		}
	}
	if got := p.do("GET", "/api/v1/me", nil, with(ben)); got.code != 200 {
		t.Errorf("the other's session has ended (%d), want it kept", got.code)
	}
}

func TestAFailedLoginTellsNothingAndSlowsDown(t *testing.T) {
	p := newPlace(t)
	if _, err := p.staff.Add(t.Context(), "ana@example.com", password, staff.RoleAgent); err != nil {
		t.Fatal(err)
	}
	wrong := p.do("POST", "/api/v1/login", map[string]string{"email": "ana@example.com", "password": "wrong wrong"})
	none := p.do("POST", "/api/v1/login", map[string]string{"email": "nobody@example.com", "password": "wrong wrong"})
	if wrong.code != 401 || wrong.body != none.body || none.code != 401 {
		t.Errorf("login with a wrong password = %d %s, of nobody = %d %s, want the same 401", wrong.code, wrong.body, none.code, none.body)
	}
	var last answer
	for range 6 {
		last = p.do("POST", "/api/v1/login", map[string]string{"email": "ana@example.com", "password": "wrong wrong"})
	}
	if last.code != 429 || last.header.Get("Retry-After") == "" {
		t.Errorf("the seventh login = %d, Retry-After %q, want 429 with a wait", last.code, last.header.Get("Retry-After"))
	}
	if strings.Contains(p.log.String(), "wrong wrong") || strings.Contains(p.log.String(), "ana@") {
		t.Errorf("the log has what was typed: %s", p.log)
	}
}
