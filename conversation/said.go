package conversation

import (
	"regexp"
	"slices"

	"frontdesk/knowledge"
)

// marks are the citations in an answer of ours.
var marks = regexp.MustCompile(`\s*\[\d{1,3}\]`)

// said is the dialogue as a search takes it in: what the customer, the bot and staff
// said, without marks of citation and without our set phrases, which are about nothing
// the customer could mean by "it".
func said(history []Message) []knowledge.Said {
	var out []knowledge.Said
	for _, m := range history {
		switch m.Author {
		case AuthorCustomer:
			out = append(out, knowledge.Said{Text: m.Text})
		case AuthorBot, AuthorStaff:
			if text := marks.ReplaceAllString(m.Text, ""); !setPhrase(text) {
				out = append(out, knowledge.Said{Text: text, Ours: true})
			}
		}
	}
	return out
}

// setPhrase reports whether text is one of those that every conversation may have.
func setPhrase(text string) bool {
	for _, t := range texts {
		if slices.Contains([]string{t.Greeting, t.Welcome, t.Unknown, t.Failed, t.Sorry, t.Queued}, text) {
			return true
		}
	}
	return false
}
