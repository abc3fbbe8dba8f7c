package console

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// siteList is a Sites in memory.
type siteList struct {
	mu      sync.Mutex // guards all
	sites   []knowledge.Site
	pages   []knowledge.Page
	asked   []knowledge.SiteRequest
	crawled []string
}

func (l *siteList) AddSite(_ context.Context, req knowledge.SiteRequest) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, req)
	if strings.Contains(req.URL, "169.254") {
		return "", fmt.Errorf("%w: it lies inside; add it to CRAWL_ALLOW", knowledge.ErrAddress)
	}
	s := knowledge.Site{ID: knowledge.NewID(), URL: req.URL, Kind: knowledge.SiteLinks, Status: knowledge.SiteQueued, Every: 24 * time.Hour}
	l.sites = append(l.sites, s)
	return s.ID, nil
}

func (l *siteList) find(id string) (int, error) {
	if i := slices.IndexFunc(l.sites, func(s knowledge.Site) bool { return s.ID == id }); i >= 0 {
		return i, nil
	}
	return 0, knowledge.ErrNotFound
}

func (l *siteList) Site(_ context.Context, id string) (knowledge.Site, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, err := l.find(id)
	if err != nil {
		return knowledge.Site{}, err
	}
	return l.sites[i], nil
}

func (l *siteList) Sites(context.Context) ([]knowledge.Site, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.sites), nil
}

func (l *siteList) SitePages(_ context.Context, id string, state knowledge.PageState, _ string, _ int) ([]knowledge.Page, string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.find(id); err != nil {
		return nil, "", err
	}
	var out []knowledge.Page
	for _, p := range l.pages {
		if state == "" || p.State == state {
			out = append(out, p)
		}
	}
	return out, "more", nil
}

func (l *siteList) RecrawlSite(_ context.Context, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.find(id)
	if err == nil {
		l.crawled = append(l.crawled, id)
	}
	return err
}

func (l *siteList) DeleteSite(_ context.Context, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, err := l.find(id)
	if err == nil {
		l.sites = slices.Delete(l.sites, i, i+1)
	}
	return err
}

func TestAnAddressBecomesASite(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	res := p.do("POST", "/api/v1/documents", map[string]any{"url": "https://help.example/", "prefix": "/faq/", "max_depth": 2, "max_pages": 40, "every_hours": 6}, admin)
	var added addedView
	if res.decode(t, &added); res.code != 202 || res.header.Get("Location") != "/api/v1/documents/"+added.ID {
		t.Fatalf("POST an address = %d %s, want 202 with its id and place", res.code, res.body)
	}
	want := knowledge.SiteRequest{URL: "https://help.example/", Prefix: "/faq/", Depth: 2, Pages: 40, Every: 6 * time.Hour}
	if got := p.sites.asked[0]; got != want {
		t.Errorf("asked for %+v, want %+v", got, want)
	}
	p.sites.sites[0].Progress = knowledge.SiteProgress{Found: 9, Fetched: 5, Changed: 3, Failed: 1, Documents: 4, Passages: 12}
	p.sites.pages = []knowledge.Page{{ID: knowledge.NewID(), URL: "https://help.example/a", State: knowledge.PageReady, Kept: true, LastSeen: time.Now()},
		{URL: "https://help.example/b", State: knowledge.PageFailed, Error: "The site answers 500", Failures: 2}}
	var list sitesView
	viewer := bearer(p.token(staff.RoleViewer))
	p.do("GET", "/api/v1/sites", nil, viewer).decode(t, &list)
	var one siteView
	p.do("GET", "/api/v1/sites/"+added.ID, nil, viewer).decode(t, &one)
	if len(list.Sites) != 1 || list.Sites[0] != one || one.Found != 9 || one.Fetched != 5 || one.Changed != 3 || one.Failed != 1 || one.EveryHours != 24 || one.StartedAt != nil {
		t.Errorf("sites = %+v and %+v, want the one with its progress", list.Sites, one)
	}
	var pages pagesView
	p.do("GET", "/api/v1/sites/"+added.ID+"/pages?state=failed", nil, viewer).decode(t, &pages)
	if len(pages.Pages) != 1 || pages.Pages[0].Error != "The site answers 500" || pages.Pages[0].Failures != 2 || pages.Next != "more" {
		t.Errorf("failed pages = %+v, want the one with why", pages)
	}
	if res := p.do("POST", "/api/v1/sites/"+added.ID+"/crawl", nil, admin); res.code != 202 || !slices.Equal(p.sites.crawled, []string{added.ID}) {
		t.Errorf("crawl = %d %s, want 202", res.code, res.body)
	}
	if res := p.do("DELETE", "/api/v1/sites/"+added.ID, nil, admin); res.code != 204 || len(p.sites.sites) != 0 {
		t.Errorf("delete = %d %s, want 204", res.code, res.body)
	}
}

func TestASiteThatIsNotThereOrNotAllowedIsAClearProblem(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	res := p.do("POST", "/api/v1/documents", map[string]string{"url": "http://169.254.169.254/latest"}, admin)
	if got := res.problem(t); got.Status != 422 || got.Code != "bad_address" || !strings.Contains(got.Detail, "CRAWL_ALLOW") {
		t.Errorf("POST an address inside = %+v, want a problem that says what to set", got)
	}
	if got := p.do("POST", "/api/v1/documents", map[string]any{"url": "https://a.example/", "max_pages": -1}, admin).problem(t); got.Status != 422 {
		t.Errorf("POST with max_pages -1 = %+v, want 422", got)
	}
	none := "/api/v1/sites/" + knowledge.NewID()
	for _, x := range [][2]string{{"GET", none}, {"GET", none + "/pages"}, {"POST", none + "/crawl"}, {"DELETE", none}, {"GET", "/api/v1/sites/nonsense"}} {
		if got := p.do(x[0], x[1], nil, admin).problem(t); got.Status != 404 || !strings.Contains(got.Detail, "site") {
			t.Errorf("%s %s = %+v, want 404", x[0], x[1], got)
		}
	}
	agent := bearer(p.token(staff.RoleAgent))
	for _, x := range [][2]string{{"POST", none + "/crawl"}, {"DELETE", none}} {
		if got := p.do(x[0], x[1], nil, agent).problem(t); got.Status != 403 {
			t.Errorf("%s %s as an agent = %+v, want 403", x[0], x[1], got)
		}
	}
}
