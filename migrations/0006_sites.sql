-- +goose Up
-- An address whose pages are documents, read again every so often. Readings are
-- numbered: a page whose fetched_run is behind its site's run is still to be
-- visited, so what is left to do is known after any crash.
CREATE TABLE sites (
    id          uuid PRIMARY KEY,
    url         text        NOT NULL,
    origin      text        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('site', 'sitemap', 'page')),
    prefix      text        NOT NULL DEFAULT '',
    max_depth   int         NOT NULL,
    max_pages   int         NOT NULL,
    every       interval    NOT NULL,
    status      text        NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'crawling', 'ready', 'failed')),
    error       text        NOT NULL DEFAULT '',
    run         int         NOT NULL DEFAULT 0,
    seeded_run  int         NOT NULL DEFAULT 0,
    limited     boolean     NOT NULL DEFAULT false,
    deleted     int         NOT NULL DEFAULT 0,  -- documents of pages that are gone, in this run
    created_at  timestamptz NOT NULL DEFAULT now(),
    started_at  timestamptz,
    finished_at timestamptz,
    due_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (url, kind)
);
CREATE INDEX sites_due ON sites (due_at);

CREATE TABLE site_pages (
    id            uuid PRIMARY KEY,             -- and the id of its document
    site_id       uuid        NOT NULL REFERENCES sites ON DELETE CASCADE,
    seq           bigint      GENERATED ALWAYS AS IDENTITY,
    url           text        NOT NULL CHECK (octet_length(url) <= 2000),
    depth         int         NOT NULL,
    hops          int         NOT NULL DEFAULT 0,
    url_group     text        NOT NULL DEFAULT '', -- addresses of one group may have no end
    state         text        NOT NULL DEFAULT 'new'
                  CHECK (state IN ('new', 'ready', 'duplicate', 'skipped', 'failed', 'gone', 'removed')),
    error         text        NOT NULL DEFAULT '',
    etag          text        NOT NULL DEFAULT '',
    last_modified text        NOT NULL DEFAULT '',
    digest        bytea,                        -- SHA-256 of the text taken in
    fetched_run   int         NOT NULL DEFAULT 0,
    changed_run   int         NOT NULL DEFAULT 0,
    tries         int         NOT NULL DEFAULT 0,
    failures      int         NOT NULL DEFAULT 0,
    gone          int         NOT NULL DEFAULT 0,
    last_seen     timestamptz,
    UNIQUE (site_id, url)
);
CREATE INDEX site_pages_todo ON site_pages (site_id, fetched_run, depth, seq);
CREATE INDEX site_pages_digest ON site_pages (site_id, digest) WHERE digest IS NOT NULL;
CREATE INDEX site_pages_group ON site_pages (site_id, url_group) WHERE url_group <> '';

-- A document added for a site that is deleted meanwhile is refused by this key.
ALTER TABLE documents ADD COLUMN site_id uuid REFERENCES sites ON DELETE CASCADE;
CREATE INDEX documents_site ON documents (site_id) WHERE site_id IS NOT NULL;

-- +goose Down
ALTER TABLE documents DROP COLUMN site_id;
DROP TABLE site_pages, sites;
