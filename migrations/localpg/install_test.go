package localpg

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestVersionsCompareAsNumbers(t *testing.T) {
	for _, c := range []struct {
		a, b string
		less bool
	}{
		{"0.8.0", "0.8.2", true},
		{"0.8.2", "0.8.2", false},
		{"0.8.10", "0.8.2", false},
		{"0.9", "0.8.4", false},
		{"0.8", "0.8.1", true},
		{"1", "0.8.4", false},
		{"", "0.8.2", true},
		{"nonsense", "0.8.2", true},
	} {
		if got := versionLess(c.a, c.b); got != c.less {
			t.Errorf("versionLess(%q, %q) = %v, want %v", c.a, c.b, got, c.less)
		}
	}
}

func TestParallelBuildsNeedAFixedPgvector(t *testing.T) {
	for version, safe := range map[string]bool{"0.8.0": false, "0.8.1": false, "0.8.2": true, "0.8.4": true, "": false} {
		if got := (Install{Vector: version}).ParallelBuildsSafe(); got != safe {
			t.Errorf("ParallelBuildsSafe with pgvector %q = %v, want %v", version, got, safe)
		}
	}
}

func TestVectorVersionIsReadFromTheControlFile(t *testing.T) {
	share := t.TempDir()
	if got := vectorVersion(share); got != "" {
		t.Errorf("vectorVersion without a control file = %q, want none", got)
	}
	if err := os.Mkdir(filepath.Join(share, "extension"), 0o755); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"comment = 'default_version = 1'\ndefault_version = '0.8.4'\n": "0.8.4",
		"  default_version='0.9'":                                      "0.9",
		"default_version = ":                                           "",
		"":                                                             "",
	} {
		if err := os.WriteFile(filepath.Join(share, "extension", "vector.control"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := vectorVersion(share); got != want {
			t.Errorf("vectorVersion(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestFindGivesTheNewestUsableInstallation(t *testing.T) {
	install, err := Find(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range Installs(t.Context()) {
		if other.Usable() && other.Major > install.Major {
			t.Errorf("Find = PostgreSQL %d, want %d", install.Major, other.Major)
		}
	}
	version, err := install.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if major, _, _ := strings.Cut(version, "."); major == "" || version == "" {
		t.Errorf("Version = %q, want a number", version)
	}
	if _, err := Find(t.Context(), 9999); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("Find(9999) = %v, want ErrNotInstalled", err)
	}
}

// The script is what a user runs before us; it and Find must agree on what is installed.
func TestSetupIsSilentWhereNothingIsMissing(t *testing.T) {
	if _, err := Find(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "../../scripts/setup").CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("scripts/setup = %v, said %q; want silence", err, out)
	}
}

func TestSetupRefusesUnknownOptions(t *testing.T) {
	out, err := exec.CommandContext(context.Background(), "../../scripts/setup", "--everything").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), "usage:") {
		t.Errorf("scripts/setup --everything = %v, said %q; want exit 2 and the usage", err, out)
	}
}

func TestSettingsAreQuoted(t *testing.T) {
	text := settings(Install{Major: 15, Vector: "0.8.0"}, account{self: "ana"}, `/srv/it's \ "here"`, false)
	if want := `unix_socket_directories = '"/srv/it''s \\ ""here"""'`; !strings.Contains(text, want+"\n") {
		t.Errorf("settings hold no %s:\n%s", want, text)
	}
	if !strings.Contains(text, "max_parallel_maintenance_workers = '0'\n") {
		t.Error("settings allow parallel builds with pgvector 0.8.0")
	}
}

func TestSocketPathLimitIsToTheByte(t *testing.T) {
	name := "/.s.PGSQL.5432"
	fits := "/" + strings.Repeat("x", maxSocketPath()-len(name)-1)
	if !fitsSocket(fits) {
		t.Errorf("fitsSocket with a path of %d bytes = false, want true", len(fits)+len(name))
	}
	if fitsSocket(fits + "x") {
		t.Errorf("fitsSocket with a path of %d bytes = true, want false", len(fits)+1+len(name))
	}
}

func TestClosedParentIsNamed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes directories that it can enter and others cannot")
	}
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.MkdirAll(filepath.Join(closed, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	// A user of its own number, whom nothing here belongs to.
	somebody := account{name: "somebody", uid: 54321, gid: 54321, drop: true}
	err := somebody.reach(filepath.Join(closed, "data"))
	if err == nil || !strings.Contains(err.Error(), "user somebody, who may not enter "+closed) {
		t.Errorf("reach below a closed directory = %v, want it named", err)
	}
	if err := somebody.reach("/usr"); err != nil {
		t.Errorf("reach(/usr) = %v, want nil", err)
	}
}
