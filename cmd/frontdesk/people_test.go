package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5"
)

func TestStaffAreChangedFromTheCommandLine(t *testing.T) {
	url := dbtest.URL(t)
	db := []string{"DATABASE_URL=" + url}
	run := func(stdin, line, want string) {
		t.Helper()
		if got := frontdeskWith(t, stdin, db, strings.Fields(line)...); got.code != 0 || !strings.Contains(got.stdout, want) {
			t.Fatalf("%s = %+v, want %q", line, got, want)
		}
	}
	refused := func(stdin, line, want string) {
		t.Helper()
		if got := frontdeskWith(t, stdin, db, strings.Fields(line)...); got.code == 0 || !strings.Contains(got.stderr, want) {
			t.Errorf("%s = %+v, want it refused with %q", line, got, want)
		}
	}
	run("a long password\n", "staff add ana@x.org --role admin --password-stdin", "Added ana@x.org")
	run("", "staff add ben@x.org --role agent", "Added ben@x.org")
	refused("", "staff disable ana@x.org", "last admin")
	refused("", "staff role ana@x.org --role agent", "last admin")
	refused("", "staff role ben@x.org", "--role")
	refused("", "staff disable nobody@x.org", "no member of staff")
	refused("", "staff disable", "say whom")
	refused("short\n", "staff password ben@x.org", "at least")
	refused("", "staff totp-reset ben@x.org", "no second factor")
	run("", "staff role ben@x.org --role admin", "Changed the role of ben@x.org")
	run("another long one\n", "staff password Ana@x.org", "ana@x.org")
	run("", "staff disable ana@x.org", "Disabled ana@x.org")
	run("", "staff list", "disabled")
	run("", "staff enable ana@x.org", "Enabled ana@x.org")

	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), `UPDATE staff_accounts SET totp_secret = 'x', totp_on = true WHERE email = 'ana@x.org'`); err != nil {
		t.Fatal(err)
	}
	run("", "staff list", "password and code")
	run("", "staff totp-reset ana@x.org", "ana@x.org")
	rows, err := c.Query(t.Context(), `SELECT action || ' ' || (detail->>'email') FROM audit_entries WHERE actor_kind = 'command' ORDER BY at, id`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	want := "staff add ana@x.org|staff add ben@x.org|staff role ben@x.org|staff password ana@x.org|staff disable ana@x.org|staff enable ana@x.org|staff totp-reset ana@x.org"
	if err != nil || strings.Join(got, "|") != want {
		t.Errorf("audit log = %q, %v, want %q", got, err, want)
	}
}

func TestAnIssuerThatIsAwayKeepsNoServerFromStarting(t *testing.T) {
	s := startServing(t, []string{"DATABASE_URL=" + dbtest.URL(t), "ADMIN_PASSWORD=hunter2hunter2", "PUBLIC_URL=http://help.example.com",
		"OIDC_ISSUER=http://127.0.0.1:1", "OIDC_CLIENT_ID=us", "OIDC_CLIENT_SECRET=hunter2"})
	if code, body := s.get("/api/v1/login/methods"); code != 200 || !strings.Contains(body, `"name":"Single sign-on"`) {
		t.Errorf("login/methods = %d %s, want single sign-on", code, body)
	}
	res, err := http.DefaultTransport.RoundTrip(must(http.NewRequest("GET", s.url+"/api/v1/login/oidc", nil)))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if where := res.Header.Get("Location"); res.StatusCode != 303 || where != "/console#/login?error=oidc_away" {
		t.Errorf("login/oidc = %d to %s, want back to the console with oidc_away", res.StatusCode, where)
	}
	if strings.Contains(s.said(), "hunter2") {
		t.Errorf("the server said %s, want no secret", s.said())
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestSettingsOfSignOnAreChecked(t *testing.T) {
	whole := []string{"PUBLIC_URL=https://h.example", "OIDC_ISSUER=https://i.example/", "OIDC_CLIENT_ID=us", "OIDC_CLIENT_SECRET=hunter2", "OIDC_DEFAULT_ROLE=agent"}
	if cfg, err := load(t, whole, "", nil); err != nil || cfg.OIDCName != "Single sign-on" || cfg.OIDCIssuer != "https://i.example/" {
		t.Errorf("load = %+v, %v, want the settings, the issuer as it stands", cfg, err)
	}
	for _, c := range []struct {
		set  []string
		want string
	}{
		{[]string{"OIDC_ISSUER=http://i.example"}, "https"}, {[]string{"OIDC_ISSUER=i.example"}, "https"}, {[]string{"OIDC_ISSUER=https://u:p@i.example"}, "https"},
		{[]string{"OIDC_CLIENT_ID="}, "OIDC_CLIENT_ID"}, {[]string{"OIDC_CLIENT_SECRET="}, "OIDC_CLIENT_SECRET"}, {[]string{"PUBLIC_URL="}, "PUBLIC_URL"},
		{[]string{"OIDC_ISSUER="}, "OIDC_ISSUER is not set"}, {[]string{"OIDC_DEFAULT_ROLE=owner"}, "OIDC_DEFAULT_ROLE"}, {[]string{"AUDIT_DAYS=7"}, "AUDIT_DAYS"},
		{[]string{"AUDIT_DAYS=-1"}, "AUDIT_DAYS"},
	} {
		_, err := load(t, append(whole[:len(whole):len(whole)], c.set...), "", nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("load with %q = %v, want an error that says %q and shows no secret", c.set, err, c.want)
		}
	}
}
