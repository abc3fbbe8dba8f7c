package slack

import (
	"fmt"
	"strings"
	"testing"

	"frontdesk/conversation"
)

func TestStaffSeeWhatTheCustomerMayChooseFromWithoutTheButtons(t *testing.T) {
	posts := deskPosts(conversation.Message{Author: conversation.AuthorBot, Name: "Assistant", Text: "Which one?", Options: []conversation.Option{{Text: "Red"}, {Text: "Blue"}}}, "")
	said := ""
	for _, p := range posts {
		said += p.whole()
		if p.ask != "" || len(p.offers) > 0 || strings.Contains(fmt.Sprint(p.blocks()), actionPerson) {
			t.Errorf("post %+v has buttons of the customer's, want none", p)
		}
	}
	if !strings.Contains(said, "Assistant") || !strings.Contains(said, "Red") || !strings.Contains(said, "Blue") {
		t.Errorf("staff see %q, want the choices", said)
	}
}
