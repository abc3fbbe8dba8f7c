package crawl

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"frontdesk/knowledge"
)

// addBatch is how many addresses of a sitemap are stored at a time.
const addBatch = 500

// readSitemaps stores the addresses that the site's sitemap lists, and those
// listed by the sitemaps it leads to, and marks the run as begun.
func (r *run) readSitemaps(ctx context.Context) error {
	todo, files, seen := []string{r.site.URL}, 0, 0
	known := map[string]bool{r.site.URL: true}
	in, rules := r.around()
	anywhere := in
	anywhere.prefix = "" // sitemaps may stand beside the pages they list
	var links []knowledge.PageLink
	for len(todo) > 0 {
		at := todo[0]
		todo = todo[1:]
		files++
		var more []string
		s, err := r.sitemap(ctx, at, func(s *sitemap, u *url.URL) bool {
			if s.index {
				if own, ok := anywhere.own(u); ok && !known[own.String()] && len(known) < maxSitemaps {
					known[own.String()] = true
					more = append(more, own.String())
				}
				return true
			}
			if own, ok := in.own(u); ok && rules.allows(own) && !picture(own) {
				links = append(links, link(own, 0, 0))
			}
			seen++
			return seen <= knowledge.MaxSitePages // no more are ever taken
		})
		if err != nil && files == 1 || ctx.Err() != nil {
			return r.stop(ctx, err)
		}
		if err != nil {
			r.Log.WarnContext(ctx, "sitemap cannot be read", "site", r.site.ID, "error", err)
		}
		if s.index {
			todo = append(todo, more...)
		}
		if seen > knowledge.MaxSitePages {
			break
		}
	}
	for len(links) > addBatch {
		if err := r.Pages.AddPages(ctx, r.site.ID, links[:addBatch], false); err != nil {
			return err
		}
		links = links[addBatch:]
	}
	return r.Pages.AddPages(ctx, r.site.ID, links, true)
}

// sitemap reads one file as it comes.
func (r *run) sitemap(ctx context.Context, address string, each func(*sitemap, *url.URL) bool) (sitemap, error) {
	if err := r.pace.wait(ctx); err != nil {
		return sitemap{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return sitemap{}, err
	}
	res, err := r.client.Do(req)
	if err != nil {
		return sitemap{}, fmt.Errorf("the sitemap cannot be asked for: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return sitemap{}, fmt.Errorf("the site answers %s for its sitemap", statusText(res.StatusCode))
	}
	base := res.Request.URL
	return readSitemap(res.Body, maxSitemap, func(s *sitemap, loc string) bool {
		u, err := base.Parse(loc)
		return err != nil || each(s, u)
	})
}
