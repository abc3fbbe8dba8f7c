package slack

import (
	"strings"
	"testing"

	"frontdesk/conversation"
)

// BenchmarkCompose lays out the longest answer there can be, worst cases first.
func BenchmarkCompose(b *testing.B) {
	for name, piece := range map[string]string{
		"words": "word & more ", "stars": "**a *b ", "brackets": "[a](", "ticks": "`a ``b", "code": "```\nx\n", "links": "[label](https://a.example/x) ",
	} {
		m := conversation.Message{Author: conversation.AuthorBot, Text: strings.Repeat(piece, conversation.MaxTextRunes/len(piece))}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				compose(m)
			}
		})
	}
}
