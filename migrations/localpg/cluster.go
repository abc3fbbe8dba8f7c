package localpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// initCluster makes a new cluster with its role, database and extensions. It works in a directory beside and renames it at
// the end, so that a half-made cluster is never taken for a whole one.
func (s *Server) initCluster(ctx context.Context, disposable bool) error {
	fresh := s.data() + ".new"
	var failures []error
	for _, locale := range locales(s.install.Major) {
		if err := s.emptyDir(fresh); err != nil {
			return fmt.Errorf("make the cluster's directory: %w", err)
		}
		args := append([]string{
			"-D", dataWord, "-U", superuser, "--encoding=UTF8", "--lc-messages=C", "--auth=peer", "--no-instructions",
		}, locale...)
		if disposable {
			args = append(args, "--no-sync")
		} else {
			args = append(args, "--data-checksums")
		}
		if err := s.run(ctx, fresh, "", "initdb", args...); err != nil {
			failures = append(failures, err)
			continue
		}
		failures = nil
		break
	}
	if failures != nil {
		return fmt.Errorf("make a database cluster: %w", errors.Join(failures...))
	}

	// In single-user mode, so that it is all there before any server runs, and no server ever runs without it. What is put
	// into template1 every later database inherits; creating pgvector takes a superuser, which our role is not.
	createdb := ""
	if disposable {
		createdb = " CREATEDB" // tests make a database each
	}
	script := strings.Join([]string{
		"CREATE EXTENSION vector;",
		"CREATE EXTENSION pg_trgm;",
		"CREATE ROLE " + role + " LOGIN" + createdb + ";",
		"CREATE DATABASE " + database + " OWNER " + role + ";",
	}, "\n") + "\n"
	if err := s.run(ctx, fresh, script, "postgres", "--single", "-F", "-D", dataWord, "-c", "exit_on_error=on", "template1"); err != nil {
		return fmt.Errorf("prepare the new cluster: %w", err)
	}
	if err := errors.Join(
		appendFile(filepath.Join(fresh, "postgresql.conf"), includes),
		s.writeFile(filepath.Join(fresh, localName), localText),
	); err != nil {
		return fmt.Errorf("prepare the new cluster: %w", err)
	}
	if !disposable {
		// -F above did not wait for the disk.
		if err := s.run(ctx, fresh, "", "initdb", "--sync-only", "-D", dataWord); err != nil {
			return fmt.Errorf("write the new cluster to disk: %w", err)
		}
	}
	if err := os.Rename(fresh, s.data()); err != nil {
		return fmt.Errorf("put the new cluster in place: %w", err)
	}
	return nil
}

// locales lists initdb's options to try in turn. We want UTF-8 with the same order everywhere: since 17 PostgreSQL brings
// that itself, before it is the C library's C.UTF-8, which macOS lacks.
func locales(major int) [][]string {
	if major >= 17 {
		return [][]string{{"--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"}}
	}
	return [][]string{{"--locale=C.UTF-8"}, {"--locale=en_US.UTF-8"}, {"--locale=C"}}
}

// emptyDir makes path an empty directory of the account's, whatever was there.
func (s *Server) emptyDir(path string) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	return s.account.own(path)
}

// run runs one of PostgreSQL's programs on the cluster at data to its end; an error holds the end of what it said.
func (s *Server) run(ctx context.Context, data, stdin, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(s.install.Bin, program), args...)
	done, err := s.enter(cmd, data)
	if err != nil {
		return err
	}
	defer done()
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, lastLines(string(out), 5))
	}
	return nil
}

// environment is all that PostgreSQL's programs get of ours: a PGPORT or PGOPTIONS meant for another server must not reach
// this one, and on macOS it does not start without LC_ALL.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
}

func appendFile(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, text)
	return errors.Join(err, file.Close())
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
