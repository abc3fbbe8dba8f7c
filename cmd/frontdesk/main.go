// Command frontdesk is a customer-support chat server: one program over one
// Postgres. See frontdesk help.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // it was asked for properly and did not work
	exitUsage  = 2 // it was not asked for properly
)

// envFile is read from the working directory when it is there.
const envFile = ".env"

// app is what a command has of the world outside.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
	cfg            Config
	log            *slog.Logger
}

// command is one of the things frontdesk does.
type command struct {
	name    string
	usage   string // what comes after the name
	summary string
	help    string // more, for frontdesk help NAME
	// setup declares the command's own flags and returns what runs it.
	setup func(fs *flag.FlagSet) func(ctx context.Context, a *app, args []string) error
	quiet bool // log warnings only, unless LOG_LEVEL says otherwise
	bare  bool // needs no settings
}

// usageError is a mistake in how a command was called.
type usageError string

func (e usageError) Error() string { return string(e) }

// silentError ends a command that has said on its own what is wrong.
type silentError struct{}

func (silentError) Error() string { return "failed" }

func main() {
	ctx := untilAsked(os.Interrupt, syscall.SIGTERM)
	os.Exit(run(ctx, os.Args[1:], &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ()}))
}

// untilAsked ends with the first of the signals, which asks the process to
// stop. The second one ends it at once, and whoever sees that it is stopping can
// count on that: the signals have their usual effect again before the context
// ends.
func untilAsked(signals ...os.Signal) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, signals...)
	go func() {
		<-asked
		signal.Stop(asked)
		cancel()
	}()
	return ctx
}

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, a *app) int {
	name := "serve"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	} else if len(args) > 0 && isHelp(args[0]) {
		name, args = "help", nil
	} else if len(args) > 0 && strings.TrimLeft(args[0], "-") == "version" {
		name, args = "version", nil
	}
	if name == "help" {
		return help(a, args)
	}
	cmd := find(name)
	if cmd == nil {
		fmt.Fprintf(a.stderr, "frontdesk: unknown command %q\n\n", name)
		overview(a.stderr)
		return exitUsage
	}
	err := cmd.run(ctx, a, args)
	var use usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, flag.ErrHelp):
		cmd.describe(a.stdout)
		return exitOK
	case errors.As(err, &use):
		fmt.Fprintf(a.stderr, "frontdesk %s: %s\n\n", cmd.name, use)
		fmt.Fprintf(a.stderr, "Usage: %s\nMore: frontdesk help %s\n", cmd.line(), cmd.name)
		return exitUsage
	case errors.Is(err, silentError{}):
		return exitFailed
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(a.stderr, "frontdesk: interrupted")
		return exitFailed
	}
	fmt.Fprintf(a.stderr, "frontdesk: %v\n", err)
	return exitFailed
}

func (cmd *command) run(ctx context.Context, a *app, args []string) error {
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	var settings loader
	if !cmd.bare {
		settings.register(fs)
	}
	do := cmd.setup(fs)
	rest, err := parseMixed(fs, args)
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	if err != nil {
		return usageError(err.Error())
	}
	if !cmd.bare {
		if a.cfg, err = settings.load(a.environ, envFile); err != nil {
			return fmt.Errorf("the settings are not right:\n  %s", strings.ReplaceAll(err.Error(), "\n", "\n  "))
		}
		level := a.cfg.level
		if cmd.quiet && level == slog.LevelInfo {
			level = slog.LevelWarn
		}
		a.log = newLog(a.stderr, a.cfg.LogFormat, level)
	}
	return do(ctx, a, rest)
}

// parseMixed parses flags wherever they stand among the arguments; after -- all
// are arguments.
func parseMixed(fs *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		parsed := len(args) - fs.NArg()
		if parsed > 0 && args[parsed-1] == "--" {
			return append(rest, fs.Args()...), nil
		}
		if fs.NArg() == 0 {
			return rest, nil
		}
		rest = append(rest, fs.Arg(0))
		args = fs.Args()[1:]
	}
}

func isHelp(s string) bool {
	s = strings.TrimLeft(s, "-")
	return s == "h" || s == "help"
}

func find(name string) *command {
	for i := range commands {
		if commands[i].name == name {
			return &commands[i]
		}
	}
	return nil
}

func help(a *app, args []string) int {
	if len(args) == 0 {
		overview(a.stdout)
		return exitOK
	}
	cmd := find(args[0])
	if cmd == nil {
		fmt.Fprintf(a.stderr, "frontdesk: unknown command %q\n\n", args[0])
		overview(a.stderr)
		return exitUsage
	}
	cmd.describe(a.stdout)
	return exitOK
}

func (cmd *command) line() string {
	return strings.TrimSpace("frontdesk " + cmd.name + " " + cmd.usage)
}

// overview is what frontdesk help shows.
func overview(w io.Writer) {
	fmt.Fprint(w, "Frontdesk answers customers from your own FAQ and hands over to your people.\n\nUsage: frontdesk [COMMAND] [FLAGS]\n\nCommands:\n")
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, c := range commands {
		fmt.Fprintf(tw, "  %s\t%s\n", c.name, c.summary)
	}
	tw.Flush()
	fmt.Fprint(w, "\nWithout a command it serves. Run frontdesk help COMMAND for flags and examples.\n")
}

// describe is what frontdesk help COMMAND shows.
func (cmd *command) describe(w io.Writer) {
	fmt.Fprintf(w, "Usage: %s\n\n%s.\n", cmd.line(), cmd.summary)
	if cmd.help != "" {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(cmd.help))
	}
	own := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	cmd.setup(own)
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	title := "\nFlags:\n"
	own.VisitAll(func(f *flag.Flag) {
		kind, about := flag.UnquoteUsage(f)
		fmt.Fprintf(tw, "%s  %s\t%s\n", title, strings.TrimSpace("--"+f.Name+" "+kind), about)
		title = ""
	})
	tw.Flush()
	if !cmd.bare {
		fmt.Fprint(w, "\nSettings, from the environment or a .env file; those with a flag can be given so:\n")
		describeSettings(w)
	}
}
