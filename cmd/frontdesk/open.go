package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"frontdesk/migrations"
	"frontdesk/migrations/localpg"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// attachWithin is how long a command waits for the private database of a
	// server that is just starting beside it.
	attachWithin = 30 * time.Second
	// stopPostgresWithin is how long the private database may take to stop; then
	// it drops everything, which loses nothing.
	stopPostgresWithin = 10 * time.Second
)

// database is an open, migrated database, and the private server under it when
// this process runs that.
type database struct {
	pool    *pgxpool.Pool
	url     string
	private *localpg.Server
	log     *slog.Logger
	before  func() // called first when it is closed; may be nil
}

// openToServe opens the database for a process that will own it for long: with
// no DATABASE_URL the private server is this process's, and a second owner is
// refused.
func openToServe(ctx context.Context, cfg *Config, log *slog.Logger) (*database, error) {
	return open(ctx, cfg, log, false)
}

// openBeside opens it for a short command: it uses the private server of a
// frontdesk that runs already, and runs one only when there is none.
func openBeside(ctx context.Context, cfg *Config, log *slog.Logger) (*database, error) {
	return open(ctx, cfg, log, true)
}

// openKnowledge opens the database so, and the knowledge in it, paid for and judged by
// the stored settings.
func openKnowledge(ctx context.Context, a *app) (*database, *knowledgeParts, error) {
	db, k, _, err := openDesk(ctx, a)
	return db, k, err
}

// openDesk opens the database for a short command, and in it the knowledge and the engine.
// Both go by the settings that are stored, as a server does, and follow them until the
// database is closed.
func openDesk(ctx context.Context, a *app) (*database, *knowledgeParts, *desk, error) {
	db, err := openBeside(ctx, &a.cfg, a.log)
	if err != nil {
		return nil, nil, nil, err
	}
	k, err := newKnowledge(&a.cfg, db.pool, a.log)
	var d *desk
	if err == nil {
		d, err = newDesk(&a.cfg, db.pool, k, nil, a.log)
	}
	if err == nil {
		err = d.LoadSettings(ctx)
	}
	if err != nil {
		db.close()
		return nil, nil, nil, err
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { d.FollowSettings(following) })
	db.before = func() { stop(); wg.Wait() }
	return db, k, d, nil
}

func open(ctx context.Context, cfg *Config, log *slog.Logger, beside bool) (_ *database, err error) {
	db := &database{url: cfg.DatabaseURL.Reveal(), log: log}
	if db.url == "" {
		if err := db.openPrivate(ctx, cfg, beside); err != nil {
			return nil, err
		}
	}
	defer func() {
		if err != nil {
			db.close()
		}
	}()
	if err := migrations.Apply(ctx, db.url); err != nil {
		return nil, explainDatabase(err)
	}
	if db.pool, err = migrations.Connect(ctx, db.url, poolSize); err != nil {
		return nil, explainDatabase(err)
	}
	return db, nil
}

// minConns is the least number of connections a pool may grow to. pgx's default
// of 4 on a small machine would have messages wait behind searches; more than
// some 8 for each core only makes Postgres switch between them.
const minConns = 20

// poolSize widens the pool, unless the URL says how large it is to be.
func poolSize(c *pgxpool.Config) {
	if !strings.Contains(c.ConnString(), "pool_max_conns") {
		c.MaxConns = max(minConns, c.MaxConns)
	}
}

func (db *database) openPrivate(ctx context.Context, cfg *Config, beside bool) error {
	dir := privateDir(cfg)
	wait, cancel := context.WithTimeout(ctx, attachWithin)
	defer cancel()
	for {
		if beside {
			url, err := localpg.Attach(wait, dir)
			if err == nil {
				db.url = url
				return nil
			}
			if !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		srv, err := localpg.Start(ctx, localpg.Options{Dir: dir, Log: db.log})
		switch {
		case err == nil:
			db.private, db.url = srv, srv.URL()
			return nil
		case errors.Is(err, localpg.ErrNotInstalled):
			return fmt.Errorf("%w\nRun frontdesk doctor to see what is missing and how to get it, or set DATABASE_URL", err)
		case errors.Is(err, localpg.ErrInUse) && beside:
			// Its owner is only just starting, or stopping.
			select {
			case <-wait.Done():
				return err
			case <-time.After(100 * time.Millisecond):
			}
		case errors.Is(err, localpg.ErrInUse):
			return fmt.Errorf("%w: %s\nStop that one first, or give this one its own DATA_DIR", err, dir)
		default:
			return err
		}
	}
}

// privateDir is where the private database lives.
func privateDir(cfg *Config) string { return filepath.Join(cfg.DataDir, "postgres") }

// explainDatabase adds what to do about a database that is not as needed.
func explainDatabase(err error) error {
	if errors.Is(err, migrations.ErrNoVector) {
		return fmt.Errorf("%w\nRun frontdesk doctor to see how to get it", err)
	}
	return fmt.Errorf("open the database: %w", err)
}

// close closes the pool and stops the private server, when it is ours.
func (db *database) close() {
	if db.before != nil {
		db.before()
	}
	if db.pool != nil {
		db.pool.Close()
	}
	if db.private == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopPostgresWithin)
	defer cancel()
	if err := db.private.Stop(ctx); err != nil {
		db.log.Warn("private database did not stop in good order", "error", err)
	}
}
