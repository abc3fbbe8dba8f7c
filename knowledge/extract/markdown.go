package extract

import (
	"context"
	"fmt"
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"frontdesk/knowledge"
)

// Inline marks in Markdown. RE2 matches in time linear in the text.
var (
	mdImage   = regexp.MustCompile(`!\[([^\]\n]*)\](?:\([^)\n]*\)|\[[^\]\n]*\])`)
	mdTag     = regexp.MustCompile(`</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>`)
	mdCode    = regexp.MustCompile("`[^`\n]+`")
	mdComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	mdHidden  = regexp.MustCompile(`(?is)<(script|style|template)\b.*?</(?:script|style|template)\s*>`)
	mdLink    = regexp.MustCompile(`\[([^\]\n]*)\](?:\([^)\n]*\)|\[[^\]\n]*\])`)
	mdAttr    = regexp.MustCompile(`\s*\{[#.:][^{}\n]*\}\s*$`)
	mdBold    = regexp.MustCompile(`^(?:\*\*[^*]+\*\*|__[^_]+__)$`)
	mdBreak   = regexp.MustCompile(`(?i)<br\s*/?>`)
)

// fromMarkdown cuts a Markdown text at its headings. The blocks between them
// stay the Markdown they are; images leave their description, raw HTML its text.
func fromMarkdown(ctx context.Context, src string) (knowledge.Text, error) {
	meta, src := frontMatter(src)
	if nested(src) > MaxDepth {
		return knowledge.Text{}, fmt.Errorf("%w: lists and quotes are nested deeper than %d", knowledge.ErrTooLarge, MaxDepth)
	}
	source := []byte(src)
	// Only the shape of blocks is asked for: without inline parsers no input
	// makes the parser slow.
	tree := parser.NewParser(parser.WithBlockParsers(parser.DefaultBlockParsers()...)).Parse(text.NewReader(source))
	if err := ctx.Err(); err != nil {
		return knowledge.Text{}, err
	}
	b := builder{ctx: ctx, lang: tag(meta["lang"])}
	code := listings(tree)
	at := 0
	level := 0 // of the last heading
	for n := tree.FirstChild(); n != nil; n = n.NextSibling() {
		if n.Type() != ast.TypeBlock || n.Lines().Len() == 0 {
			continue
		}
		first, last := n.Lines().At(0), n.Lines().At(n.Lines().Len()-1)
		begin := lineStart(source, first.Start)
		if begin < at {
			continue
		}
		switch n := n.(type) {
		case *ast.Heading:
			code = body(&b, source, at, begin, code)
			level = n.Level
			b.heading(level, plainHeading(string(source[first.Start:last.Stop])), "")
			at = lineEnd(source, max(last.Stop-1, last.Start))
			if !strings.HasPrefix(strings.TrimLeft(string(source[begin:first.Start]), " "), "#") {
				at = lineEnd(source, at) // the underline of a setext heading
			}
		case *ast.Paragraph:
			// A bold question on a line of its own is how many FAQs are written.
			if line := strings.TrimSpace(string(source[first.Start:first.Stop])); mdBold.MatchString(line) && knowledge.IsQuestion(line) {
				code = body(&b, source, at, begin, code)
				b.heading(min(level+1, 7), plainHeading(line), "")
				at = lineEnd(source, max(first.Stop-1, first.Start))
			}
		}
	}
	body(&b, source, at, len(source), code)
	return b.text(meta["title"])
}

// body adds source[from:to], cleaned wherever it is not code, and returns the
// listings after it.
func body(b *builder, source []byte, from, to int, code []span) []span {
	var out strings.Builder
	for len(code) > 0 && code[0].start < to {
		if c := code[0]; c.start >= from && c.stop <= to {
			out.WriteString(tidy(string(source[from:c.start])))
			out.Write(source[c.start:c.stop])
			from = c.stop
		}
		code = code[1:]
	}
	if from < to {
		out.WriteString(tidy(string(source[from:to])))
	}
	b.block(out.String())
	return code
}

// tidy drops what does not show in Markdown outside of listings.
func tidy(s string) string {
	if strings.Contains(s, "<") {
		s = mdComment.ReplaceAllString(s, "")
		s = mdHidden.ReplaceAllString(s, "")
	}
	if !strings.ContainsAny(s, "<&!") {
		return s
	}
	var out strings.Builder
	at := 0
	for _, code := range mdCode.FindAllStringIndex(s, -1) {
		out.WriteString(tidyText(s[at:code[0]]))
		out.WriteString(s[code[0]:code[1]])
		at = code[1]
	}
	out.WriteString(tidyText(s[at:]))
	return out.String()
}

func tidyText(s string) string {
	if strings.ContainsAny(s, "<&") {
		s = mdBreak.ReplaceAllString(s, "\n")
		s = mdTag.ReplaceAllString(s, "")
		s, _ = clean(html.UnescapeString(s))
	}
	return mdImage.ReplaceAllString(s, "$1")
}

func plainHeading(s string) string {
	s = mdAttr.ReplaceAllString(strings.TrimSpace(s), "")
	s = mdLink.ReplaceAllString(tidy(s), "$1")
	s = strings.NewReplacer("**", "", "__", "", "`", "", "\\", "").Replace(s)
	return strings.Trim(strings.TrimSpace(s), "*_")
}

type span struct{ start, stop int }

// listings are the places of code in the source, in order.
func listings(tree ast.Node) []span {
	var out []span
	_ = ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || n.Kind() != ast.KindCodeBlock && n.Kind() != ast.KindFencedCodeBlock {
			return ast.WalkContinue, nil
		}
		if l := n.Lines(); l.Len() > 0 {
			s := span{l.At(0).Start, l.At(l.Len() - 1).Stop}
			if len(out) == 0 || s.start >= out[len(out)-1].stop {
				out = append(out, s)
			}
		}
		return ast.WalkSkipChildren, nil
	})
	return out
}

// nested is the greatest number of list and quote marks that begin one line.
func nested(src string) int {
	deepest := 0
	for line := range strings.Lines(src) {
		depth := 0
	marks:
		for i := 0; i < len(line); i++ {
			spaced := i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t')
			switch c := line[i]; {
			case c == '>', spaced && (c == '-' || c == '*' || c == '+'),
				spaced && (c == '.' || c == ')') && i > 0 && line[i-1] >= '0' && line[i-1] <= '9':
				depth++
			case c == ' ', c == '\t', c >= '0' && c <= '9':
			default:
				break marks
			}
		}
		deepest = max(deepest, depth)
	}
	return deepest
}

// frontMatter takes the title and language from a block of settings fenced by
// --- (YAML) or +++ (TOML) at the very beginning.
func frontMatter(src string) (map[string]string, string) {
	meta := map[string]string{}
	fence, _, _ := strings.Cut(src, "\n")
	fence = strings.TrimRight(fence, " \t")
	if fence != "---" && fence != "+++" {
		return meta, src
	}
	rest := src[strings.IndexByte(src, '\n')+1:]
	at := 0
	for line := range strings.Lines(rest) {
		at += len(line)
		if strings.TrimSpace(line) == fence {
			return meta, rest[at:]
		}
		m := setting.FindStringSubmatch(line)
		if m == nil { // a rule at the top of a text is not front matter
			break
		}
		switch key := strings.ToLower(m[1]); key {
		case "title", "lang":
			meta[key] = strings.Trim(strings.TrimSpace(m[2]), `"'`)
		case "language":
			meta["lang"] = strings.Trim(strings.TrimSpace(m[2]), `"'`)
		}
	}
	return map[string]string{}, src
}

// setting is a line of front matter: a key with a value, a list's item, what
// is indented below them, a comment, a table's name (TOML) or an empty line.
var setting = regexp.MustCompile(`^(?:["']?([\w.-]+)["']?\s*[:=](?:\s+(.*))?|[ \t#\[\]{}-].*|)\s*$`)

func lineStart(source []byte, at int) int {
	for at > 0 && source[at-1] != '\n' {
		at--
	}
	return at
}

// lineEnd is the position after the line that holds at.
func lineEnd(source []byte, at int) int {
	for at < len(source) && source[at] != '\n' {
		at++
	}
	return min(at+1, len(source))
}
