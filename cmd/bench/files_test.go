package main

import (
	"context"
	"strings"
	"testing"

	"frontdesk/knowledge/extract"
)

func TestEveryFileOfTheBenchmarkIsReadWhole(t *testing.T) {
	defer extract.Close()
	ps := prose(1, 40)
	last := strings.Fields(ps[39])
	want := strings.Join(last[len(last)-4:], " ")
	for _, f := range formats {
		data, err := f.write(ps)
		if err != nil {
			t.Fatalf("write %s: %v", f.name, err)
		}
		text, err := extract.Extract(context.Background(), "bench."+f.name, "", data)
		if err != nil {
			t.Errorf("Extract(%s) = %v, want no error", f.name, err)
			continue
		}
		var all strings.Builder
		for _, s := range text.Sections {
			all.WriteString(s.Body + "\n")
		}
		for _, e := range text.Entries {
			all.WriteString(e.Answer + "\n")
		}
		if got := strings.Join(strings.Fields(all.String()), " "); !strings.Contains(got, want) {
			t.Errorf("%s: read %d characters without the last words %q", f.name, len(got), want)
		}
	}
	if got := len(pdf(prose(2, largePages*pdfParagraphs), largePicture)) >> 20; got < 48 || got > 55 {
		t.Errorf("the large PDF has %d MB, want about 50", got)
	}
}
