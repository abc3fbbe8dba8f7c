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

// content is a page that is to be a document.
type content struct {
	upload knowledge.Upload
	digest []byte
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
	r.reading.Lock()
	defer r.reading.Unlock()
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
	if !ok || p.Hops+1 > maxRedirects || !credible(p.URL, own) {
		return knowledge.PageOutcome{}, false, nil
	}
	err = r.Pages.AddPages(ctx, r.site.ID, []knowledge.PageLink{link(own, p.Depth, p.Hops+1)}, false)
	return skipped("Its original is %s", own), true, err
}

// credible reports whether a page's word about its original can be believed.
// Servers send one spelling with a slash to the other, whatever their pages
// say, and templates name the site's first page on all of them.
func credible(page string, original *url.URL) bool {
	return strings.TrimSuffix(original.String(), "/") != strings.TrimSuffix(page, "/") && (original.Path != "/" || original.RawQuery != "")
}

// keep makes a page a document, or brings its document up to date.
func (r *run) keep(ctx context.Context, p knowledge.Page, o knowledge.PageOutcome, c *content) (knowledge.PageOutcome, error) {
	removed := knowledge.PageOutcome{State: knowledge.PageRemoved, Error: "Its document was deleted by hand", Digest: c.digest, Seen: true}
	if p.Digest != nil && !p.Kept {
		return removed, nil
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
	case errors.Is(err, knowledge.ErrNotFound) && p.Kept: // a moment ago; or its site was, which recording it will tell
		return removed, nil
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
