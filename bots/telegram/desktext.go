package telegram

import (
	"strings"

	"frontdesk/bots"
	"frontdesk/conversation"
)

// maxTopicName bounds a topic's name, in characters
// (core.telegram.org/bots/api#createforumtopic).
const maxTopicName = 128

// topicName names a case's topic.
func topicName(c conversation.DeskCase) string {
	name := []rune(c.Title())
	return string(name[:min(len(name), maxTopicName)])
}

// leads stand before the name of whoever a message is from.
var leads = map[conversation.Author]string{
	conversation.AuthorCustomer: "👤 ", conversation.AuthorBot: "🤖 ", conversation.AuthorStaff: "💬 ", conversation.AuthorSystem: "ℹ️ ",
}

// deskPieces are what a message of the conversation is to staff, under the name of
// whoever wrote it.
func deskPieces(m conversation.Message, link string) []piece {
	lead, name := leads[m.Author], m.Name
	switch {
	case m.Note && name != "":
		lead, name = "🔒 ", "Note by "+name
	case m.Note:
		lead, name = "🔒 ", "Note"
	case m.Author == conversation.AuthorSystem:
		name = "To the customer"
	case name == "":
		name = strings.ToUpper(string(m.Author[:1])) + string(m.Author[1:])
	}
	name = lead + name
	if len(m.Options) > 0 && !m.AsksScore() { // the customer's buttons, as text
		m.Text, m.Options = m.Text+"\n\n"+conversation.Listed(m.Options), nil
	}
	var out []piece
	if m.Author == conversation.AuthorBot {
		out = compose(m, defaultLanguage)
		out[len(out)-1].buttons = nil
	} else {
		for _, part := range bots.Split(m.Text, maxUnits-units(name)-1, bots.UTF16) {
			out = append(out, piece{rich: escape(part), plain: part})
		}
	}
	out = withFiles(out, m, link)
	head := piece{rich: "<b>" + escape(name) + "</b>", plain: name}
	if len(out) == 0 || units(out[0].plain)+units(name)+1 > maxUnits {
		return append([]piece{head}, out...)
	}
	out[0].rich, out[0].plain = head.rich+"\n"+out[0].rich, head.plain+"\n"+out[0].plain
	return out
}

// brief is the message that heads a case's thread.
func brief(c conversation.DeskCase) piece {
	rich, plain := "<b>"+escape(c.Who())+"</b> · "+escape(c.Status()), c.Who()+" · "+c.Status()
	for _, l := range c.Lines() {
		rich += "\n<b>" + l.Label + ":</b> " + escape(l.Text)
		plain += "\n" + l.Label + ": " + l.Text
	}
	if c.Link != "" {
		w := &writer{}
		w.link(c.Link, func() { w.escape("Open in the console") })
		rich, plain = rich+"\n"+w.out.String(), plain+"\n"+c.Link
	}
	return piece{rich, plain, deskButtons(c.State)}
}

// deskButtons are those that make sense as the case stands.
func deskButtons(st conversation.State) *keyboard {
	var row []key
	closed := st.Status == conversation.StatusResolved
	if closed || st.Owner != conversation.OwnerStaff {
		row = append(row, key{"Take", deskPress + string(conversation.DeskTake)})
	}
	if !closed && st.Owner != conversation.OwnerBot {
		row = append(row, key{"Hand back", deskPress + string(conversation.DeskBack)})
	}
	if !closed {
		row = append(row, key{"Close", deskPress + string(conversation.DeskClose)})
	}
	return &keyboard{[][]key{row}}
}
