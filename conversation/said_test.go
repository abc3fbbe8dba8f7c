package conversation

import (
	"reflect"
	"testing"

	"frontdesk/knowledge"
)

func TestASearchIsToldWhatBothSidesSaidAndNoSetPhrases(t *testing.T) {
	got := said([]Message{
		{Author: AuthorBot, Text: TextsFor("de").Greeting},
		{Author: AuthorCustomer, Text: "where can I stay?"},
		{Author: AuthorBot, Text: "At the Seaside Inn [1], or the Grant Hotel [2][3]."},
		{Author: AuthorSystem, Text: "Ana joined the chat."},
		{Author: AuthorCustomer, Text: "xyzzy [1]"},
		{Author: AuthorBot, Text: TextsFor("en").Unknown},
		{Author: AuthorStaff, Text: "The inn is nicer."},
	})
	want := []knowledge.Said{
		{Text: "where can I stay?"},
		{Text: "At the Seaside Inn, or the Grant Hotel.", Ours: true},
		{Text: "xyzzy [1]"},
		{Text: "The inn is nicer.", Ours: true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("said() = %+v, want %+v", got, want)
	}
}
