// Package proc builds the frontdesk program and runs it as a process of its own,
// for tests that kill it and for load runs.
package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Build compiles the program into dir, with more flags of go build, and returns its path.
func Build(ctx context.Context, dir string, flags ...string) (string, error) {
	bin := filepath.Join(dir, "frontdesk")
	args := append(append([]string{"build"}, flags...), "-o", bin, "frontdesk/cmd/frontdesk")
	out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build frontdesk: %w\n%s", err, out)
	}
	return bin, nil
}

// FreeAddress returns a loopback address nobody listens on at the moment.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Server is a running frontdesk.
type Server struct {
	URL  string
	cmd  *exec.Cmd
	gone chan struct{} // closed when the process has ended, with err set
	err  error
}

// Options says how to run a server.
type Options struct {
	Bin     string
	Address string
	Env     []string // KEY=value, beside PATH and HOME
	Output  io.Writer
}

// Start runs a server and returns once it is ready.
func Start(ctx context.Context, o Options) (*Server, error) {
	cmd := exec.Command(o.Bin, "serve")
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LISTEN_ADDR=" + o.Address, "WIDGET_RATE_LIMIT=0",
	}, o.Env...)
	cmd.Stdout, cmd.Stderr = o.Output, o.Output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Server{URL: "http://" + o.Address, cmd: cmd, gone: make(chan struct{})}
	go func() { s.err = cmd.Wait(); close(s.gone) }()
	if err := s.ready(ctx); err != nil {
		s.Kill()
		return nil, err
	}
	return s, nil
}

func (s *Server) ready(ctx context.Context) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.gone:
			return fmt.Errorf("server ended before it was ready: %w", s.err)
		case <-ctx.Done():
			return fmt.Errorf("server not ready: %w", errors.Join(ctx.Err(), err))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Kill ends the process as kill -9 does and waits for it to be gone.
func (s *Server) Kill() {
	s.cmd.Process.Kill()
	<-s.gone
}

// Stop asks the process to end in good order and waits for it.
func (s *Server) Stop() error {
	s.cmd.Process.Signal(syscall.SIGTERM)
	<-s.gone
	return s.err
}

// Memory returns what the process holds resident, in bytes (Linux only).
func (s *Server) Memory() (int64, error) { return s.status("VmRSS:") }

// Peak returns the most it has held resident since ForgetPeak (Linux only).
func (s *Server) Peak() (int64, error) { return s.status("VmHWM:") }

// ForgetPeak has Peak begin anew at what the process holds now.
func (s *Server) ForgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0)
}

func (s *Server) status(field string) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, field); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(v), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("no %s in the process' status", field)
}
