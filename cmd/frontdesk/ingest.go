package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"frontdesk/conversation/console"
	"frontdesk/knowledge"
)

// atOnce is how many files are on their way at a time; the workers read two.
const atOnce = 4

var ingestCommand = command{
	name: "ingest", usage: "PATH…", quiet: true,
	summary: "Add files to the knowledge: Markdown, text, HTML, CSV, JSONL",
	help: `A directory is taken with all it holds; hidden files and files of other formats in it are
passed over. Ends when every file is searchable, with exit code 1 when one is not. A file
that is there already is not added twice. Works beside a running server.

  frontdesk ingest faq.csv handbook/`,
	setup: func(*flag.FlagSet) func(context.Context, *app, []string) error {
		return func(ctx context.Context, a *app, args []string) error {
			if len(args) == 0 {
				return usageError("name a file or a directory")
			}
			for _, p := range args {
				if strings.HasPrefix(p, "http://") || strings.HasPrefix(p, "https://") {
					return errors.New("importing from an address is not available yet; save the page and name the file")
				}
			}
			files, err := gather(args)
			if err != nil {
				return err
			}
			return ingest(ctx, a, files)
		}
	},
}

// source is a file to add; found marks one that was not named but found in a
// directory.
type source struct {
	path  string
	found bool
}

// gather lists the files that the paths name or hold.
func gather(paths []string) ([]source, error) {
	var out []source
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			out = append(out, source{path: p})
			continue
		}
		err = filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case strings.HasPrefix(d.Name(), ".") && name != p && d.IsDir():
				return fs.SkipDir
			case strings.HasPrefix(d.Name(), ".") || !d.Type().IsRegular():
				return nil
			}
			out = append(out, source{path: name, found: true})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, errors.New("there are no files there")
	}
	return out, nil
}

// ingest adds the files and waits until each is searchable or has failed. The
// jobs run here and, when one serves, there too: whoever is first takes one.
func ingest(ctx context.Context, a *app, files []source) error {
	db, err := openBeside(ctx, &a.cfg, a.log)
	if err != nil {
		return err
	}
	defer db.close()
	k, err := newKnowledge(&a.cfg, db.pool, a.log)
	if err != nil {
		return err
	}
	if err := k.startJobs(ctx); err != nil {
		return err
	}
	defer k.stopJobs(a.log)

	p := &progress{w: a.stdout, live: isTerminal(a.stdout), total: len(files)}
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, f := range files {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			d, err := k.addAndWait(ctx, f.path, func(d knowledge.Document) { p.stage(f.path, d.Status) })
			if f.found && errors.Is(err, knowledge.ErrUnsupported) {
				p.passedOver(f.path)
				return
			}
			p.done(f.path, d, err)
		})
		if ctx.Err() != nil {
			break
		}
	}
	wg.Wait()
	p.sum()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if p.failed > 0 {
		return silentError{}
	}
	return nil
}

// addAndWait adds one file and returns it once it is ready or has failed.
func (k *knowledgeParts) addAndWait(ctx context.Context, name string, stage func(knowledge.Document)) (knowledge.Document, error) {
	content, err := readFile(name)
	if err != nil {
		return knowledge.Document{}, err
	}
	id, err := k.AddFile(ctx, filepath.Base(name), content)
	if err != nil {
		return knowledge.Document{}, err
	}
	d, err := k.docs.Wait(ctx, id, stage)
	if err == nil && d.Status == knowledge.StatusFailed {
		err = errors.New(d.Error)
	}
	return d, err
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, console.MaxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(content) > console.MaxFileBytes {
		return nil, fmt.Errorf("%w: more than %d MB", knowledge.ErrTooLarge, console.MaxFileBytes>>20)
	}
	return content, nil
}

// progress tells a person how far it is: a line for each file, and on a
// terminal a last line that changes.
type progress struct {
	w     io.Writer
	live  bool
	total int

	mu                          sync.Mutex // guards the rest
	ready, failed, over, counts int
}

func (p *progress) stage(name string, s knowledge.Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live {
		fmt.Fprintf(p.w, "\r\x1b[K[%d/%d] %s: %s", p.ready+p.failed+p.over, p.total, filepath.Base(name), s)
	}
}

func (p *progress) done(name string, d knowledge.Document, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.failed++
		p.line("failed  %s: %s", name, knowledge.Words(err))
		return
	}
	p.ready++
	p.counts += d.Passages
	p.line("ready   %s (%d passages)", name, d.Passages)
}

func (p *progress) passedOver(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over++
	p.line("skipped %s (format not read)", name)
}

func (p *progress) line(format string, args ...any) {
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	fmt.Fprintf(p.w, format+"\n", args...)
}

func (p *progress) sum() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line("%d ready with %d passages, %d failed, %d skipped", p.ready, p.counts, p.failed, p.over)
}

// isTerminal reports whether w is a screen that somebody looks at.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
