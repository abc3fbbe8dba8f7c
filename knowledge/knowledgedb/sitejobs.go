package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

const (
	// siteQueue keeps sites apart from documents, which they would keep waiting.
	siteQueue = "sites"
	// siteWorkers is how many sites this process reads at once; each mostly waits
	// for its server.
	siteWorkers = 2
	// siteSlice is how long a site is read before others get their turn. It ends
	// well before River would take the job for lost.
	siteSlice = jobWithin - 2*time.Minute
	// busySite is when a job looks again at a host that another is reading.
	busySite = 15 * time.Second
)

// crawlArgs are the job that reads a site.
type crawlArgs struct {
	Site string `json:"site"`
}

func (crawlArgs) Kind() string { return "crawl" }

func (crawlArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: siteQueue, MaxAttempts: attempts}
}

// crawler does the work of a site's job; crawl.Crawler is one.
type crawler interface {
	Crawl(ctx context.Context, siteID string) error
}

// Work is the reading of these sites, for NewJobs.
func (s *Sites) Work(c crawler) Work {
	return Work{
		queue: siteQueue,
		at:    river.QueueConfig{MaxWorkers: siteWorkers},
		conns: 2 * siteWorkers, // one holds the host, one the document being replaced
		add:   func(all *river.Workers) { river.AddWorker(all, &crawlWorker{sites: s, crawler: c}) },
		sweep: s.sweep,
	}
}

type crawlWorker struct {
	river.WorkerDefaults[crawlArgs]
	sites   *Sites
	crawler crawler
}

// Work reads a site whose host nobody else reads. It ends when the run is
// finished, and what it has done by then is in the database page by page.
func (w *crawlWorker) Work(ctx context.Context, job *river.Job[crawlArgs]) error {
	site, err := w.sites.Site(ctx, job.Args.Site)
	if errors.Is(err, knowledge.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	held, err := w.sites.hold(ctx, site.Origin)
	if err != nil {
		return err
	}
	if held == nil {
		return river.JobSnooze(busySite)
	}
	defer held.release(ctx)
	slice, cancel := context.WithTimeout(ctx, siteSlice)
	defer cancel()
	err = w.crawler.Crawl(slice, site.ID)
	if err != nil && (slice.Err() != nil || ctx.Err() != nil) { // a turn's end, or stopping: go on at once
		return river.JobSnooze(0)
	}
	return err
}

// NextRetry waits 2 s, 4 s, 8 s … and at most 5 minutes after an attempt.
func (w *crawlWorker) NextRetry(job *river.Job[crawlArgs]) time.Time {
	return time.Now().Add(min(time.Second<<min(job.Attempt, 10), 5*time.Minute))
}

// hold takes the host of an origin for this process alone; nil when another
// reads a site of it.
func (s *Sites) hold(ctx context.Context, origin string) (*holding, error) {
	host := origin
	if u, err := url.Parse(origin); err == nil {
		host = strings.TrimPrefix(u.Host, "www.")
	}
	return s.docs.hold(ctx, "site "+host)
}

// sweep queues sites that are due, and those whose server died over them. A
// job that is waiting, or a host that is being read, needs nothing.
func (s *Sites) sweep(ctx context.Context) error {
	const sql = `SELECT s.id::text, s.origin FROM sites s
		WHERE (s.status = 'crawling' OR s.due_at <= now())
		AND NOT EXISTS (SELECT FROM river_job j WHERE j.kind = @kind AND j.args @> jsonb_build_object('site', s.id::text)
			AND j.state IN ('available', 'pending', 'retryable', 'scheduled'))
		ORDER BY s.due_at LIMIT @limit`
	rows, err := s.docs.pool.Query(ctx, sql, pgx.NamedArgs{"kind": crawlArgs{}.Kind(), "limit": maxSites})
	if err != nil {
		return fmt.Errorf("look for sites that are due: %w", err)
	}
	type due struct{ ID, Origin string }
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[due])
	if err != nil {
		return fmt.Errorf("look for sites that are due: %w", err)
	}
	for _, d := range found {
		held, err := s.hold(ctx, d.Origin)
		if err != nil {
			return err
		}
		if held == nil {
			continue
		}
		// Its run may have been finished since: then the job finds nothing due.
		_, err = s.docs.queue.Insert(ctx, crawlArgs{Site: d.ID}, nil)
		held.release(ctx)
		if err != nil {
			return fmt.Errorf("queue site %s: %w", d.ID, err)
		}
	}
	return nil
}
