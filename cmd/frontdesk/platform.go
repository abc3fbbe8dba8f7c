package main

import (
	"bufio"
	"os"
	"runtime"
	"strconv"
	"strings"

	"frontdesk/migrations/localpg"
)

// system is the kind of machine we run on, as far as its packages go.
type system struct {
	os string // runtime.GOOS
	id string // of /etc/os-release, its relatives after it: "ubuntu debian"
}

// platform looks at this machine.
func platform() system {
	s := system{os: runtime.GOOS}
	f, err := os.Open("/etc/os-release")
	if err != nil {
		return s
	}
	defer f.Close()
	var id, like string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if v, ok := strings.CutPrefix(sc.Text(), "ID="); ok {
			id = strings.Trim(v, `"'`)
		}
		if v, ok := strings.CutPrefix(sc.Text(), "ID_LIKE="); ok {
			like = strings.Trim(v, `"'`)
		}
	}
	s.id = strings.TrimSpace(id + " " + like)
	return s
}

func (s system) is(family string) bool {
	for id := range strings.FieldsSeq(s.id) {
		if id == family {
			return true
		}
	}
	return false
}

// howToInstall says how to get PostgreSQL with pgvector. found is what is here
// already and will not do.
func (s system) howToInstall(found []localpg.Install) string {
	const script = "In a checkout of Frontdesk, scripts/setup does this for you."
	const other = "Or set DATABASE_URL to any PostgreSQL 15 or later with pgvector."
	switch {
	case s.os == "darwin":
		return "brew install postgresql@17 pgvector\n" + script + "\n" + other
	case s.is("fedora") || s.is("rhel"):
		return "sudo dnf install postgresql-server pgvector\n" + script + "\n" + other
	case s.is("debian") || s.is("ubuntu"):
		how := "sudo apt install postgresql postgresql-NN-pgvector, with NN the version apt chooses for postgresql"
		for _, i := range found {
			if i.Major >= localpg.MinMajor {
				how = "sudo apt install postgresql-" + strconv.Itoa(i.Major) + "-pgvector"
				break
			}
		}
		return how + "\nDebian 12 has no such package: there it is built from source.\n" + script + "\n" + other
	}
	return "Install PostgreSQL 15 or later and pgvector " + localpg.WantedVector + " or later (github.com/pgvector/pgvector).\n" + other
}

// upgradeVector says how to get a newer pgvector.
func (s system) upgradeVector() string {
	switch {
	case s.os == "darwin":
		return "brew upgrade pgvector"
	case s.is("fedora") || s.is("rhel"):
		return "sudo dnf upgrade pgvector"
	case s.is("debian") || s.is("ubuntu"):
		return "scripts/setup in a checkout of Frontdesk, or the PostgreSQL project's own packages"
	}
	return "see github.com/pgvector/pgvector"
}
