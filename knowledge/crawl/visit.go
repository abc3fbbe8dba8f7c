package crawl

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"frontdesk/knowledge"
)

// goneAfter is how many runs in a row must miss a page before its document goes.
const goneAfter = 2

// visit asks for one page and keeps what became of it. Its error is the
// store's or the context's.
func (r *run) visit(ctx context.Context, p knowledge.Page) error {
	o, c, err := r.look(ctx, p)
	if err != nil {
		return err
	}
	r.saves.Lock()
	defer r.saves.Unlock()
	if c != nil {
		if o, err = r.keep(ctx, p, o, c); err != nil {
			return err
		}
	}
	unwanted := o.State == knowledge.PageSkipped || o.State == knowledge.PageDuplicate || o.Forget
	if p.Kept && unwanted {
		if err := r.Documents.DeleteDocument(ctx, p.ID); err != nil && !errors.Is(err, knowledge.ErrNotFound) {
			return err
		}
		o.Deleted = o.Forget
	}
	return r.Pages.RecordPage(ctx, r.site.ID, r.site.Run, p.ID, o)
}

func skipped(format string, args ...any) knowledge.PageOutcome {
	return knowledge.PageOutcome{State: knowledge.PageSkipped, Error: fmt.Sprintf(format, args...)}
}

// unread is a page that could not be read now; what is known of it stays.
func unread(p knowledge.Page, why string) knowledge.PageOutcome {
	return knowledge.PageOutcome{State: knowledge.PageFailed, Error: why, ETag: p.ETag, LastModified: p.LastModified, Digest: p.Digest}
}

// look asks for a page. It returns what became of it, and its content where
// that decides.
func (r *run) look(ctx context.Context, p knowledge.Page) (knowledge.PageOutcome, *content, error) {
	u, err := url.Parse(p.URL)
	if err != nil {
		return skipped("This is not an address"), nil, nil
	}
	if _, rules := r.around(); !rules.allows(u) {
		return skipped("The site's robots.txt does not allow it"), nil, nil
	}
	if err := r.pace.wait(ctx); err != nil {
		return knowledge.PageOutcome{}, nil, err
	}
	a, err := r.patiently(ctx, u, p)
	if ctx.Err() != nil {
		return knowledge.PageOutcome{}, nil, ctx.Err()
	}
	if errors.Is(err, knowledge.ErrTooLarge) {
		return unread(p, wordsOf(err)), nil, nil
	}
	if err != nil {
		r.down.Add(1)
		return unread(p, wordsOf(err)), nil, nil
	}
	r.down.Store(0)
	switch a.status {
	case http.StatusOK:
		return r.given(ctx, p, u, a)
	case http.StatusNotModified:
		return knowledge.PageOutcome{State: knowledge.PageReady, ETag: p.ETag, LastModified: p.LastModified, Digest: p.Digest, Seen: true}, nil, nil
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		o, err := r.redirected(ctx, p, u, a.header.Get("Location"))
		if p.Kept && o.State == knowledge.PageSkipped && p.Gone+1 < goneAfter {
			// It may be a site's closed door for the night: its document stays until the next time.
			why := o.Error
			o = unread(p, why)
			o.State = knowledge.PageGone
		}
		return o, nil, err
	case http.StatusNotFound, http.StatusGone:
		o := unread(p, "The site answers "+statusText(a.status))
		o.State, o.Forget = knowledge.PageGone, p.Gone+1 >= goneAfter
		return o, nil, nil
	}
	return unread(p, "The site answers "+statusText(a.status)), nil, nil
}

// redirected adds the address that another leads to.
func (r *run) redirected(ctx context.Context, p knowledge.Page, u *url.URL, location string) (knowledge.PageOutcome, error) {
	to, err := u.Parse(location)
	if err != nil || location == "" {
		return unread(p, "It leads to no valid address"), nil
	}
	if to, err = normalize(to); err != nil {
		return skipped("It leads to an address that is not taken: %s", explained(err)), nil
	}
	if p.Hops+1 > maxRedirects {
		return skipped("There are more than %d redirects", maxRedirects), nil
	}
	in, _ := r.around()
	if p.Depth == 0 && r.site.Kind != knowledge.SiteMap && originOf(to) != originOf(in.origin) && sameHost(to, in.origin) {
		if err := r.move(ctx, to); err != nil {
			return knowledge.PageOutcome{}, err
		}
		in, _ = r.around()
	}
	own, ok := in.own(to)
	if !ok {
		return skipped("It leads out of the site, to %s", to), nil
	}
	if own.String() == p.URL {
		return unread(p, "It leads to itself"), nil
	}
	err = r.Pages.AddPages(ctx, r.site.ID, []knowledge.PageLink{link(own, p.Depth, p.Hops+1)}, false)
	return skipped("It leads to %s", own), err
}
