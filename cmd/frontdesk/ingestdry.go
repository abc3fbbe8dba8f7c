package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"frontdesk/knowledge"
	"frontdesk/knowledge/extract"
)

// shownRunes is how much of a question a line of the report shows.
const shownRunes = 80

// dryRun says of files with FAQ entries what importing each would change. It
// ends with exit code 1 when one of them would be refused.
func dryRun(ctx context.Context, a *app, paths []string) error {
	return eachFile(ctx, a, "--dry-run takes files with FAQ entries", paths, func(_ *database, k *knowledgeParts, path string) (bool, error) {
		content, err := readFile(path)
		if err != nil {
			return false, err
		}
		report, err := k.ImportEntries(ctx, filepath.Base(path), content, true)
		if err != nil {
			return false, err
		}
		printImport(a.stdout, path, report, false)
		return report.Importable(), nil
	})
}

// eachFile has each of paths tried without changing anything; takes says what they
// are to be. It ends with exit code 1 when try reported that one of them would not do.
func eachFile(ctx context.Context, a *app, takes string, paths []string, try func(db *database, k *knowledgeParts, path string) (bool, error)) error {
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return usageError(takes + ", and " + p + " is a directory")
		}
	}
	db, k, err := openKnowledge(ctx, a)
	if err != nil {
		return err
	}
	defer db.close()
	defer extract.Close()
	refused := false
	for _, p := range paths {
		good, err := try(db, k, p)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(a.stdout, "refused %s: %s\n", p, knowledge.Words(err))
		}
		refused = refused || err != nil || !good
	}
	if refused {
		return silentError{}
	}
	return nil
}

// printImport has a line for each row that is not the same already; done says
// that the file was imported.
func printImport(w io.Writer, path string, r knowledge.ImportReport, done bool) {
	for _, row := range r.Rows {
		if row.Verdict == knowledge.EntrySame {
			continue
		}
		line := fmt.Sprintf("%-8s row %d: %s", row.Verdict, row.Row, shortened(row.Question))
		if len(row.Changes) > 0 {
			line += " (" + strings.Join(row.Changes, ", ") + ")"
		}
		if row.Why != "" {
			line += ": " + row.Why
		}
		fmt.Fprintln(w, line)
	}
	printNear(w, r)
	t := r.Totals
	fmt.Fprintf(w, "%s: %d new, %d changed, %d same, %d in conflict, %d invalid", path, t[knowledge.EntryNew], t[knowledge.EntryChanged],
		t[knowledge.EntrySame], t[knowledge.EntryConflict], t[knowledge.EntryInvalid])
	switch {
	case done && r.Replaces.ID != "":
		fmt.Fprintf(w, "; imported in place of the document of that name, of which %d other entries go\n", r.Removed)
		return
	case done:
		fmt.Fprintln(w, "; imported")
		return
	case r.Replaces.ID != "":
		fmt.Fprintf(w, "; an import replaces the document of that name, of which %d other entries go", r.Removed)
	}
	fmt.Fprintln(w, "; nothing was changed")
}

// printNear has a line for each row that nearly repeats or seems to contradict
// another entry.
func printNear(w io.Writer, r knowledge.ImportReport) {
	for _, row := range r.Rows {
		for _, n := range row.Near {
			fmt.Fprintf(w, "warning  row %d: %s: %s\n", row.Row, shortened(row.Question), n.Words())
		}
	}
	if r.NotCompared > 0 {
		fmt.Fprintf(w, "note     %d rows were not compared with what is there for want of time; a running server does so after the import\n", r.NotCompared)
	}
}

func shortened(s string) string {
	if r := []rune(s); len(r) > shownRunes {
		return string(r[:shownRunes-1]) + "…"
	}
	return s
}
