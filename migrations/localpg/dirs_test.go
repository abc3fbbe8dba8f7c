package localpg_test

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"frontdesk/migrations/localpg"

	"github.com/jackc/pgx/v5"
)

func TestPathTooLongForASocketGetsAShortOne(t *testing.T) {
	long := filepath.Join(newDir(t), strings.Repeat("long/", 30))
	for range 2 { // a second start finds its way as well
		server := start(t, long)
		address := server.URL()
		if strings.Contains(address, "long") {
			t.Fatalf("the socket is in %s, want a shorter path", address)
		}
		ask(t, connect(t, address), "SELECT 1")
		config, err := pgx.ParseConfig(address)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(config.Host)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o700 {
			t.Errorf("the socket's directory has mode %04o, want 0700", info.Mode().Perm())
		}
		stop(t, server)
		if _, err := os.Stat(config.Host); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after Stop the socket's directory is still there (%v)", err)
		}
	}
}

func TestRootsClosedDirectoryServesAsWell(t *testing.T) {
	if os.Geteuid() != 0 || runtime.GOOS != "linux" {
		t.Skip("only root on Linux starts the server as somebody else, whom it hands the directory")
	}
	closed := newDir(t)
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(closed, "deep", "data")
	if err := localpg.CheckDir(dir); err != nil {
		t.Errorf("CheckDir = %v, want nil", err)
	}
	first := start(t, dir)
	execute(t, first.URL(), "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (42)")
	stop(t, first)

	kill, address := ownerProcess(t, dir)
	orphan := postmaster(t, dir)
	kill()
	heir := start(t, dir)
	if got := postmaster(t, dir); got != orphan || heir.URL() != address {
		t.Errorf("the heir's server is process %d at %s, want the orphan %d at %s", got, heir.URL(), orphan, address)
	}
	killPostmaster(t, dir)
	waitFor(t, "the server to come back", func() bool {
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			return false
		}
		defer conn.Close(t.Context())
		var n int
		return conn.QueryRow(t.Context(), "SELECT n FROM kept").Scan(&n) == nil && n == 42
	})
	attached, err := localpg.Attach(t.Context(), dir)
	if err != nil || attached != address {
		t.Errorf("Attach = %q, %v; want %q", attached, err, address)
	}
	if info, err := os.Stat(closed); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the closed directory was opened (%v, %v)", info.Mode(), err)
	}
}

func TestHalfMadeClusterIsMadeAgain(t *testing.T) {
	dir := newDir(t)
	// What a kill during initdb leaves.
	if err := os.MkdirAll(filepath.Join(dir, "data.new", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	ask(t, connect(t, start(t, dir).URL()), "SELECT 1")
}

func TestForeignDirectoryIsNotTouched(t *testing.T) {
	dir := newDir(t)
	precious := filepath.Join(dir, "data", "precious")
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "data"), 0o755), os.WriteFile(precious, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	if server, err := localpg.Start(t.Context(), localpg.Options{Dir: dir}); err == nil {
		stop(t, server)
		t.Error("Start with something else in data/ = nil, want an error")
	}
	if _, err := os.Stat(precious); err != nil {
		t.Errorf("somebody's file is gone: %v", err)
	}
}

func TestClusterOfAnotherVersionIsExplained(t *testing.T) {
	dir := newDir(t)
	data := filepath.Join(dir, "data")
	if err := errors.Join(os.Mkdir(data, 0o700), os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("9\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	_, err := localpg.Start(t.Context(), localpg.Options{Dir: dir})
	if !errors.Is(err, localpg.ErrNotInstalled) || !strings.Contains(err.Error(), "PostgreSQL 9") {
		t.Errorf("Start on a cluster of PostgreSQL 9 = %v, want ErrNotInstalled that names it", err)
	}
}

func TestDirectoryNameNeedsNoCare(t *testing.T) {
	dir := filepath.Join(newDir(t), `it's a "data, dir" – 数据 100%`)
	ask(t, connect(t, start(t, dir).URL()), "SELECT 1")
}

func TestRootServesTheClusterOfItsOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	// A cluster an ordinary user made, and root starts.
	owner, err := user.Lookup("nobody")
	if err != nil {
		t.Skip("there is no user nobody to own a cluster")
	}
	dir := newDir(t)
	stop(t, start(t, dir))
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	if err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, uid, gid))
	}); err != nil {
		t.Fatal(err)
	}
	ask(t, connect(t, start(t, dir).URL()), "SELECT 1")
}
