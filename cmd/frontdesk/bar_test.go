package main

import (
	"strings"
	"testing"
	"time"
)

// lastLine is what a terminal shows of what was written: all after the last clearing.
func lastLine(s string) string { return s[strings.LastIndex(s, "\x1b[K")+len("\x1b[K"):] }

func TestBarShowsShareAndTimeLeft(t *testing.T) {
	var out strings.Builder
	now := time.Unix(0, 0)
	b := newBar(&out, true)
	b.now = func() time.Time { return now }
	b.stage("asking", 200)
	now = now.Add(30 * time.Second)
	b.set(50)
	if got, want := lastLine(out.String()), "asking     [######..................]  25%  50/200  1:30 left"; got != want {
		t.Errorf("after a quarter in 30 s the bar is %q, want %q", got, want)
	}
	drawn := out.Len()
	now = now.Add(time.Millisecond)
	b.set(51)
	if out.Len() != drawn {
		t.Errorf("a millisecond later it was drawn again: %q", out.String()[drawn:])
	}
	b.set(40)
	now = now.Add(time.Hour)
	b.say("%d skipped", 3)
	if !strings.Contains(out.String(), "\r\x1b[K3 skipped\n\r\x1b[Kasking") || !strings.Contains(lastLine(out.String()), "51/200") {
		t.Errorf("say() wrote %q, want the line above the bar, which has not gone back", out.String()[drawn:])
	}
	b.end()
	if got := lastLine(out.String()); got != "" {
		t.Errorf("after end() the line holds %q, want nothing", got)
	}
}

func TestBarOfUnknownLengthShowsWhatIsDone(t *testing.T) {
	var out strings.Builder
	now := time.Unix(0, 0)
	b := newBar(&out, true)
	b.now = func() time.Time { return now }
	b.stage("https://www.example.com/a/very/long/path", 0)
	now = now.Add(3700 * time.Second)
	b.set(7)
	if got, want := lastLine(out.String()), "https://www.example.com/a/v… 7 done, 1:01:40"; got != want {
		t.Errorf("the bar is %q, want %q", got, want)
	}
	b.grow(14)
	now = now.Add(time.Second)
	b.set(14)
	if got := lastLine(out.String()); !strings.Contains(got, "100%  14/14") {
		t.Errorf("when its length is known the bar is %q, want 14/14", got)
	}
}

func TestBarOffTheTerminalWritesOnlyWhatItSays(t *testing.T) {
	var out strings.Builder
	b := newBar(&out, false)
	b.stage("asking", 2)
	b.set(1)
	b.say("done")
	b.end()
	if out.String() != "done\n" {
		t.Errorf("wrote %q, want only what was said", out.String())
	}
}
