package localpg

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lockDir takes the directory for this process. The lock is the kernel's, on an open file: it ends with the process however
// that ends, and a child does not inherit it, since Go opens files close-on-exec.
func lockDir(dir string, account account) (*os.File, error) {
	path := filepath.Join(dir, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("the data directory belongs to another user: run as that user or as root: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder := readHolder(file)
		file.Close()
		if err == syscall.EWOULDBLOCK {
			return nil, fmt.Errorf("%s: %w%s", dir, ErrInUse, holder)
		}
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	// The account may be somebody who will run us too, one day without root.
	if err := account.own(path); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	// The number is for the message above only, so a failure to write it is no reason to give up.
	if file.Truncate(0) == nil {
		fmt.Fprintf(io.NewOffsetWriter(file, 0), "%d\n", os.Getpid())
	}
	return file, nil
}

func readHolder(file *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(file, 0, 32))
	if err != nil {
		return ""
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d): stop it first, or give this one another data directory", pid)
}
