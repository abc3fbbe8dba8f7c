package crawl

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"frontdesk/knowledge"
)

// sitemapName is what the name of a sitemap ends in.
var sitemapName = regexp.MustCompile(`(?i)\.xml(?:\.gz)?$`)

// Plan makes a site of a request, with the defaults filled in. What is known
// to be impossible before anything is asked for is refused with an error that
// wraps knowledge.ErrAddress, in words for an admin.
func Plan(allow Allow, req knowledge.SiteRequest) (knowledge.Site, error) {
	text := strings.TrimSpace(req.URL)
	if len(text) > 2*maxAddress {
		return knowledge.Site{}, refuse("the address has more than %d bytes", maxAddress)
	}
	u, err := url.Parse(text)
	if err != nil {
		return knowledge.Site{}, refuse("this is not an address")
	}
	if u, err = normalize(u); err != nil {
		return knowledge.Site{}, err
	}
	if err := allow.CheckURL(u); err != nil {
		return knowledge.Site{}, err
	}
	s := knowledge.Site{
		ID: knowledge.NewID(), URL: u.String(), Origin: originOf(u), Kind: req.Kind, Depth: req.Depth, Pages: req.Pages, Every: req.Every,
		Status: knowledge.SiteQueued,
	}
	if s.Kind == "" && sitemapName.MatchString(u.Path) {
		s.Kind = knowledge.SiteMap
	}
	switch {
	case s.Kind == "":
		s.Kind = knowledge.SiteLinks
	case s.Kind != knowledge.SiteLinks && s.Kind != knowledge.SiteMap && s.Kind != knowledge.SitePage:
		return knowledge.Site{}, badRequest("the kind is site, sitemap or page")
	}
	if req.Prefix != "" {
		if !strings.HasPrefix(req.Prefix, "/") || len(req.Prefix) > maxAddress {
			return knowledge.Site{}, badRequest("the prefix is a path that begins with /")
		}
		s.Prefix = escapes(req.Prefix, false)
	}
	return s, limits(&s)
}

// limits checks a site's numbers and fills in those that were not given.
func limits(s *knowledge.Site) error {
	if s.Depth == 0 {
		s.Depth = knowledge.DefaultSiteDepth
	}
	if s.Pages == 0 {
		s.Pages = knowledge.DefaultSitePages
	}
	if s.Every == 0 {
		s.Every = knowledge.DefaultSiteEvery
	}
	switch {
	case s.Depth < 0 || s.Depth > knowledge.MaxSiteDepth:
		return badRequest("the depth is a number from 1 to %d", knowledge.MaxSiteDepth)
	case s.Pages < 0 || s.Pages > knowledge.MaxSitePages:
		return badRequest("the number of pages is from 1 to %d", knowledge.MaxSitePages)
	case s.Every < knowledge.MinSiteEvery || s.Every > knowledge.MaxSiteEvery:
		return badRequest("pages can be looked at again every %d hours at the soonest and every %d days at the latest",
			int(knowledge.MinSiteEvery.Hours()), int(knowledge.MaxSiteEvery.Hours()/24))
	}
	if s.Kind == knowledge.SitePage {
		s.Depth, s.Pages = 0, 1+maxRedirects
	}
	return nil
}

// badRequest is an error in words for an admin.
func badRequest(format string, args ...any) error {
	return &mistake{fmt.Sprintf(format, args...)}
}

type mistake struct{ why string }

func (m *mistake) Error() string { return m.why }
func (m *mistake) Unwrap() error { return knowledge.ErrAddress }
