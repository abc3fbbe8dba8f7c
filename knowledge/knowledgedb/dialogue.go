package knowledgedb

import (
	_ "embed"
	"strings"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
)

// dialogueSQL decides in the ranking statement itself how much the history counts. It
// stands in findSQL only where there is a history, so that a question without one is
// ranked by the very statement it always was.
//
//go:embed dialogue.sql
var dialogueSQL string

const (
	// tied is how many of the best passages show whether the message's own words single
	// one out.
	tied = 50
	// lean makes the history worth as much as the message's own best passage where that
	// holds half of what was asked and the others match all but as well.
	lean = 2
	// leansOn is the HistoryWeight from which the vector is made of the dialogue too.
	leansOn = .5
	// exchange and exchangeBytes are how many earlier messages that takes, from the last,
	// and how much of each.
	exchange      = 2
	exchangeBytes = 600
)

// What stands in findSQL for a message without history and for one with.
const (
	plainRanked = `SELECT x.passage_id, -(x.weights <#> (SELECT weights FROM query)) AS score, 0::float8 AS said
          FROM lexemes x
          WHERE x.dims && (SELECT dims FROM choosing)`
	dialogueRanked = `SELECT s.passage_id, s.own + s.earlier + l.factor * s.said AS score, s.earlier + l.factor * s.said AS said
          FROM scored s, leaning l`
	noLeaning       = `0::float8`
	dialogueLeaning = `(SELECT share FROM leaning)`
)

// recent are the earlier messages that are looked at.
func recent(history []knowledge.Said) []knowledge.Said {
	var out []knowledge.Said
	for _, h := range history[max(0, len(history)-lexical.MaxHistory):] {
		h.Text = clip(h.Text, maxText)
		out = append(out, h)
	}
	return out
}

// withDialogue is the text a vector is made of where a message leans on what was said:
// the last exchange and the message. It is empty without history.
func withDialogue(text string, history []knowledge.Said) string {
	if len(history) == 0 {
		return ""
	}
	var b strings.Builder
	for _, h := range history[max(0, len(history)-exchange):] {
		b.WriteString(clip(h.Text, exchangeBytes) + "\n")
	}
	return b.String() + text
}
