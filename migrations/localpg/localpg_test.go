package localpg_test

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"frontdesk/migrations"
	"frontdesk/migrations/localpg"

	"github.com/jackc/pgx/v5"
)

func TestFirstStartMakesADatabaseThatMigrates(t *testing.T) {
	dir := newDir(t)
	// Not disposable: what a user gets.
	server, err := localpg.Start(t.Context(), localpg.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, server) })
	if err := migrations.Apply(t.Context(), server.URL()); err != nil {
		t.Fatalf("Apply on the private database: %v", err)
	}

	conn := connect(t, server.URL())
	for setting, want := range map[string]string{
		"server_encoding": "UTF8", "listen_addresses": "", "fsync": "on", "jit": "off", "data_checksums": "on",
		"log_min_error_statement": "panic", "log_error_verbosity": "terse",
	} {
		if got := ask(t, conn, "SHOW "+setting); got != want {
			t.Errorf("SHOW %s = %q, want %q", setting, got, want)
		}
	}
	if got := ask(t, conn, "SHOW max_parallel_maintenance_workers"); !server.Install().ParallelBuildsSafe() && got != "0" {
		t.Errorf("max_parallel_maintenance_workers = %s with pgvector %s, want 0", got, server.Install().Vector)
	}
	if got := ask(t, conn, "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user"); got != "false" {
		t.Error("the role may do more than use its database")
	}
	if got := ask(t, conn, "SELECT lower('ÄÉЖ')"); got != "äéж" {
		t.Errorf("lower('ÄÉЖ') = %q, want äéж: the locale knows no Unicode", got)
	}
	info, err := os.Stat(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the cluster has mode %04o, want 0700", info.Mode().Perm())
	}
	if os.Geteuid() == 0 {
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid == 0 {
			t.Error("the cluster belongs to root")
		}
	}
}

func TestDataOutlivesAStop(t *testing.T) {
	dir := newDir(t)
	first := start(t, dir)
	execute(t, first.URL(), "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (42)")
	stop(t, first)
	second := start(t, dir)
	if got := ask(t, connect(t, second.URL()), "SELECT n FROM kept"); got != "42" {
		t.Errorf("after a restart n = %s, want 42", got)
	}
	if err := second.Stop(t.Context()); err != nil {
		t.Errorf("Stop = %v", err)
	}
	if err := second.Stop(t.Context()); err != nil {
		t.Errorf("second Stop = %v, want nil", err)
	}
}

func TestSecondOwnerIsRefused(t *testing.T) {
	dir := newDir(t)
	owner := start(t, dir)
	_, err := localpg.Start(t.Context(), localpg.Options{Dir: dir, Disposable: true})
	if !errors.Is(err, localpg.ErrInUse) {
		t.Fatalf("Start on a directory in use = %v, want ErrInUse", err)
	}
	for _, want := range []string{dir, "process " + strconv.Itoa(os.Getpid())} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the refusal %q does not name %s", err, want)
		}
	}
	// And the owner is none the worse for it.
	ask(t, connect(t, owner.URL()), "SELECT 1")
}

func TestAttachFindsTheServerOfALiveOwner(t *testing.T) {
	dir := newDir(t)
	if _, err := localpg.Attach(t.Context(), dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Attach where nothing runs = %v, want ErrNotExist", err)
	}
	owner := start(t, dir)
	address, err := localpg.Attach(t.Context(), dir)
	if err != nil || address != owner.URL() {
		t.Errorf("Attach = %q, %v; want %q", address, err, owner.URL())
	}
	stop(t, owner)
	if _, err := localpg.Attach(t.Context(), dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Attach after Stop = %v, want ErrNotExist", err)
	}
}

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

func TestClosedParentIsNamed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root starts the server as somebody else")
	}
	closed := filepath.Join(newDir(t), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(closed, "deep", "data")
	_, started := localpg.Start(t.Context(), localpg.Options{Dir: dir})
	for name, err := range map[string]error{"Start": started, "CheckDir": localpg.CheckDir(dir)} {
		if err == nil || !strings.Contains(err.Error(), "may not enter "+closed+" (mode 0700)") {
			t.Errorf("%s under a closed directory = %v, want it named", name, err)
		}
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

func TestLocalSettingsWin(t *testing.T) {
	dir := newDir(t)
	stop(t, start(t, dir))
	conf := filepath.Join(dir, "data", "local.conf")
	if err := os.WriteFile(conf, []byte("work_mem = '7MB'\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, connect(t, start(t, dir).URL()), "SHOW work_mem"); got != "7MB" {
		t.Errorf("work_mem = %s, want local.conf's 7MB", got)
	}
}

func TestStartFailureQuotesTheServersLog(t *testing.T) {
	dir := newDir(t)
	stop(t, start(t, dir))
	conf := filepath.Join(dir, "data", "local.conf")
	if err := os.WriteFile(conf, []byte("no_such_setting = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := localpg.Start(t.Context(), localpg.Options{Dir: dir, Disposable: true})
	if err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("Start with a broken local.conf = %v, want the server's own words", err)
	}
	if _, err := localpg.Attach(t.Context(), dir); err == nil {
		t.Error("a server runs after a failed Start")
	}
	if err := os.Remove(conf); err != nil {
		t.Fatal(err)
	}
	start(t, dir) // the failed one gave the directory up
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
