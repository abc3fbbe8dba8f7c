package localpg

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// maxSocketPath is the longest path a Unix socket can be bound to, in bytes: sun_path in <sys/un.h> less its final zero.
func maxSocketPath() int {
	if runtime.GOOS == "linux" {
		return 107
	}
	return 103 // macOS and the BSDs
}

// socketDir makes the directory for the socket, open to the account alone: run under the data directory, or, where that
// path will not do for a socket or is closed to the account, a short one among the temporary files.
func (s *Server) socketDir() (string, error) {
	dir := filepath.Join(s.dir, "run")
	if fitsSocket(dir) && !s.handle {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return "", fmt.Errorf("make the socket's directory: %w", err)
		}
		if err := errors.Join(os.Chmod(dir, 0o700), s.account.own(dir)); err != nil {
			return "", fmt.Errorf("make the socket's directory: %w", err)
		}
		return dir, nil
	}
	return s.shortSocketDir()
}

// shortSocketDir names the directory after the data directory, so that the next start finds the same one. Anybody can
// make files there, so a directory that is not exactly as we would have made it is left alone and another one made.
func (s *Server) shortSocketDir() (string, error) {
	base := os.TempDir()
	if !fitsSocket(filepath.Join(base, "frontdesk-0123456789abcdef")) || s.account.reach(base) != nil {
		base = "/tmp"
	}
	sum := sha256.Sum256([]byte(s.dir))
	dir := filepath.Join(base, fmt.Sprintf("frontdesk-%x", sum[:6]))
	err := os.Mkdir(dir, 0o700)
	switch {
	case errors.Is(err, os.ErrExist) && s.owned(dir):
		return dir, nil
	case errors.Is(err, os.ErrExist):
		if dir, err = os.MkdirTemp(base, "frontdesk-"); err != nil {
			return "", fmt.Errorf("make a short directory for the socket: %w", err)
		}
	case err != nil:
		return "", fmt.Errorf("make a short directory for the socket: %w", err)
	}
	if err := s.account.own(dir); err != nil {
		return "", fmt.Errorf("make a short directory for the socket: %w", err)
	}
	return dir, nil
}

// owned says whether path is a directory that belongs to the account and is closed to everybody else.
func (s *Server) owned(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == s.account.uid
}

// removeSocketDir removes the short directory once nothing listens in it any more.
func (s *Server) removeSocketDir() {
	if s.socket != "" && !strings.HasPrefix(s.socket, s.dir+string(filepath.Separator)) {
		os.Remove(s.socket) // only if empty; an error leaves an empty directory behind, no more
	}
}

// fitsSocket says whether a socket in dir can be bound, and named in an address: there a comma would separate two hosts.
func fitsSocket(dir string) bool {
	return len(filepath.Join(dir, socketName)) <= maxSocketPath() && !strings.Contains(dir, ",")
}
