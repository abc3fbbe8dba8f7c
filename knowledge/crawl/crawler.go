package crawl

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"frontdesk/knowledge"
)

const (
	// inFlight is how many requests a site gets at a time.
	inFlight = 2
	// batch is how many pages are taken from the store at a time.
	batch = 8
	// maxDown is how many requests in a row may fail on the network before the
	// site is left alone until the next run.
	maxDown = 10
	// jitter is the share by which the time of the next run is spread.
	jitter = .1
	// retryFailed is how soon a site of which nothing could be read is tried again.
	retryFailed = time.Hour
)

// Sites is where sites are kept.
type Sites interface {
	// BeginSite starts a run when one is due, unless one is under way, and returns
	// the site as it stands then, crawling in both cases, or knowledge.ErrNotFound.
	BeginSite(ctx context.Context, id string) (knowledge.Site, error)
	// MoveSite makes origin the site's.
	MoveSite(ctx context.Context, id, origin string) error
	// FinishSite ends a run: failed for the reason, when there is one or no page
	// could be read. The next is due at due, or at retry where it failed, or at once
	// where it was asked for during this one.
	FinishSite(ctx context.Context, id string, run int, reason string, due, retry time.Time) error
}

// Pages is where the pages of sites are kept. All methods return
// knowledge.ErrNotFound once the site is gone.
type Pages interface {
	// AddPages adds the addresses that are not known yet, as far as the site's
	// limits allow; seeded marks the run as begun.
	AddPages(ctx context.Context, site string, links []knowledge.PageLink, seeded bool) error
	// TakePages returns some pages that this run has not visited and counts the
	// try; those tried too often are recorded as failed instead.
	TakePages(ctx context.Context, site string, run, limit int) ([]knowledge.Page, error)
	// PageWithDigest returns the address of another page of the site that is the
	// document of this text, and "" when there is none.
	PageWithDigest(ctx context.Context, site, page string, digest []byte) (string, error)
	// RecordPage keeps what a visit made of a page; the run has then visited it.
	RecordPage(ctx context.Context, site string, run int, page string, o knowledge.PageOutcome) error
}

// Documents is where pages become documents.
type Documents interface {
	Add(ctx context.Context, u knowledge.Upload) (knowledge.Document, error)
	Replace(ctx context.Context, id string, u knowledge.Upload) (knowledge.Document, error)
	DeleteDocument(ctx context.Context, id string) error
}

// Config is what a Crawler stands on. All but Pause, Now and Sleep are needed.
type Config struct {
	Client    *http.Client // from NewClient
	Sites     Sites
	Pages     Pages
	Documents Documents
	// Read extracts the text of a page, to tell what changed from what only
	// stands around it.
	Read func(ctx context.Context, name, mediaType string, data []byte) (knowledge.Text, error)
	Log  *slog.Logger

	Pause time.Duration // between requests to one site, where robots.txt does not ask for more; none when 0
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
}

// Crawler visits the pages of sites and makes documents of them. It is safe
// for concurrent use; that nobody else visits the same site is its caller's care.
type Crawler struct {
	client *http.Client // follows redirects
	once   *http.Client // does not
	Config
	now   func() time.Time
	sleep func(ctx context.Context, d time.Duration) error
	// reading lets one page at a time be read, whatever number is loaded: the
	// tree of the largest takes some 150 MB.
	reading sync.Mutex
}

// New returns a Crawler.
func New(cfg Config) *Crawler {
	c := &Crawler{client: cfg.Client, Config: cfg, now: cfg.Now, sleep: cfg.Sleep}
	once := *cfg.Client
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.once = &once
	if c.now == nil {
		c.now = time.Now
	}
	if c.sleep == nil {
		c.sleep = sleep
	}
	return c
}

// run is one reading of one site.
type run struct {
	*Crawler
	site  knowledge.Site
	pace  pace
	down  atomic.Int32 // requests in a row that failed on the network
	saves sync.Mutex   // one page at a time is compared with the others and stored

	mu    sync.Mutex // guards scope and rules, which a first redirect may change
	scope scope
	rules robots
}

// Crawl reads a site: it goes on with the run that is under way, or starts one
// that is due, and returns when every page was visited and the run is finished.
// When ctx ends, or on an error of the store, the next call goes on where this
// one stopped. What is wrong with the site is its own state and no error; a
// site that is gone is none either.
func (c *Crawler) Crawl(ctx context.Context, id string) error {
	err := c.crawl(ctx, id)
	if errors.Is(err, knowledge.ErrNotFound) {
		return nil
	}
	return err
}

func (c *Crawler) crawl(ctx context.Context, id string) error {
	site, err := c.Sites.BeginSite(ctx, id)
	if err != nil || site.Status != knowledge.SiteCrawling {
		return err
	}
	r := &run{Crawler: c, site: site}
	defer c.client.CloseIdleConnections()
	err = r.read(ctx)
	var hurdle *stopped
	if err != nil && !errors.As(err, &hurdle) {
		return err
	}
	reason := ""
	if hurdle != nil {
		reason = hurdle.why
		c.Log.WarnContext(ctx, "site cannot be read", "site", id, "run", site.Run, "error", hurdle.err)
	}
	spread := 1 + jitter*(2*rand.Float64()-1)
	due := c.now().Add(time.Duration(float64(site.Every) * spread))
	retry := c.now().Add(time.Duration(float64(min(site.Every, retryFailed)) * spread))
	return c.Sites.FinishSite(ctx, id, site.Run, reason, due, retry)
}

// stopped ends a run for a reason that is the site's.
type stopped struct {
	why string
	err error
}

func (s *stopped) Error() string { return s.why }

func (r *run) stop(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &stopped{why: wordsOf(err), err: err}
}

// read visits every page that is left.
func (r *run) read(ctx context.Context) error {
	var err error
	if r.scope, err = newScope(r.site.Origin, r.site.Prefix); err != nil {
		return err
	}
	if r.rules, err = r.robotsOf(ctx, r.site.Origin); err != nil {
		return r.stop(ctx, err)
	}
	r.pace = pace{every: max(r.Pause, r.rules.delay), now: r.now, sleep: r.sleep}
	if !r.site.Seeded {
		if err := r.seed(ctx); err != nil {
			return err
		}
	}
	for {
		pages, err := r.Pages.TakePages(ctx, r.site.ID, r.site.Run, batch)
		if err != nil || len(pages) == 0 {
			return err
		}
		if err := r.visitAll(ctx, pages); err != nil {
			return err
		}
		if r.down.Load() >= maxDown {
			return &stopped{why: fmt.Sprintf("The server failed %d times in a row; its other pages are left for the next time", maxDown), err: errDown}
		}
	}
}

var errDown = errors.New("crawl: server does not answer")

// visitAll visits some pages, a few at a time, and waits for all of them.
func (r *run) visitAll(ctx context.Context, pages []knowledge.Page) error {
	var wg sync.WaitGroup
	slots := make(chan struct{}, inFlight)
	errs := make([]error, len(pages))
	for i, p := range pages {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if r.down.Load() < maxDown {
				errs[i] = r.visit(ctx, p)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// seed stores where the run begins.
func (r *run) seed(ctx context.Context) error {
	if r.site.Kind == knowledge.SiteMap {
		return r.readSitemaps(ctx)
	}
	u, err := url.Parse(r.site.URL)
	if err != nil {
		return fmt.Errorf("read address of site %s: %w", r.site.ID, err)
	}
	return r.Pages.AddPages(ctx, r.site.ID, []knowledge.PageLink{link(u, 0, 0)}, true)
}

// around is the scope and the rules of the moment.
func (r *run) around() (scope, robots) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.scope, r.rules
}

// move makes another origin the site's: the first address led there.
func (r *run) move(ctx context.Context, to *url.URL) error {
	origin := originOf(to)
	rules, err := r.robotsOf(ctx, origin)
	if err != nil {
		return r.stop(ctx, err)
	}
	if err := r.Sites.MoveSite(ctx, r.site.ID, origin); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scope.origin, r.rules = to, rules
	r.pace.slower(rules.delay)
	return nil
}
