package extract

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"frontdesk/knowledge"
)

// maxHeading is how many bytes of a heading are kept: longer ones are text in
// a heading's clothes, and every passage below would repeat them.
const maxHeading = 300

// builder gathers sections in the order of the document and keeps the path of
// headings above the text being read.
type builder struct {
	ctx  context.Context
	lang string

	sections []knowledge.Section
	levels   []int // of path, strictly rising
	path     []string
	url      string
	page     int // of the text being read; 0 without pages
	body     strings.Builder
	total    int
	err      error // the first limit passed; everything after is ignored
}

// heading begins a section below the last heading of a lower level.
func (b *builder) heading(level int, title, url string) {
	// The mark is a link to the heading itself, which stays when a web page is pasted into an office program.
	full := strings.TrimSpace(strings.TrimRight(squeeze(title), "¶"))
	title = clip(full, maxHeading)
	if title == "" || b.err != nil {
		return
	}
	b.flush()
	for n := len(b.levels); n > 0 && b.levels[n-1] >= level; n-- {
		b.levels, b.path = b.levels[:n-1], b.path[:n-1]
	}
	b.levels, b.path, b.url = append(b.levels, level), append(b.path, title), url
	if len(full) > len(title) {
		b.block(full)
	}
}

// turn begins page n; the headings above go on.
func (b *builder) turn(n int) {
	b.flush()
	b.page = n
}

// rise leaves all headings: what follows stands under none.
func (b *builder) rise() {
	b.flush()
	b.levels, b.path, b.url = nil, nil, ""
}

// block adds a paragraph, list, table or listing to the section begun last.
func (b *builder) block(s string) {
	if strings.TrimSpace(s) == "" || b.err != nil {
		return
	}
	if b.err = b.ctx.Err(); b.err != nil {
		return
	}
	if b.total += len(s) + 2; b.total > MaxText {
		b.err = fmt.Errorf("%w: the text has more than %d MB", knowledge.ErrTooLarge, MaxText>>20)
		return
	}
	if b.body.Len() > 0 {
		b.body.WriteString("\n\n")
	}
	b.body.WriteString(strings.Trim(s, "\n"))
}

func (b *builder) flush() {
	body := strings.TrimSpace(b.body.String())
	b.body.Reset()
	if body == "" || b.err != nil {
		return
	}
	if len(b.sections) >= MaxSections {
		b.err = fmt.Errorf("%w: more than %d sections", knowledge.ErrTooLarge, MaxSections)
		return
	}
	b.sections = append(b.sections, knowledge.Section{
		Heading: slices.Clone(b.path), Page: b.page, Body: body, Lang: b.lang, URL: b.url,
	})
}

// text ends the document. A title left empty is the first heading's, when that
// one stands above everything else.
func (b *builder) text(title string) (knowledge.Text, error) {
	b.flush()
	if b.err != nil {
		return knowledge.Text{}, b.err
	}
	if title = clip(squeeze(title), maxHeading); title == "" && len(b.sections) > 0 {
		if h := b.sections[0].Heading; len(h) > 0 {
			title = h[0]
		}
	}
	return knowledge.Text{Title: title, Sections: b.sections}, nil
}
