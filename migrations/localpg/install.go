package localpg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MinMajor is the oldest PostgreSQL that will do: Debian 12's, and the first with the ICU and locale options we rely on.
const MinMajor = 15

// MinVector is the oldest pgvector that will do: half-precision and sparse vectors are from 0.7.0, iterative scans, which a
// filtered search needs to find enough, from 0.8.0.
const MinVector = "0.8.0"

// WantedVector is the pgvector version to aim for: below it, vacuuming an HNSW index has known faults.
const WantedVector = "0.8.4"

// parallelVector is the first pgvector version whose parallel index builds do not overrun a buffer (CVE-2026-3172).
const parallelVector = "0.8.2"

// ErrNotInstalled says that no PostgreSQL of a good version with pgvector was found on this machine.
var ErrNotInstalled = errors.New("PostgreSQL 15 or later with pgvector 0.8.0 or later is not installed")

// Install is one PostgreSQL installation on this machine.
type Install struct {
	Major  int    // 15 and up
	Bin    string // directory of initdb and postgres
	Vector string // version of pgvector that CREATE EXTENSION gives, "0.8.4"; "" when it is not installed
}

// Usable says whether Frontdesk can run its private database on this installation.
func (i Install) Usable() bool { return i.Major >= MinMajor && !versionLess(i.Vector, MinVector) }

// ParallelBuildsSafe says whether pgvector's parallel index builds may be used (not below 0.8.2, CVE-2026-3172).
func (i Install) ParallelBuildsSafe() bool { return !versionLess(i.Vector, parallelVector) }

// VectorCurrent says whether pgvector is at least WantedVector.
func (i Install) VectorCurrent() bool { return !versionLess(i.Vector, WantedVector) }

// Version asks the installation for its full version, "15.18".
func (i Install) Version(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(i.Bin, "postgres"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", i.Bin, err)
	}
	version := versionPattern.FindString(string(out))
	if version == "" {
		return "", fmt.Errorf("ask %s for its version: it said %q", i.Bin, strings.TrimSpace(string(out)))
	}
	return version, nil
}

// Installs lists the PostgreSQL servers of this machine, newest first, whether they are usable or not. Debian's layout is
// read from file names alone, which takes well under a millisecond; elsewhere pg_config is asked.
func Installs(ctx context.Context) []Install {
	var found []Install
	seen := map[string]bool{}
	add := func(bin, share string, major int) {
		if real, err := filepath.EvalSymlinks(bin); err == nil {
			bin = real
		}
		if seen[bin] || !executable(filepath.Join(bin, "postgres")) || !executable(filepath.Join(bin, "initdb")) {
			return
		}
		seen[bin] = true
		if share == "" || major == 0 {
			share, major = ask(ctx, bin)
		}
		if major == 0 {
			return
		}
		found = append(found, Install{Major: major, Bin: bin, Vector: vectorVersion(share)})
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/[1-9]*/bin")
	for _, bin := range debian {
		major, err := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
		if err == nil {
			add(bin, fmt.Sprintf("/usr/share/postgresql/%d", major), major)
		}
	}
	for _, pattern := range []string{
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin", // Homebrew
		"/usr/pgsql-*/bin", // postgresql.org's packages for Fedora and its kin
		"/usr/local/pgsql/bin",
		"/usr/bin", // Fedora
	} {
		bins, _ := filepath.Glob(pattern)
		for _, bin := range bins {
			add(bin, "", 0)
		}
	}
	if config, err := exec.LookPath("pg_config"); err == nil && len(found) == 0 {
		if out, err := output(ctx, config, "--bindir"); err == nil {
			add(out, "", 0)
		}
	}
	slices.SortStableFunc(found, func(a, b Install) int {
		if a.Usable() != b.Usable() {
			if a.Usable() {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.Major, a.Major)
	})
	return found
}

// Find returns the newest usable installation; with major > 0 the one of exactly that version, which an existing data
// directory needs. The error wraps ErrNotInstalled and says what is missing.
func Find(ctx context.Context, major int) (Install, error) {
	installs := Installs(ctx)
	for _, install := range installs {
		if install.Usable() && (major == 0 || install.Major == major) {
			return install, nil
		}
	}
	if major > 0 {
		return Install{}, fmt.Errorf("%w: the data directory was made by PostgreSQL %d; install that version with pgvector, or move the data with pg_dump", ErrNotInstalled, major)
	}
	if len(installs) > 0 {
		newest := installs[0]
		if newest.Major < MinMajor {
			return Install{}, fmt.Errorf("%w: the newest here is PostgreSQL %d", ErrNotInstalled, newest.Major)
		}
		if newest.Vector != "" {
			return Install{}, fmt.Errorf("%w: PostgreSQL %d has pgvector %s (%s); %s or later is needed", ErrNotInstalled, newest.Major, newest.Vector, newest.Bin, MinVector)
		}
		return Install{}, fmt.Errorf("%w: PostgreSQL %d is here (%s), pgvector is not", ErrNotInstalled, newest.Major, newest.Bin)
	}
	return Install{}, ErrNotInstalled
}

// ask returns an installation's share directory and major version, or zeros.
func ask(ctx context.Context, bin string) (share string, major int) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	version, err := Install{Bin: bin}.Version(ctx)
	if err != nil {
		return "", 0
	}
	head, _, _ := strings.Cut(version, ".")
	major, err = strconv.Atoi(head)
	if err != nil {
		return "", 0
	}
	share, err = output(ctx, filepath.Join(bin, "pg_config"), "--sharedir")
	if err != nil {
		share = "/usr/share/pgsql" // Fedora ships pg_config with the headers only
	}
	return share, major
}

func output(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	return strings.TrimSpace(string(out)), err
}

var (
	versionPattern        = regexp.MustCompile(`[0-9]+(\.[0-9]+)*`)
	defaultVersionPattern = regexp.MustCompile(`(?m)^\s*default_version\s*=\s*'([^']*)'`)
)

// vectorVersion reads the version of pgvector from its control file.
func vectorVersion(share string) string {
	control, err := os.ReadFile(filepath.Join(share, "extension", "vector.control"))
	if err != nil {
		return ""
	}
	match := defaultVersionPattern.FindSubmatch(control)
	if match == nil {
		return ""
	}
	return string(match[1])
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// versionLess compares dotted numbers; anything that is no number counts as 0.
func versionLess(a, b string) bool {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		var m, n int
		if i < len(x) {
			m, _ = strconv.Atoi(x[i])
		}
		if i < len(y) {
			n, _ = strconv.Atoi(y[i])
		}
		if m != n {
			return m < n
		}
	}
	return false
}
