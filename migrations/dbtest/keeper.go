package dbtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"frontdesk/migrations/localpg"
)

// `go test` runs each package in a process of its own and none of them outlives the others, so the shared server belongs to
// a keeper: the first test process starts its own program once more, which sees keeperEnv at its start and, instead of
// testing, keeps a server until it has been idle for a while. Two kernel locks, which end with their process however that
// ends, hold it together: users, shared by every test process and taken alone by the keeper to stop; and start, held by the
// test process that is starting a keeper.

const (
	// keeperEnv names the directory to keep a server in.
	keeperEnv = "FRONTDESK_DBTEST_KEEPER"
	// idleFor is how long the keeper waits for another test process. Between two packages of one run lies at most the
	// compilation of the next.
	idleFor = time.Minute
	// lookEvery is how often the keeper looks for users, and a test process for the keeper.
	lookEvery = 20 * time.Millisecond
	stopIn    = 10 * time.Second
)

func init() {
	if dir := os.Getenv(keeperEnv); dir != "" {
		if err := keep(dir, idleFor); err != nil {
			_ = os.WriteFile(filepath.Join(dir, "error"), []byte(err.Error()), 0o600) // for the process that waits
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// join returns the address of the shared server, after starting a keeper if there is none.
func join(ctx context.Context) (string, error) {
	dir, err := sharedDir()
	if err != nil {
		return "", err
	}
	if shared.users, err = flock(ctx, filepath.Join(dir, "users"), syscall.LOCK_SH); err != nil {
		return "", err
	}
	start, err := flock(ctx, filepath.Join(dir, "start"), syscall.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer start.Close()
	if address, err := kept(dir); err == nil {
		return address, nil
	}
	for _, name := range []string{"error", "url"} {
		os.Remove(filepath.Join(dir, name))
	}
	if err := spawn(dir); err != nil {
		return "", err
	}
	for {
		if address, err := kept(dir); err == nil {
			return address, nil
		}
		if text, err := os.ReadFile(filepath.Join(dir, "error")); err == nil {
			return "", errors.New(string(text))
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("wait for the test server in %s: %w", dir, ctx.Err())
		case <-time.After(lookEvery):
		}
	}
}

// kept returns the address that a living keeper wrote: it holds its own lock while it lives.
func kept(dir string) (string, error) {
	file, err := os.OpenFile(filepath.Join(dir, "keeper"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err == nil {
		return "", os.ErrNotExist // nobody holds it
	}
	address, err := os.ReadFile(filepath.Join(dir, "url"))
	return string(address), err
}

// spawn starts the keeper: this very program, cut loose from our terminal and output, which `go test` would wait for.
func spawn(dir string) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find our own program: %w", err)
	}
	cmd := exec.Command(program)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), keeperEnv+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a keeper for the test server: %w", err)
	}
	return cmd.Process.Release()
}

// keep runs a server in dir until no test process has used it for idle. What an earlier one left there is thrown away.
func keep(dir string, idle time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	lock, err := flock(ctx, filepath.Join(dir, "keeper"), syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer lock.Close()
	server, err := fresh(ctx, filepath.Join(dir, "postgres"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "url.new"), []byte(server.URL()), 0o600); err != nil {
		return errors.Join(err, server.Stop(ctx))
	}
	if err := os.Rename(filepath.Join(dir, "url.new"), filepath.Join(dir, "url")); err != nil {
		return errors.Join(err, server.Stop(ctx))
	}

	// Whoever comes once we are alone waits for us to be gone, and then starts another keeper.
	alone := waitIdle(filepath.Join(dir, "users"), idle)
	defer alone.Close()
	os.Remove(filepath.Join(dir, "url"))
	stopping, cancel := context.WithTimeout(context.Background(), stopIn)
	defer cancel()
	return errors.Join(server.Stop(stopping), os.RemoveAll(filepath.Join(dir, "postgres")))
}

// waitIdle returns, holding the lock alone, when nobody has shared it for idle.
func waitIdle(users string, idle time.Duration) *os.File {
	last := time.Now()
	for {
		file, err := tryFlock(users, syscall.LOCK_EX)
		if err != nil {
			last = time.Now()
		} else if time.Since(last) >= idle {
			return file
		} else {
			file.Close()
		}
		time.Sleep(lookEvery)
	}
}

// fresh starts a server on an empty directory. One that a killed keeper left running is adopted first, to be ended in order.
func fresh(ctx context.Context, dir string) (*localpg.Server, error) {
	options := localpg.Options{Dir: dir, Disposable: true}
	if _, err := os.Stat(dir); err == nil {
		if old, err := localpg.Start(ctx, options); err == nil {
			if err := old.Stop(ctx); err != nil {
				return nil, err
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
	}
	return localpg.Start(ctx, options)
}

// sharedDir is the keeper's directory: one for each checkout and user, among the temporary files.
func sharedDir() (string, error) {
	base := os.TempDir()
	if localpg.CheckDir(base) != nil {
		base = "/tmp" // the database's user cannot reach a private TMPDIR of root's
	}
	_, file, _, _ := runtime.Caller(0)
	sum := sha256.Sum256([]byte(filepath.Dir(file) + runtime.Version()))
	dir := filepath.Join(base, fmt.Sprintf("frontdesk-test-%d-%x", os.Getuid(), sum[:6]))
	if err := os.Mkdir(dir, 0o711); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !info.IsDir() || !ok || int(stat.Uid) != os.Getuid() {
		return "", fmt.Errorf("%s belongs to somebody else", dir)
	}
	return dir, nil
}

// flock waits for a lock until ctx ends.
func flock(ctx context.Context, path string, how int) (*os.File, error) {
	for {
		file, err := tryFlock(path, how)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return file, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("lock %s: %w", path, ctx.Err())
		case <-time.After(lookEvery):
		}
	}
}

func tryFlock(path string, how int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return file, nil
}
