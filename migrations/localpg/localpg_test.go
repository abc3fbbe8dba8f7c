package localpg_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"frontdesk/migrations"
	"frontdesk/migrations/localpg"

	"github.com/jackc/pgx/v5"
)

// ownerEnv makes this program own a private server instead of testing, to be killed by a test.
const ownerEnv = "FRONTDESK_LOCALPG_OWNER"

// patience bounds every wait for something that takes well under a second on an idle machine.
const patience = time.Minute

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerEnv); dir != "" {
		server, err := localpg.Start(context.Background(), localpg.Options{Dir: dir, Disposable: true})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("ready", server.URL())
		select {} // until killed
	}
	os.Exit(m.Run())
}

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

func start(t *testing.T, dir string) *localpg.Server {
	t.Helper()
	server, err := localpg.Start(t.Context(), localpg.Options{Dir: dir, Disposable: true})
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(func() { stop(t, server) })
	return server
}

func stop(t *testing.T, server *localpg.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := server.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
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

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func ask(t *testing.T, conn *pgx.Conn, query string) string {
	t.Helper()
	var answer any
	if err := conn.QueryRow(t.Context(), query).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return fmt.Sprint(answer)
}

func execute(t *testing.T, address string, statements ...string) {
	t.Helper()
	conn := connect(t, address)
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// newDir is t.TempDir, but where the server's user can reach it too: root's own temporary directories are closed.
func newDir(t testing.TB) string {
	t.Helper()
	base := os.TempDir()
	if localpg.CheckDir(base) != nil {
		base = "/tmp"
	}
	dir, err := os.MkdirTemp(base, "localpg-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("gave up waiting for %s", what)
		}
	}
}
