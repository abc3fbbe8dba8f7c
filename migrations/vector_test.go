package migrations_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"frontdesk/migrations"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgconn"
)

// The catalog is played by a temporary table, so that one server can be of every version.
func TestParallelBuildsAreForbiddenBelowTheFixedVersion(t *testing.T) {
	conn := connect(t, dbtest.EmptyURL(t))
	for _, statement := range []string{
		`CREATE TEMPORARY TABLE pg_extension (extname text, extversion text)`,
		`SET search_path = pg_temp, pg_catalog`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for version, want := range map[string]string{
		"": "2", "0.8.0": "0", "0.8.1": "0", "0.8.2": "2", "0.8.10": "2", "0.9": "2", "1.0.0": "2", "0.8.1-dev": "0",
	} {
		for _, statement := range []string{
			`SET max_parallel_maintenance_workers = 2`, `DELETE FROM pg_extension`,
			`INSERT INTO pg_extension VALUES ('vector', nullif('` + version + `', '')), ('pg_trgm', '0.1')`,
			migrations.ForbidParallelBuilds,
		} {
			if _, err := conn.Exec(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		var got string
		if err := conn.QueryRow(t.Context(), `SHOW max_parallel_maintenance_workers`).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("with pgvector %q max_parallel_maintenance_workers = %s, want %s", version, got, want)
		}
	}
}

func TestApplySaysWhenPgvectorMayNotBeCreated(t *testing.T) {
	server := connect(t, dbtest.EmptyURL(t))
	var super bool
	if err := server.QueryRow(t.Context(), `SELECT rolsuper FROM pg_roles WHERE rolname = current_user`).Scan(&super); err != nil {
		t.Fatal(err)
	}
	if super {
		t.Skip("the test server's role is a superuser, who may create anything")
	}
	name := "test_" + strings.ToLower(rand.Text())
	// template0 has none of what our private server puts into template1.
	if _, err := server.Exec(t.Context(), `CREATE DATABASE `+name+` TEMPLATE template0`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := server.Exec(context.Background(), `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	address := strings.Replace(server.Config().ConnString(), "/"+server.Config().Database+"?", "/"+name+"?", 1)
	err := migrations.Apply(t.Context(), address)
	if !errors.Is(err, migrations.ErrNoVector) || !strings.Contains(err.Error(), "CREATE EXTENSION vector") {
		t.Errorf("Apply without the right to create pgvector = %v, want ErrNoVector and what to run", err)
	}
}

func TestExplainKnowsAMissingAndAnOldPgvector(t *testing.T) {
	for _, c := range []struct {
		code, message string
		vector        bool
	}{
		{"0A000", `extension "vector" is not available`, true},
		{"58P01", `could not open extension control file`, true},
		{"42704", `type "halfvec" does not exist`, true},
		{"42704", `type "money2" does not exist`, false},
		{"42501", `permission denied for schema public`, false},
	} {
		cause := &pgconn.PgError{Code: c.code, Message: c.message}
		err := migrations.Explain(cause)
		if got := errors.Is(err, migrations.ErrNoVector); got != c.vector {
			t.Errorf("explain(%s) is ErrNoVector: %v, want %v", c.message, got, c.vector)
		}
		if !errors.Is(err, cause) {
			t.Errorf("explain(%s) lost the cause", c.message)
		}
	}
}
