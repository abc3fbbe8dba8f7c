package knowledgedb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Scratch is a store in a schema of its own, beside the live knowledge and apart from
// it, which Close drops. One that a killed process left is dropped by the next.
type Scratch struct {
	*Store
	schema string
	pool   *pgxpool.Pool
	keeper *pgx.Conn // holds the lock that tells the schema is in use
}

const (
	scratchPrefix = "frontdesk_scratch_"
	// scratchLock is the first half of the advisory lock of a scratch schema in use; the
	// second is the hash of its name.
	scratchLock = 0x73637261 // "scra"
	// scratchConns is enough for two askers and a reweighing.
	scratchConns = 6
)

// NewScratch makes a scratch schema in the database. migrate brings the first schema of
// the search path of the URL it is given up to date. The caller closes the scratch.
func NewScratch(ctx context.Context, databaseURL string, migrate func(ctx context.Context, databaseURL string) error,
	embedder knowledge.Embedder, log *slog.Logger) (*Scratch, error) {
	s := &Scratch{schema: scratchPrefix + strings.ToLower(rand.Text())}
	if err := s.open(ctx, databaseURL, migrate, embedder, log); err != nil {
		return nil, errors.Join(fmt.Errorf("make scratch schema: %w", err), s.Close(ctx))
	}
	return s, nil
}

func (s *Scratch) open(ctx context.Context, databaseURL string, migrate func(context.Context, string) error,
	embedder knowledge.Embedder, log *slog.Logger) error {
	parsed, err := pgxpool.ParseConfig(databaseURL) // knows the pool's own settings, which a bare connection does not
	if err != nil {
		return err
	}
	if s.keeper, err = pgx.ConnectConfig(ctx, parsed.ConnConfig); err != nil {
		return err
	}
	if err := sweep(ctx, s.keeper); err != nil {
		return err
	}
	if _, err := s.keeper.Exec(ctx, `SELECT pg_advisory_lock($1, hashtext($2))`, scratchLock, s.schema); err != nil {
		return err
	}
	if _, err := s.keeper.Exec(ctx, `CREATE SCHEMA `+pgx.Identifier{s.schema}.Sanitize()); err != nil {
		return err
	}
	there, err := withSearchPath(databaseURL, s.schema+",public")
	if err != nil {
		return err
	}
	if err := migrate(ctx, there); err != nil {
		return err
	}
	config, err := pgxpool.ParseConfig(there)
	if err != nil {
		return err
	}
	config.MaxConns = scratchConns
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	s.Store = New(s.pool, embedder, log)
	return nil
}

// Load adds passages, embedded where there is an embedder, and tells done, unless it is
// nil, how many are. It is not called twice at once.
func (s *Scratch) Load(ctx context.Context, ps []knowledge.Passage, done func(n int)) error {
	s.searchable = done
	defer func() { s.searchable = nil }()
	const sql = `INSERT INTO documents (name, status) VALUES ('scratch', 'embedding') RETURNING id::text`
	var id string
	if err := s.pool.QueryRow(ctx, sql).Scan(&id); err != nil {
		return fmt.Errorf("insert document: %w", err)
	}
	if err := s.Publish(ctx, id, "scratch", ps); err != nil {
		return err
	}
	if err := s.Embed(ctx, id); err != nil {
		return err
	}
	// As autovacuum would in time: rows still on the word index's list of pending ones made
	// the planner read every passage, at ten times the cost.
	if _, err := s.pool.Exec(ctx, `VACUUM (ANALYZE) documents, passages, lexemes, terms, lexicon, embeddings`); err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	return nil
}

// Close drops the schema, even when ctx has ended.
func (s *Scratch) Close(ctx context.Context) error {
	if s.pool != nil {
		s.pool.Close()
	}
	if s.keeper == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	_, err := s.keeper.Exec(ctx, `DROP SCHEMA IF EXISTS `+pgx.Identifier{s.schema}.Sanitize()+` CASCADE`)
	if err != nil {
		err = fmt.Errorf("drop scratch schema: %w", err)
	}
	return errors.Join(err, s.keeper.Close(ctx))
}

// sweep drops the scratch schemas that nobody uses.
func sweep(ctx context.Context, c *pgx.Conn) error {
	rows, err := c.Query(ctx, `SELECT nspname::text FROM pg_namespace WHERE nspname ^@ $1`, scratchPrefix)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		var free bool
		if err := c.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, hashtext($2))`, scratchLock, name).Scan(&free); err != nil {
			return err
		}
		if !free {
			continue
		}
		_, err := c.Exec(ctx, `DROP SCHEMA IF EXISTS `+pgx.Identifier{name}.Sanitize()+` CASCADE`)
		_, unlock := c.Exec(ctx, `SELECT pg_advisory_unlock($1, hashtext($2))`, scratchLock, name)
		if err := errors.Join(err, unlock); err != nil {
			return err
		}
	}
	return nil
}

// withSearchPath sets the search path of a connection string, a URL or keywords.
func withSearchPath(databaseURL, path string) (string, error) {
	if !strings.HasPrefix(databaseURL, "postgres://") && !strings.HasPrefix(databaseURL, "postgresql://") {
		return databaseURL + " search_path=" + path, nil
	}
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("search_path", path)
	u.RawQuery = q.Encode()
	return u.String(), nil
}
