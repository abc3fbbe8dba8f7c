package knowledge

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	listItem  = regexp.MustCompile(`^ {0,3}(?:[-*+•]|\d{1,9}[.)])[ \t]+\S`)
	nestItem  = regexp.MustCompile(`^[ \t]*(?:[-*+•]|\d{1,9}[.)])[ \t]+\S`)
	fenceMark = regexp.MustCompile("^ {0,3}(```+|~~~+)")
	tableRule = regexp.MustCompile(`^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$`)
)

// blocksOf cuts Markdown into its paragraphs, lists, tables and listings.
func blocksOf(text string, count func(string) int) []unit {
	lines := strings.Split(text, "\n")
	var out []unit
	sep := ""
	for i := 0; i < len(lines); {
		if strings.TrimSpace(lines[i]) == "" {
			sep = "\n\n"
			i++
			continue
		}
		var u unit
		end := i + 1
		switch {
		case fenceMark.MatchString(lines[i]):
			end = fenceEnd(lines, i)
			u = listing(lines[i:end], count)
		case i+1 < len(lines) && strings.Contains(lines[i], "|") && strings.Contains(lines[i+1], "|") && tableRule.MatchString(lines[i+1]):
			for end = i + 2; end < len(lines) && strings.Contains(lines[end], "|"); end++ {
			}
			u = table(lines[i:end], count)
		case listItem.MatchString(lines[i]):
			end = listEnd(lines, i)
			u = unit{text: strings.Join(lines[i:end], "\n"), parts: itemsOf(lines[i:end], listItem, count)}
		default:
			for end < len(lines) && strings.TrimSpace(lines[end]) != "" && !fenceMark.MatchString(lines[end]) && !listItem.MatchString(lines[end]) {
				end++
			}
			body := strings.Join(lines[i:end], "\n")
			u = unit{text: strings.TrimSpace(body), prose: true, parts: func() []unit { return sentencesOf(body, count) }}
		}
		u.sep = sep
		out = append(out, measured(u, count))
		sep, i = "\n", end
	}
	return out
}

// fenceEnd is the line after a listing that begins at line i.
func fenceEnd(lines []string, i int) int {
	mark := fenceMark.FindStringSubmatch(lines[i])[1]
	for i++; i < len(lines); i++ {
		t := strings.TrimSpace(lines[i])
		if strings.HasPrefix(t, mark) && strings.Trim(t, mark[:1]) == "" {
			return i + 1
		}
	}
	return len(lines)
}

// listEnd is the line after a list: items, what is indented below them, and
// lines that run on; blank lines only between these.
func listEnd(lines []string, i int) int {
	for i++; i < len(lines); i++ {
		if strings.TrimSpace(lines[i]) != "" {
			continue
		}
		next := i
		for next < len(lines) && strings.TrimSpace(lines[next]) == "" {
			next++
		}
		if next == len(lines) || !listItem.MatchString(lines[next]) && !strings.HasPrefix(lines[next], "  ") && !strings.HasPrefix(lines[next], "\t") {
			return i
		}
		i = next
	}
	return i
}

// itemsOf cuts a list before each line that matches begin; an item too long is
// cut at its nested items, then at its sentences.
func itemsOf(lines []string, begin *regexp.Regexp, count func(string) int) func() []unit {
	return func() []unit {
		var out []unit
		for i := 0; i < len(lines); {
			if strings.TrimSpace(lines[i]) == "" {
				i++
				continue
			}
			end := i + 1
			for end < len(lines) && !begin.MatchString(lines[end]) {
				end++
			}
			item := lines[i:end]
			body := strings.Join(item, "\n")
			u := unit{text: strings.TrimRight(body, " \t\n"), sep: "\n"}
			if begin == listItem && len(item) > 1 {
				u.parts = itemsOf(item, nestItem, count)
			} else {
				u.parts = func() []unit { return sentencesOf(body, count) }
			}
			out = append(out, measured(u, count))
			i = end
		}
		return out
	}
}

func table(lines []string, count func(string) int) unit {
	head := strings.Join(lines[:2], "\n") + "\n"
	return unit{text: strings.Join(lines, "\n"), framed: &frame{head: head}, parts: rowsOf(lines[2:], count)}
}

func listing(lines []string, count func(string) int) unit {
	f := &frame{head: lines[0] + "\n"}
	body := lines[1:]
	if n := len(body); n > 0 && fenceMark.MatchString(body[n-1]) {
		f.tail = "\n" + body[n-1]
		body = body[:n-1]
	}
	return unit{text: strings.Join(lines, "\n"), framed: f, parts: rowsOf(body, count)}
}

// rowsOf makes a unit of each line; one too long is cut where it can be.
func rowsOf(lines []string, count func(string) int) func() []unit {
	return func() []unit {
		out := make([]unit, len(lines))
		for i, l := range lines {
			out[i] = measured(unit{text: l, sep: "\n", parts: func() []unit { return grams(l, count) }}, count)
		}
		return out
	}
}

// sentencesOf cuts running text after the ends of its sentences.
func sentencesOf(text string, count func(string) int) []unit {
	var out []unit
	begin, sep := 0, "\n"
	for at := 0; at < len(text); {
		r, n := utf8.DecodeRuneInString(text[at:])
		at += n
		if !strings.ContainsRune(".!?…。！？؟।\n", r) || r != '\n' && !ends(text, at, r) && at < len(text) {
			continue
		}
		for at < len(text) { // closing quotes and brackets belong to the sentence
			c, n := utf8.DecodeRuneInString(text[at:])
			if !strings.ContainsRune("\"'”’»）)]」』.!?。！？", c) {
				break
			}
			at += n
		}
		out, begin, sep = sentence(out, text, begin, at, sep, count)
		at = begin
	}
	out, _, _ = sentence(out, text, begin, len(text), sep, count)
	return out
}

// sentence appends text[begin:at] and steps over the white space after it.
func sentence(out []unit, text string, begin, at int, sep string, count func(string) int) ([]unit, int, string) {
	if s := strings.TrimSpace(text[begin:at]); s != "" {
		out = append(out, measured(unit{text: s, sep: sep, prose: true, parts: func() []unit { return grams(s, count) }}, count))
	}
	rest := strings.TrimLeftFunc(text[at:], unicode.IsSpace)
	gap := text[at : len(text)-len(rest)]
	switch {
	case strings.Contains(gap, "\n") || at > 0 && text[at-1] == '\n':
		sep = "\n"
	case gap != "":
		sep = " "
	default:
		sep = ""
	}
	return out, len(text) - len(rest), sep
}

// ends reports whether the mark r before text[at:] ends a sentence. A full
// stop does not within numbers and addresses, before a small letter, or after
// a single letter ("e.g.", initials).
func ends(text string, at int, r rune) bool {
	if strings.ContainsRune("。！？؟।", r) {
		return true
	}
	next := strings.TrimLeft(text[at:], "\"'”’»)]")
	c, _ := utf8.DecodeRuneInString(next)
	if !unicode.IsSpace(c) {
		return false
	}
	after, _ := utf8.DecodeRuneInString(strings.TrimLeft(next[:min(len(next), 16)], " "))
	if r != '.' {
		return true
	}
	head := text[max(0, at-16) : at-1] // before the full stop
	last, n := utf8.DecodeLastRuneInString(head)
	before, _ := utf8.DecodeLastRuneInString(head[:len(head)-n])
	initial := unicode.IsLetter(last) && !unicode.IsLetter(before)
	return !unicode.IsLower(after) && !initial
}

// grams cuts text that has no better place into units of at most gramBytes, at
// spaces where there are some and between characters where there are none.
func grams(text string, count func(string) int) []unit {
	var out []unit
	sep := "\n"
	for len(text) > 0 {
		n := len(text)
		if n > gramBytes {
			n = gramBytes
			for n > 0 && !utf8.RuneStart(text[n]) {
				n--
			}
			if n == 0 { // not UTF-8
				n = gramBytes
			}
			if space := strings.LastIndexAny(text[:n], " \t"); space > gramBytes/4 {
				n = space
			}
		}
		out = append(out, measured(unit{text: text[:n], sep: sep}, count))
		rest := strings.TrimLeft(text[n:], " \t")
		if sep = ""; len(rest) < len(text)-n {
			sep = " "
		}
		text = rest
	}
	return out
}
