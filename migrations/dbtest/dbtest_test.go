package dbtest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"frontdesk/migrations"
	"frontdesk/migrations/localpg"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

func TestEveryTestGetsAMigratedDatabaseOfItsOwn(t *testing.T) {
	one, two := New(t), New(t)
	for _, pool := range []*pgxpool.Pool{one, two} {
		if err := migrations.Check(t.Context(), pool); err != nil {
			t.Errorf("Check = %v, want nil", err)
		}
		// In a shared database the second would fail.
		if _, err := pool.Exec(t.Context(), `CREATE TABLE mine (v vector(3))`); err != nil {
			t.Error(err)
		}
	}
}

func TestDatabaseIsDroppedWithItsTest(t *testing.T) {
	var address string
	t.Run("using it", func(t *testing.T) {
		address = URL(t)
		leaked, err := pgx.Connect(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { leaked.Close(context.Background()) }) // after the drop, which must not wait for it
	})
	conn, err := pgx.Connect(t.Context(), address)
	if err == nil {
		conn.Close(t.Context())
		t.Error("the database is still there after its test")
	}
}

func TestKeeperEndsOnceNobodyUsesItsServer(t *testing.T) {
	dir := reachableDir(t)
	user, err := tryFlock(filepath.Join(dir, "users"), syscall.LOCK_SH)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- keep(dir, 0) }()

	var address string
	for deadline := time.Now().Add(startWithin); ; time.Sleep(lookEvery) {
		if address, err = kept(dir); err == nil {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("the keeper ended although its server is in use: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("no server in time: %v", err)
		}
	}
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close(t.Context())

	user.Close()
	if err := <-ended; err != nil {
		t.Errorf("keep = %v, want nil", err)
	}
	if _, err := kept(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the keeper's end its address is still given out (%v)", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "postgres")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the keeper's end its data is still there (%v)", err)
	}
}

func TestKeeperThrowsAwayWhatAKilledOneLeft(t *testing.T) {
	dir := reachableDir(t)
	options := localpg.Options{Dir: filepath.Join(dir, "postgres"), Disposable: true}
	old, err := localpg.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	execute(t, old.URL(), `CREATE TABLE leftover ()`)
	if err := old.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	server, err := fresh(t.Context(), options.Dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop(context.Background()) })
	execute(t, server.URL(), `CREATE TABLE leftover ()`) // which an old cluster would refuse
}

func execute(t *testing.T, address, statement string) {
	t.Helper()
	if err := onServer(address, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// reachableDir is t.TempDir where the server's user can reach it: root's own temporary directories are closed.
func reachableDir(t *testing.T) string {
	t.Helper()
	shared, err := sharedDir()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(shared, "keeper-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// BenchmarkDatabase measures what every test on the database pays: one clone made and dropped.
func BenchmarkDatabase(b *testing.B) {
	server, template := serverAndTemplate(b)
	for b.Loop() {
		if err := onServer(server, "CREATE DATABASE test_benchmark TEMPLATE "+template); err != nil {
			b.Fatal(err)
		}
		if err := drop(server, "test_benchmark"); err != nil {
			b.Fatal(err)
		}
	}
}
