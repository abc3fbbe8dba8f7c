package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
)

// commands is everything frontdesk does, in the order help shows it. It is
// filled by init because help itself reads it.
var commands []command

func init() {
	commands = []command{
		serveCommand, ingestCommand, askCommand, searchCommand, evalCommand,
		staffCommand, tokenCommand, migrateCommand, doctorCommand, versionCommand,
	}
}

var versionCommand = command{
	name: "version", summary: "Print the version", bare: true,
	setup: func(*flag.FlagSet) func(context.Context, *app, []string) error {
		return func(_ context.Context, a *app, args []string) error {
			if len(args) > 0 {
				return usageError("version takes no arguments")
			}
			fmt.Fprintf(a.stdout, "frontdesk %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		}
	},
}

// version is the module's, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v, commit, dirty := info.Main.Version, "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "+changes"
			}
		}
	}
	if v != "" && v != "(devel)" {
		return v
	}
	if len(commit) >= 12 {
		return commit[:12] + dirty
	}
	return "development"
}

var migrateCommand = command{
	name: "migrate", summary: "Bring the database to this version's schema", quiet: true,
	help: "serve and the other commands do this by themselves. Run it alone to migrate before a roll-out of many replicas.",
	setup: func(*flag.FlagSet) func(context.Context, *app, []string) error {
		return func(ctx context.Context, a *app, args []string) error {
			if len(args) > 0 {
				return usageError("migrate takes no arguments")
			}
			db, err := openBeside(ctx, &a.cfg, a.log)
			if err != nil {
				return err
			}
			defer db.close()
			fmt.Fprintln(a.stdout, "The database is up to date.")
			return nil
		}
	},
}
