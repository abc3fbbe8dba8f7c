package crawl_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/knowledge"
	"frontdesk/knowledge/crawl"
	"frontdesk/migrations/dbtest"
)

func TestASiteIsReadByItsLinks(t *testing.T) {
	w := newWeb(t)
	w.put("/robots.txt", "User-agent: *\nDisallow: /secret\nCrawl-delay: 3\n")
	w.set("/", "Shop", "Welcome to the shop.", "/a?utm_source=home", "/b#top", "/secret/x", "https://elsewhere.example/", "/pic.png", "/noindex", "/copy", "/moved", "/gone", "/bin", "/notes.txt", "/index.html")
	w.set("/a", "Returns", "Returns are free for thirty days.", "/deep")
	w.set("/b", "package.json", "How the package file is written.", "/a")
	w.set("/deep", "Deep", "Three links away.", "/deeper")
	w.set("/deeper", "Deeper", "Beyond the depth asked for.")
	w.put("/noindex", `<html><head><meta name="robots" content="noindex"></head><body><p>Hidden.</p><a href="/behind">x</a></body></html>`)
	w.set("/behind", "Behind", "Found through a page that is not kept.")
	w.put("/copy", `<html><head><title>Returns again</title><link rel="canonical" href="/a"></head><body>Returns.</body></html>`)
	w.answer("/moved", http.StatusMovedPermanently)
	w.head("/moved", "Location", "/b")
	w.put("/bin", "\x00\x01\x02")
	w.head("/bin", "Content-Type", "application/octet-stream")
	w.put("/notes.txt", "Plain notes about opening hours.")
	w.head("/notes.txt", "Content-Type", "text/plain")
	d := newDesk(t, dbtest.URL(t), w.host())
	d.start(t)
	id := d.add(t, knowledge.SiteRequest{URL: w.URL, Depth: 2})
	s := d.until(t, id, func(s knowledge.Site) bool { return settled(s) })
	if s.Status != knowledge.SiteReady || s.Error != "" {
		t.Fatalf("site = %+v, want it ready", s)
	}
	if got, want := d.states(t, id, knowledge.PageReady), []string{"/", "/a", "/b", "/behind", "/deep", "/notes.txt"}; !slices.Equal(got, want) {
		t.Errorf("documents of %q, want %q; pages: %+v", got, want, d.pages(t, id))
	}
	if got, want := d.states(t, id, knowledge.PageSkipped), []string{"/bin", "/copy", "/moved", "/noindex"}; !slices.Equal(got, want) {
		t.Errorf("skipped %q, want %q", got, want)
	}
	for _, path := range w.forget() {
		if strings.HasPrefix(path, "/secret") || path == "/pic.png" || path == "/deeper" {
			t.Errorf("%s was asked for, want it left alone", path)
		}
	}
	if w.wide > 2 {
		t.Errorf("%d requests at a time, want 2 at most", w.wide)
	}
	d.mu.Lock()
	paused := len(d.slept)
	d.mu.Unlock()
	if paused == 0 {
		t.Error("no pause between requests, want the crawl delay of robots.txt")
	}
	doc, err := d.Document(t.Context(), d.pages(t, id)["/a"].ID)
	if err != nil || doc.Name != "Returns" || doc.URL != w.URL+"/a" || doc.Status != knowledge.StatusReady {
		t.Errorf("document = %+v, %v; want it called Returns, at its address", doc, err)
	}
	if doc, err = d.Document(t.Context(), d.pages(t, id)["/b"].ID); err != nil || doc.Status != knowledge.StatusReady || !strings.HasPrefix(doc.Name, "package.json") {
		t.Errorf("a page titled like a file = %+v, %v; want it ready", doc, err)
	}
	res, err := d.store.Find(t.Context(), knowledge.Query{Text: "are returns free"})
	if err != nil || len(res.Hits) == 0 || res.Hits[0].URL != w.URL+"/a" {
		t.Errorf("Find = %+v, %v; want the page with its address", res.Hits, err)
	}
	if err := d.sites.DeleteSite(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if res, err := d.store.Find(t.Context(), knowledge.Query{Text: "are returns free"}); err != nil || len(res.Hits) != 0 {
		t.Errorf("Find after DeleteSite = %+v, %v; want nothing", res.Hits, err)
	}
}

func TestASitemapIsReadWithThoseItLeadsTo(t *testing.T) {
	w := newWeb(t)
	w.put("/sitemap.xml", "<sitemapindex><sitemap><loc>"+w.URL+"/one.xml</loc></sitemap><sitemap><loc>"+w.URL+"/sitemap.xml</loc></sitemap>"+
		"<sitemap><loc>http://169.254.169.254/x.xml</loc></sitemap><sitemap><loc>"+w.URL+"/missing.xml</loc></sitemap></sitemapindex>")
	w.put("/one.xml", "<urlset><url><loc>"+w.URL+"/a</loc></url><url><loc>https://elsewhere.example/</loc></url><url><loc>"+w.URL+"/shop/b</loc></url></urlset>")
	w.set("/a", "A", "The first.", "/c")
	w.set("/shop/b", "B", "The second.")
	w.set("/c", "C", "Not listed.")
	d := newDesk(t, dbtest.URL(t), w.host())
	id := d.add(t, knowledge.SiteRequest{URL: w.URL + "/sitemap.xml"})
	if s := d.read(t, id); s.Kind != knowledge.SiteMap || s.Status != knowledge.SiteReady {
		t.Errorf("site = %+v, want a sitemap that is ready", s)
	}
	if got, want := d.states(t, id, knowledge.PageReady), []string{"/a", "/shop/b"}; !slices.Equal(got, want) {
		t.Errorf("documents of %q, want %q", got, want)
	}
	other := d.add(t, knowledge.SiteRequest{URL: w.URL + "/c", Kind: knowledge.SiteMap})
	if s := d.read(t, other); s.Status != knowledge.SiteFailed || !strings.Contains(s.Error, "sitemap") {
		t.Errorf("a page as a sitemap = %+v, want it failed", s)
	}
}

func TestAnAddressInsideSaysWhatToSet(t *testing.T) {
	w := newWeb(t)
	w.set("/", "Home", "Inside.")
	if _, err := crawl.Plan(crawl.Allow{}, knowledge.SiteRequest{URL: w.URL}); !errors.Is(err, knowledge.ErrAddress) || !strings.Contains(err.Error(), w.host()+" to CRAWL_ALLOW") {
		t.Errorf("Plan(inside) = %v, want it refused with what to set", err)
	}
	d := newDesk(t, dbtest.URL(t))
	site, err := crawl.Plan(crawl.Allow{}, knowledge.SiteRequest{URL: "http://localhost.localdomain:" + strings.Split(w.host(), ":")[1]})
	if err != nil {
		t.Fatal(err)
	}
	site.URL, site.Origin = w.URL+"/", w.URL // as if a name had led here
	id, err := d.sites.AddSite(t.Context(), site)
	if err != nil {
		t.Fatal(err)
	}
	if s := d.read(t, id); s.Status != knowledge.SiteFailed || !strings.Contains(s.Error, "CRAWL_ALLOW") {
		t.Errorf("site = %+v, want it failed with what to set", s)
	}
	for _, req := range []knowledge.SiteRequest{{URL: "ftp://x/"}, {URL: "nonsense"}, {URL: "http://user:p@x.example/"}, {URL: "http://x.example/", Depth: 99},
		{URL: "http://x.example/", Pages: 10_001}, {URL: "http://x.example/", Every: time.Minute}, {URL: "http://x.example/", Prefix: "help"},
		{URL: "http://x.example/", Kind: "feed"}, {URL: "http://[::ffff:10.0.0.1]/"}, {URL: "http://localhost/"}} {
		if _, err := crawl.Plan(crawl.Allow{}, req); !errors.Is(err, knowledge.ErrAddress) {
			t.Errorf("Plan(%+v) = %v, want ErrAddress", req, err)
		}
	}
}

func TestEndlessLinksComeToAnEnd(t *testing.T) {
	w := newWeb(t)
	d := newDesk(t, dbtest.URL(t), w.host())
	w.set("/", "Home", "Home.", "/cal/2024/01", "/loop/", "/chain?n=1")
	w.onRequest(func(path string) { // each page makes the next
		var n int
		switch {
		case strings.HasPrefix(path, "/cal/"):
			var year, month int
			fmt.Sscanf(path, "/cal/%d/%d", &year, &month)
			links := []string{}
			for i := range 12 {
				links = append(links, fmt.Sprintf("/cal/%d/%02d", year+1, i+1))
			}
			w.set(path, "Month "+path, "Nothing happens in "+path, links...)
		case strings.HasPrefix(path, "/loop/"):
			w.set(path, "Loop "+path, "Round and round "+path, path+"loop/")
		case strings.HasPrefix(path, "/chain?n="):
			fmt.Sscanf(path, "/chain?n=%d", &n)
			w.set(path, "Chain", fmt.Sprint("Link number ", n), fmt.Sprintf("/chain?n=%d", n+1), fmt.Sprintf("/chain?n=%d", n+1000))
		}
	})
	// The hook runs after the page was looked up: each is made by the request before.
	w.set("/cal/2024/01", "First", "First month.", "/cal/2025/01", "/cal/2025/02")
	id := d.add(t, knowledge.SiteRequest{URL: w.URL, Depth: 15, Pages: 200})
	s := d.read(t, id)
	if s.Status != knowledge.SiteReady || s.Progress.Found > 200 {
		t.Errorf("site = %+v, want it ready with 200 addresses at most", s)
	}
	months := 0
	for path := range d.pages(t, id) {
		if strings.HasPrefix(path, "/cal/") {
			months++
		}
	}
	if months > 100 {
		t.Errorf("%d months, want the calendar cut at 100", months)
	}
	few := d.add(t, knowledge.SiteRequest{URL: w.URL + "/cal/2024/01", Pages: 3})
	if s := d.read(t, few); s.Progress.Found != 3 || !s.Limited {
		t.Errorf("site of 3 pages = %+v, want it to say that more were left out", s)
	}
}

func TestOnlyWhatChangedIsTouched(t *testing.T) {
	w := newWeb(t)
	const pages = 500
	var links []string
	for i := 1; i < pages; i++ {
		path := fmt.Sprintf("/p/%03d", i)
		links = append(links, path)
		w.set(path, fmt.Sprint("Page ", i), fmt.Sprintf("Text number %d about topic%d.", i, i))
	}
	for _, path := range links[:100] { // a fifth knows nothing of validators and carries the time of day
		w.head(path, "Etag", "-")
	}
	w.set("/", "All", "The list of all.", links...)
	d := newDesk(t, dbtest.URL(t), w.host())
	d.start(t)
	began := time.Now()
	id := d.add(t, knowledge.SiteRequest{URL: w.URL})
	s := d.until(t, id, settled)
	t.Logf("first reading of %d pages: %v, %+v", pages, time.Since(began).Round(time.Millisecond), s.Progress)
	if s.Progress.Documents != pages || s.Progress.Changed != pages || s.Progress.Failed != 0 {
		t.Fatalf("progress = %+v, want %d new documents", s.Progress, pages)
	}
	const stamps = `SELECT count(*), max(updated_at) FROM documents`
	var n int
	var latest time.Time
	if err := d.pool.QueryRow(t.Context(), stamps).Scan(&n, &latest); err != nil {
		t.Fatal(err)
	}
	before := d.pages(t, id)

	w.forget()
	w.set("/p/001", "Page 1", "Now it is about umbrellas.")
	w.set("/p/250", "Page 250", "Now it is about parasols.")
	w.set("/p/499", "Page 499", "Now it is about gazebos.")
	w.set("/p/002", "Page 2", "Text number 2 about topic2.", "/new-navigation-only", "/p/003")
	w.remove("/p/498")
	began = time.Now()
	if err := d.sites.RecrawlSite(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	s = d.until(t, id, func(s knowledge.Site) bool { return s.Run == 2 && settled(s) })
	t.Logf("second reading: %v, %+v, %d bodies sent", time.Since(began).Round(time.Millisecond), s.Progress, len(w.given))
	if s.Progress.Changed != 3 || s.Progress.Documents != pages {
		t.Errorf("progress = %+v, want 3 pages changed of %d", s.Progress, pages)
	}
	if len(w.given) > 100+4+1 { // those without validators, those that changed and robots.txt
		t.Errorf("%d pages were sent in full, want those without validators and those that changed", len(w.given))
	}
	rows, err := d.pool.Query(t.Context(), `SELECT url FROM documents WHERE updated_at > $1 ORDER BY url`, latest)
	if err != nil {
		t.Fatal(err)
	}
	var touched []string
	for rows.Next() {
		var u string
		if err := rows.Scan(&u); err != nil {
			t.Fatal(err)
		}
		touched = append(touched, strings.TrimPrefix(u, w.URL))
	}
	if want := []string{"/p/001", "/p/250", "/p/499"}; !slices.Equal(touched, want) {
		t.Errorf("documents touched: %q, want %q", touched, want)
	}
	after := d.pages(t, id)
	if after["/p/250"].ID != before["/p/250"].ID || !after["/p/250"].Kept {
		t.Errorf("the changed page became another document: %+v, %+v", before["/p/250"], after["/p/250"])
	}
	if res, err := d.store.Find(t.Context(), knowledge.Query{Text: "parasols"}); err != nil || len(res.Hits) == 0 || res.Hits[0].DocumentID != before["/p/250"].ID {
		t.Errorf("Find(new text) = %+v, %v; want the same document", res.Hits, err)
	}
	if p := after["/p/498"]; p.State != knowledge.PageGone || !p.Kept || !strings.Contains(p.Error, "404") {
		t.Errorf("a page that is missing once = %+v, want it gone and its document kept", p)
	}
	if err := d.sites.RecrawlSite(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	s = d.until(t, id, func(s knowledge.Site) bool { return s.Run == 3 && settled(s) })
	if s.Progress.Deleted != 1 || s.Progress.Documents != pages-1 || s.Progress.Changed != 0 {
		t.Errorf("third reading: %+v, want the missing page's document deleted", s.Progress)
	}
}

func TestAReadingAskedForDuringAnotherFollowsIt(t *testing.T) {
	w := newWeb(t)
	w.set("/", "Home", "Home.")
	d := newDesk(t, dbtest.URL(t), w.host())
	id := d.add(t, knowledge.SiteRequest{URL: w.URL})
	begin := func() knowledge.Site {
		t.Helper()
		s, err := d.sites.BeginSite(t.Context(), id)
		if err != nil {
			t.Fatalf("BeginSite = %v", err)
		}
		return s
	}
	finish := func(run int, reason string) knowledge.Site {
		t.Helper()
		later := time.Now().Add(24 * time.Hour)
		if err := d.sites.FinishSite(t.Context(), id, run, reason, later, later); err != nil {
			t.Fatalf("FinishSite = %v", err)
		}
		return d.site(t, id)
	}
	begin()
	if err := d.sites.RecrawlSite(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if s := finish(1, "it was too slow"); s.Status != knowledge.SiteQueued {
		t.Errorf("a site that is to be read again is %s after its first reading, want it queued", s.Status)
	}
	if s := begin(); s.Run != 2 || s.Status != knowledge.SiteCrawling {
		t.Errorf("run %d, %s, want the second one begun", s.Run, s.Status)
	}
	if s := finish(2, "it was too slow"); s.Status != knowledge.SiteFailed || time.Until(s.DueAt) < time.Hour {
		t.Errorf("after the second reading it is %s and due at %v, want it left alone", s.Status, s.DueAt)
	}
}

func TestErrorsAreKeptWithWhyUntilTheyPass(t *testing.T) {
	w := newWeb(t)
	w.set("/", "Home", "Home.", "/flaky", "/busy", "/twin1", "/twin2")
	w.set("/flaky", "Flaky", "Sometimes here.")
	w.set("/busy", "Busy", "Always busy.")
	w.set("/twin1", "Twin", "The same text.")
	w.set("/twin2", "Twin", "The same text.", "/")
	d := newDesk(t, dbtest.URL(t), w.host())
	id := d.add(t, knowledge.SiteRequest{URL: w.URL})
	d.read(t, id)
	// The two are read at once, so either may be the first.
	p := d.pages(t, id)
	one, other := p["/twin1"], p["/twin2"]
	if one.State == knowledge.PageDuplicate {
		one, other = other, one
	}
	if one.State != knowledge.PageReady || other.State != knowledge.PageDuplicate || !strings.HasSuffix(other.Error, one.URL) {
		t.Errorf("the twins = %+v and %+v, want one a duplicate of the other", one, other)
	}
	w.answer("/flaky", 500)
	w.answer("/busy", 503)
	w.head("/busy", "Retry-After", "7")
	d.again(t, id)
	s := d.again(t, id)
	p = d.pages(t, id)
	if p["/flaky"].State != knowledge.PageFailed || p["/flaky"].Failures != 2 || !strings.Contains(p["/flaky"].Error, "500") || !p["/flaky"].Kept {
		t.Errorf("flaky = %+v, want it failed twice with why, its document kept", p["/flaky"])
	}
	if s.Status != knowledge.SiteReady || s.Progress.Failed != 2 {
		t.Errorf("site = %+v, want it ready with 2 pages failed", s)
	}
	if !slices.Contains(d.slept, 7*time.Second) {
		t.Errorf("slept %v, want what Retry-After asks for", d.slept)
	}
	w.answer("/flaky", 0)
	if s = d.again(t, id); s.Progress.Failed != 1 || s.Progress.Changed != 0 {
		t.Errorf("progress = %+v, want the page back and unchanged", s.Progress)
	}
	if err := d.DeleteDocument(t.Context(), p["/flaky"].ID); err != nil {
		t.Fatal(err)
	}
	w.set("/flaky", "Flaky", "New text.")
	d.again(t, id)
	if p := d.pages(t, id)["/flaky"]; p.State != knowledge.PageRemoved || p.Kept {
		t.Errorf("a page deleted by hand = %+v, want it to stay so", p)
	}
	w.put("/robots.txt", "User-agent: *\nDisallow: /twin1")
	d.again(t, id)
	s = d.again(t, id)
	if p := d.pages(t, id); p["/twin1"].Kept || p["/twin2"].State != knowledge.PageReady {
		t.Errorf("twins = %+v, %+v; want the first left out and the second in its place", p["/twin1"], p["/twin2"])
	}
	w.answer("/robots.txt", 500)
	if s = d.again(t, id); s.Status != knowledge.SiteFailed || !strings.Contains(s.Error, "robots.txt") || s.Progress.Documents == 0 {
		t.Errorf("site without readable robots.txt = %+v, want it failed with its documents kept", s)
	}
	w.Close()
	if s = d.again(t, id); s.Status != knowledge.SiteFailed || s.Error == "" || s.Progress.Documents == 0 {
		t.Errorf("site that is down = %+v, want it failed with its documents kept", s)
	}
}
