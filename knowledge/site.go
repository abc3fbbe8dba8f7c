package knowledge

import (
	"crypto/sha256"
	"errors"
	"time"
)

// ErrAddress is returned for an address that cannot be taken in: no web
// address, or one inside the network that the settings do not allow.
var ErrAddress = errors.New("knowledge: address refused")

// ErrKnown is returned when the bytes given are those of another document.
var ErrKnown = errors.New("knowledge: another document has the same content")

// SiteKind is how the pages of a site are found.
type SiteKind string

const (
	// SiteLinks follows links from one address, within its site.
	SiteLinks SiteKind = "site"
	// SiteMap takes the addresses that a sitemap lists.
	SiteMap SiteKind = "sitemap"
	// SitePage is one page alone.
	SitePage SiteKind = "page"
)

// What a site may be asked to hold, and what it holds when nothing is said.
const (
	DefaultSiteDepth = 3
	MaxSiteDepth     = 20
	DefaultSitePages = 500
	MaxSitePages     = 10_000
	DefaultSiteEvery = 24 * time.Hour
	MinSiteEvery     = time.Hour
	MaxSiteEvery     = 365 * 24 * time.Hour
)

// SiteRequest asks for an address to be taken in. What is empty or 0 is the default.
type SiteRequest struct {
	URL    string
	Kind   SiteKind // SiteMap for a name that ends in .xml or .xml.gz, else SiteLinks
	Prefix string   // of the path, that pages must have
	Depth  int
	Pages  int
	Every  time.Duration // how often the pages are looked at again
}

// SiteStatus is where a site stands.
type SiteStatus string

// The states of a site. A failed one is tried again when it is due, and what
// was taken in before still answers.
const (
	SiteQueued   SiteStatus = "queued"
	SiteCrawling SiteStatus = "crawling"
	SiteReady    SiteStatus = "ready"
	SiteFailed   SiteStatus = "failed"
)

// Site is an address whose pages are documents, and how far it is read.
type Site struct {
	ID     string // UUID
	URL    string // as normalised; where reading begins
	Origin string // scheme://host[:port] of its pages, once redirects have said so
	Kind   SiteKind
	Prefix string // of the path, that pages must have; empty for all
	Depth  int    // links from URL to a page at most
	Pages  int    // addresses looked at, at most
	Every  time.Duration

	Status     SiteStatus
	Error      string // why Status is failed, in words for an admin
	Run        int    // number of the reading under way, or of the last
	Seeded     bool   // where this run begins is stored
	Limited    bool   // addresses were left out for a limit
	CreatedAt  time.Time
	StartedAt  time.Time // of Run; zero before the first
	FinishedAt time.Time // of the last run that ended; zero before the first
	DueAt      time.Time // of the next

	Progress SiteProgress
}

// Document is a site as if all of its pages were one document, for those who
// added an address and ask how far it is.
func (s Site) Document() Document {
	d := Document{
		ID: s.ID, Name: s.URL, URL: s.URL, MediaType: "text/uri-list", Error: s.Error, Passages: s.Progress.Passages, Bytes: s.Progress.Bytes,
		CreatedAt: s.CreatedAt, UpdatedAt: s.CreatedAt,
	}
	for _, t := range []time.Time{s.StartedAt, s.FinishedAt} {
		if t.After(d.UpdatedAt) {
			d.UpdatedAt = t
		}
	}
	switch {
	case s.Status == SiteQueued && s.Run == 0:
		d.Status = StatusQueued
	case s.Status == SiteFailed:
		d.Status = StatusFailed
	case s.Status == SiteCrawling:
		d.Status = StatusExtracting
	case s.Progress.Waiting > 0:
		d.Status = StatusEmbedding
	default:
		d.Status = StatusReady
	}
	return d
}

// SiteProgress counts the addresses of a site.
type SiteProgress struct {
	Found     int // known by now
	Fetched   int // asked for in this run
	Changed   int // whose text is new or different in this run
	Deleted   int // documents deleted in this run because their page is gone
	Failed    int // that cannot be read at the moment
	Documents int // that are documents
	Waiting   int // of those, still being made searchable
	Unpaid    int // of those, until the budget has room
	Passages  int
	Bytes     int64
}

// PageState is what became of an address of a site.
type PageState string

const (
	PageNew       PageState = "new"       // not asked for yet
	PageReady     PageState = "ready"     // is a document
	PageDuplicate PageState = "duplicate" // has the text of another page
	PageSkipped   PageState = "skipped"   // is not to be taken in: a redirect, noindex, a picture
	PageFailed    PageState = "failed"    // cannot be read; tried again in the next run
	PageGone      PageState = "gone"      // was not there; deleted when it is not there again
	PageRemoved   PageState = "removed"   // its document was deleted by hand and stays so
)

// Page is one address of a site. Its document has the same id.
type Page struct {
	ID    string // UUID
	URL   string
	Depth int // links from the site's own address
	Hops  int // redirects since the last page that was linked to

	State        PageState
	Error        string // why it is not a document, in words for an admin
	ETag         string // as the server gave it with the text taken in
	LastModified string
	Digest       []byte // of the text taken in; nil when none was
	Kept         bool   // its document is there
	Tries        int    // times it was begun and not brought to an end in this run
	Failures     int    // in a row
	Gone         int    // times in a row it was not there
	LastSeen     time.Time
}

// PageOutcome is what one visit made of a page.
type PageOutcome struct {
	State        PageState
	Error        string
	ETag         string
	LastModified string
	Digest       []byte
	Changed      bool // its text is new or different
	Deleted      bool // its document was deleted
	Seen         bool // the server gave it or said that it has not changed
	Forget       bool // it is no page of the site any more
}

// PageLink is an address found on the way, with the group of addresses it
// belongs to when that may have no end, as the days of a calendar.
type PageLink struct {
	URL   string
	Depth int
	Hops  int
	Group string
}

// TextDigest tells whether two texts read the same, whatever stands around
// them on their pages.
func TextDigest(t Text) [sha256.Size]byte {
	h := sha256.New()
	put := func(parts ...string) {
		for _, p := range parts {
			h.Write([]byte(p))
			h.Write([]byte{0})
		}
	}
	put(t.Title)
	for _, s := range t.Sections {
		put(s.Heading...)
		put("\x01", s.Body, s.URL)
	}
	for _, e := range t.Entries {
		put("\x02", e.Question, e.Answer)
		put(e.Alternatives...)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
