package localpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// logKeep is the size, in bytes, from which the server's log is put aside at a start; one old log is kept.
	logKeep = 8 * mb

	// Restarts of a server that keeps dying are spaced out between these.
	firstRestart = 100 * time.Millisecond
	lastRestart  = 30 * time.Second
)

// launch starts a postmaster and returns when it answers. A start that fails because the memory of a killed one is still
// held is tried again for a while.
func (s *Server) launch(ctx context.Context) error {
	s.sweep(ctx)
	deadline := time.Now().Add(leftoverGrace)
	for {
		s.dropStaleClaims()
		said, err := s.tryLaunch(ctx)
		if err == nil {
			return nil
		}
		held := strings.Contains(said, "pre-existing shared memory block")
		if !held || time.Now().After(deadline) || !pause(ctx, 50*pollEvery) {
			if said != "" {
				return fmt.Errorf("start the private database: %w: %s (all of it in %s)", err, lastLines(said, 5), s.logPath())
			}
			return fmt.Errorf("start the private database: %w", err)
		}
	}
}

// tryLaunch is one attempt; said is what the server wrote during it.
func (s *Server) tryLaunch(ctx context.Context) (said string, err error) {
	log, err := s.openLog()
	if err != nil {
		return "", err
	}
	defer log.Close()
	from, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	master, err := s.startChild(log)
	if err != nil {
		return "", err
	}
	if err := s.ready(ctx, master); err != nil {
		err = errors.Join(err, terminate(ctx, master))
		text, _ := io.ReadAll(io.NewSectionReader(log, from, 64<<10))
		return string(text), err
	}
	s.setMaster(master)
	return "", nil
}

func (s *Server) openLog() (*os.File, error) {
	if info, err := os.Stat(s.logPath()); err == nil && info.Size() > logKeep {
		if err := os.Rename(s.logPath(), s.logPath()+".1"); err != nil {
			return nil, err
		}
	}
	file, err := os.OpenFile(s.logPath(), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err := s.account.own(s.logPath()); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// ready waits until the postmaster says that it accepts connections, and makes one to be sure.
func (s *Server) ready(ctx context.Context, p process) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		if pid, state := s.pidFile(); pid == p.pid() && state == "ready" {
			break
		}
		select {
		case <-p.gone():
			return errors.New("PostgreSQL exited")
		case <-ctx.Done():
			return fmt.Errorf("wait for PostgreSQL: %w", ctx.Err())
		case <-ticker.C:
		}
	}
	conn, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return fmt.Errorf("connect to the private database: %w", err)
	}
	return conn.Close(ctx)
}

// supervise starts PostgreSQL again when it dies under us, until ctx ends. A failure is logged and tried again, at longer and
// longer intervals: the program's own connections fail and recover meanwhile, as they would with any database.
func (s *Server) supervise(ctx context.Context) {
	defer close(s.watched)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.process().gone():
		}
		s.log.Error("the private database died; starting it again", "log", s.logPath())
		wait := firstRestart
		for {
			err := s.launch(ctx)
			if err == nil {
				s.log.Info("started the private database again", "pid", s.process().pid())
				break
			}
			if ctx.Err() != nil {
				return
			}
			s.log.Error("the private database does not start; trying again", "error", err, "after", wait)
			if !pause(ctx, wait) {
				return
			}
			wait = min(2*wait, lastRestart)
		}
	}
}

// updateExtensions brings pgvector in every database to the version that is installed now.
func (s *Server) updateExtensions(ctx context.Context) error {
	names, err := s.databases(ctx)
	if err != nil {
		return fmt.Errorf("update pgvector: %w", err)
	}
	for _, name := range names {
		conn, err := pgx.Connect(ctx, socketURL(s.socket, superuser, name))
		if err != nil {
			return fmt.Errorf("update pgvector in %s: %w", name, err)
		}
		const query = `
			DO $$ BEGIN
				IF EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') THEN ALTER EXTENSION vector UPDATE; END IF;
			END $$`
		_, err = conn.Exec(ctx, query)
		if err := errors.Join(err, conn.Close(ctx)); err != nil {
			return fmt.Errorf("update pgvector in %s: %w", name, err)
		}
	}
	return nil
}

func (s *Server) databases(ctx context.Context) ([]string, error) {
	conn, err := pgx.Connect(ctx, socketURL(s.socket, superuser, superuser))
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database WHERE datallowconn`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
