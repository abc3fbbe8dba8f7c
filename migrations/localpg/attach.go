package localpg

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Attach returns the address of the server that a live owner of dir runs, for a second, short-lived program beside it. It
// waits until that server answers or ctx ends. When nobody runs one the error wraps os.ErrNotExist.
func Attach(ctx context.Context, dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("data directory %s: %w", dir, err)
	}
	s := &Server{dir: dir}
	for {
		pid, state := s.pidFile()
		if pid == 0 || !s.runs(pid) {
			return "", fmt.Errorf("no private database runs in %s: %w", dir, os.ErrNotExist)
		}
		if state == "ready" {
			break
		}
		if !pause(ctx, pollEvery) {
			return "", fmt.Errorf("wait for the private database in %s: %w", dir, ctx.Err())
		}
	}
	if s.socket = s.pidFileSocket(); s.socket == "" {
		return "", fmt.Errorf("the private database in %s has no socket", dir)
	}
	return s.URL(), nil
}
