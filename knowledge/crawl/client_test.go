package crawl

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"frontdesk/knowledge"
)

func allowing(t testing.TB, list ...string) Allow {
	t.Helper()
	allow, err := ParseAllow(list)
	if err != nil {
		t.Fatal(err)
	}
	return allow
}

// portOn is the port a test server listens on.
func portOn(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

func TestInsideAddressesAreRefusedUntilAllowed(t *testing.T) {
	asked := atomic.Int32{}
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer srv.Close()
	port := portOn(t, srv.URL)
	closed := NewClient(Allow{}, ClientOptions{})
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "127.0.0.2"} {
		_, err := closed.Get("http://" + host + ":" + port + "/")
		if !errors.Is(err, ErrRefused) {
			t.Errorf("Get(%s) = %v, want ErrRefused", host, err)
		}
		if err != nil && host == "127.0.0.1" && !strings.Contains(err.Error(), "127.0.0.1:"+port+" to CRAWL_ALLOW") {
			t.Errorf("Get(%s) = %v, want it to say what to set", host, err)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Fatalf("%d requests arrived, want none", n)
	}
	for _, entry := range []string{"127.0.0.1:" + port, "127.0.0.0/8:*", "127.0.0.0/8:" + port} {
		res, err := NewClient(allowing(t, entry), ClientOptions{}).Get(srv.URL)
		if err != nil {
			t.Fatalf("Get with %s allowed = %v", entry, err)
		}
		res.Body.Close()
	}
}

func TestRedirectsAreJudgedLikeAnyRequest(t *testing.T) {
	var to string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }))
	defer srv.Close()
	port := portOn(t, srv.URL)
	client := NewClient(allowing(t, "127.0.0.1:"+port), ClientOptions{Within: 10 * time.Second})
	for _, to = range []string{
		"http://169.254.169.254/latest/meta-data/", "http://[::ffff:127.0.0.2]:" + port + "/", "http://[::ffff:169.254.169.254]/", "http://10.0.0.1/",
		"http://2130706434/", "file:///etc/passwd", "gopher://127.0.0.1/", "http://user:secret@127.0.0.1:" + port + "/", "http://[64:ff9b::a9fe:a9fe]/",
	} {
		res, err := client.Get(srv.URL)
		if err == nil {
			res.Body.Close()
		}
		if !errors.Is(err, ErrRefused) && !strings.Contains(fmt.Sprint(err), "no such host") && !strings.Contains(fmt.Sprint(err), "2130706434") {
			t.Errorf("redirect to %s = %v, want ErrRefused", to, err)
		}
	}
	to = "/again"
	if _, err := client.Get(srv.URL); err == nil || !strings.Contains(err.Error(), "redirects") {
		t.Errorf("endless redirects = %v, want an end after %d", err, maxRedirects)
	}
}

// Nameserver answers every question for an IPv4 address with the next of its
// list, and with the last from then on.
func Nameserver(t testing.TB, answers ...string) *net.Resolver {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	t.Cleanup(func() { pc.Close(); <-served })
	go func() {
		defer close(served)
		buf := make([]byte, 1500)
		for n := 0; ; {
			size, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:size]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Header = dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true}
			m.Additionals = nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				for a := range strings.SplitSeq(answers[min(n, len(answers)-1)], ",") {
					m.Answers = append(m.Answers, dnsmessage.Resource{
						Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
						Body:   &dnsmessage.AResource{A: netip.MustParseAddr(a).As4()},
					})
				}
				n++
			}
			if out, err := m.Pack(); err == nil {
				pc.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
}

func TestANameThatChangesItsAddressIsJudgedEachTime(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "fine") }))
	defer srv.Close()
	port := portOn(t, srv.URL)
	// 127.0.0.1 stands for the outside here, 127.0.0.2 for a host inside.
	client := NewClient(allowing(t, "127.0.0.1:"+port), ClientOptions{Resolver: Nameserver(t, "127.0.0.1", "127.0.0.2", "10.0.0.1,169.254.169.254")})
	for i, ok := range []bool{true, false, false} {
		res, err := client.Get("http://rebind.example:" + port + "/")
		if err == nil {
			res.Body.Close()
		}
		if ok != (err == nil) || !ok && !errors.Is(err, ErrRefused) {
			t.Errorf("request %d = %v, want allowed %v", i+1, err, ok)
		}
		client.CloseIdleConnections()
	}
}

func TestRequestsCarryNothingOfOurs(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	var got []http.Header
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header)
		http.SetCookie(w, &http.Cookie{Name: "visit", Value: "1"})
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/next", http.StatusFound)
		}
	}))
	defer srv.Close()
	res, err := NewClient(allowing(t, "127.0.0.1:*"), ClientOptions{UserAgent: "Frontdesk (+https://help.example)"}).Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	for i, h := range got {
		if h.Get("User-Agent") != "Frontdesk (+https://help.example)" || h.Get("Cookie") != "" || h.Get("Referer") != "" || h.Get("Authorization") != "" {
			t.Errorf("request %d has header %v, want our name and neither cookie nor referer", i+1, h)
		}
	}
	if len(got) != 2 {
		t.Errorf("%d requests, want 2", len(got))
	}
}

// bomb is so many bytes of nothing, packed a thousandfold.
func bomb(t testing.TB, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	zeros := bytes.Repeat([]byte("\n"), 1<<20)
	for n := 0; n < size; n += len(zeros) {
		z.Write(zeros)
	}
	z.Close()
	return b.Bytes()
}

func TestAPageThatUnpacksTooLargeIsRefusedEarly(t *testing.T) {
	packed := bomb(t, 24<<20)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "text/html")
		w.Write(packed)
	}))
	defer srv.Close()
	c := New(Config{Client: NewClient(allowing(t, "127.0.0.1:*"), ClientOptions{})})
	u, _ := url.Parse(srv.URL)
	if _, err := c.get(t.Context(), u, knowledge.Page{}); !errors.Is(err, knowledge.ErrTooLarge) {
		t.Errorf("get(gzip bomb) = %v, want ErrTooLarge", err)
	}
}

func TestASlowServerIsGivenUp(t *testing.T) {
	done := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		for { // a byte now and then, for ever
			if _, err := io.WriteString(w, "<"); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-done:
				return
			case <-r.Context().Done():
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}))
	defer srv.Close()
	defer close(done)
	c := New(Config{Client: NewClient(allowing(t, "127.0.0.1:*"), ClientOptions{Within: 200 * time.Millisecond})})
	u, _ := url.Parse(srv.URL)
	_, err := c.get(t.Context(), u, knowledge.Page{})
	if err == nil || wordsOf(err) != "The server did not answer in time" {
		t.Errorf("get(slow server) = %v, want it given up", err)
	}
}

func TestAHeaderWithoutEndIsRefused(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 2*maxHeader))
	}))
	defer srv.Close()
	if res, err := NewClient(allowing(t, "127.0.0.1:*"), ClientOptions{}).Get(srv.URL); err == nil {
		res.Body.Close()
		t.Error("Get(header of 128 KB) = nil, want an error")
	}
}
