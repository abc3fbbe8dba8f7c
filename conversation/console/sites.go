package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// Sites is what the knowledge does with addresses for an admin.
type Sites interface {
	// AddSite has an address read in the background; it returns the site's id.
	AddSite(ctx context.Context, req knowledge.SiteRequest) (id string, err error)
	Site(ctx context.Context, id string) (knowledge.Site, error)
	Sites(ctx context.Context) ([]knowledge.Site, error)
	// SitePages lists a site's addresses, in a state when one is given, and a
	// cursor for the next page, which is empty after the last.
	SitePages(ctx context.Context, id string, state knowledge.PageState, cursor string, limit int) ([]knowledge.Page, string, error)
	// RecrawlSite has a site read again now.
	RecrawlSite(ctx context.Context, id string) error
	DeleteSite(ctx context.Context, id string) error
}

type siteView struct {
	ID         string               `json:"id"`
	URL        string               `json:"url"`
	Kind       knowledge.SiteKind   `json:"kind"`
	Prefix     string               `json:"prefix,omitempty"`
	MaxDepth   int                  `json:"max_depth"`
	MaxPages   int                  `json:"max_pages"`
	EveryHours int                  `json:"every_hours"`
	Status     knowledge.SiteStatus `json:"status"`
	Error      string               `json:"error,omitempty"`
	Limited    bool                 `json:"limited"` // addresses were left out for max_pages
	Found      int                  `json:"found"`
	Fetched    int                  `json:"fetched"`
	Changed    int                  `json:"changed"`
	Deleted    int                  `json:"deleted"`
	Failed     int                  `json:"failed"`
	Documents  int                  `json:"documents"`
	Waiting    int                  `json:"waiting"`
	Passages   int                  `json:"passages"`
	Bytes      int64                `json:"bytes"`
	CreatedAt  time.Time            `json:"created_at"`
	StartedAt  *time.Time           `json:"started_at"`
	FinishedAt *time.Time           `json:"finished_at"`
	DueAt      time.Time            `json:"due_at"`
}

type sitesView struct {
	Sites []siteView `json:"sites"`
}

type pageView struct {
	URL      string              `json:"url"`
	State    knowledge.PageState `json:"state"`
	Error    string              `json:"error,omitempty"`
	Document string              `json:"document,omitempty"`
	Depth    int                 `json:"depth"`
	Failures int                 `json:"failures"`
	LastSeen *time.Time          `json:"last_seen"`
}

type pagesView struct {
	Pages []pageView `json:"pages"`
	Next  string     `json:"next,omitempty"`
}

func viewSite(s knowledge.Site) siteView {
	p := s.Progress
	return siteView{
		ID: s.ID, URL: s.URL, Kind: s.Kind, Prefix: s.Prefix, MaxDepth: s.Depth, MaxPages: s.Pages, EveryHours: int(s.Every.Hours()),
		Status: s.Status, Error: s.Error, Limited: s.Limited,
		Found: p.Found, Fetched: p.Fetched, Changed: p.Changed, Deleted: p.Deleted, Failed: p.Failed,
		Documents: p.Documents, Waiting: p.Waiting, Passages: p.Passages, Bytes: p.Bytes,
		CreatedAt: s.CreatedAt.UTC(), StartedAt: given(s.StartedAt), FinishedAt: given(s.FinishedAt), DueAt: s.DueAt.UTC(),
	}
}

// given is a time, or nil for none.
func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// addSite has the address of a request read.
func (c *Console) addSite(r *http.Request, req addRequest) (string, error) {
	if req.MaxDepth < 0 || req.MaxPages < 0 || req.EveryHours < 0 || req.EveryHours > int(knowledge.MaxSiteEvery.Hours()) {
		return "", problem(http.StatusUnprocessableEntity, "bad_limit", "The numbers max_depth, max_pages and every_hours are out of range.")
	}
	id, err := c.sites.AddSite(r.Context(), knowledge.SiteRequest{
		URL: storable(req.URL), Kind: knowledge.SiteKind(req.Kind), Prefix: storable(req.Prefix),
		Depth: req.MaxDepth, Pages: req.MaxPages, Every: time.Duration(req.EveryHours) * time.Hour,
	})
	if errors.Is(err, knowledge.ErrAddress) {
		return "", problem(http.StatusUnprocessableEntity, "bad_address", strings.TrimSuffix(knowledge.Words(err), ".")+".")
	}
	return id, err
}

// errNoSite is what a caller is told who names a site that is not there.
var errNoSite = problem(http.StatusNotFound, "not_found", "There is no such site.")

func siteError(err error) error {
	if errors.Is(err, knowledge.ErrNotFound) {
		return errNoSite
	}
	return err
}

func (c *Console) listSites(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	sites, err := c.sites.Sites(r.Context())
	if err != nil {
		return err
	}
	v := sitesView{Sites: make([]siteView, len(sites))}
	for i, s := range sites {
		v.Sites[i] = viewSite(s)
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) getSite(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, errNoSite)
	if err != nil {
		return err
	}
	s, err := c.sites.Site(r.Context(), id)
	if err != nil {
		return siteError(err)
	}
	return writeJSON(w, http.StatusOK, viewSite(s))
}

func (c *Console) listSitePages(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, errNoSite)
	if err != nil {
		return err
	}
	limit, err := intParam(r, "limit", 50, 1, maxDocumentsPage)
	if err != nil {
		return err
	}
	cursor, err := cursorParam(r)
	if err != nil {
		return err
	}
	state := knowledge.PageState(storable(r.URL.Query().Get("state")))
	pages, next, err := c.sites.SitePages(r.Context(), id, state, cursor, int(limit))
	if err != nil {
		return siteError(err)
	}
	v := pagesView{Pages: make([]pageView, len(pages)), Next: next}
	for i, p := range pages {
		v.Pages[i] = pageView{URL: p.URL, State: p.State, Error: p.Error, Depth: p.Depth, Failures: p.Failures, LastSeen: given(p.LastSeen)}
		if p.Kept {
			v.Pages[i].Document = p.ID
		}
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) crawlSite(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, errNoSite)
	if err != nil {
		return err
	}
	if err := c.sites.RecrawlSite(r.Context(), id); err != nil {
		return siteError(err)
	}
	return writeJSON(w, http.StatusAccepted, addedView{ID: id})
}

func (c *Console) deleteSite(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, errNoSite)
	if err != nil {
		return err
	}
	if err := c.sites.DeleteSite(r.Context(), id); err != nil {
		return siteError(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
