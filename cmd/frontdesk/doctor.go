package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/migrations"
	"frontdesk/migrations/localpg"
)

// Verdicts of a finding.
const (
	verdictOK      = "ok"
	verdictNote    = "note"    // works; good to know
	verdictWarning = "warning" // works; should be changed
	verdictMissing = "missing" // does not work
)

// doctorTimeout bounds all that doctor asks.
const doctorTimeout = 15 * time.Second

// finding is one thing doctor has looked at.
type finding struct {
	Check   string `json:"check"`
	Verdict string `json:"verdict"`
	Detail  string `json:"detail"`
	Advice  string `json:"advice,omitempty"`
}

var doctorCommand = command{
	name: "doctor", usage: "[--json]", summary: "Say what is missing on this machine and how to get it", quiet: true,
	help: "Changes nothing. Ends with exit code 1 when something needed is missing.",
	setup: func(fs *flag.FlagSet) func(context.Context, *app, []string) error {
		asJSON := fs.Bool("json", false, "print the findings as JSON")
		return func(ctx context.Context, a *app, args []string) error {
			if len(args) > 0 {
				return usageError("doctor takes no arguments")
			}
			ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
			defer cancel()
			findings := examine(ctx, &a.cfg, time.Now(), platform())
			if *asJSON {
				enc := json.NewEncoder(a.stdout)
				enc.SetIndent("", "  ")
				if err := enc.Encode(map[string]any{"ok": healthy(findings), "findings": findings}); err != nil {
					return err
				}
			} else {
				printFindings(a.stdout, findings)
			}
			if !healthy(findings) {
				return silentError{}
			}
			return nil
		}
	},
}

// examine looks at everything a server needs.
func examine(ctx context.Context, cfg *Config, now time.Time, on system) []finding {
	var (
		f      []finding
		chosen conversation.ModelSettings
	)
	if cfg.DatabaseURL.Set() {
		f = append(f, examineDatabase(ctx, cfg, &chosen)...)
	} else {
		f = append(f, examinePrivate(ctx, cfg, on, &chosen)...)
	}
	f = append(f, examinePort(ctx, cfg))
	f = append(f, examineModel(cfg, chosen, now)...)
	f = append(f, examineMedia(ctx, cfg)...)
	f = append(f, examineSignOn(ctx, cfg)...)
	f = append(f, examineSlack(ctx, cfg)...)
	return append(f, examineTelegram(ctx, cfg)...)
}

func healthy(fs []finding) bool {
	for _, f := range fs {
		if f.Verdict == verdictMissing {
			return false
		}
	}
	return true
}

func printFindings(w io.Writer, fs []finding) {
	for _, f := range fs {
		fmt.Fprintf(w, "%-8s %s: %s\n", f.Verdict, f.Check, f.Detail)
		if f.Advice != "" {
			fmt.Fprintf(w, "         %s\n", strings.ReplaceAll(f.Advice, "\n", "\n         "))
		}
	}
	if healthy(fs) {
		fmt.Fprintln(w, "\nEverything needed is here.")
	} else {
		fmt.Fprintln(w, "\nSomething needed is missing.")
	}
}

// examinePrivate looks at what a private Postgres needs.
func examinePrivate(ctx context.Context, cfg *Config, on system, chosen *conversation.ModelSettings) []finding {
	install, err := localpg.Find(ctx, 0)
	if err != nil {
		return []finding{{"postgres", verdictMissing, err.Error(), on.howToInstall(localpg.Installs(ctx))}}
	}
	detail := fmt.Sprintf("%d in %s", install.Major, install.Bin)
	if v, err := install.Version(ctx); err == nil {
		detail = v + " in " + install.Bin
	}
	f := []finding{{"postgres", verdictOK, detail, ""}, vectorFinding(install.Vector, install.ParallelBuildsSafe(), install.VectorCurrent(), on)}
	dir := privateDir(cfg)
	if err := localpg.CheckDir(dir); err != nil {
		return append(f, finding{"data directory", verdictMissing, err.Error(), "Choose another with DATA_DIR."})
	}
	detail = dir + " can be used"
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		detail = dir + " will be made"
	} else if url, err := localpg.Attach(ctx, dir); err == nil {
		detail = dir + ", with its database running"
		if conn, err := pgx.Connect(ctx, url); err == nil {
			f = append(f, examineContents(ctx, conn, time.Now(), chosen)...)
			conn.Close(context.WithoutCancel(ctx))
		}
	}
	return append(f, finding{"data directory", verdictOK, detail, ""})
}

// vectorFinding judges a version of pgvector.
func vectorFinding(version string, safe, current bool, on system) finding {
	f := finding{"pgvector", verdictOK, version, ""}
	if !safe {
		f.Verdict, f.Detail = verdictWarning, version+" overruns a buffer in parallel index builds (CVE-2026-3172)"
		f.Advice = "Frontdesk keeps parallel builds off. Still, upgrade to " + localpg.WantedVector + " or later: " + on.upgradeVector()
	} else if !current {
		f.Verdict, f.Detail = verdictWarning, version+" has known faults when an HNSW index is vacuumed"
		f.Advice = "Upgrade to " + localpg.WantedVector + " or later: " + on.upgradeVector()
	}
	return f
}

// examineDatabase looks at the server DATABASE_URL names. What it says never
// quotes the address, which holds a password.
func examineDatabase(ctx context.Context, cfg *Config, chosen *conversation.ModelSettings) []finding {
	conn, err := pgx.Connect(ctx, cfg.DatabaseURL.Reveal())
	if err != nil {
		return []finding{{"database", verdictMissing, "DATABASE_URL cannot be reached: " + reason(err),
			"Check host, port, user, password and database name, and that this machine may connect (pg_hba.conf, firewall)."}}
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var major int
	var version string
	if err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version')`).Scan(&major, &version); err != nil {
		return []finding{{"database", verdictMissing, "DATABASE_URL does not answer: " + reason(err), ""}}
	}
	f := []finding{{"database", verdictOK, "DATABASE_URL answers, PostgreSQL " + version, ""}}
	if major < localpg.MinMajor {
		f[0] = finding{"database", verdictMissing, "PostgreSQL " + version + " is too old", fmt.Sprintf("Frontdesk needs PostgreSQL %d or later.", localpg.MinMajor)}
	}
	var vector *string
	if err := conn.QueryRow(ctx, `SELECT coalesce((SELECT extversion FROM pg_extension WHERE extname = 'vector'),
		(SELECT default_version FROM pg_available_extensions WHERE name = 'vector'))`).Scan(&vector); err != nil || vector == nil {
		f = append(f, finding{"pgvector", verdictMissing, "the database server does not offer the extension vector",
			"Install pgvector on the database's machine (Debian, Ubuntu: the package postgresql-" + fmt.Sprint(major) + "-pgvector), or switch it on at your provider."})
	} else {
		i := localpg.Install{Vector: *vector}
		f = append(f, vectorFinding(*vector, i.ParallelBuildsSafe(), i.VectorCurrent(), system{}))
	}
	switch err := migrations.Check(ctx, conn); {
	case err == nil:
		f = append(f, finding{"schema", verdictOK, "up to date", ""})
		f = append(f, examineContents(ctx, conn, time.Now(), chosen)...)
	case errors.Is(err, migrations.ErrPending):
		f = append(f, finding{"schema", verdictNote, "will be made or brought up to date at the next start", ""})
	default:
		f = append(f, finding{"schema", verdictMissing, "cannot be read: " + reason(err), ""})
	}
	return f
}

// reason is the innermost cause: what pgx wraps around it names host and user.
func reason(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// portCheck names the finding about the address.
const portCheck = "address"

func examinePort(ctx context.Context, cfg *Config) finding {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", cfg.ListenAddr)
	if err != nil {
		return finding{portCheck, verdictWarning, cfg.ListenAddr + " cannot be listened on: " + reason(err),
			"Fine when it is a frontdesk that runs there. Otherwise choose another with LISTEN_ADDR."}
	}
	l.Close()
	return finding{portCheck, verdictOK, cfg.ListenAddr + " is free", ""}
}
