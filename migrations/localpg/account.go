package localpg

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is who the server runs as: ourselves, or as root an unprivileged user, since PostgreSQL refuses to be root.
type account struct {
	name     string
	self     string // our own name, which the server must let in
	uid, gid int
	drop     bool // whether that is someone else than we are
}

// serverAccount picks the account for a cluster at data. As root that is whoever owns the cluster already, else the postgres
// user that a package made, else nobody.
func serverAccount(data string) (account, error) {
	current, err := user.Current()
	if err != nil {
		return account{}, fmt.Errorf("find out who we are (PostgreSQL needs an account with a name): %w", err)
	}
	if os.Geteuid() != 0 {
		return account{name: current.Username, self: current.Username, uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	if info, err := os.Stat(data); err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 {
			owner, err := user.LookupId(strconv.Itoa(int(stat.Uid)))
			if err != nil {
				return account{}, fmt.Errorf("%s belongs to user %d, whom this machine does not know: %w", data, stat.Uid, err)
			}
			return unprivileged(owner, current)
		}
	}
	for _, name := range []string{"postgres", "_postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil && u.Uid != "0" {
			return unprivileged(u, current)
		}
	}
	return account{}, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")
}

func unprivileged(u, current *user.User) (account, error) {
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return account{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return account{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	return account{name: u.Username, self: current.Username, uid: uid, gid: gid, drop: true}, nil
}

// attributes make a child run under the account, in a session of its own, so that a Ctrl-C at the terminal reaches us alone
// and we stop the server in good order.
func (a account) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if a.drop {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attr
}

// parentMode is the mode for directories above the cluster: the account has to pass through them, nobody need list them.
func (a account) parentMode() os.FileMode {
	if a.drop {
		return 0o711
	}
	return 0o700
}

// own gives a file or directory to the account.
func (a account) own(path string) error {
	if !a.drop {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// reach says in plain words which parent of dir keeps the account out, if one does.
func (a account) reach(dir string) error {
	if !a.drop {
		return nil
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return fmt.Errorf("data directory %s: %w", dir, err)
	}
	for parent := real; ; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return fmt.Errorf("data directory %s: %w", dir, err)
		}
		if !a.mayEnter(info) {
			return fmt.Errorf("the database runs as user %s, who may not enter %s (mode %04o): choose a data directory elsewhere, for example /var/lib/frontdesk, or run chmod o+x %s",
				a.name, parent, info.Mode().Perm(), parent)
		}
		if parent == filepath.Dir(parent) {
			return nil
		}
	}
}

func (a account) mayEnter(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	switch mode := info.Mode().Perm(); {
	case int(stat.Uid) == a.uid:
		return mode&0o100 != 0
	case int(stat.Gid) == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

// CheckDir says whether a private database could live under dir, without making anything there: nil, or what keeps the
// account it would run as out.
func CheckDir(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("data directory %s: %w", dir, err)
	}
	a, err := serverAccount(filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	for {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) || dir == filepath.Dir(dir) {
			_, err := a.needsHandle(dir)
			return err
		}
		dir = filepath.Dir(dir)
	}
}
