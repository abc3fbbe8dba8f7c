package telegram

import (
	"testing"

	"frontdesk/conversation"
)

func TestWhatClosesAConversationAsksForAScore(t *testing.T) {
	m := conversation.Message{Conversation: fakeID, Seq: 1<<63 - 1, Author: conversation.AuthorSystem, Text: "Closed. Rate it."}
	for _, n := range []string{"1", "2", "3", "4", "5"} {
		m.Options = append(m.Options, conversation.Option{Text: n, Value: "score"})
	}
	parts := compose(m, "")
	if len(parts) != 1 || parts[0].buttons == nil || len(parts[0].buttons.Rows) != 1 || len(parts[0].buttons.Rows[0]) != conversation.MostScore {
		t.Fatalf("compose = %+v, want one row of five buttons", parts)
	}
	const most = 64 // core.telegram.org/bots/api#inlinekeyboardbutton
	for i, k := range parts[0].buttons.Rows[0] {
		action, id, seq, ok := parsePress(k.Data)
		score, is := scoreOf(action)
		if len(k.Data) > most || !ok || !is || score != i+1 || id != fakeID[:shortID] || seq != m.Seq {
			t.Errorf("button %d = %+v, want score %d in at most %d bytes", i, k, i+1, most)
		}
	}
	staff := deskPieces(m, "")
	for _, p := range staff {
		if p.buttons != nil {
			t.Errorf("staff see %+v, want no buttons", p)
		}
	}
	m.Options = nil
	if parts := compose(m, ""); parts[0].buttons != nil {
		t.Errorf("compose = %+v, want no buttons where nothing is asked", parts)
	}
}
