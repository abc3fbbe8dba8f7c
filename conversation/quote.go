package conversation

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"frontdesk/knowledge"
)

// Thresholds decide what an answer without a model dares to say, on
// knowledge.Result.Confidence.
type Thresholds struct {
	Answer float64 `json:"answer"` // at or above: quote as the answer
	Maybe  float64 `json:"maybe"`  // at or above: quote, and offer a person; below: say "I don't know"
}

// orOf is t when it says something, and else what r's confidence was calibrated with.
func (t Thresholds) orOf(r knowledge.Result) Thresholds {
	switch {
	case t != Thresholds{}:
		return t
	case r.Thresholds.Answer > 0:
		return Thresholds{Answer: r.Thresholds.Answer, Maybe: r.Thresholds.Maybe}
	}
	return Thresholds{Answer: .5, Maybe: .25} // of a finder that calibrates nothing
}

// How much is quoted.
const (
	maxQuotes       = 3
	maxQuoteRunes   = 700
	maxExcerptRunes = 300 // of a source below an answer
	// A further passage is quoted only when it scored at least this share of the
	// best one, so that a clear answer stands alone.
	quoteShare = 0.85
)

// quote answers from the passages themselves. Its last result reports whether
// the answer rests on anything.
func quote(t Texts, r knowledge.Result, th Thresholds) (text string, sources []Source, grounded bool) {
	if len(r.Hits) == 0 || r.Confidence < th.Maybe {
		return t.Unknown, nil, false
	}
	sure := r.Confidence >= th.Answer
	hits := nearTop(r.Hits, sure)
	var b strings.Builder
	if sure {
		b.WriteString(t.Quoted)
	} else {
		b.WriteString(t.Maybe)
	}
	for i, h := range hits {
		b.WriteString("\n\n")
		if h.Title != "" && (len(hits) > 1 || !sure) {
			b.WriteString("**" + strings.TrimSpace(h.Title) + "**\n\n")
		}
		b.WriteString(excerpt(h.Text, t.More))
		b.WriteString(" [" + strconv.Itoa(i+1) + "]")
		sources = append(sources, source(i+1, h))
	}
	if !sure {
		b.WriteString("\n\n" + t.Offer)
	}
	return b.String(), sources, true
}

// nearTop returns the hits worth quoting: a sure or exact one alone unless
// others are as near, an unsure one with its nearest rivals.
func nearTop(hits []knowledge.Hit, sure bool) []knowledge.Hit {
	if hits[0].Exact {
		return hits[:1]
	}
	most := maxQuotes
	if sure {
		most = 2
	}
	n := 1
	for n < len(hits) && n < most && lexicalShare(hits[n], hits[0]) >= quoteShare {
		n++
	}
	return hits[:n]
}

// lexicalShare compares two hits on a score whose size means something; ranks
// fused by position alone are always near each other.
func lexicalShare(h, top knowledge.Hit) float64 {
	switch {
	case top.LexicalScore > 0:
		return h.LexicalScore / top.LexicalScore
	case top.DenseScore > 0:
		return h.DenseScore / top.DenseScore
	}
	return 0
}

// excerpt quotes a passage, up to the end of a paragraph or sentence.
func excerpt(text, more string) string {
	short := shorten(text, maxQuoteRunes)
	if cut, ok := strings.CutSuffix(short, ellipsis); ok {
		return strings.TrimSpace(cut) + " " + more
	}
	return short
}

// ellipsis ends what shorten has cut.
const ellipsis = "…"

// shorten cuts text to about most characters at the end of a paragraph, a
// sentence or a word.
func shorten(text string, most int) string {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	cut := string([]rune(text)[:most])
	for _, stop := range []string{"\n\n", "。", ". ", "؟ ", "! ", "? ", "\n", " "} {
		if i := strings.LastIndex(cut, stop); i > len(cut)/2 {
			return strings.TrimSpace(cut[:i+len(strings.TrimRight(stop, " \n"))]) + " " + ellipsis
		}
	}
	return cut + ellipsis
}

func source(n int, h knowledge.Hit) Source {
	title := h.Title
	if title == "" {
		title = h.Document
	}
	s := Source{N: n, Title: title, Page: h.Page, URL: h.URL, Excerpt: shorten(h.Text, maxExcerptRunes), Passage: h.ID}
	if h.Heading != title {
		s.Heading = h.Heading
	}
	if !h.IsEntry && h.Document != title {
		s.Heading = strings.TrimSuffix(h.Document+" › "+s.Heading, " › ")
	}
	return s
}
