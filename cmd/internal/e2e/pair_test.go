package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/cmd/internal/proc"

	"github.com/jackc/pgx/v5/pgxpool"
)

// racedBinary is binary with the race detector in it, where the tests have it.
var racedBinary = sync.OnceValues(func() (string, error) {
	if !raced {
		return binary()
	}
	dir, err := os.MkdirTemp("", "frontdesk-raced")
	if err != nil {
		return "", err
	}
	racedDir = dir
	return proc.Build(context.Background(), dir, "-race")
})

var racedDir string

// pair is two processes over one database.
type pair struct {
	t      *testing.T
	o      proc.Options
	ai     *fakeai.Server
	urls   [2]string
	procs  [2]*proc.Server
	pool   *pgxpool.Pool
	client *http.Client
	admin  member
}

// newPair starts them; at the end of the test they must stop in good order, which with
// the race detector in them says that it found nothing.
func newPair(t *testing.T, answer func(fakeai.Request) fakeai.Reply, env ...string) *pair {
	t.Helper()
	bin, err := racedBinary()
	if err != nil {
		t.Fatal(err)
	}
	ai, o := setup(t, answer)
	o.Bin = bin
	o.Env = append(o.Env, env...)
	p := &pair{t: t, o: o, ai: ai, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 200}}}
	t.Cleanup(p.client.CloseIdleConnections)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for i := range p.procs {
		if i > 0 {
			if o.Address, err = proc.FreeAddress(); err != nil {
				t.Fatal(err)
			}
			o.Env = append(o.Env, "DATA_DIR="+t.TempDir())
		}
		s, err := proc.Start(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		p.procs[i], p.urls[i] = s, s.URL
		t.Cleanup(func() {
			if err := s.Stop(); err != nil {
				t.Errorf("process %d stopped with %v", i+1, err)
			}
		})
	}
	for _, kv := range o.Env {
		if url, ok := strings.CutPrefix(kv, "DATABASE_URL="); ok {
			if p.pool, err = pgxpool.New(t.Context(), url); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.pool.Close)
		}
	}
	p.admin = p.signIn("admin@localhost", "correct horse battery staple")
	return p
}

// member is somebody of staff with a session, which opens both processes.
type member struct {
	p        *pair
	id, name string
	cookie   *http.Cookie
}

// answered is what a request came to.
type answered struct {
	code int
	body []byte
	sent http.Header
}

// problem is what of a refusal a test looks at.
type problem struct {
	Code    string
	TakenBy struct{ ID, Name string } `json:"taken_by"`
}

func (a answered) problem() (out problem) {
	json.Unmarshal(a.body, &out)
	return out
}

// call asks one of the two processes. What is no answer at all has the code 0.
func (m member) call(ctx context.Context, at int, method, path string, body any) answered {
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			m.p.t.Error(err)
		}
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, m.p.urls[at]+path, in)
	if err != nil {
		m.p.t.Error(err)
		return answered{}
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if m.cookie != nil {
		req.AddCookie(m.cookie)
	}
	res, err := m.p.client.Do(req)
	if err != nil {
		return answered{body: []byte(err.Error())}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return answered{body: []byte(err.Error())}
	}
	return answered{res.StatusCode, b, res.Header}
}

// must is call that has to end in that code; into takes the answer.
func (m member) must(at int, method, path string, body, into any, want int) {
	m.p.t.Helper()
	got := m.call(m.p.t.Context(), at, method, path, body)
	if got.code != want {
		m.p.t.Fatalf("%s %s = %d %s, want %d", method, path, got.code, got.body, want)
	}
	if into != nil {
		if err := json.Unmarshal(got.body, into); err != nil {
			m.p.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
}

// session takes the session an answer sets.
func (p *pair) session(got answered) member {
	p.t.Helper()
	cookies := (&http.Response{Header: got.sent}).Cookies()
	if got.code/100 != 2 || len(cookies) == 0 {
		p.t.Fatalf("no session: %d %s", got.code, got.body)
	}
	m := member{p: p, cookie: cookies[0]}
	var me struct{ ID, Name string }
	m.must(0, "GET", "/api/v1/me", nil, &me, 200)
	m.id, m.name = me.ID, me.Name
	return m
}

func (p *pair) signIn(email, password string) member {
	p.t.Helper()
	return p.session(member{p: p}.call(p.t.Context(), 0, "POST", "/api/v1/login", map[string]string{"email": email, "password": password}))
}

// hire makes a member of staff.
func (p *pair) hire(name, role string) member {
	p.t.Helper()
	var invited struct{ URL string }
	p.admin.must(0, "POST", "/api/v1/staff/invitations", map[string]string{"email": strings.ToLower(name) + "@example.com", "role": role}, &invited, 201)
	token := invited.URL[strings.LastIndexByte(invited.URL, '/')+1:]
	return p.session(member{p: p}.call(p.t.Context(), 0, "POST", "/api/v1/invitations/"+token, map[string]string{"name": name, "password": "correct horse battery " + name}))
}

// sse is one event of a stream of staff.
type sse struct {
	name string
	data json.RawMessage
	at   time.Time
}

// watch reads the member's event stream on one process until each returns false, the
// stream ends or ctx does. It returns once the stream is open; over is closed at its end.
func (m member) watch(ctx context.Context, at int, each func(sse) bool) (over <-chan struct{}, err error) {
	ctx, cancel := context.WithCancel(ctx)
	req, err := http.NewRequestWithContext(ctx, "GET", m.p.urls[at]+"/api/v1/events", nil)
	if err != nil {
		cancel()
		return nil, err
	}
	req.AddCookie(m.cookie)
	res, err := m.p.client.Do(req)
	if err != nil {
		cancel()
		return nil, err
	}
	if res.StatusCode != 200 {
		cancel()
		res.Body.Close()
		return nil, fmt.Errorf("event stream: status %d", res.StatusCode)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	lines.Scan() // ": watching"
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		defer res.Body.Close()
		var e sse
		for lines.Scan() {
			switch line := lines.Text(); {
			case strings.HasPrefix(line, "event: "):
				e.name = line[7:]
			case strings.HasPrefix(line, "data: "):
				e.data = json.RawMessage(line[6:])
			case line == "" && e.name != "":
				e.at = time.Now()
				if !each(e) {
					return
				}
				e = sse{}
			}
		}
	}()
	return done, nil
}

// eventually polls until ok is true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) { // between looks
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}
