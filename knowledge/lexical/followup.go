package lexical

import (
	"math"

	"frontdesk/knowledge"
)

// How earlier messages take part in a query, in two ways. The customer's own always
// count a little: enough to tell which of two equal passages the talk is about. What
// both sides said counts beside the query, in Word.Said; how much of that is let in is
// for the ranking to say, which knows how well the message's own words do.
const (
	// MaxHistory is how many earlier messages are looked at, from the last.
	MaxHistory = 8
	// earlierWeight and earlierDecay are of a word of the customer's message before, and
	// per message of theirs further back.
	earlierWeight = .3
	earlierDecay  = .5
	// saidDecay is per message of either side: what was named last is what is talked
	// about, and a few polite turns do not make it forgotten.
	saidDecay = .8
)

// ParseDialogue is Parse for a message with what was said before it, oldest first.
// A word of the history counts where it was said last; a word of the message, a stop
// word and all but the last MaxHistory messages count nothing as history.
func ParseDialogue(text string, history []knowledge.Said) Query {
	q := Parse(text)
	own := map[int32]bool{}
	for _, w := range q.Words {
		for _, d := range w.Dims {
			own[d] = true
		}
	}
	at := map[int32]int{}
	ofCustomer := earlierWeight
	said := 1.
	for i := len(history) - 1; i >= max(0, len(history)-MaxHistory); i-- {
		for _, w := range Parse(history[i].Text).Words {
			if w.Weak || own[w.Dims[0]] {
				continue
			}
			j, known := at[w.Dims[0]]
			if !known {
				if len(q.Words) == MaxQueryWords {
					continue
				}
				j = len(q.Words)
				at[w.Dims[0]] = j
				w.Said, w.Weight, w.Earlier = said*math.Min(1, w.Weight), 0, true
				q.Words = append(q.Words, w)
			}
			if !history[i].Ours && q.Words[j].Weight == 0 {
				q.Words[j].Weight = ofCustomer
			}
		}
		said *= saidDecay
		if !history[i].Ours {
			ofCustomer *= earlierDecay
		}
	}
	return q
}

// Asked is the sum of the weights of q's own words.
func (q Query) Asked() float64 {
	sum := 0.
	for _, w := range q.Words {
		if !w.Earlier && !w.Joined {
			sum += w.Weight
		}
	}
	return sum
}
