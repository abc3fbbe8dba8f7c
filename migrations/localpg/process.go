package localpg

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
	"time"
)

const (
	// pollEvery is how often a file or a process that we cannot be told about is looked at.
	pollEvery = 2 * time.Millisecond
	// watchEvery is the same where nobody waits for the answer.
	watchEvery = 200 * time.Millisecond
	// leftoverGrace is how long the children of a killed postmaster are waited for; they notice its death at once unless
	// they are deep in a query.
	leftoverGrace = 10 * time.Second
	// killGrace is how long a server may take to drop everything once it is told to.
	killGrace = 5 * time.Second
)

// process is a postmaster: our child, or one that we adopted.
type process interface {
	pid() int
	signal(syscall.Signal) error
	gone() <-chan struct{} // closed when it has exited
}

// child is a postmaster of our own.
type child struct {
	cmd  *exec.Cmd
	exit chan struct{}
}

func (c *child) pid() int                        { return c.cmd.Process.Pid }
func (c *child) signal(sig syscall.Signal) error { return c.cmd.Process.Signal(sig) }
func (c *child) gone() <-chan struct{}           { return c.exit }

// startChild starts the postmaster with its output going to log. The goroutine that waits for it ends with it.
func (s *Server) startChild(log *os.File) (*child, error) {
	cmd := exec.Command(filepath.Join(s.install.Bin, "postgres"), "-D", dataWord)
	done, err := s.enter(cmd, s.data())
	if err != nil {
		return nil, err
	}
	defer done()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	c := &child{cmd: cmd, exit: make(chan struct{})}
	go func() {
		defer close(c.exit)
		_ = cmd.Wait() // how it ended is in its own log
	}()
	return c, nil
}

// adopted is a postmaster that a former owner of the directory started.
type adopted struct {
	number int
	exit   chan struct{}
}

func (a *adopted) pid() int                        { return a.number }
func (a *adopted) signal(sig syscall.Signal) error { return syscall.Kill(a.number, sig) }
func (a *adopted) gone() <-chan struct{}           { return a.exit }

// orphan returns the postmaster that runs on our cluster, nil when none does. We hold the directory's lock, so whichever it
// is, nobody else answers for it. The goroutine that watches it ends with it.
func (s *Server) orphan() process {
	pid, _ := s.pidFile()
	if pid == 0 || !s.runs(pid) {
		return nil
	}
	a := &adopted{number: pid, exit: make(chan struct{})}
	go func() {
		defer close(a.exit)
		ticker := time.NewTicker(watchEvery)
		defer ticker.Stop()
		for s.runs(pid) {
			<-ticker.C
		}
	}()
	return a
}

// The lines of postmaster.pid that we read, counted from 0. The format is PostgreSQL's own (miscadmin.h, pidfile.h).
const (
	pidLine    = 0
	socketLine = 4
	stateLine  = 7
)

// pidFile reads the postmaster's number and its state, "ready" among them; 0 when there is none.
func (s *Server) pidFile() (pid int, state string) {
	lines := s.pidFileLines()
	pid, err := strconv.Atoi(lines[pidLine])
	if err != nil {
		return 0, ""
	}
	return max(pid, -pid), lines[stateLine] // a negative number is a single-user server's
}

// pidFileSocket reads the directory of the socket the postmaster listens on.
func (s *Server) pidFileSocket() string { return s.pidFileLines()[socketLine] }

func (s *Server) pidFileLines() (lines [stateLine + 1]string) {
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return lines
	}
	for i, line := range strings.Split(string(text), "\n") {
		if i < len(lines) {
			lines[i] = strings.TrimSpace(line)
		}
	}
	return lines
}

// runs says whether the process is alive and a server of our cluster: PostgreSQL's working directory is its cluster.
func (s *Server) runs(pid int) bool {
	if !alive(pid) {
		return false
	}
	if _, err := os.Stat("/proc/self/cwd"); err == nil {
		return sameFile(fmt.Sprintf("/proc/%d/cwd", pid), s.data())
	}
	out, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(out), "-D "+s.data())
}

func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// sweep ends what a killed postmaster left behind: backends hold its shared memory, and no new one may start until they are
// gone. Where there is no /proc, launch waits for them instead.
func (s *Server) sweep(ctx context.Context) {
	deadline := time.Now().Add(leftoverGrace)
	sig := syscall.SIGQUIT
	for {
		found := false
		cwds, _ := filepath.Glob("/proc/[1-9]*/cwd")
		for _, cwd := range cwds {
			pid, err := strconv.Atoi(strings.Split(cwd, "/")[2])
			if err == nil && pid != os.Getpid() && sameFile(cwd, s.data()) {
				found = true
				_ = syscall.Kill(pid, sig)
			}
		}
		if !found || !pause(ctx, 10*pollEvery) {
			return
		}
		if time.Now().After(deadline) {
			sig = syscall.SIGKILL
		}
	}
}

// dropStaleClaims removes what a killed postmaster left to keep others out, where its number is still taken: by another
// program since, or by its own zombie that nobody has reaped. PostgreSQL would take that for a living server and refuse to
// start. The directory is ours alone and its processes are gone, so there is none; where the number is free PostgreSQL
// looks further by itself and needs no help.
func (s *Server) dropStaleClaims() {
	if pid, _ := s.pidFile(); pid != 0 && alive(pid) && !s.runs(pid) {
		os.Remove(filepath.Join(s.data(), "postmaster.pid"))
	}
	os.Remove(filepath.Join(s.socket, socketName+".lock"))
}

// terminate ends a postmaster: a fast shutdown, and at ctx's end an immediate one.
func terminate(ctx context.Context, p process) error {
	if err := p.signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal process %d: %w", p.pid(), err)
	}
	select {
	case <-p.gone():
		return nil
	case <-ctx.Done():
	}
	for _, sig := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		_ = p.signal(sig)
		select {
		case <-p.gone():
			return nil
		case <-time.After(killGrace):
		}
	}
	return fmt.Errorf("process %d does not end", p.pid())
}

// pause waits, and says whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
