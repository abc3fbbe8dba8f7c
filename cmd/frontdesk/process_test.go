package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asProgram makes the test binary be the program: the processes that tests
// start run main itself, race detector included.
const asProgram = "FRONTDESK_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// within bounds every process a test waits for.
const within = time.Minute

// program prepares frontdesk with the arguments, in an empty directory, with
// nothing of the surrounding environment but PATH and HOME.
func program(t *testing.T, environ []string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, environ...)
	return cmd
}

type outcome struct {
	code           int
	stdout, stderr string
}

// frontdesk runs a command to its end.
func frontdesk(t *testing.T, environ []string, args ...string) outcome {
	t.Helper()
	return frontdeskWith(t, "", environ, args...)
}

func frontdeskWith(t *testing.T, stdin string, environ []string, args ...string) outcome {
	t.Helper()
	cmd := program(t, environ, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatalf("frontdesk %q: %v", args, err)
	}
	return outcome{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// serving is a frontdesk that serves.
type serving struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	mu     sync.Mutex // guards output
	output bytes.Buffer
	done   chan struct{}
}

func (s *serving) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.Write(b)
}

func (s *serving) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.String()
}

// startServing starts a server and waits until it says that it is ready.
func startServing(t *testing.T, environ []string, args ...string) *serving {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	s := &serving{t: t, url: "http://" + address, done: make(chan struct{})}
	s.cmd = program(t, append(environ, "LISTEN_ADDR="+address), args...)
	s.cmd.Stdout, s.cmd.Stderr = s, s
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.cmd.Wait(); close(s.done) }()
	t.Cleanup(func() {
		s.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.done:
		case <-time.After(within):
			s.cmd.Process.Kill()
		}
	})
	deadline := time.Now().Add(within)
	for {
		if res, err := http.Get(s.url + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == 200 && strings.Contains(s.said(), "Frontdesk is ready.") { // its words take a way of their own
				return s
			}
		}
		select {
		case <-s.done:
			t.Fatalf("the server ended: %s", s.said())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server is not ready: %s", s.said())
		}
	}
}

// get returns the status and the body of a page.
func (s *serving) get(path string) (int, string) {
	s.t.Helper()
	res, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// stop asks the server to end and returns its exit code.
func (s *serving) stop() int {
	s.t.Helper()
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(within):
		s.t.Fatalf("the server does not stop: %s", s.said())
	}
	return s.cmd.ProcessState.ExitCode()
}
