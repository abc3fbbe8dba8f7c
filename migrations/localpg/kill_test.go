package localpg_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestServerOfAKilledOwnerIsAdopted(t *testing.T) {
	dir := newDir(t)
	kill, address := ownerProcess(t, dir)
	execute(t, address, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (42)")
	orphan := postmaster(t, dir)
	kill()

	heir := start(t, dir)
	if got := postmaster(t, dir); got != orphan {
		t.Errorf("the heir's server is process %d, want the orphan %d", got, orphan)
	}
	if got := ask(t, connect(t, heir.URL()), "SELECT n FROM kept"); got != "42" {
		t.Errorf("n = %s, want 42", got)
	}
	stop(t, heir)
	if conn, err := pgx.Connect(t.Context(), address); err == nil {
		conn.Close(t.Context())
		t.Error("the adopted server outlived Stop")
	}
}

func TestBothKilledAtOnce(t *testing.T) {
	dir := newDir(t)
	kill, address := ownerProcess(t, dir)
	execute(t, address, "CREATE TABLE kept (n int)", "SET synchronous_commit = on", "INSERT INTO kept VALUES (42)")
	kill()
	killPostmaster(t, dir)
	heir := start(t, dir)
	if got := ask(t, connect(t, heir.URL()), "SELECT n FROM kept"); got != "42" {
		t.Errorf("n = %s, want 42", got)
	}
}

func TestBusyBackendsOfAKilledPostmasterDoNotBlockTheNextStart(t *testing.T) {
	dir := newDir(t)
	kill, address := ownerProcess(t, dir)
	busy := connect(t, address)
	result := make(chan error, 1)
	go func() {
		_, err := busy.Exec(context.Background(), "SELECT sum(sqrt(n)) FROM generate_series(1, 100000000000) n")
		result <- err
	}()
	watcher := connect(t, address)
	waitFor(t, "the backend to be busy", func() bool {
		return ask(t, watcher, "SELECT count(*) > 0 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%sqrt%' AND pid <> pg_backend_pid()") == "true"
	})
	kill()
	killPostmaster(t, dir)
	ask(t, connect(t, start(t, dir).URL()), "SELECT 1")
	if err := <-result; err == nil {
		t.Error("the orphaned query succeeded")
	}
}

func TestServerKilledUnderItsOwnerIsStartedAgain(t *testing.T) {
	dir := newDir(t)
	server := start(t, dir)
	execute(t, server.URL(), "CREATE TABLE kept (n int)", "SET synchronous_commit = on", "INSERT INTO kept VALUES (42)")
	killPostmaster(t, dir)
	waitFor(t, "the server to come back", func() bool {
		conn, err := pgx.Connect(t.Context(), server.URL())
		if err != nil {
			return false
		}
		defer conn.Close(t.Context())
		var n int
		return conn.QueryRow(t.Context(), "SELECT n FROM kept").Scan(&n) == nil && n == 42
	})
}

func TestStalePidFileOfAnotherProgramIsNoObstacle(t *testing.T) {
	dir := newDir(t)
	stop(t, start(t, dir))
	// The number now belongs to a process of the very user the server runs as, which PostgreSQL itself would respect.
	sleeper := exec.Command("sleep", "600")
	sleeper.Dir = "/"
	owner, err := os.Stat(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	stat := owner.Sys().(*syscall.Stat_t)
	if os.Geteuid() == 0 {
		sleeper.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stat.Uid, Gid: stat.Gid}}
	}
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sleeper.Process.Kill(); sleeper.Wait() })
	path := filepath.Join(dir, "data", "postmaster.pid")
	text := fmt.Sprintf("%d\n%s\n1700000000\n5432\n%s\n\n  1234567 7654321\nready   \n", sleeper.Process.Pid, filepath.Join(dir, "data"), filepath.Join(dir, "run"))
	if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chown(path, int(stat.Uid), int(stat.Gid))); err != nil {
		t.Fatal(err)
	}
	ask(t, connect(t, start(t, dir).URL()), "SELECT 1")
	if err := syscall.Kill(sleeper.Process.Pid, 0); err != nil {
		t.Errorf("the other program was ended: %v", err)
	}
}

func TestChangedSettingsRestartTheOrphan(t *testing.T) {
	dir := newDir(t)
	kill, _ := ownerProcess(t, dir)
	orphan := postmaster(t, dir)
	kill()
	// As an upgrade of Frontdesk or of pgvector would.
	conf := filepath.Join(dir, "data", "frontdesk.conf")
	if err := os.WriteFile(conf, []byte("# pgvector 0.0.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	heir := start(t, dir)
	if got := postmaster(t, dir); got == orphan {
		t.Errorf("the orphan %d was adopted although its settings are old", orphan)
	}
	ask(t, connect(t, heir.URL()), "SELECT 1")
}

// ownerProcess starts another process that owns a server in dir, and returns how to kill it.
func ownerProcess(t *testing.T, dir string) (kill func(), address string) {
	t.Helper()
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), ownerEnv+"="+dir)
	stdout, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() { owner.Process.Kill(); owner.Wait() }
	t.Cleanup(kill)
	var word string
	if _, err := fmt.Fscanln(stdout, &word, &address); err != nil || word != "ready" {
		t.Fatalf("the owner said %q %q (%v), want ready", word, address, err)
	}
	return kill, address
}

func postmaster(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(head)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func killPostmaster(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Kill(postmaster(t, dir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
