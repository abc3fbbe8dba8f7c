package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"frontdesk/migrations/dbtest"
)

func request(remote string, headers ...string) *http.Request {
	r := httptest.NewRequest("GET", "http://help.example.com/x?q=private", nil)
	r.RemoteAddr = remote
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestForwardingHeadersAreBelievedOfTrustedProxiesOnly(t *testing.T) {
	p := proxies{trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for _, c := range []struct {
		name string
		r    *http.Request
		want string
	}{
		{"no proxy", request("203.0.113.9:1234"), "203.0.113.9"},
		{"a stranger's header", request("203.0.113.9:1234", "X-Forwarded-For", "198.51.100.1"), "203.0.113.9"},
		{"a proxy's header", request("10.0.0.2:1", "X-Forwarded-For", "198.51.100.1"), "198.51.100.1"},
		{"what a client put before it", request("10.0.0.2:1", "X-Forwarded-For", "1.2.3.4, 198.51.100.1"), "198.51.100.1"},
		{"two proxies", request("10.0.0.2:1", "X-Forwarded-For", "1.2.3.4, 198.51.100.1, 10.9.9.9"), "198.51.100.1"},
		{"two header lines", request("10.0.0.2:1", "X-Forwarded-For", "198.51.100.1", "X-Forwarded-For", "10.9.9.9"), "198.51.100.1"},
		{"rubbish", request("10.0.0.2:1", "X-Forwarded-For", "unknown"), "10.0.0.2"},
		{"a mapped address", request("[::ffff:10.0.0.2]:1", "X-Forwarded-For", "::ffff:198.51.100.1"), "198.51.100.1"},
		{"IPv6 with a zone", request("[fd00::1%eth0]:1", "X-Forwarded-For", "2001:db8::7"), "2001:db8::7"},
		{"a thousand hops", request("10.0.0.2:1", "X-Forwarded-For", strings.Repeat("10.1.1.1,", 1000)+"10.1.1.1"), "10.1.1.1"},
	} {
		if got := p.clientIP(c.r); got != c.want {
			t.Errorf("clientIP of %s = %s, want %s", c.name, got, c.want)
		}
	}
}

func TestSecureIsNotWhatAStrangerSays(t *testing.T) {
	p := proxies{trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	if p.secure(request("203.0.113.9:1", "X-Forwarded-Proto", "https")) {
		t.Error("secure of a stranger's header = true, want false")
	}
	if !p.secure(request("10.0.0.2:1", "X-Forwarded-Proto", "https")) {
		t.Error("secure of a proxy's header = false, want true")
	}
	p.public, _ = url.Parse("https://help.example.com")
	if !p.secure(request("203.0.113.9:1")) {
		t.Error("secure at PUBLIC_URL's host = false, want true")
	}
}

func TestMetricsAreForThisMachineOrTheToken(t *testing.T) {
	for _, c := range []struct {
		name  string
		token Secret
		r     *http.Request
		want  int
	}{
		{"this machine", Secret{}, request("127.0.0.1:1"), 200},
		{"this machine by IPv6", Secret{}, request("[::1]:1"), 200},
		{"another", Secret{}, request("203.0.113.9:1"), 401},
		{"a proxy on this machine", Secret{}, request("127.0.0.1:1", "X-Forwarded-For", "203.0.113.9"), 401},
		{"a proxy with the other header", Secret{}, request("127.0.0.1:1", "Forwarded", "for=203.0.113.9"), 401},
		{"another with the token", Secret{"s3cret"}, request("203.0.113.9:1", "Authorization", "Bearer s3cret"), 200},
		{"another with a wrong token", Secret{"s3cret"}, request("203.0.113.9:1", "Authorization", "Bearer s3cre"), 401},
		{"another with an empty token where none is set", Secret{}, request("203.0.113.9:1", "Authorization", "Bearer "), 401},
	} {
		w := httptest.NewRecorder()
		newMetrics().handler(c.token, proxies{}).ServeHTTP(w, c.r)
		if w.Code != c.want {
			t.Errorf("/metrics for %s = %d, want %d", c.name, w.Code, c.want)
		}
	}
}

// behindRim serves mux behind the rim and collects the log.
func behindRim(t *testing.T, mux *http.ServeMux) (*httptest.Server, *bytes.Buffer, *metrics) {
	t.Helper()
	log, m := &bytes.Buffer{}, newMetrics()
	s := httptest.NewServer(&rim{next: deadlines(mux), log: newLog(log, "json", slog.LevelDebug), metrics: m})
	t.Cleanup(s.Close)
	return s, log, m
}

func TestAPanicIsAnAnswerAndOneLine(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /boom", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, strings.Split("", "x")[len(body)]) // out of range
	})
	mux.HandleFunc("GET /half", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Write([]byte("half"))
		panic("afterwards")
	})
	s, log, _ := behindRim(t, mux)
	res, err := http.Post(s.URL+"/boom?q=my-secret", "text/plain", strings.NewReader("4111 1111 1111 1111"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var p struct{ Status int }
	if err := json.NewDecoder(res.Body).Decode(&p); err != nil || res.StatusCode != 500 || p.Status != 500 || res.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("POST = %d %+v, %v, want a 500 problem", res.StatusCode, p, err)
	}
	id := res.Header.Get("X-Request-Id")
	if s := log.String(); strings.Count(s, "panicked") != 1 || !strings.Contains(s, "rim_test.go") || !strings.Contains(s, id) || strings.Contains(s, "4111") || strings.Contains(s, "my-secret") {
		t.Errorf("log = %s, want one line with the stack and the id %s, and nothing of the request's", s, id)
	}
	if res, err := http.Get(s.URL + "/half"); err == nil {
		if _, err := io.ReadAll(res.Body); err == nil {
			t.Error("half an answer looks whole, want the connection cut")
		}
		res.Body.Close()
	}
}

func TestRequestsAreCountedByRouteNotByAddress(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /things/{id}", func(http.ResponseWriter, *http.Request) {})
	s, _, m := behindRim(t, mux)
	for _, path := range []string{"/things/1", "/things/2", "/random-1", "/random-2"} {
		res, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	req, _ := http.NewRequest("BREW", s.URL+"/things/3", nil)
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
	}
	w := httptest.NewRecorder()
	m.handler(Secret{}, proxies{}).ServeHTTP(w, request("127.0.0.1:1"))
	text := w.Body.String()
	for _, want := range []string{
		`frontdesk_http_request_seconds_count{method="GET",route="/things/{id}",status="2xx"} 2`,
		`frontdesk_http_request_seconds_count{method="GET",route="none",status="4xx"} 2`,
		`frontdesk_http_request_seconds_count{method="other",route="none",status="4xx"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(text, "random") || strings.Contains(text, "BREW") {
		t.Error("metrics have a series that a stranger named")
	}
}

func TestReadinessFollowsDatabaseMigrationsQueueAndStop(t *testing.T) {
	pool := dbtest.New(t)
	h := &health{pool: pool, queues: &queues{pool: pool}}
	probe := func() (int, readyReport) {
		w := httptest.NewRecorder()
		h.ready(w, request("127.0.0.1:1"))
		var rep readyReport
		if err := json.Unmarshal(w.Body.Bytes(), &rep); err != nil {
			t.Fatal(err)
		}
		return w.Code, rep
	}
	if code, rep := probe(); code != 200 || !rep.Ready || rep.Queues == nil {
		t.Errorf("readyz = %d %+v, want ready with its queues", code, rep)
	}
	exec := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
		h.queues = &queues{pool: pool} // without what it remembers
	}
	exec(`INSERT INTO contacts (id) VALUES ('00000000-0000-0000-0000-000000000001')`)
	exec(`INSERT INTO conversations (id, contact_id, channel, account, thread, turn_due_at)
		VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'widget', '', '', now() - interval '10 minutes')`)
	if code, rep := probe(); code != 503 || rep.Checks["queues"].OK || rep.Queues.TurnAge < 590 {
		t.Errorf("readyz with a turn overdue for ten minutes = %d %+v, want 503", code, rep)
	}
	exec(`UPDATE conversations SET turn_due_at = now() - interval '10 seconds'`)
	if code, rep := probe(); code != 200 || rep.Queues.Turns != 1 {
		t.Errorf("readyz with a turn due = %d %+v, want ready with one turn", code, rep)
	}
	exec(`DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`)
	if code, rep := probe(); code != 503 || rep.Checks["migrations"].OK {
		t.Errorf("readyz with a migration missing = %d %+v, want 503", code, rep)
	}
	pool.Close()
	if code, rep := probe(); code != 503 || rep.Checks["database"].OK {
		t.Errorf("readyz without database = %d %+v, want 503", code, rep)
	}
	w := httptest.NewRecorder()
	if h.live(w, nil); w.Code != 200 {
		t.Errorf("healthz without database = %d, want 200: the process lives", w.Code)
	}
	h.stopping.Store(true)
	if code, rep := probe(); code != 503 || rep.Checks["server"].OK {
		t.Errorf("readyz while stopping = %d %+v, want 503", code, rep)
	}
}
