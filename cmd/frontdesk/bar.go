package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// progressBar shows how far a long piece of work is, as one line that is drawn over and over:
//
//	asking    [##########..........]  50%  600/1200  0:07 left
//
// The work is told in stages, one after the other. Its methods may be called by several
// goroutines, and of a bar that is not live they cost nothing and only say writes.
type progressBar struct {
	w    io.Writer
	live bool
	now  func() time.Time // the clock; tests set it

	mu          sync.Mutex // guards the rest and the order of what is written
	name        string     // of the stage; empty when none is under way
	done, total int
	began       time.Time
	drawn       time.Time
}

const (
	barCells = 24
	// barPause is the least time between two drawings: a terminal over a slow line
	// must not hold up the work.
	barPause = 100 * time.Millisecond
	// barName is how many characters of a stage's name are shown.
	barName = 28
)

// newBar returns a bar on w. live says that w is a terminal (see isTerminal), where a
// line can be drawn over.
func newBar(w io.Writer, live bool) *progressBar {
	return &progressBar{w: w, live: live, now: time.Now}
}

// stage begins a stage of total steps and ends the one before. A total of 0 is a stage
// of unknown length, which shows what is done and the time spent.
func (b *progressBar) stage(name string, total int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.name, b.done, b.total, b.began = name, 0, total, b.now()
	b.draw()
}

// set says how many steps of the stage are done. Going back is not shown.
func (b *progressBar) set(done int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = max(b.done, done)
	if b.now().Sub(b.drawn) >= barPause || b.total > 0 && b.done == b.total {
		b.draw()
	}
}

// grow adds n steps to the stage, as more work is found on the way.
func (b *progressBar) grow(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total += n
}

// say writes a line that stays, above the bar; also where the bar is not live.
func (b *progressBar) say(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
	fmt.Fprintf(b.w, format+"\n", args...)
	b.draw()
}

// end takes the bar off the screen. A stage may follow.
func (b *progressBar) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
	b.name = ""
}

func (b *progressBar) clear() {
	if b.live && b.name != "" {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}

// draw is called with mu held.
func (b *progressBar) draw() {
	if !b.live || b.name == "" {
		return
	}
	b.drawn = b.now()
	fmt.Fprint(b.w, "\r\x1b[K"+b.text(b.drawn.Sub(b.began)))
}

// text is the line after so much time in the stage.
func (b *progressBar) text(took time.Duration) string {
	name := []rune(strings.ToValidUTF8(b.name, "?"))
	if len(name) > barName {
		name = append(name[:barName-1], '…')
	}
	label := string(name) + strings.Repeat(" ", max(0, 10-utf8.RuneCountInString(string(name))))
	if b.total <= 0 {
		return fmt.Sprintf("%s %d done, %s", label, b.done, clock(took))
	}
	share := min(1, float64(b.done)/float64(b.total))
	full := int(share * barCells)
	line := fmt.Sprintf("%s [%s%s] %3.0f%%  %d/%d", label, strings.Repeat("#", full), strings.Repeat(".", barCells-full), 100*share, b.done, b.total)
	if b.done > 0 && b.done < b.total {
		line += "  " + clock(time.Duration(float64(took)*(1-share)/share)) + " left"
	}
	return line
}

// clock writes a duration as minutes and seconds, hours before them when there are any.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
