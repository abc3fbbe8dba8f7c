package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"frontdesk/knowledge"
)

// progress tells a person how far it is: a line for each file, and on a
// terminal a last line that changes.
type progress struct {
	w    io.Writer
	live bool

	mu                          sync.Mutex // guards the rest
	total                       int
	ready, failed, over, counts int
	unpaid                      int // that wait for the budget
	warned                      int // warnings told
}

// stage shows the bar of all files, and how far the one is that has just moved.
func (p *progress) stage(name string, d knowledge.Document) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.live {
		return
	}
	done := p.ready + p.failed + p.over + p.unpaid
	far := string(d.Status)
	if n := d.Progress; n.Total > 0 {
		what := "pages"
		if d.Status == knowledge.StatusEmbedding {
			what = "passages"
		}
		far += fmt.Sprintf(" %s %d of %d %s", bar(n.Done, n.Total), n.Done, n.Total, what)
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s %d of %d  %.40s: %s", bar(done, p.total), done, p.total, filepath.Base(name), far)
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
	for _, w := range d.Warnings {
		p.warned++
		p.line("  warning: %s", w)
	}
}

// waits tells that a file waits for the budget.
func (p *progress) waits(name string, passages int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unpaid++
	p.counts += passages
	p.line("waits   %s (%d passages): %s", name, passages, knowledge.BudgetNote)
}

// report tells by row what an import made of a file.
func (p *progress) report(name string, r knowledge.ImportReport, done bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	printImport(p.w, name, r, done)
}

// refused counts a file of which the report has said why.
func (p *progress) refused() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed++
}

// more counts files that were found in another.
func (p *progress) more(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total += n
}

func (p *progress) passedOver(name, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over++
	p.line("skipped %s (%s)", name, why)
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
	if p.unpaid > 0 {
		p.line("waiting for the budget: %d; a running server, or the next ingest, goes on once there is room (Settings › Spending; the day ends at midnight UTC)", p.unpaid)
	}
	if p.warned > 0 {
		p.line("warnings: %d; look at what those documents say", p.warned)
	}
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
