package localpg_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"frontdesk/migrations"
	"frontdesk/migrations/localpg"
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
	install, err := localpg.Find(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, conn, "SHOW max_parallel_maintenance_workers"); !install.ParallelBuildsSafe() && got != "0" {
		t.Errorf("max_parallel_maintenance_workers = %s with pgvector %s, want 0", got, install.Vector)
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
