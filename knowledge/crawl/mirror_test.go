package crawl_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/knowledge"
	"frontdesk/knowledge/crawl"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"
)

const (
	// mirrorPages is how many pages the site has, unless mirrorVariable says otherwise.
	mirrorPages    = 300
	mirrorVariable = "FRONTDESK_CRAWL_PAGES"
	// mirrorLinks is how many pages each links to: of 5,000 none is further than three links away.
	mirrorLinks = 70
	// mirrorChanged is how many pages change between the two readings.
	mirrorChanged = 25
	// mirrorWithin bounds one reading of the site; 5,000 pages take a small part of it.
	mirrorWithin = 15 * time.Minute
	// mirrorHeap is the most that may be held on the heap at any time, for 5,000 pages as for 300.
	mirrorHeap = 64 << 20
)

// mirror is a site whose pages are made when they are asked for. A third of them has an ETag, a
// third the day it was changed, and a third only its text, under a header that is new each time.
type mirror struct {
	pages int

	asked, given atomic.Int64 // requests for pages, and those answered with one
	seen, words  atomic.Int64 // pages read to be compared, and to become passages
	embedded     atomic.Int64
	served       atomic.Int64

	mu      sync.Mutex // guards changed
	changed map[int]bool
}

func (m *mirror) path(n int) string {
	if n == 0 {
		return "/"
	}
	return fmt.Sprintf("/help/topic-%s", strconv.FormatInt(int64(n), 36))
}

func (m *mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := 0
	if r.URL.Path != "/" {
		name, ok := strings.CutPrefix(r.URL.Path, "/help/topic-")
		id, err := strconv.ParseInt(name, 36, 32)
		if n = int(id); !ok || err != nil || n <= 0 || n >= m.pages {
			http.NotFound(w, r)
			return
		}
	}
	m.asked.Add(1)
	m.mu.Lock()
	changed := m.changed[n]
	m.mu.Unlock()
	edition, day := "first", "Mon, 02 Nov 2026 08:00:00 GMT"
	if changed {
		edition, day = "second", "Fri, 20 Nov 2026 08:00:00 GMT"
	}
	tag := fmt.Sprintf(`"%d-%s"`, n, edition)
	switch n % 3 {
	case 0:
		w.Header().Set("ETag", tag)
	case 1:
		w.Header().Set("Last-Modified", day)
	}
	if n%3 == 0 && r.Header.Get("If-None-Match") == tag || n%3 == 1 && r.Header.Get("If-Modified-Since") == day {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	m.given.Add(1)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html><html lang=en><head><title>Topic %d</title><meta name=served content=%d></head><body><nav>", n, m.served.Add(1))
	for child := n*mirrorLinks + 1; child <= (n+1)*mirrorLinks && child < m.pages; child++ {
		fmt.Fprintf(w, `<a href="%s">topic %d</a> `, m.path(child), child)
	}
	fmt.Fprintf(w, "</nav><main><h1>Topic %d</h1><p>This is the %s edition of what we say about topic %d. "+
		"Call the shop on extension %d if anything about it stays unclear, and keep the receipt.</p></main></body></html>", n, edition, n, n)
}

// forget returns the counts and begins them anew.
func (m *mirror) forget() (asked, given, seen, words, embedded int64) {
	return m.asked.Swap(0), m.given.Swap(0), m.seen.Swap(0), m.words.Swap(0), m.embedded.Swap(0)
}

// Embed, Model and Dimensions make the mirror the embedder too, which counts.
func (m *mirror) Embed(_ context.Context, texts []string) ([][]float32, error) {
	m.embedded.Add(int64(len(texts)))
	out := make([][]float32, len(texts))
	for i, s := range texts {
		out[i] = []float32{float32(len(s)), 1, float32(sum(s)%1000 + 1)}
	}
	return out, nil
}
func (m *mirror) Model() string   { return "counting" }
func (m *mirror) Dimensions() int { return 3 }

// extracting counts how many texts are read into n.
func extracting(n *atomic.Int64) func(context.Context, string, string, []byte) (knowledge.Text, error) {
	return func(ctx context.Context, name, mediaType string, data []byte) (knowledge.Text, error) {
		n.Add(1)
		return extract.Extract(ctx, name, mediaType, data)
	}
}

func TestALargeSiteIsReadWithProgressAndAgainOnlyWhereItChanged(t *testing.T) {
	m := &mirror{pages: mirrorPages, changed: map[int]bool{}}
	if v := os.Getenv(mirrorVariable); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < mirrorChanged || n > knowledge.MaxSitePages {
			t.Fatalf("%s is %q, not a number from %d to %d", mirrorVariable, v, mirrorChanged, knowledge.MaxSitePages)
		}
		m.pages = n
	}
	srv := httptest.NewServer(m)
	t.Cleanup(srv.Close)

	d := &desk{pool: dbtest.Connect(t, dbtest.URL(t)), names: crawl.Nameserver(t, "127.0.0.1")}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	var err error
	if d.allow, err = crawl.ParseAllow([]string{strings.TrimPrefix(srv.URL, "http://")}); err != nil {
		t.Fatal(err)
	}
	d.store = knowledgedb.New(d.pool, m, log)
	if d.Documents, err = d.store.Documents(); err != nil {
		t.Fatal(err)
	}
	d.Ingest = knowledge.NewIngest(d.Documents, knowledge.Reader{Detect: extract.Detect, Extract: extracting(&m.words), Count: tokens.For("").Count}, log)
	d.sites = d.Documents.Sites()
	d.crawler = crawl.New(crawl.Config{
		Client: crawl.NewClient(d.allow, crawl.ClientOptions{UserAgent: "Frontdesk (+https://help.example)", Resolver: d.names}),
		Sites:  d.sites, Pages: d.sites, Documents: d, Read: extracting(&m.seen), Log: log,
	})
	if d.jobs, err = knowledgedb.NewJobs(d.Documents, d.Ingest, log, d.sites.Work(d.crawler)); err != nil {
		t.Fatal(err)
	}
	d.start(t)

	began := time.Now()
	id := d.add(t, knowledge.SiteRequest{URL: srv.URL, Pages: m.pages})
	s, peak := d.watch(t, id, 1)
	n := int64(m.pages)
	if s.Status != knowledge.SiteReady || s.Limited || s.Progress.Documents != m.pages || s.Progress.Changed != m.pages || s.Progress.Failed != 0 {
		t.Fatalf("site = %+v, want all %d pages as documents", s, m.pages)
	}
	asked, given, seen, words, embedded := m.forget()
	t.Logf("%d pages read and searchable in %v, %d MB held at most", m.pages, time.Since(began).Round(100*time.Millisecond), peak>>20)
	if asked != n || given != n || seen != n || words != n || embedded != n {
		t.Errorf("%d pages asked for, %d given, %d compared, %d read, %d embedded, want each page once: %d", asked, given, seen, words, embedded, n)
	}

	m.mu.Lock()
	for i := range mirrorChanged {
		m.changed[1+i*(m.pages-1)/mirrorChanged] = true
	}
	bare := 0 // pages whose answer says nothing of whether they changed
	for i := 2; i < m.pages; i += 3 {
		bare++
	}
	fresh := bare
	for i := range m.changed {
		if i%3 != 2 {
			fresh++
		}
	}
	m.mu.Unlock()
	began = time.Now()
	if err := d.sites.RecrawlSite(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	s, again := d.watch(t, id, 2)
	asked, given, seen, words, embedded = m.forget()
	t.Logf("read again in %v: %d asked for, %d given, %d taken in anew, %d MB held at most", time.Since(began).Round(100*time.Millisecond), asked, given, words, again>>20)
	if s.Progress.Changed != mirrorChanged || s.Progress.Documents != m.pages || s.Progress.Failed != 0 || s.Progress.Deleted != 0 {
		t.Errorf("second reading = %+v, want %d changed pages and none lost", s.Progress, mirrorChanged)
	}
	if asked != n || given != int64(fresh) || seen != int64(fresh) {
		t.Errorf("%d pages asked for, %d given and %d compared, want %d, %d and %d", asked, given, seen, n, fresh, fresh)
	}
	if words != mirrorChanged || embedded != mirrorChanged {
		t.Errorf("%d documents read anew and %d passages embedded, want %d of each", words, embedded, mirrorChanged)
	}
	if peak = max(peak, again); peak > mirrorHeap {
		t.Errorf("%d MB were held at once, want %d at most", peak>>20, mirrorHeap>>20)
	}
	changed := slices.Sorted(func(yield func(int) bool) {
		for i := range m.changed {
			if !yield(i) {
				return
			}
		}
	})
	last := changed[len(changed)-1]
	res, err := d.store.Find(t.Context(), knowledge.Query{Text: fmt.Sprintf("second edition of topic %d", last)})
	if err != nil || !slices.ContainsFunc(res.Hits, func(h knowledge.Hit) bool {
		return h.URL == srv.URL+m.path(last) && strings.Contains(h.Text, "second edition")
	}) {
		t.Errorf("Find = %d hits, %v; want the second edition of topic %d among them", len(res.Hits), err, last)
	}
}

// watch follows a run of a site as the console does, until it is searchable, and returns it with the
// most that was held on the heap. Its progress may only rise, and ends with every page.
func (d *desk) watch(t *testing.T, id string, run int) (knowledge.Site, uint64) {
	t.Helper()
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	var peak uint64
	events, fetched, found := 0, 0, 0
	since := time.Now().Add(-time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(mirrorWithin)
	for look := 0; ; look++ {
		if look%20 == 0 { // what is held, and not what waits to be collected
			runtime.GC()
			metrics.Read(heap)
			peak = max(peak, heap[0].Value.Uint64())
		}
		changes, err := d.sites.Changes(t.Context(), since)
		if err != nil {
			t.Fatalf("Changes = %v", err)
		}
		since = changes.At
		for _, s := range changes.Sites {
			if s.ID != id || s.Run != run {
				continue
			}
			p := s.Progress
			if p.Fetched < fetched || p.Found < found || p.Fetched > p.Found {
				t.Fatalf("progress went from %d of %d pages to %d of %d", fetched, found, p.Fetched, p.Found)
			}
			if p.Fetched > fetched {
				events++
			}
			fetched, found = p.Fetched, p.Found
		}
		if s := d.site(t, id); s.Run == run && settled(s) && fetched == s.Progress.Fetched {
			if fetched != s.Progress.Found || events < 3 {
				t.Errorf("progress ended at %d of %d pages after %d steps, want all of them in several", fetched, s.Progress.Found, events)
			}
			return s, peak
		}
		if time.Now().After(deadline) {
			t.Fatalf("site %+v was not read in %v", d.site(t, id), mirrorWithin)
		}
		<-tick.C
	}
}
