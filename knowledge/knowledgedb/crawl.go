package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

const (
	// maxTries is how often a page is begun in one run before it is taken to be
	// the reason that nobody brings it to an end.
	maxTries = 5
	// maxGroup is how many addresses of one endless-looking group are taken: as
	// many as a calendar has months in eight years.
	maxGroup = 100
)

// BeginSite starts a run when one is due, unless one is under way, and returns
// the site; it is crawling then.
func (s *Sites) BeginSite(ctx context.Context, id string) (knowledge.Site, error) {
	const sql = `UPDATE sites SET run = run + 1, status = 'crawling', error = '', limited = false, deleted = 0, started_at = now(), due_at = now()
		WHERE id = @id::text::uuid AND status <> 'crawling' AND due_at <= now()`
	if _, err := s.docs.pool.Exec(ctx, sql, pgx.NamedArgs{"id": id}); err != nil && !malformed(err) {
		return knowledge.Site{}, fmt.Errorf("begin site %.40q: %w", id, err)
	}
	return s.Site(ctx, id)
}

// MoveSite makes origin the site's.
func (s *Sites) MoveSite(ctx context.Context, id, origin string) error {
	const sql = `UPDATE sites SET origin = @origin WHERE id = @id`
	return s.change(ctx, "move site", id, sql, pgx.NamedArgs{"id": id, "origin": origin})
}

// change runs a statement that concerns one site; none touched is knowledge.ErrNotFound.
func (s *Sites) change(ctx context.Context, verb, id, sql string, args pgx.NamedArgs) error {
	tag, err := s.docs.pool.Exec(ctx, sql, args)
	if err == nil && tag.RowsAffected() == 0 {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", verb, id, err)
	}
	return nil
}

// AddPages adds the addresses that the site does not know, as many as its
// limit and that of their group allow, the nearest first.
func (s *Sites) AddPages(ctx context.Context, id string, links []knowledge.PageLink, seeded bool) error {
	const (
		// Two visits at once would each see the same room; so would two that count while they
		// wait for each other.
		lock   = `SELECT max_pages FROM sites WHERE id = @id FOR UPDATE`
		insert = `WITH fresh AS (
				SELECT x.*, row_number() OVER (PARTITION BY x.url_group ORDER BY x.n)
					+ (SELECT count(*) FROM site_pages g WHERE g.site_id = @id AND g.url_group = x.url_group AND x.url_group <> '') AS nth
				FROM unnest(@ids::uuid[], @urls::text[], @depths::int[], @hops::int[], @groups::text[]) WITH ORDINALITY
					AS x (id, url, depth, hops, url_group, n)
				WHERE NOT EXISTS (SELECT FROM site_pages p WHERE p.site_id = @id AND p.url = x.url))
			INSERT INTO site_pages (id, site_id, url, depth, hops, url_group)
			SELECT id, @id, url, depth, hops, url_group FROM fresh
			WHERE url_group = '' OR nth <= @most ORDER BY depth, n
			LIMIT greatest(0, @pages - (SELECT count(*) FROM site_pages WHERE site_id = @id))
			ON CONFLICT (site_id, url) DO NOTHING`
		count = `SELECT count(*) FROM unnest(@urls::text[]) u WHERE NOT EXISTS (SELECT FROM site_pages p WHERE p.site_id = @id AND p.url = u)`
		mark  = `UPDATE sites SET limited = limited OR @limited, seeded_run = CASE WHEN @seeded THEN run ELSE seeded_run END WHERE id = @id`
	)
	var ids, urls, groups []string
	var depths, hops []int32
	for _, l := range links {
		ids, urls, groups = append(ids, knowledge.NewID()), append(urls, l.URL), append(groups, l.Group)
		depths, hops = append(depths, int32(l.Depth)), append(hops, int32(l.Hops))
	}
	err := pgx.BeginFunc(ctx, s.docs.pool, func(tx pgx.Tx) error {
		var pages int
		args := pgx.NamedArgs{"id": id}
		if err := tx.QueryRow(ctx, lock, args).Scan(&pages); errors.Is(err, pgx.ErrNoRows) {
			return knowledge.ErrNotFound
		} else if err != nil {
			return err
		}
		args = pgx.NamedArgs{"id": id, "ids": ids, "urls": urls, "groups": groups, "depths": depths, "hops": hops,
			"most": maxGroup, "pages": pages}
		left := 0
		if len(links) > 0 {
			if _, err := tx.Exec(ctx, insert, args); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, count, pgx.NamedArgs{"id": id, "urls": urls}).Scan(&left); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, mark, pgx.NamedArgs{"id": id, "limited": left > 0, "seeded": seeded})
		return err
	})
	if err != nil {
		return fmt.Errorf("add pages of site %s: %w", id, err)
	}
	return nil
}

// TakePages returns the next pages that the run has not visited.
func (s *Sites) TakePages(ctx context.Context, id string, run, limit int) ([]knowledge.Page, error) {
	const (
		giveUp = `UPDATE site_pages SET fetched_run = @run, tries = 0, state = 'failed', failures = failures + 1,
				error = 'The server stopped several times while it read this page'
			WHERE site_id = @id AND fetched_run < @run AND tries >= @most`
		take = `UPDATE site_pages p SET tries = tries + 1
			WHERE id IN (SELECT id FROM site_pages WHERE site_id = @id AND fetched_run < @run ORDER BY depth, seq LIMIT @limit)
			RETURNING ` + pageColumns
	)
	args := pgx.NamedArgs{"id": id, "run": run, "limit": limit, "most": maxTries}
	if _, err := s.docs.pool.Exec(ctx, giveUp, args); err != nil {
		return nil, fmt.Errorf("take pages of site %s: %w", id, err)
	}
	rows, err := s.docs.pool.Query(ctx, take, args)
	if err != nil {
		return nil, fmt.Errorf("take pages of site %s: %w", id, err)
	}
	pages, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (knowledge.Page, error) { return scanPage(row) })
	if err != nil {
		return nil, fmt.Errorf("take pages of site %s: %w", id, err)
	}
	return pages, nil
}

// PageWithDigest returns the address of another page that is the document of
// the text.
func (s *Sites) PageWithDigest(ctx context.Context, id, page string, digest []byte) (string, error) {
	const sql = `SELECT url FROM site_pages p WHERE site_id = @id AND digest = @digest AND id <> @page
		AND EXISTS (SELECT FROM documents d WHERE d.id = p.id) ORDER BY depth, seq LIMIT 1`
	var url string
	err := s.docs.pool.QueryRow(ctx, sql, pgx.NamedArgs{"id": id, "page": page, "digest": digest}).Scan(&url)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("look for a page of site %s: %w", id, err)
	}
	return url, nil
}

// RecordPage keeps what a visit made of a page.
func (s *Sites) RecordPage(ctx context.Context, id string, run int, page string, o knowledge.PageOutcome) error {
	const (
		record = `WITH counted AS (UPDATE sites SET deleted = deleted + @deleted::bool::int WHERE id = @id)
			UPDATE site_pages SET state = @state, error = @error, etag = @etag, last_modified = @modified, digest = @digest,
				fetched_run = @run, changed_run = CASE WHEN @changed THEN @run ELSE changed_run END, tries = 0,
				failures = CASE WHEN @state = 'failed' THEN failures + 1 ELSE 0 END,
				gone = CASE WHEN @state = 'gone' THEN gone + 1 ELSE 0 END,
				last_seen = CASE WHEN @seen THEN now() ELSE last_seen END
			WHERE id = @page`
		forget = `WITH counted AS (UPDATE sites SET deleted = deleted + @deleted::bool::int WHERE id = @id)
			DELETE FROM site_pages WHERE id = @page`
	)
	if o.Forget {
		return s.change(ctx, "forget page of site", id, forget, pgx.NamedArgs{"id": id, "page": page, "deleted": o.Deleted})
	}
	return s.change(ctx, "record page of site", id, record, pgx.NamedArgs{
		"id": id, "page": page, "run": run, "state": string(o.State), "error": clean(o.Error), "etag": o.ETag, "modified": o.LastModified,
		"digest": o.Digest, "changed": o.Changed, "seen": o.Seen, "deleted": o.Deleted,
	})
}

// maxPageError is how many bytes of a page's error are kept.
const maxPageError = 1000

// clean is text as Postgres can hold it; servers and their addresses have a say in it.
func clean(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
	return strings.ToValidUTF8(text[:min(len(text), maxPageError)], "")
}

// FinishSite ends a run. A site of which no page could be read has failed, for
// the reason of the first that failed. One that was to be read again meanwhile, after
// a change to it or to its limits, is due at once.
func (s *Sites) FinishSite(ctx context.Context, id string, run int, reason string, due, retry time.Time) error {
	const sql = `UPDATE sites s SET finished_at = now(),
			error = x.reason, status = CASE WHEN s.due_at > s.started_at THEN 'queued' WHEN x.reason = '' THEN 'ready' ELSE 'failed' END,
			due_at = CASE WHEN s.due_at > s.started_at THEN s.due_at WHEN x.reason = '' THEN @due::timestamptz ELSE @retry::timestamptz END
		FROM (SELECT CASE WHEN @reason::text <> '' THEN @reason::text
			WHEN EXISTS (SELECT FROM site_pages WHERE site_id = @id AND state IN ('ready', 'duplicate', 'removed')) THEN ''
			ELSE coalesce((SELECT error || ': ' || url FROM site_pages WHERE site_id = @id AND error <> ''
				ORDER BY (state IN ('failed', 'gone')) DESC, depth, seq LIMIT 1), 'No page of it may be read') END AS reason) x
		WHERE s.id = @id AND s.run = @run`
	return s.change(ctx, "finish site", id, sql, pgx.NamedArgs{"id": id, "run": run, "reason": clean(reason), "due": due, "retry": retry})
}
