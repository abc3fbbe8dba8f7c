package extract

import (
	"context"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"frontdesk/knowledge"
)

const (
	// headingRatio is how much larger than the body's the letters of a heading
	// are: typesetters step by a fifth, and fonts side by side differ by a tenth.
	headingRatio = 1.15
	// marginPart is the part of a page's height at its top and its bottom in
	// which repeated lines stand.
	marginPart = 0.1
	// repeatedOn is on how many pages a line in the margin is a repeated one.
	repeatedOn = 3
)

var (
	pdfMark     = regexp.MustCompile(`^(?:[•◦▪▸‣●○■□➢✓–—*-]\s|\(?(?:\d{1,3}|[a-zA-Z])[.)]\s)`)
	pdfLeader   = regexp.MustCompile(`(?:[.·…]\s?){4,}\s*(\d{1,4})$`)
	pdfDigits   = regexp.MustCompile(`[0-9]+|\b[ivxlc]+\b`)
	pdfJunkName = regexp.MustCompile(`(?i)^(?:microsoft (?:word|powerpoint|excel) - .*|untitled.*|unbenannt.*|.*\.(?:docx?|pptx?|xlsx?|indd|tex|dvi|odt|rtf|pdf|html?|qxd|pmd))$`)
)

// writePDF makes sections of the lines of pages.
func writePDF(ctx context.Context, pages []pdfPage, title string, sus *suspicions) (knowledge.Text, error) {
	b := builder{ctx: ctx}
	repeated := repeatedLines(pages)
	levels := headingSizes(pages)
	for i, page := range pages {
		b.turn(i + 1)
		lines := withoutContents(page, len(pages))
		usual := usualGap(lines)
		var list []string
		endList := func() {
			b.block(strings.Join(list, "\n"))
			list = nil
		}
		for at := 0; at < len(lines) && b.err == nil; {
			if repeated[marginKey(page, lines[at])] {
				at++
				continue
			}
			end := at + 1
			for end < len(lines) && follows(lines[end-1], lines[end], usual) && !repeated[marginKey(page, lines[end])] {
				end++
			}
			block := lines[at:end]
			at = end
			if level := levels[rounded(block[0].size)]; level > 0 {
				if text := squeeze(joinLines(block)); len(text) <= maxHeading && letters(text) > 1 {
					endList()
					b.heading(level, text, "")
					continue
				}
			}
			text := joinLines(block)
			if mark := pdfMark.FindString(text); mark != "" {
				if r, _ := utf8.DecodeRuneInString(mark); !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '(' {
					mark, text = "- ", "- "+text[len(mark):]
				}
				list = append(list, strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", len(mark))))
				continue
			}
			endList()
			b.block(text)
		}
		endList()
	}
	if title = squeeze(title); pdfJunkName.MatchString(title) || letters(title) < 3 {
		title = ""
	}
	return b.text(title)
}

// rounded is a size in steps of half a point.
func rounded(size float32) float32 { return float32(math.Round(float64(size)*2) / 2) }

// headingSizes are the sizes of letters that headings are set in, each with its
// level from 1, or nil where the sizes tell nothing.
func headingSizes(pages []pdfPage) map[float32]int {
	weight := map[float32]int{}
	total := 0
	for _, p := range pages {
		for _, l := range p.lines {
			if l.size > 0 {
				weight[rounded(l.size)] += len(l.text)
				total += len(l.text)
			}
		}
	}
	body, most := float32(0), 0
	for size, n := range weight {
		if n > most || n == most && size < body {
			body, most = size, n
		}
	}
	var sizes []float32
	large := 0
	for size, n := range weight {
		if size >= body*headingRatio {
			sizes = append(sizes, size)
			large += n
		}
	}
	if body == 0 || large*4 > total { // a poster, or slides: no body to be larger than
		return nil
	}
	slices.Sort(sizes)
	slices.Reverse(sizes)
	out := make(map[float32]int, len(sizes))
	for i, size := range sizes {
		out[size] = min(i+1, 6)
	}
	return out
}

// marginKey is what repeated lines have in common, or "" for a line that does
// not stand at the top or bottom of its page. Numbers of pages differ.
func marginKey(p pdfPage, l pdfLine) string {
	if p.height <= 0 || l.top == 0 && l.bottom == 0 || len(l.text) > maxHeading ||
		l.bottom < p.height*(1-marginPart) && l.top > p.height*marginPart {
		return ""
	}
	text := squeeze(l.text)
	if first, _, ok := strings.Cut(text, " "); ok && letters(text) > 3 && text == strings.ToUpper(text) && text != strings.ToLower(text) {
		return first // "CHAPTER 2. FEES": capitals in a margin name the part, which changes
	}
	return pdfDigits.ReplaceAllString(strings.ToLower(text), "#")
}

func repeatedLines(pages []pdfPage) map[string]bool {
	on := map[string]int{}
	for _, p := range pages {
		here := map[string]bool{}
		for _, l := range p.lines {
			if key := marginKey(p, l); key != "" && !here[key] {
				here[key] = true
				on[key]++
			}
		}
	}
	out := map[string]bool{}
	for key, n := range on {
		if n >= repeatedOn {
			out[key] = true
		}
	}
	return out
}

// withoutContents are the lines of a page without those of a table of contents:
// five and more that lead by dots to rising numbers of pages. Prices after dots
// do not rise.
func withoutContents(p pdfPage, pages int) []pdfLine {
	var found []int
	last, rises := 0, true
	for i, l := range p.lines {
		if m := pdfLeader.FindStringSubmatch(l.text); m != nil {
			n, _ := strconv.Atoi(m[1])
			rises = rises && n >= last && n <= pages+50 // front matter may be counted apart
			last = n
			found = append(found, i)
		}
	}
	if len(found) < 5 || !rises {
		return p.lines
	}
	var out []pdfLine
	for i, l := range p.lines {
		if _, is := slices.BinarySearch(found, i); !is {
			out = append(out, l)
		}
	}
	return out
}

// usualGap is the distance between lines of the same paragraph, as a part of
// the size of their letters: the median of a page, where most lines are such.
func usualGap(lines []pdfLine) float32 {
	var gaps []float32
	for i := 1; i < len(lines); i++ {
		a, b := lines[i-1], lines[i]
		if gap := a.bottom - b.top; a.size > 0 && rounded(a.size) == rounded(b.size) && gap > -a.size && gap < a.size {
			gaps = append(gaps, gap/a.size)
		}
	}
	if len(gaps) < 3 {
		return 0
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

// follows reports whether b goes on with the block that a is the last line of.
func follows(a, b pdfLine, usual float32) bool {
	if a.size == 0 || b.size == 0 {
		return a.size == b.size
	}
	if a.size > b.size*headingRatio || b.size > a.size*headingRatio || pdfMark.MatchString(b.text) {
		return false
	}
	size := max(a.size, b.size)
	gap := (a.bottom - b.top) / size
	if gap < -1.5 { // upwards: the next column
		return !ends(a.text)
	}
	return gap < usual+0.25
}

// ends reports whether a text ends with its sentence.
func ends(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(s, "\"'”’)»"))
	return strings.ContainsRune(".!?:;。！？؟।", r)
}

// joinLines makes running text of lines that fill their column; after shorter
// ones the line ends, as in addresses and listings.
func joinLines(lines []pdfLine) string {
	left, right := float32(math.MaxFloat32), float32(-math.MaxFloat32)
	for _, l := range lines {
		left, right = min(left, l.left), max(right, l.right)
	}
	var out strings.Builder
	for i, l := range lines {
		if i > 0 {
			before, after := lines[i-1], l
			switch {
			case right-before.right > (right-left)*0.25:
				out.WriteByte('\n')
			case !unspaced(before.text, after.text):
				out.WriteByte(' ')
			}
		}
		out.WriteString(l.text)
	}
	return out.String()
}

// unspaced reports whether a word may go on from the end of a to the beginning
// of b without a space: in scripts that set none.
func unspaced(a, b string) bool {
	last, _ := utf8.DecodeLastRuneInString(a)
	first, _ := utf8.DecodeRuneInString(b)
	return noSpaces(last) && noSpaces(first)
}

func noSpaces(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) ||
		r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef
}
