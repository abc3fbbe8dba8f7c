package knowledgedb

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// maxSites bounds the list of sites.
const maxSites = 200

// Sites keeps sites and their pages, and queues the jobs that read them. It is
// safe for concurrent use.
type Sites struct{ docs *Documents }

// Sites returns the keeping of sites whose pages are these documents.
func (d *Documents) Sites() *Sites { return &Sites{docs: d} }

const siteColumns = `s.id::text, s.url, s.origin, s.kind, s.prefix, s.max_depth, s.max_pages, s.every, s.status, s.error,
	s.run, s.seeded_run = s.run, s.limited, s.created_at, s.started_at, s.finished_at, s.due_at, s.deleted`

// siteProgress counts in one pass over the site's pages and one over its documents.
const siteProgress = `p.found, p.fetched, p.changed, p.failed, d.documents, d.waiting, d.unpaid, d.passages, d.bytes
	FROM sites s
	CROSS JOIN LATERAL (SELECT count(*)::int AS found, (count(*) FILTER (WHERE fetched_run = s.run AND s.run > 0))::int AS fetched,
			(count(*) FILTER (WHERE changed_run = s.run AND s.run > 0))::int AS changed,
			(count(*) FILTER (WHERE state IN ('failed', 'gone')))::int AS failed
		FROM site_pages WHERE site_id = s.id) p
	CROSS JOIN LATERAL (SELECT count(*)::int AS documents, (count(*) FILTER (WHERE status NOT IN ('ready', 'failed')))::int AS waiting,
			(count(*) FILTER (WHERE status = 'embedding' AND error = '` + knowledge.BudgetNote + `'))::int AS unpaid,
			coalesce(sum(passages), 0)::int AS passages, coalesce(sum(bytes), 0)::bigint AS bytes
		FROM documents WHERE site_id = s.id) d`

func scanSite(row pgx.CollectableRow) (knowledge.Site, error) {
	var s knowledge.Site
	var started, finished *time.Time
	var every pgtype.Interval
	p := &s.Progress
	err := row.Scan(&s.ID, &s.URL, &s.Origin, &s.Kind, &s.Prefix, &s.Depth, &s.Pages, &every, &s.Status, &s.Error,
		&s.Run, &s.Seeded, &s.Limited, &s.CreatedAt, &started, &finished, &s.DueAt, &p.Deleted,
		&p.Found, &p.Fetched, &p.Changed, &p.Failed, &p.Documents, &p.Waiting, &p.Unpaid, &p.Passages, &p.Bytes)
	if started != nil {
		s.StartedAt = *started
	}
	if finished != nil {
		s.FinishedAt = *finished
	}
	s.Every = time.Duration(every.Microseconds)*time.Microsecond + time.Duration(every.Days)*24*time.Hour
	return s, err
}

// site runs a query for one site; none is knowledge.ErrNotFound.
func site(ctx context.Context, db querier, sql string, args pgx.NamedArgs) (knowledge.Site, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return knowledge.Site{}, err
	}
	s, err := pgx.CollectExactlyOneRow(rows, scanSite)
	if errors.Is(err, pgx.ErrNoRows) || malformed(err) {
		err = knowledge.ErrNotFound
	}
	return s, err
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// AddSite stores a site and queues its first run, both or neither, and returns
// its id. A site of the same address and kind is given the new limits instead,
// and read once more.
func (s *Sites) AddSite(ctx context.Context, site knowledge.Site) (string, error) {
	const sql = `INSERT INTO sites AS s (id, url, origin, kind, prefix, max_depth, max_pages, every)
		VALUES (@id, @url, @origin, @kind, @prefix, @depth, @pages, @every)
		ON CONFLICT (url, kind) DO UPDATE SET prefix = excluded.prefix, max_depth = excluded.max_depth,
			max_pages = excluded.max_pages, every = excluded.every, due_at = now(),
			status = CASE WHEN s.status = 'crawling' THEN s.status ELSE 'queued' END
		RETURNING id::text`
	var id string
	err := pgx.BeginFunc(ctx, s.docs.pool, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, sql, pgx.NamedArgs{
			"id": site.ID, "url": site.URL, "origin": site.Origin, "kind": site.Kind, "prefix": site.Prefix,
			"depth": site.Depth, "pages": site.Pages, "every": site.Every,
		}).Scan(&id)
		if err != nil {
			return err
		}
		_, err = s.docs.queue.InsertTx(ctx, tx, crawlArgs{Site: id}, nil)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("add site: %w", err)
	}
	return id, nil
}

// RecrawlSite queues a run: now, or after the one under way, which may have read
// already what has changed since.
func (s *Sites) RecrawlSite(ctx context.Context, id string) error {
	const sql = `UPDATE sites SET due_at = now(), status = CASE WHEN status = 'crawling' THEN status ELSE 'queued' END
		WHERE id = @id::text::uuid`
	err := pgx.BeginFunc(ctx, s.docs.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, pgx.NamedArgs{"id": id})
		if err == nil && tag.RowsAffected() == 0 || malformed(err) {
			return knowledge.ErrNotFound
		}
		if err != nil {
			return err
		}
		_, err = s.docs.queue.InsertTx(ctx, tx, crawlArgs{Site: id}, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("crawl site %.40q: %w", id, err)
	}
	return nil
}

// Site returns one site with its progress, or knowledge.ErrNotFound.
func (s *Sites) Site(ctx context.Context, id string) (knowledge.Site, error) {
	const sql = `SELECT ` + siteColumns + `, ` + siteProgress + ` WHERE s.id = @id::text::uuid`
	out, err := site(ctx, s.docs.pool, sql, pgx.NamedArgs{"id": id})
	if err != nil {
		return out, fmt.Errorf("read site %.40q: %w", id, err)
	}
	return out, nil
}

// Sites lists the sites, newest first, the first 200.
func (s *Sites) Sites(ctx context.Context) ([]knowledge.Site, error) {
	const sql = `SELECT ` + siteColumns + `, ` + siteProgress + ` ORDER BY s.created_at DESC, s.id LIMIT @limit`
	rows, err := s.docs.pool.Query(ctx, sql, pgx.NamedArgs{"limit": maxSites})
	if err != nil {
		return nil, fmt.Errorf("list sites: %w", err)
	}
	out, err := pgx.CollectRows(rows, scanSite)
	if err != nil {
		return nil, fmt.Errorf("list sites: %w", err)
	}
	return out, nil
}

// DeleteSite removes a site with the documents of its pages; the next search
// does not find them, and a run under way adds none.
func (s *Sites) DeleteSite(ctx context.Context, id string) error {
	const sql = `DELETE FROM sites WHERE id = @id::text::uuid`
	tag, err := s.docs.pool.Exec(ctx, sql, pgx.NamedArgs{"id": id})
	if err == nil && tag.RowsAffected() == 0 || malformed(err) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("delete site %.40q: %w", id, err)
	}
	s.docs.tellChanged(ctx)
	return nil
}

const pageColumns = `id::text, url, depth, hops, state, error, etag, last_modified, digest,
	EXISTS (SELECT FROM documents d WHERE d.id = p.id), tries, failures, gone, last_seen`

// scanPage reads pageColumns, and what the query selects behind them into more.
func scanPage(row pgx.CollectableRow, more ...any) (knowledge.Page, error) {
	var p knowledge.Page
	var seen *time.Time
	err := row.Scan(append([]any{&p.ID, &p.URL, &p.Depth, &p.Hops, &p.State, &p.Error, &p.ETag, &p.LastModified, &p.Digest,
		&p.Kept, &p.Tries, &p.Failures, &p.Gone, &seen}, more...)...)
	if seen != nil {
		p.LastSeen = *seen
	}
	return p, err
}

// SitePages lists the pages of a site in the order they were found, only those
// in a state when one is named, and a cursor for the next page of the list,
// which is empty after the last.
func (s *Sites) SitePages(ctx context.Context, id string, state knowledge.PageState, cursor string, limit int) ([]knowledge.Page, string, error) {
	const (
		there = `SELECT true FROM sites WHERE id = @id::text::uuid`
		sql   = `SELECT ` + pageColumns + `, seq FROM site_pages p
			WHERE site_id = @id::text::uuid AND seq > @after AND (@state = '' OR state = @state) ORDER BY seq LIMIT @limit`
	)
	if limit <= 0 || limit > maxDocuments {
		limit = maxDocuments
	}
	var found bool
	err := s.docs.pool.QueryRow(ctx, there, pgx.NamedArgs{"id": id}).Scan(&found)
	if errors.Is(err, pgx.ErrNoRows) || malformed(err) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return nil, "", fmt.Errorf("list pages of site %.40q: %w", id, err)
	}
	after := int64(0)
	if raw, err := base64.RawURLEncoding.DecodeString(cursor); err == nil {
		after, _ = strconv.ParseInt(string(raw), 10, 64) // one that is not ours begins anew
	}
	rows, err := s.docs.pool.Query(ctx, sql, pgx.NamedArgs{"id": id, "state": string(state), "after": after, "limit": limit + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list pages of site %s: %w", id, err)
	}
	var seqs []int64
	pages, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (knowledge.Page, error) {
		var seq int64
		p, err := scanPage(row, &seq)
		seqs = append(seqs, seq)
		return p, err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list pages of site %s: %w", id, err)
	}
	if len(pages) <= limit {
		return pages, "", nil
	}
	next := base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, seqs[limit-1], 10))
	return pages[:limit], next, nil
}
