package main

import (
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"frontdesk/migrations/dbtest"
)

func TestTheCommandLineExplainsItself(t *testing.T) {
	for _, c := range []struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{[]string{"version"}, 0, "^frontdesk .* \\(go1", "^$"},
		{[]string{"--version"}, 0, "^frontdesk ", "^$"},
		{[]string{"help"}, 0, "(?s)Commands:.*serve.*doctor", "^$"},
		{[]string{"-h"}, 0, "Commands:", "^$"},
		{[]string{"help", "search"}, 0, "(?s)--limit N.*DATABASE_URL", "^$"},
		{[]string{"search", "--help"}, 0, "--limit N", "^$"},
		{[]string{"serv"}, 2, "^$", `(?s)unknown command "serv".*Commands:`},
		{[]string{"help", "serv"}, 2, "^$", "unknown command"},
		{[]string{"--bogus"}, 2, "^$", "not defined: -bogus"},
		{[]string{"search"}, 2, "^$", "say what to look for"},
		{[]string{"search", "x", "--limit", "0"}, 2, "^$", "--limit is a number from 1"},
		{[]string{"search", "x", "--limit", "ten"}, 2, "^$", "(?s)invalid value.*Usage: frontdesk search"},
		{[]string{"ask", "  "}, 2, "^$", "say what"},
		{[]string{"ingest"}, 2, "^$", "name a file"},
		{[]string{"ingest", "http://169.254.169.254/latest"}, 1, "^$", "CRAWL_ALLOW"},
		{[]string{"eval"}, 2, "^$", "name one directory"},
		{[]string{"eval", "x", "--save"}, 2, "^$", "go with --fit"},
		{[]string{"eval", "x", "--fit", "--conf", "y"}, 2, "^$", "do not go with --fit"},
		{[]string{"search", "x", "--rerank-model", "m"}, 1, "^$", "RERANK_BASE_URL"},
		{[]string{"serve", "now"}, 2, "^$", "no arguments"},
		{[]string{"token", "create", "--role", "admin"}, 2, "^$", "--name is missing"},
		{[]string{"token", "create", "--name", "x", "--role", "root"}, 2, "^$", "viewer, agent or admin"},
		{[]string{"token", "revoke"}, 2, "^$", "token create"},
		{[]string{"staff", "add", "nobody", "--role", "agent"}, 2, "^$", "not an e-mail address"},
		{[]string{"staff", "add", "a@x.org"}, 2, "^$", "--role"},
		{[]string{"migrate", "--log-level", "loud"}, 1, "^$", "(?s)settings are not right.*LOG_LEVEL"},
	} {
		got := frontdesk(t, nil, c.args...)
		if got.code != c.code || !regexp.MustCompile(c.stdout).MatchString(got.stdout) || !regexp.MustCompile(c.stderr).MatchString(got.stderr) {
			t.Errorf("frontdesk %q = %d\nout: %s\nerr: %s\nwant %d, out like %q, err like %q", c.args, got.code, got.stdout, got.stderr, c.code, c.stdout, c.stderr)
		}
	}
}

func TestFlagsMayStandAnywhere(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
		json bool
	}{
		{[]string{"a", "--json", "b"}, "a b", true}, {[]string{"--json", "a b"}, "a b", true},
		{[]string{"a", "--", "--json"}, "a --json", false}, {[]string{"--", "-5 degrees"}, "-5 degrees", false},
	} {
		fs := flag.NewFlagSet("test", flag.ContinueOnError)
		asJSON := fs.Bool("json", false, "")
		rest, err := parseMixed(fs, c.args)
		if err != nil || strings.Join(rest, " ") != c.want || *asJSON != c.json {
			t.Errorf("parseMixed(%q) = %q, json %v, %v, want %q, %v", c.args, rest, *asJSON, err, c.want, c.json)
		}
	}
}

// TestANewInstallationIsUsefulAtOnce goes the way of somebody who has just
// started it, with no key, through the commands beside a running server.
func TestANewInstallationIsUsefulAtOnce(t *testing.T) {
	environ := []string{"DATABASE_URL=" + dbtest.URL(t)}
	s := startServing(t, environ)
	said := s.said()
	password := regexp.MustCompile(`as admin@localhost with the password (\S+)`).FindStringSubmatch(said)
	if password == nil || !strings.Contains(said, s.url+"/console") {
		t.Fatalf("the first start said %s, want the admin's password and the console's address", said)
	}
	login := strings.NewReader(`{"email":"admin@localhost","password":"` + password[1] + `"}`)
	res, err := http.Post(s.url+"/api/v1/login", "application/json", login)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 || len(res.Cookies()) != 1 {
		t.Errorf("login with that password = %d, want 200 and a cookie", res.StatusCode)
	}
	for path, want := range map[string]string{"/": "widget.js", "/console": "console-", "/healthz": "ok", "/widget.js": "frontdesk", "/metrics": "frontdesk_db_connections", "/nowhere": "no_route"} {
		if code, body := s.get(path); !strings.Contains(body, want) {
			t.Errorf("GET %s = %d %.200s, want it to hold %q", path, code, body, want)
		}
	}

	token := frontdesk(t, environ, "token", "create", "--name", "importer", "--role", "admin")
	secret := strings.TrimSpace(token.stdout)
	if token.code != 0 || !strings.HasPrefix(secret, "fd_") || strings.Contains(secret, "\n") {
		t.Fatalf("token create = %+v, want one line with the token", token)
	}
	req, err := http.NewRequest("GET", s.url+"/api/v1/documents", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	if res, err = http.DefaultClient.Do(req); err != nil {
		t.Fatal(err)
	}
	var list struct{ Documents []struct{ Status string } }
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil || len(list.Documents) == 0 {
		t.Errorf("documents after the first start = %+v, %v, want the sample", list, err)
	}
	res.Body.Close()

	found := frontdesk(t, environ, "search", "--json", "how", "long", "does", "delivery", "take", "--limit", "2")
	var result struct {
		Confidence float64
		Passages   []struct {
			Title string
			Score float64
		}
	}
	if err := json.Unmarshal([]byte(found.stdout), &result); err != nil || found.code != 0 || len(result.Passages) != 2 || result.Confidence <= 0 {
		t.Errorf("search = %d %s %s, %v, want two passages and a confidence", found.code, found.stdout, found.stderr, err)
	}
	answer := frontdesk(t, environ, "ask", "How long does delivery take?")
	if answer.code != 0 || !strings.Contains(answer.stdout, "[1]") {
		t.Errorf("ask = %d %s %s, want an answer with its source", answer.code, answer.stdout, answer.stderr)
	}

	dir := t.TempDir()
	for name, text := range map[string]string{"zebra.md": "# Zebra rental\n\nA zebra costs 17 gold a day.\n", "empty.md": "", "picture.bin": "\x00\x01\x02\x03", ".hidden.md": "# no"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	taken := frontdesk(t, environ, "ingest", dir)
	if taken.code != 1 || !strings.Contains(taken.stdout, "ready ") || !strings.Contains(taken.stdout, "failed ") || !strings.Contains(taken.stdout, "skipped ") || strings.Contains(taken.stdout, "hidden") {
		t.Errorf("ingest = %d %s %s, want one ready, the empty one failed, the picture skipped, exit code 1", taken.code, taken.stdout, taken.stderr)
	}
	if found := frontdesk(t, environ, "search", "what does a zebra cost"); !strings.Contains(found.stdout, "17 gold") {
		t.Errorf("search = %+v, want what was ingested", found)
	}

	added := frontdeskWith(t, "a long password\n", environ, "staff", "add", "Ana@X.org", "--role", "agent", "--password-stdin")
	if added.code != 0 || strings.Contains(added.stdout, "long password") {
		t.Errorf("staff add = %+v, want it done without a word of the password", added)
	}
	if again := frontdesk(t, environ, "staff", "add", "ana@x.org", "--role", "agent"); again.code != 1 || !strings.Contains(again.stderr, "already") {
		t.Errorf("staff add again = %+v, want it refused", again)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("the server ended with %d: %s", code, s.said())
	}
	second := startServing(t, environ)
	if strings.Contains(second.said(), "password") {
		t.Errorf("the second start said %s, want no password", second.said())
	}
}

func TestTheSampleDoesNotComeBack(t *testing.T) {
	url := dbtest.URL(t)
	s := startServing(t, []string{"DATABASE_URL=" + url})
	pool := dbtest.Connect(t, url)
	if tag, err := pool.Exec(t.Context(), `DELETE FROM documents`); err != nil || tag.RowsAffected() == 0 {
		t.Fatalf("delete all = %v, %v, want the sample deleted", tag, err)
	}
	s.stop()
	startServing(t, []string{"DATABASE_URL=" + url})
	var left int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM documents`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d documents after a restart, %v, want none", left, err)
	}
}

func TestAStopEndsOpenStreamsAtOnce(t *testing.T) {
	s := startServing(t, []string{"DATABASE_URL=" + dbtest.URL(t), "ADMIN_PASSWORD=correct horse"})
	res, err := http.Post(s.url+"/widget/v1/sessions", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	var session struct{ Token string }
	if err := json.NewDecoder(res.Body).Decode(&session); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	req, err := http.NewRequest("GET", s.url+"/widget/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+session.Token)
	stream, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	if _, text := s.get("/metrics"); !strings.Contains(text, `frontdesk_event_streams{kind="customers"} 1`) {
		t.Error("metrics do not count the open stream")
	}
	if code := s.stop(); code != 0 || strings.Contains(s.said(), "cut") {
		t.Errorf("stop with a stream open = %d: %s, want 0 and nothing cut", code, s.said())
	}
	if _, err := io.ReadAll(stream.Body); err != nil {
		t.Errorf("the stream ended with %v, want a proper end", err)
	}
	if strings.Contains(s.said(), "password") {
		t.Errorf("the start said %s, want no password where one was given", s.said())
	}
}

// TestAPrivateDatabaseHasOneOwner runs without DATABASE_URL: commands work
// beside the server, and a second server is refused.
func TestAPrivateDatabaseHasOneOwner(t *testing.T) {
	dir, err := os.MkdirTemp("", "frontdesk-cli")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // as root, Postgres runs as somebody else who must get in
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	environ := []string{"DATA_DIR=" + dir}
	if alone := frontdesk(t, environ, "migrate"); alone.code != 0 {
		t.Fatalf("migrate without a server = %+v, want it to run the database itself", alone)
	}
	s := startServing(t, environ)
	if beside := frontdesk(t, environ, "search", "returns"); beside.code != 0 {
		t.Errorf("search beside the server = %+v, want it to use the running database", beside)
	}
	other := frontdesk(t, append(environ, "LISTEN_ADDR=127.0.0.1:0"), "serve")
	if other.code != 1 || !strings.Contains(other.stderr, "in use by another frontdesk") {
		t.Errorf("a second server = %+v, want it refused in plain words", other)
	}
	same := frontdesk(t, append(environ, "LISTEN_ADDR="+strings.TrimPrefix(s.url, "http://")), "serve")
	if same.code != 1 || !strings.Contains(same.stderr, "in use by another frontdesk") {
		t.Errorf("a second server on the same address = %+v, want the same words", same)
	}
	doctor := frontdesk(t, environ, "doctor", "--json")
	var report struct {
		OK       bool
		Findings []finding
	}
	if err := json.Unmarshal([]byte(doctor.stdout), &report); err != nil || !report.OK || doctor.code != 0 {
		t.Errorf("doctor = %+v, %v, want all well", doctor, err)
	}
	s.cmd.Process.Kill() // and the database is left running
	<-s.done
	again := startServing(t, environ)
	if code := again.stop(); code != 0 {
		t.Errorf("the server after a kill ended with %d: %s", code, again.said())
	}
	if _, err := os.Stat(filepath.Join(dir, "postgres", "data", "postmaster.pid")); err == nil {
		t.Error("the database still runs after a proper stop")
	}
}
