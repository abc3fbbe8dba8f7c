package localpg

import (
	"fmt"
	"os"
	"os/exec"
)

// Root's own directories are closed to the account: a checkout in /root, a directory that mktemp made. Where the kernel has
// /proc the cluster can live there all the same. We open its directory and hand the open file down, and PostgreSQL enters
// by that, past the parents it may not pass: it goes to its directory once, and from then on every path is relative. The
// socket, which clients reach by its path, is elsewhere then.

// handlePath is how a child names the first file that it is handed (os/exec: ExtraFiles begin at 3).
const handlePath = "/proc/self/fd/3"

// needsHandle says whether the account can enter dir by a handle only; an error, that it cannot at all and why.
func (a account) needsHandle(dir string) (bool, error) {
	closed := a.reach(dir)
	if closed == nil {
		return false, nil
	}
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		return false, closed
	}
	return true, nil
}

// dataWord stands for the cluster's directory among a program's arguments, until enter puts the real name there.
const dataWord = "{data}"

// enter lets a program into the cluster at data, as the account; done is to be called once it has started.
func (s *Server) enter(cmd *exec.Cmd, data string) (done func(), err error) {
	cmd.Dir = "/"
	cmd.Env = environment()
	cmd.SysProcAttr = s.account.attributes()
	name := func(path string) {
		for i, arg := range cmd.Args {
			if arg == dataWord {
				cmd.Args[i] = path
			}
		}
	}
	if !s.handle {
		name(data)
		return func() {}, nil
	}
	dir, err := os.Open(data)
	if err != nil {
		return nil, fmt.Errorf("open the cluster's directory: %w", err)
	}
	name(handlePath)
	cmd.ExtraFiles = []*os.File{dir}
	return func() { dir.Close() }, nil
}
