// Package localpg runs a private PostgreSQL server under a data directory, for an installation that names no database of
// its own. The server listens on a Unix socket only, is reached with the rights of an ordinary role, and belongs to one
// process at a time: a lock that the kernel releases with the process keeps a second one out.
//
// The directory holds lock, data/ (the cluster), run/ (the socket) and postgres.log. When the owner is killed, PostgreSQL
// lives on and the next Start adopts it; when PostgreSQL is killed, the owner starts it again.
package localpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// database and role are what Frontdesk itself uses; the role owns the database and may create others, no more.
	database = "frontdesk"
	role     = "frontdesk"
	// superuser is the cluster's own, used to make the above and to update extensions.
	superuser = "postgres"

	// port only names the socket file; nothing listens on it.
	port       = 5432
	socketName = ".s.PGSQL.5432"
)

// ErrInUse says that another live process owns the data directory.
var ErrInUse = errors.New("the data directory is in use by another frontdesk process")

// Options say where and how the server runs.
type Options struct {
	// Dir is the directory to keep everything under; it is made when missing.
	Dir string
	// Log gets a few lines about starts and stops; nil is silence.
	Log *slog.Logger
	// Disposable gives up all durability for speed. For tests only.
	Disposable bool
}

// Server is a running private server. Its methods may be called from any goroutine.
type Server struct {
	dir     string
	log     *slog.Logger
	install Install
	account account
	handle  bool   // the account cannot reach dir by its path, see handle.go
	socket  string // directory of the socket
	conf    string // text of our settings file
	lock    *os.File

	unwatch  context.CancelFunc // ends the supervisor
	watched  chan struct{}      // closed when it has returned
	stopOnce sync.Once

	mu     sync.Mutex // guards the process, which a restart replaces
	master process
}

// Start makes the cluster when there is none, starts PostgreSQL or adopts the one a killed owner left running, and
// returns when it answers. Errors: ErrInUse when a live process owns the directory, ErrNotInstalled when there is nothing
// to start, and plain words when the directory cannot be used. The server is watched and started again if it dies, until Stop.
func Start(ctx context.Context, opts Options) (*Server, error) {
	s, err := prepare(ctx, opts)
	if err != nil {
		return nil, err
	}
	if err := s.bringUp(ctx); err != nil {
		s.release()
		return nil, err
	}
	// The server outlives the call that started it, so not under ctx.
	watch, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.unwatch, s.watched = cancel, make(chan struct{})
	go s.supervise(watch)
	return s, nil
}

// prepare takes the lock, makes the cluster when there is none, and writes the settings.
func prepare(ctx context.Context, opts Options) (_ *Server, err error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("data directory %s: %w", opts.Dir, err)
	}
	s := &Server{dir: dir, log: opts.Log}
	if s.account, err = serverAccount(s.data()); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, s.account.parentMode()); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	if s.lock, err = lockDir(dir, s.account); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	if s.handle, err = s.account.needsHandle(dir); err != nil {
		return nil, err
	}
	major, err := clusterMajor(s.data())
	if err != nil {
		return nil, err
	}
	if s.install, err = Find(ctx, major); err != nil {
		return nil, err
	}
	if major == 0 {
		if err := s.initCluster(ctx, opts.Disposable); err != nil {
			return nil, err
		}
	}
	if s.socket, err = s.socketDir(); err != nil {
		return nil, err
	}
	s.conf = settings(s.install, s.account, s.socket, opts.Disposable)
	return s, nil
}

// bringUp adopts a server that already runs with these very settings, or starts one.
func (s *Server) bringUp(ctx context.Context) error {
	began := time.Now()
	old, err := os.ReadFile(s.confPath())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read the database settings: %w", err)
	}
	if orphan := s.orphan(); orphan != nil {
		if string(old) == s.conf && s.ready(ctx, orphan) == nil {
			s.setMaster(orphan)
			s.log.Info("adopted the running private database", "pid", orphan.pid(), "took", time.Since(began))
			return nil
		}
		if err := terminate(ctx, orphan); err != nil {
			return fmt.Errorf("stop the database a former process left running: %w", err)
		}
	}
	if err := s.writeSettings(); err != nil {
		return err
	}
	if err := s.launch(ctx); err != nil {
		return err
	}
	if stamp(string(old)) != stamp(s.conf) && len(old) > 0 {
		if err := s.updateExtensions(ctx); err != nil {
			return errors.Join(err, s.halt(ctx))
		}
	}
	s.log.Info("started the private database", "pid", s.process().pid(), "postgres", s.install.Major,
		"pgvector", s.install.Vector, "took", time.Since(began))
	return nil
}

// URL is the address of Frontdesk's database on the server. It holds no secret: the socket's directory and the caller's
// own identity are what admits it.
func (s *Server) URL() string { return socketURL(s.socket, role, database) }

// Stop shuts PostgreSQL down in good order, disconnecting its clients, and gives the directory up. When ctx ends first it is
// told to drop everything, which costs a recovery at the next start and no data. A second call does nothing.
func (s *Server) Stop(ctx context.Context) error {
	var err error
	s.stopOnce.Do(func() {
		s.unwatch()
		<-s.watched
		err = s.halt(ctx)
		s.release()
	})
	return err
}

func (s *Server) halt(ctx context.Context) error {
	master := s.process()
	if master == nil {
		return nil
	}
	if err := terminate(ctx, master); err != nil {
		return fmt.Errorf("stop the private database: %w", err)
	}
	s.log.Info("stopped the private database")
	return nil
}

// release gives the directory up.
func (s *Server) release() {
	s.removeSocketDir()
	if s.lock != nil {
		s.lock.Close()
	}
}

func (s *Server) process() process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.master
}

func (s *Server) setMaster(p process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.master = p
}

func (s *Server) data() string     { return filepath.Join(s.dir, "data") }
func (s *Server) logPath() string  { return filepath.Join(s.dir, "postgres.log") }
func (s *Server) confPath() string { return filepath.Join(s.data(), confName) }

// clusterMajor returns the version that made the cluster, 0 when there is none.
func clusterMajor(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrPermission) {
		return 0, fmt.Errorf("the database cluster belongs to another user: run as that user or as root: %w", err)
	}
	if errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat(data); err == nil {
			return 0, fmt.Errorf("%s exists but holds no database cluster: move it away", data)
		}
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the version of the cluster: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("%s/PG_VERSION holds no version number", data)
	}
	return major, nil
}

func socketURL(socket, user, name string) string {
	query := url.Values{"host": {socket}, "port": {strconv.Itoa(port)}, "user": {user}, "sslmode": {"disable"}}
	// As %20: not every client that is handed the address takes a plus for a space.
	return "postgres:///" + name + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}
