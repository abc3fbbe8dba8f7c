package slack

import (
	"fmt"
	"strconv"
	"strings"

	"frontdesk/bots"
	"frontdesk/conversation"

	"github.com/slack-go/slack"
)

// post is one message as Slack is given it. A long text becomes several.
type post struct {
	texts []string // one section each
	lead  string   // who speaks, where that is a person
	below string   // sources
	ask   string   // label of the button for a person; empty: no buttons
	seq   int64

	offers []conversation.Option // a button each, above the others
	scores bool                  // a button for each score, and no others
}

// compose makes the messages that a delivery becomes: at least one, of at most
// maxMessage units each. What belongs below the text goes under the last one.
func compose(m conversation.Message) []post {
	w := wordsFor(m.Text)
	var all []string
	for _, part := range bots.Split(m.Text, splitAt, escaped) {
		all = append(all, sections(markdown(part), maxSection)...)
	}
	if len(all) == 0 {
		all = []string{"…"}
	}
	var posts []post
	size := 0
	for _, text := range all {
		n := units(text)
		if last := len(posts) - 1; last < 0 || size+n > maxMessage || len(posts[last].texts) >= maxSections {
			posts = append(posts, post{seq: m.Seq})
			size = 0
		}
		last := &posts[len(posts)-1]
		last.texts = append(last.texts, text)
		size += n
	}
	if m.Author == conversation.AuthorStaff && m.Name != "" {
		posts[0].lead = "*" + escape(m.Name) + "*"
	}
	if m.Author == conversation.AuthorBot {
		last := &posts[len(posts)-1]
		last.below = sources(m.Sources, w)
		last.ask = w.Person
		last.offers = m.Options
	}
	posts[len(posts)-1].scores = m.AsksScore()
	return posts
}

// sources lists what an answer rests on, in at most maxContext units.
func sources(list []conversation.Source, w words) string {
	if len(list) == 0 {
		return ""
	}
	out := "*" + w.Sources + "*"
	for i, s := range list {
		if i == maxSourceLines {
			break
		}
		title := strings.Join(link(or(s.Title, s.URL), s.URL), "")
		if s.URL == "" {
			title = escape(s.Title)
		}
		row := fmt.Sprintf("\n[%d] %s", s.N, title)
		if s.Heading != "" && s.Heading != s.Title {
			row += " › " + escape(s.Heading)
		}
		if s.Page > 0 {
			row += ", p. " + strconv.Itoa(s.Page)
		}
		if units(out)+units(row) > maxContext {
			break
		}
		out += row
	}
	return out
}

// fallback is the text for notifications and for servers that show no blocks.
func (p post) fallback() string {
	text := p.texts[0]
	if p.lead != "" {
		text = p.lead + ": " + text
	}
	if units(text) > maxFallback {
		text = p.texts[0]
	}
	return text
}

// whole is all of the post without blocks.
func (p post) whole() string {
	parts := p.texts
	if p.lead != "" {
		parts = append([]string{p.lead}, parts...)
	}
	if p.below != "" {
		parts = append(parts[:len(parts):len(parts)], p.below)
	}
	if len(p.offers) > 0 {
		parts = append(parts[:len(parts):len(parts)], escape(conversation.Listed(p.offers)))
	}
	return strings.Join(parts, "\n")
}

// blocks lays the post out. Verbatim keeps Slack from finding names to call in
// words that only look like them.
func (p post) blocks() []slack.Block {
	text := func(s string) *slack.TextBlockObject {
		return &slack.TextBlockObject{Type: slack.MarkdownType, Text: s, Verbatim: true}
	}
	var out []slack.Block
	if p.lead != "" {
		out = append(out, slack.NewContextBlock("", text(p.lead)))
	}
	for _, t := range p.texts {
		out = append(out, slack.NewSectionBlock(text(t), nil, nil))
	}
	if p.below != "" {
		out = append(out, slack.NewContextBlock("", text(p.below)))
	}
	if len(p.offers) > 0 {
		out = append(out, p.choices())
	}
	if p.scores {
		out = append(out, p.rating())
	}
	if p.ask != "" {
		button := func(action, label string) *slack.ButtonBlockElement {
			return slack.NewButtonBlockElement(action, strconv.FormatInt(p.seq, 10), slack.NewTextBlockObject(slack.PlainTextType, label, true, false))
		}
		if len(p.offers) > 0 { // a question of ours, which is not judged
			return append(out, slack.NewActionBlock("", button(actionPerson, p.ask)))
		}
		out = append(out, slack.NewActionBlock("", button(actionHelpful, "👍"), button(actionUnhelpful, "👎"), button(actionPerson, p.ask)))
	}
	return out
}

// options are the arguments of the call that posts or changes the message.
func (p post) options(mark *slack.SlackMetadata, withBlocks bool) []slack.MsgOption {
	opts := []slack.MsgOption{
		slack.MsgOptionParse(false), slack.MsgOptionLinkNames(false),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
	if mark != nil {
		opts = append(opts, slack.MsgOptionMetadata(*mark))
	}
	if !withBlocks {
		return append(opts, slack.MsgOptionText(p.whole(), false))
	}
	return append(opts, slack.MsgOptionText(p.fallback(), false), slack.MsgOptionBlocks(p.blocks()...))
}
