// Package dbtest gives every test a database of its own, freshly migrated, on a real PostgreSQL server.
//
// All test processes of one checkout share one private server: the first starts it, and it ends by itself some time after
// the last is done (see keeper.go). FRONTDESK_TEST_DATABASE_URL names another server to use; its role must be allowed to
// create databases, and the extensions in them.
package dbtest

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/migrations"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// startWithin bounds getting a server and a template, which the first test of a run waits for: about two seconds on an
	// idle machine, more where all cores compile.
	startWithin = 2 * time.Minute
	// makeWithin bounds making and dropping one database: some 30 ms.
	makeWithin = time.Minute
	// poolSize keeps many parallel tests well inside the server's connections.
	poolSize = 10
)

// shared is what this process found out once: the server's address and the name of the migrated template.
var shared struct {
	once     sync.Once
	users    *os.File // this process' share of the server, never given back: the kernel does that
	server   string
	template string
	err      error
}

// New returns a pool on a new migrated database that is dropped, and the pool closed, when the test ends.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return Connect(t, URL(t))
}

// Connect returns a pool on a database of this package, as New does; a test that plays several replicas uses it with URL.
func Connect(t testing.TB, databaseURL string) *pgxpool.Pool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), makeWithin)
	defer cancel()
	pool, err := migrations.Connect(ctx, databaseURL, func(config *pgxpool.Config) { config.MaxConns = poolSize })
	if err != nil {
		t.Fatalf("connect to the test database: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// URL returns the address of a new migrated database that is dropped when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	server, template := serverAndTemplate(t)
	return create(t, server, " TEMPLATE "+template)
}

// EmptyURL is URL without any migration applied.
func EmptyURL(t testing.TB) string {
	t.Helper()
	server, _ := serverAndTemplate(t)
	return create(t, server, "")
}

func serverAndTemplate(t testing.TB) (server, template string) {
	t.Helper()
	shared.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), startWithin)
		defer cancel()
		shared.server = os.Getenv("FRONTDESK_TEST_DATABASE_URL")
		if shared.server == "" {
			if shared.server, shared.err = join(ctx); shared.err != nil {
				return
			}
		}
		shared.template, shared.err = makeTemplate(ctx, shared.server)
	})
	if shared.err != nil {
		t.Fatalf("a database to test on: %v (scripts/setup installs what is missing)", shared.err)
	}
	return shared.server, shared.template
}

// create makes a database for the test and returns its address.
func create(t testing.TB, server, options string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	if err := onServer(server, "CREATE DATABASE "+name+options); err != nil {
		t.Fatalf("create the test database: %v", err)
	}
	t.Cleanup(func() {
		if err := drop(server, name); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	address, err := withDatabase(server, name)
	if err != nil {
		t.Fatalf("address of the test database: %v", err)
	}
	return address
}

// drop drops a database by force: a test that failed may have left connections open, and the next must not pay for it.
func drop(server, name string) error {
	return onServer(server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
}

func onServer(server, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), makeWithin)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// withDatabase replaces the database in a server's address.
func withDatabase(server, name string) (string, error) {
	address, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	if address.Scheme != "postgres" && address.Scheme != "postgresql" {
		return "", errors.New("the test server's address must be a postgres:// URL")
	}
	address.Path = "/" + name
	return address.String(), nil
}
