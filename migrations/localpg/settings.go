package localpg

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	confName  = "frontdesk.conf"
	localName = "local.conf"
	localText = "# Settings for this server that Frontdesk leaves alone. They win over its own, in frontdesk.conf.\n"

	// includes is appended to the postgresql.conf that initdb wrote, which knows what this machine can do.
	includes = "\n# Frontdesk writes frontdesk.conf anew at every start. Settings in local.conf win over it and are kept.\n" +
		"include_if_exists = 'frontdesk.conf'\ninclude_if_exists = 'local.conf'\n"

	hba = "# Written by Frontdesk. The socket is the only way in, and the kernel says who is at the other end.\n" +
		"local all all peer map=frontdesk\n"

	mb = 1 << 20
)

// settings renders frontdesk.conf. The first line is the stamp that tells an upgrade of pgvector; whatever changes the text
// makes the next start restart a server that a killed process left running.
func settings(install Install, account account, socket string, disposable bool) string {
	memory := machineMemory()
	var b strings.Builder
	fmt.Fprintf(&b, "# pgvector %s\n# PostgreSQL %d from %s, for %s\n", install.Vector, install.Major, install.Bin, account.self)
	set := func(name, value string) { fmt.Fprintf(&b, "%s = %s\n", name, quote(value)) }

	set("cluster_name", "frontdesk")
	set("listen_addresses", "")
	set("port", strconv.Itoa(port))
	set("unix_socket_directories", quoteList(socket))
	set("unix_socket_permissions", "0700")

	// Memory is touched only as it is used: an idle server stays small whatever these say.
	set("shared_buffers", megabytes(clamp(memory/8, 64*mb, 256*mb)))
	set("huge_pages", "off")
	// Building a vector index outside of this memory takes many times as long. Vacuum workers, of which there may be
	// several, get their own and smaller share.
	set("maintenance_work_mem", megabytes(clamp(memory/4, 128*mb, 1024*mb)))
	set("autovacuum_work_mem", "64MB")
	set("effective_cache_size", megabytes(clamp(memory/2, 256*mb, 16384*mb)))
	if !install.ParallelBuildsSafe() {
		set("max_parallel_maintenance_workers", "0") // CVE-2026-3172
	}
	// Compiling a query takes longer than any of ours runs.
	set("jit", "off")
	set("random_page_cost", "1.1")
	set("timezone", "UTC")
	set("log_timezone", "UTC")

	// Nobody replicates from a private server; backups are pg_dump's.
	set("wal_level", "minimal")
	set("max_wal_senders", "0")
	set("max_logical_replication_workers", "0")

	// What customers wrote must not end up in the log: no statements, and no DETAIL that quotes a row.
	set("log_destination", "stderr")
	set("logging_collector", "off")
	set("log_min_error_statement", "panic")
	set("log_error_verbosity", "terse")
	set("log_checkpoints", "off")
	set("log_autovacuum_min_duration", "-1")

	if disposable {
		set("max_connections", "400")
		set("fsync", "off")
		set("full_page_writes", "off")
		set("synchronous_commit", "off")
		set("autovacuum", "off")
		set("checkpoint_timeout", "1h")
		set("max_wal_size", "4GB")
	} else {
		set("max_connections", "100")
	}
	return b.String()
}

// writeSettings writes the files a start reads.
func (s *Server) writeSettings() error {
	var ident strings.Builder
	ident.WriteString("# Written by Frontdesk: who may be whom.\n")
	for _, name := range []string{s.account.self, s.account.name} {
		for _, as := range []string{role, superuser} {
			fmt.Fprintf(&ident, "frontdesk %s %s\n", quoteIdent(name), as)
		}
	}
	for name, text := range map[string]string{"pg_hba.conf": hba, "pg_ident.conf": ident.String(), confName: s.conf} {
		if err := s.writeFile(filepath.Join(s.data(), name), text); err != nil {
			return fmt.Errorf("write the database settings: %w", err)
		}
	}
	return nil
}

// writeFile replaces a file of the account's in one step.
func (s *Server) writeFile(path, text string) error {
	fresh := path + ".new"
	if err := os.WriteFile(fresh, []byte(text), 0o600); err != nil {
		return err
	}
	return errors.Join(s.account.own(fresh), os.Rename(fresh, path))
}

// stamp is the first line of a settings file.
func stamp(conf string) string {
	line, _, _ := strings.Cut(conf, "\n")
	return line
}

// machineMemory returns the machine's memory in bytes, or a modest guess where it cannot be read.
func machineMemory() int64 {
	const guess = 2048 * mb
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return guess
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) == 3 && fields[0] == "MemTotal:" {
			if kb, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				return kb << 10
			}
		}
	}
	return guess
}

func clamp(n, low, high int64) int64 { return max(low, min(n, high)) }

func megabytes(n int64) string { return strconv.FormatInt(n/mb, 10) + "MB" }

// quote makes a value of a settings file, which knows backslash escapes.
func quote(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(value) + "'"
}

// quoteList makes one entry of a list of paths, which a comma or a space would split.
func quoteList(path string) string { return `"` + strings.ReplaceAll(path, `"`, `""`) + `"` }

// quoteIdent makes a field of pg_ident.conf.
func quoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
