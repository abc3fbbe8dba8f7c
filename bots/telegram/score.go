package telegram

import (
	"strconv"
	"strings"

	"frontdesk/conversation"
)

// pressScore begins the action of a button that rates what is over; the score follows.
const pressScore = "score"

// Answers to presses that did nothing, beside the empty one for a button that is none
// any more.
const (
	pressOthers = "others" // it was another's to press
	pressLate   = "late"
)

// scores is one row with a button for each score, the worst first.
func scores(m conversation.Message) *keyboard {
	row := make([]key, conversation.MostScore)
	for i := range row {
		n := strconv.Itoa(i + 1)
		row[i] = key{n + " ★", pressData(pressScore+n, m.Conversation, m.Seq)}
	}
	return &keyboard{[][]key{row}}
}

// scoreOf reads which score a button's action stands for.
func scoreOf(action string) (int, bool) {
	score, ok := strings.CutPrefix(action, pressScore)
	n, err := strconv.Atoi(score)
	return n, ok && err == nil && n >= 1 && n <= conversation.MostScore
}

// stars show a score as it was taken.
func stars(n int) string {
	return strings.Repeat("★", n) + strings.Repeat("☆", conversation.MostScore-n)
}
