package migrations_test

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"testing"

	"frontdesk/migrations"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5"
)

func TestCheckNamesADatabaseThatWasNeverMigrated(t *testing.T) {
	pool := connect(t, dbtest.EmptyURL(t))
	if err := migrations.Check(t.Context(), pool); !errors.Is(err, migrations.ErrPending) {
		t.Errorf("Check(empty database) = %v, want ErrPending", err)
	}
}

func TestApplyBringsAnEmptyDatabaseUpToDate(t *testing.T) {
	address := dbtest.EmptyURL(t)
	for range 2 { // the second finds nothing to do
		if err := migrations.Apply(t.Context(), address); err != nil {
			t.Fatalf("Apply: %v", err)
		}
	}
	conn := connect(t, address)
	if err := migrations.Check(t.Context(), conn); err != nil {
		t.Errorf("Check after Apply = %v, want nil", err)
	}
	for _, name := range []string{"goose_db_version", "river_job"} {
		if !hasTable(t, conn, "public", name) {
			t.Errorf("after Apply there is no table %s", name)
		}
	}
}

func TestManyReplicasApplyAtOnce(t *testing.T) {
	address := dbtest.EmptyURL(t)
	const replicas = 8
	results := make([]error, replicas)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() { results[i] = migrations.Apply(t.Context(), address) })
	}
	all.Wait()
	for i, err := range results {
		if err != nil {
			t.Errorf("Apply of replica %d = %v, want nil", i, err)
		}
	}
}

func TestCheckNamesAMigrationThatIsMissing(t *testing.T) {
	conn := connect(t, dbtest.URL(t))
	for _, statement := range []string{
		`DELETE FROM river_migration WHERE version = (SELECT max(version) FROM river_migration)`,
		`DELETE FROM goose_db_version WHERE version_id = 1`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		if err := migrations.Check(t.Context(), conn); !errors.Is(err, migrations.ErrPending) {
			t.Errorf("Check after %q = %v, want ErrPending", statement, err)
		}
	}
}

func TestApplyLeavesANewerDatabaseAlone(t *testing.T) {
	address := dbtest.URL(t)
	conn := connect(t, address)
	if _, err := conn.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Apply(t.Context(), address); err != nil {
		t.Errorf("Apply on a newer database = %v, want nil", err)
	}
}

func TestScratchSchemaGetsItsOwnTablesAndNoQueue(t *testing.T) {
	address := dbtest.URL(t)
	conn := connect(t, address)
	if _, err := conn.Exec(t.Context(), `CREATE SCHEMA scratch`); err != nil {
		t.Fatal(err)
	}
	scratch, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := scratch.Query()
	query.Set("search_path", "scratch,public")
	scratch.RawQuery = query.Encode()
	for range 2 {
		if err := migrations.ApplyScratch(t.Context(), scratch.String()); err != nil {
			t.Fatalf("ApplyScratch: %v", err)
		}
	}
	if !hasTable(t, conn, "scratch", "goose_db_version") {
		t.Error("ApplyScratch made no history of its own in the schema")
	}
	if hasTable(t, conn, "scratch", "river_job") {
		t.Error("ApplyScratch made the job queue's tables")
	}
	if err := migrations.Check(t.Context(), connect(t, scratch.String())); !errors.Is(err, migrations.ErrPending) {
		t.Errorf("Check in the scratch schema = %v, want ErrPending: the queue of another schema is not its own", err)
	}
}

func TestApplyGivesUpTheWaitForTheLockWithItsContext(t *testing.T) {
	address := dbtest.EmptyURL(t)
	other := connect(t, address)
	if _, err := other.Exec(t.Context(), `SELECT pg_advisory_lock($1, hashtext('public'))`, int32(0x66726f6e)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- migrations.Apply(ctx, address) }()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("Apply with a cancelled context = %v, want context.Canceled", err)
	}
	if hasTable(t, other, "public", "goose_db_version") {
		t.Error("Apply migrated although another process held the lock")
	}
}

func TestPoolKnowsVectors(t *testing.T) {
	pool := dbtest.New(t)
	for _, literal := range []string{"'[1,2,3]'::vector", "'[1,2,3]'::halfvec", "'{1:2}/3'::sparsevec"} {
		rows, err := pool.Query(t.Context(), "SELECT "+literal)
		if err != nil {
			t.Fatal(err)
		}
		values, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[any])
		if err != nil {
			t.Fatal(err)
		}
		if _, text := values.(string); text {
			t.Errorf("SELECT %s came back as text %q, want a vector", literal, values)
		}
	}
}

func TestApplySaysWhenTheAddressIsWrong(t *testing.T) {
	for _, address := range []string{"postgres://%zz", "postgres:///x?host=/nonexistent/socket"} {
		if err := migrations.Apply(t.Context(), address); err == nil {
			t.Errorf("Apply(%q) = nil, want an error", address)
		}
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

func hasTable(t *testing.T, conn *pgx.Conn, schema, name string) bool {
	t.Helper()
	var has bool
	const query = `SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = $2)`
	if err := conn.QueryRow(t.Context(), query, schema, name).Scan(&has); err != nil {
		t.Fatal(err)
	}
	return has
}

func BenchmarkApplyNothingPending(b *testing.B) {
	address := dbtest.URL(b)
	for b.Loop() {
		if err := migrations.Apply(b.Context(), address); err != nil {
			b.Fatal(err)
		}
	}
}
