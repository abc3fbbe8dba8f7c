package crawl_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

func TestAPageIsNotLostToACarelessCanonicalLink(t *testing.T) {
	w := newWeb(t)
	page := func(path, title, canonical string) {
		w.put(path, `<html><head><title>`+title+`</title><link rel="canonical" href="`+canonical+`"></head><body><main>About `+title+
			`. <a href="/slash/">1</a> <a href="/home">2</a> <a href="/away">3</a> <a href="/copy">4</a></main></body></html>`)
	}
	page("/", "Home", "/")
	page("/slash/", "Slash", "/slash")
	w.answer("/slash", http.StatusMovedPermanently)
	w.head("/slash", "Location", "/slash/")
	page("/home", "Template", w.URL)
	page("/away", "Away", "https://elsewhere.example/away")
	page("/copy", "Copy", "/home")
	d := newDesk(t, dbtest.URL(t), w.host())
	id := d.add(t, knowledge.SiteRequest{URL: w.URL})
	d.read(t, id)
	if got, want := d.states(t, id, knowledge.PageReady), []string{"/", "/home", "/slash/"}; !slices.Equal(got, want) {
		t.Errorf("documents of %q, want %q", got, want)
	}
	if got, want := d.states(t, id, knowledge.PageSkipped), []string{"/away", "/copy"}; !slices.Equal(got, want) {
		t.Errorf("skipped %q, want %q", got, want)
	}
}

func TestAFirstAddressMayLeadOn(t *testing.T) {
	w := newWeb(t)
	port := strings.Split(w.host(), ":")[1]
	w.set("/", "Home", "Home at last.", "/a", "http://localhost:"+port+"/b")
	w.set("/a", "A", "The first.")
	w.answer("/start", http.StatusMovedPermanently)
	w.head("/start", "Location", "/")
	d := newDesk(t, dbtest.URL(t), "127.0.0.1:"+port)
	id := d.add(t, knowledge.SiteRequest{URL: w.URL + "/start"})
	if s := d.read(t, id); s.Status != knowledge.SiteReady || s.Progress.Documents != 2 {
		t.Errorf("site = %+v, want the pages behind the redirect", s)
	}
	if p := d.pages(t, id)["/start"]; p.State != knowledge.PageSkipped || !strings.Contains(p.Error, "It leads to") {
		t.Errorf("start = %+v, want it to say where it leads", p)
	}
	w.put("/robots.txt", "User-agent: Frontdesk\nDisallow: /")
	if s := d.again(t, id); s.Status != knowledge.SiteFailed || !strings.Contains(s.Error, "robots.txt") || s.Progress.Documents != 0 {
		t.Errorf("site that forbids us = %+v, want it failed with why, and nothing of it kept", s)
	}
}

func TestASiteThatMovesToWWWIsFollowed(t *testing.T) {
	w := newWeb(t)
	port := strings.Split(w.host(), ":")[1]
	bare, www := "http://shop.example:"+port, "http://www.shop.example:"+port
	w.set("/", "Home", "Home.", bare+"/a", www+"/b", "http://evil.example:"+port+"/c")
	w.set("/a", "A", "The first.")
	w.set("/b", "B", "The second.")
	w.set("/c", "C", "Another's.")
	w.answer("/old", http.StatusMovedPermanently)
	w.head("/old", "Location", www+"/")
	d := newDesk(t, dbtest.URL(t), "*.example:"+port)
	id := d.add(t, knowledge.SiteRequest{URL: bare + "/old"})
	s := d.read(t, id)
	if s.Origin != www || s.Progress.Documents != 3 {
		t.Errorf("site = %+v, want its three pages under www", s)
	}
	for _, p := range d.pages(t, id) {
		if p.Kept && !strings.HasPrefix(p.URL, www) {
			t.Errorf("page = %+v, want it under www", p)
		}
	}
	if s = d.again(t, id); s.Status != knowledge.SiteReady || s.Progress.Changed != 0 || s.Progress.Found != 4 {
		t.Errorf("site read again = %+v, want nothing new", s)
	}
}

func TestRedirectsNeverLeadInside(t *testing.T) {
	w := newWeb(t)
	asked := atomic.Int32{}
	inner := newWeb(t)
	inner.onRequest(func(string) { asked.Add(1) })
	w.set("/", "Home", "The only page.", "/meta", "/mapped", "/other")
	mapped := "http://[::ffff:127.0.0.1]:" + strings.Split(inner.host(), ":")[1] + "/"
	for path, to := range map[string]string{"/meta": "http://169.254.169.254/latest/meta-data/", "/mapped": mapped, "/other": inner.URL} {
		w.answer(path, http.StatusFound)
		w.head(path, "Location", to)
	}
	d := newDesk(t, dbtest.URL(t), w.host())
	id := d.add(t, knowledge.SiteRequest{URL: w.URL})
	d.read(t, id)
	if got, want := d.states(t, id, knowledge.PageSkipped), []string{"/mapped", "/meta", "/other"}; !slices.Equal(got, want) {
		t.Errorf("skipped %q, want %q", got, want)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests reached another host, want none", n)
	}
}

func TestADoorClosedForTheNightDeletesNothing(t *testing.T) {
	w := newWeb(t)
	w.set("/", "Home", "Home.", "/a")
	w.set("/a", "A", "The first.")
	d := newDesk(t, dbtest.URL(t), w.host())
	id := d.add(t, knowledge.SiteRequest{URL: w.URL})
	d.read(t, id)
	w.set("/closed", "Closed", "We are working on it.")
	w.answer("/a", http.StatusFound)
	w.head("/a", "Location", "/closed")
	d.again(t, id)
	if p := d.pages(t, id)["/a"]; !p.Kept || p.State != knowledge.PageGone || !strings.Contains(p.Error, "/closed") {
		t.Errorf("page = %+v, want its document kept and why it is missing", p)
	}
	w.answer("/a", 0)
	if s := d.again(t, id); s.Progress.Changed != 0 || d.pages(t, id)["/a"].State != knowledge.PageReady {
		t.Errorf("site = %+v, want the page back as it was", s)
	}
	w.answer("/a", http.StatusFound)
	d.again(t, id)
	d.again(t, id)
	if p := d.pages(t, id)["/a"]; p.Kept || p.State != knowledge.PageSkipped {
		t.Errorf("page = %+v, want it left out once it leads on twice", p)
	}
}
