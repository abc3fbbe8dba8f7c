package localpg_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

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
