package telegram

import (
	"testing"

	"frontdesk/conversation"
)

func TestOptionsAreRowsOfTheKeyboard(t *testing.T) {
	m := conversation.Message{
		Conversation: fakeID, Seq: 1<<63 - 1, Author: conversation.AuthorBot, Text: "Which of these do you mean?",
		Options: []conversation.Option{{Text: "Returns", Value: "p1"}, {Text: "Refunds", Value: "p2"}, {Text: "Exchanges", Value: "p3"}, {Text: "Something else"}},
	}
	parts := compose(m, "en")
	rows := parts[len(parts)-1].buttons.Rows
	if len(rows) != 5 || rows[3][0].Text != "Something else" || rows[4][0].Text != textsFor("en").Person {
		t.Fatalf("keyboard = %v, want a row for each option, then the person", rows)
	}
	const most = 64 // core.telegram.org/bots/api#inlinekeyboardbutton
	for i, row := range rows[:4] {
		action, id, seq, ok := parsePress(row[0].Data)
		option, is := optionOf(action)
		if len(row) != 1 || len(row[0].Data) > most || !ok || !is || option != i || id != fakeID[:shortID] || seq != m.Seq {
			t.Errorf("row %d = %v, want one button of at most %d bytes that stands for option %d", i, row, most, i)
		}
	}
}
