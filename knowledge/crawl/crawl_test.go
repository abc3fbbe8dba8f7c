package crawl_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/knowledge"
	"frontdesk/knowledge/crawl"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// patience bounds every wait of these tests.
const patience = time.Minute

// desk is one server's knowledge, with a crawler, on a real database.
type desk struct {
	*knowledgedb.Documents
	*knowledge.Ingest
	sites   *knowledgedb.Sites
	crawler *crawl.Crawler
	jobs    *knowledgedb.Jobs
	store   *knowledgedb.Store
	pool    *pgxpool.Pool
	allow   crawl.Allow
	names   *net.Resolver // has every name lead to this machine

	mu    sync.Mutex // guards slept
	slept []time.Duration
}

func newDesk(t testing.TB, databaseURL string, allow ...string) *desk {
	t.Helper()
	d := &desk{pool: dbtest.Connect(t, databaseURL), names: crawl.Nameserver(t, "127.0.0.1")}
	d.open(t.Fatal, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})), allow)
	return d
}

func (d *desk) open(fatal func(...any), log *slog.Logger, allow []string) {
	var err error
	if d.allow, err = crawl.ParseAllow(allow); err != nil {
		fatal(err)
	}
	d.store = knowledgedb.New(d.pool, nil, log)
	if d.Documents, err = d.store.Documents(); err != nil {
		fatal(err)
	}
	d.Ingest = knowledge.NewIngest(d.Documents, knowledge.Reader{Detect: extract.Detect, Extract: extract.Extract, Count: tokens.For("").Count}, log)
	d.sites = d.Documents.Sites()
	d.crawler = crawl.New(crawl.Config{
		Client: crawl.NewClient(d.allow, crawl.ClientOptions{UserAgent: "Frontdesk (+https://help.example)", Within: 20 * time.Second, Resolver: d.names}),
		Sites:  d.sites, Pages: d.sites, Documents: d, Read: extract.Extract, Log: log,
		Sleep: func(ctx context.Context, wait time.Duration) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.slept = append(d.slept, wait)
			return ctx.Err()
		},
	})
	if d.jobs, err = knowledgedb.NewJobs(d.Documents, d.Ingest, log, d.sites.Work(d.crawler)); err != nil {
		fatal(err)
	}
}

func (d *desk) start(t testing.TB) {
	t.Helper()
	if err := d.jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.stop(t) })
}

func (d *desk) stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := d.jobs.Stop(ctx); err != nil {
		t.Errorf("Stop = %v", err)
	}
}

func (d *desk) add(t testing.TB, req knowledge.SiteRequest) string {
	t.Helper()
	site, err := crawl.Plan(d.allow, req)
	if err != nil {
		t.Fatalf("Plan(%+v) = %v", req, err)
	}
	id, err := d.sites.AddSite(t.Context(), site)
	if err != nil {
		t.Fatalf("AddSite = %v", err)
	}
	return id
}

// read crawls a site here and now, without a job.
func (d *desk) read(t testing.TB, id string) knowledge.Site {
	t.Helper()
	if err := d.crawler.Crawl(t.Context(), id); err != nil {
		t.Fatalf("Crawl = %v", err)
	}
	return d.site(t, id)
}

// again has the site read once more.
func (d *desk) again(t testing.TB, id string) knowledge.Site {
	t.Helper()
	if err := d.sites.RecrawlSite(t.Context(), id); err != nil {
		t.Fatalf("RecrawlSite = %v", err)
	}
	return d.read(t, id)
}

func (d *desk) site(t testing.TB, id string) knowledge.Site {
	t.Helper()
	s, err := d.sites.Site(t.Context(), id)
	if err != nil {
		t.Fatalf("Site = %v", err)
	}
	return s
}

// pages are a site's by their path.
func (d *desk) pages(t testing.TB, id string) map[string]knowledge.Page {
	t.Helper()
	out := map[string]knowledge.Page{}
	for cursor := ""; ; {
		list, next, err := d.sites.SitePages(t.Context(), id, "", cursor, 0)
		if err != nil {
			t.Fatalf("SitePages = %v", err)
		}
		for _, p := range list {
			at := strings.Index(p.URL[8:], "/") + 8
			out[p.URL[at:]] = p
		}
		if cursor = next; next == "" {
			return out
		}
	}
}

// states are the paths of a site in one state, in order.
func (d *desk) states(t testing.TB, id string, state knowledge.PageState) []string {
	t.Helper()
	var out []string
	for path, p := range d.pages(t, id) {
		if p.State == state {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

func (d *desk) until(t testing.TB, id string, ok func(knowledge.Site) bool) knowledge.Site {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		s := d.site(t, id)
		if ok(s) {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("site %+v did not get where it should in %v", s, patience)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func settled(s knowledge.Site) bool {
	return (s.Status == knowledge.SiteReady || s.Status == knowledge.SiteFailed) && s.Progress.Waiting == 0
}

// web is a site on this machine whose pages a test sets.
type web struct {
	*httptest.Server
	mu    sync.Mutex // guards the rest
	pages map[string]string
	heads map[string]http.Header
	codes map[string]int
	asked []string
	given map[string]int // answers with a body, by path
	hook  func(path string)
	wide  int // most requests at a time
	now   int
}

func newWeb(t testing.TB) *web {
	w := &web{pages: map[string]string{}, heads: map[string]http.Header{}, codes: map[string]int{}, given: map[string]int{}}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

func (w *web) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	path := r.URL.RequestURI()
	w.mu.Lock()
	w.asked = append(w.asked, path)
	w.now++
	w.wide = max(w.wide, w.now)
	body, ok := w.pages[path]
	code, hook, head := w.codes[path], w.hook, w.heads[path]
	w.mu.Unlock()
	defer func() { w.mu.Lock(); w.now--; w.mu.Unlock() }()
	if hook != nil {
		hook(path)
	}
	tag := fmt.Sprintf(`"%x"`, len(body)*31+int(sum(body)))
	for k, v := range head {
		out.Header()[k] = v
	}
	switch {
	case code != 0:
		out.WriteHeader(code)
		return
	case !ok:
		out.WriteHeader(http.StatusNotFound)
		return
	case head.Get("Etag") != "-" && r.Header.Get("If-None-Match") == tag:
		out.WriteHeader(http.StatusNotModified)
		return
	}
	if head.Get("Etag") == "-" {
		out.Header().Del("Etag")
	} else {
		out.Header().Set("Etag", tag)
	}
	if out.Header().Get("Content-Type") == "" {
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	w.mu.Lock()
	w.given[path]++
	w.mu.Unlock()
	out.Write([]byte(body))
}

func sum(s string) (n uint32) {
	for _, b := range []byte(s) {
		n = n*16777619 ^ uint32(b)
	}
	return n
}

// set makes a page of a title, a text and links.
func (w *web) set(path, title, text string, links ...string) {
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html><html lang=en><head><title>%s</title></head><body><nav>", title)
	for _, l := range links {
		fmt.Fprintf(&b, `<a href="%s">x</a> `, l)
	}
	fmt.Fprintf(&b, "</nav><main><h1>%s</h1><p>%s</p></main></body></html>", title, text)
	w.put(path, b.String())
}

func (w *web) put(path, body string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[path] = body
}

func (w *web) head(path, name, value string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.heads[path] == nil {
		w.heads[path] = http.Header{}
	}
	w.heads[path].Set(name, value)
}

func (w *web) answer(path string, code int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.codes[path] = code
}

// onRequest has f called for every request, before it is answered.
func (w *web) onRequest(f func(path string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hook = f
}

func (w *web) remove(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.pages, path)
}

// forget begins the counts anew and returns what was asked for until now.
func (w *web) forget() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked := w.asked
	w.asked, w.given = nil, map[string]int{}
	return asked
}

// host is the entry that allows this site.
func (w *web) host() string { return strings.TrimPrefix(w.URL, "http://") }

const crawlerVariable = "FRONTDESK_TEST_DYING_CRAWLER"

// TestMain makes this test binary a server that dies over a site: see
// TestASiteOfAKilledServerGoesOnWhereItStopped.
func TestMain(m *testing.M) {
	if at := os.Getenv(crawlerVariable); at != "" {
		database, allow, _ := strings.Cut(at, " ")
		pool, err := pgxpool.New(context.Background(), database+"&pool_max_conns=10")
		if err != nil {
			panic(err)
		}
		d := &desk{pool: pool}
		d.open(func(v ...any) { panic(fmt.Sprint(v...)) }, slog.New(slog.DiscardHandler), []string{allow})
		if err := d.jobs.Start(context.Background()); err != nil {
			panic(err)
		}
		select {}
	}
	os.Exit(m.Run())
}
