package crawl

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode"

	"frontdesk/knowledge"
)

// readWithin is how long the text of one page may take to be read.
const readWithin = 20 * time.Second

// goneAfter is how many runs in a row must miss a page before its document goes.
const goneAfter = 2

// content is a page that is to be a document.
type content struct {
	upload knowledge.Upload
	digest []byte
}

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

// given takes a page that the server gave: follows its links and reads its text.
func (r *run) given(ctx context.Context, p knowledge.Page, u *url.URL, a answer) (knowledge.PageOutcome, *content, error) {
	if a.body == nil {
		return skipped("It is of a type that is not taken in: %.60s", a.mediaType), nil, nil
	}
	if len(strings.TrimSpace(string(a.body[:min(len(a.body), 1024)]))) == 0 && len(a.body) <= 1024 {
		return skipped("It is empty"), nil, nil
	}
	upload := knowledge.Upload{ID: p.ID, Site: r.site.ID, URL: p.URL, MediaType: a.header.Get("Content-Type"), Data: a.body, Name: fileName(u)}
	o := knowledge.PageOutcome{
		State: knowledge.PageReady, Seen: true,
		ETag: validator(a.header, "ETag"), LastModified: validator(a.header, "Last-Modified"),
	}
	if !isHTML(a) {
		if m := (markup{}); a.header.Get("X-Robots-Tag") != "" {
			for _, v := range a.header.Values("X-Robots-Tag") {
				m.directives(robotsTag(v))
			}
			if m.noindex {
				return skipped("It asks not to be indexed"), nil, nil
			}
		}
		sum := sha256.Sum256(a.body)
		return o, &content{upload: upload, digest: sum[:]}, nil
	}
	m := readMarkup(u, a.header, a.body)
	if err := r.follow(ctx, p, m.links); err != nil {
		return o, nil, err
	}
	if m.noindex {
		return skipped("It asks not to be indexed"), nil, nil
	}
	if r.site.Kind != knowledge.SitePage && m.canonical != nil {
		if o, elsewhere, err := r.canonical(ctx, p, m.canonical); elsewhere || err != nil {
			return o, nil, err
		}
	}
	text, err := r.text(ctx, "", upload.MediaType, a.body)
	switch {
	case ctx.Err() != nil:
		return o, nil, ctx.Err()
	case errors.Is(err, knowledge.ErrEmpty), errors.Is(err, knowledge.ErrUnsupported):
		return skipped("%s", knowledge.Words(err)), nil, nil
	case err != nil:
		return unread(p, knowledge.Words(err)), nil, nil
	}
	if name := pageName(text.Title); name != "" {
		upload.Name = name
	} else {
		upload.Name = pageName(u.Host + u.Path)
	}
	sum := knowledge.TextDigest(text)
	return o, &content{upload: upload, digest: sum[:]}, nil
}

// text reads a page's text within a bounded time; a reader's fault is the page's.
func (r *run) text(ctx context.Context, name, mediaType string, data []byte) (text knowledge.Text, err error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			r.Log.ErrorContext(ctx, "reader panicked", "site", r.site.ID, "fault", fault)
			err = fmt.Errorf("%w: the server's reader cannot cope with this page", knowledge.ErrCorrupt)
		}
	}()
	return r.Read(ctx, name, mediaType, data)
}

// follow adds the links of a page, when the site is read by its links and the
// page is not at its rim.
func (r *run) follow(ctx context.Context, p knowledge.Page, links []*url.URL) error {
	if r.site.Kind != knowledge.SiteLinks || p.Depth >= r.site.Depth {
		return nil
	}
	in, rules := r.around()
	seen := map[string]bool{p.URL: true}
	var out []knowledge.PageLink
	for _, l := range links {
		own, ok := in.own(l)
		if !ok || seen[own.String()] {
			continue
		}
		seen[own.String()] = true
		if rules.allows(own) && !picture(own) {
			out = append(out, link(own, p.Depth+1, 0))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return r.Pages.AddPages(ctx, r.site.ID, out, false)
}

// canonical sends a page that names another as its original there.
func (r *run) canonical(ctx context.Context, p knowledge.Page, to *url.URL) (knowledge.PageOutcome, bool, error) {
	in, _ := r.around()
	n, err := normalize(to)
	if err != nil {
		return knowledge.PageOutcome{}, false, nil
	}
	if !sameHost(n, in.origin) {
		return skipped("Its original stands on another site: %s", n), true, nil
	}
	own, ok := in.own(to)
	if !ok || own.String() == p.URL || p.Hops+1 > maxRedirects {
		return knowledge.PageOutcome{}, false, nil
	}
	err = r.Pages.AddPages(ctx, r.site.ID, []knowledge.PageLink{link(own, p.Depth, p.Hops+1)}, false)
	return skipped("Its original is %s", own), true, err
}

// keep makes a page a document, or brings its document up to date.
func (r *run) keep(ctx context.Context, p knowledge.Page, o knowledge.PageOutcome, c *content) (knowledge.PageOutcome, error) {
	if p.Digest != nil && !p.Kept {
		return knowledge.PageOutcome{State: knowledge.PageRemoved, Error: "Its document was deleted by hand", Digest: p.Digest, Seen: true}, nil
	}
	o.Digest = c.digest
	if p.Kept && string(p.Digest) == string(c.digest) {
		return o, nil
	}
	twin, err := r.Pages.PageWithDigest(ctx, r.site.ID, p.ID, c.digest)
	if err != nil {
		return o, err
	}
	if twin != "" {
		return knowledge.PageOutcome{State: knowledge.PageDuplicate, Error: "It has the same text as " + twin, Seen: true}, nil
	}
	d := knowledge.Document{ID: p.ID}
	if p.Kept {
		d, err = r.Documents.Replace(ctx, p.ID, c.upload)
	} else {
		d, err = r.Documents.Add(ctx, c.upload)
	}
	switch {
	case errors.Is(err, knowledge.ErrKnown) || err == nil && d.ID != p.ID:
		return knowledge.PageOutcome{State: knowledge.PageDuplicate, Error: "Another document has the same content", Seen: true}, nil
	case errors.Is(err, knowledge.ErrUnsupported), errors.Is(err, knowledge.ErrEmpty):
		return skipped("%s", knowledge.Words(err)), nil
	case errors.Is(err, knowledge.ErrCorrupt), errors.Is(err, knowledge.ErrTooLarge):
		return unread(p, knowledge.Words(err)), nil
	case err != nil:
		return o, err
	}
	o.Changed = true
	return o, nil
}

func isHTML(a answer) bool {
	if a.mediaType == "" {
		return strings.HasPrefix(http.DetectContentType(a.body), "text/html")
	}
	return a.mediaType == "text/html" || a.mediaType == "application/xhtml+xml"
}

// fileName is what an address calls the file behind it.
func fileName(u *url.URL) string {
	if name := path.Base(u.Path); name != "/" && name != "." {
		return name
	}
	return u.Host
}

// pageName is a page's title as a document's name: one that looks like a
// file's name ("package.json") would be taken to say what the page is.
func pageName(title string) string {
	title = strings.Join(strings.FieldsFunc(title, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if ext := path.Ext(title); ext != "" && !strings.Contains(ext, " ") {
		title += " (web page)"
	}
	return title
}

// pictures and the like are not worth asking for.
var pictures = map[string]bool{
	".png": true, ".jpg": true, ".jpeg": true, ".gif": true, ".webp": true, ".svg": true, ".ico": true, ".avif": true, ".bmp": true, ".tif": true, ".tiff": true,
	".mp4": true, ".webm": true, ".mov": true, ".avi": true, ".mkv": true, ".mp3": true, ".ogg": true, ".wav": true, ".flac": true,
	".css": true, ".js": true, ".mjs": true, ".map": true, ".woff": true, ".woff2": true, ".ttf": true, ".eot": true,
	".zip": true, ".gz": true, ".tgz": true, ".bz2": true, ".xz": true, ".7z": true, ".rar": true, ".tar": true, ".iso": true, ".dmg": true,
	".exe": true, ".msi": true, ".deb": true, ".rpm": true, ".apk": true, ".jar": true,
}

func picture(u *url.URL) bool { return pictures[strings.ToLower(path.Ext(u.Path))] }
