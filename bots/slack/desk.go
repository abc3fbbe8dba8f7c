package slack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"frontdesk/bots"
	"frontdesk/conversation"

	"github.com/slack-go/slack"
)

// Desk takes what staff do in the staff channel.
type Desk interface {
	Said(ctx context.Context, v conversation.DeskVoice) (conversation.DeskReply, error)
	Edited(ctx context.Context, v conversation.DeskVoice) (conversation.DeskReply, error)
	Deleted(ctx context.Context, v conversation.DeskVoice) (conversation.DeskReply, error)
	// Press does what a button asks for and returns words for whoever pressed it.
	Press(ctx context.Context, v conversation.DeskVoice, a conversation.DeskAction, key string) (string, error)
}

// Buttons of the desk. That of an undo carries the key of what it takes back; the
// others nothing that is believed.
const (
	actionTake  = "frontdesk_take"
	actionBack  = "frontdesk_handback"
	actionClose = "frontdesk_close"
	actionUndo  = "frontdesk_undo"
)

var deskActions = map[string]conversation.DeskAction{
	actionTake: conversation.DeskTake, actionBack: conversation.DeskBack, actionClose: conversation.DeskClose, actionUndo: conversation.DeskUndo,
}

// threadGone are the codes for a thread, or a message, that somebody deleted.
var threadGone = []string{"thread_not_found", "channel_not_found", "message_not_found"}

// staffed reports whether a channel is the one where staff answer. Nothing in it is
// ever a customer's.
func (b *Bot) staffed(channel string) bool {
	return b.cfg.Desk != nil && b.cfg.StaffChannel != "" && channel == b.cfg.StaffChannel
}

// Place implements conversation.DeskPoster.
func (b *Bot) Place() (conversation.DeskPlace, bool) {
	me := b.me.Load()
	if me == nil || me.Team == "" {
		return conversation.DeskPlace{}, false
	}
	return conversation.DeskPlace{Account: me.Team, Chat: b.cfg.StaffChannel}, true
}

// Open implements conversation.DeskPoster: the thread is that of the brief, one
// message in the channel. Where an answer of Slack's was lost, the channel is asked
// whether it has the brief already.
func (b *Bot) Open(ctx context.Context, c conversation.DeskCase) (thread, root string, err error) {
	id, at := c.State.Conversation, place{channel: b.cfg.StaffChannel}
	key := "brief " + id
	p := b.progress.get(key)
	if p == nil {
		p = &sent{}
	}
	if p.unsure {
		d := conversation.Delivery{Message: conversation.Message{Conversation: id, At: b.now()}}
		if err := b.lookFor(ctx, at, d, p); err != nil {
			return "", "", sendError(err)
		}
	}
	ts := p.parts[0]
	if ts == "" {
		if err := b.pace.wait(ctx, at.channel); err != nil {
			return "", "", sendError(err)
		}
		mark := slack.SlackMetadata{EventType: markType, EventPayload: map[string]any{"conversation": id, "seq": 0, "part": 0}}
		_, ts, err = b.api.PostMessageContext(ctx, at.channel, append(brief(c), slack.MsgOptionMetadata(mark))...)
	}
	if err == nil && ts == "" {
		err = errors.New("slack: posted, but no id came back")
	}
	if err != nil {
		p.unsure = unsure(err)
		b.progress.keep(key, p)
		return "", "", sendError(err)
	}
	b.progress.forget(key)
	return ts, ts, nil
}

// Show implements conversation.DeskPoster.
func (b *Bot) Show(ctx context.Context, t conversation.DeskThread, c conversation.DeskCase) error {
	if err := b.pace.wait(ctx, t.Chat); err != nil {
		return sendError(err)
	}
	_, _, _, err := b.api.UpdateMessageContext(ctx, t.Chat, t.Root, brief(c)...)
	if is(err, []string{"cant_update_message", "edit_window_closed"}) {
		b.log.Warn("slack: a brief cannot be changed any more", "conversation", t.Conversation, "err", safe(err))
		return nil
	}
	return deskError(err)
}

// Post implements conversation.DeskPoster. As with deliveries, parts that were posted
// are not posted again, and after a call whose outcome is unknown the thread is asked.
func (b *Bot) Post(ctx context.Context, t conversation.DeskThread, m conversation.Message) error {
	key := fmt.Sprint("desk ", t.Thread, " ", m.Conversation, " ", m.Seq)
	p, lost := b.progress.get(key), false
	if p == nil {
		lost = t.Attempt > 1
		p = &sent{unsure: lost}
	}
	d, at, posts := conversation.Delivery{Message: m, Attempt: t.Attempt}, place{t.Chat, t.Thread}, deskPosts(m, t.Link)
	err := b.deskPost(ctx, t, at, d, posts, p, lost)
	if err != nil {
		b.progress.keep(key, p)
		return deskError(err)
	}
	b.progress.forget(key)
	return nil
}

// deskPost posts a message and its files. Where the text was posted by a process that
// is gone, what came of the files is not known and they are left out: the text leads
// to them.
func (b *Bot) deskPost(ctx context.Context, t conversation.DeskThread, at place, d conversation.Delivery, posts []post, p *sent, lost bool) error {
	if p.unsure {
		if err := b.lookFor(ctx, at, d, p); err != nil {
			return err
		}
	}
	if lost && len(p.parts) >= len(posts) {
		return nil
	}
	if _, err := b.deliverPosts(ctx, at, d, posts, p); err != nil {
		return err
	}
	return b.deskFiles(ctx, t, d.Message, len(posts), p)
}

// Tell implements conversation.DeskPoster.
func (b *Bot) Tell(ctx context.Context, t conversation.DeskThread, words string) error {
	return deskError(b.say(ctx, place{t.Chat, t.Thread}, ":warning: "+words))
}

func deskError(err error) error {
	switch {
	case err == nil:
		return nil
	case is(err, threadGone):
		return fmt.Errorf("%w: %w", conversation.ErrDeskGone, sendError(err))
	}
	return sendError(err)
}

// leads stand before the name of whoever a message is from.
var leads = map[conversation.Author]string{
	conversation.AuthorCustomer: ":bust_in_silhouette:", conversation.AuthorBot: ":robot_face:",
	conversation.AuthorStaff: ":speech_balloon:", conversation.AuthorSystem: ":information_source:",
}

// deskPosts makes what a message of the conversation is to staff. What people wrote
// stands as they wrote it: no customer's words become a link with another name.
func deskPosts(m conversation.Message, address string) []post {
	var posts []post
	if len(m.Options) > 0 && !m.AsksScore() { // the customer's buttons, as text
		m.Text, m.Options = m.Text+"\n\n"+conversation.Listed(m.Options), nil
	}
	if m.Author == conversation.AuthorBot {
		posts = compose(m)
		posts[len(posts)-1].ask = ""
	} else {
		for _, part := range bots.Split(m.Text, splitAt, escaped) {
			var lines []line
			for raw := range strings.Lines(part) {
				lines = append(lines, line{tokens: letters(strings.TrimRight(raw, "\r\n"))})
			}
			for _, text := range sections(lines, maxSection) {
				posts = append(posts, post{texts: []string{text}})
			}
		}
	}
	if posts = withFiles(posts, m, address); len(posts) == 0 {
		posts = []post{{texts: []string{"…"}}}
	}
	name, icon := m.Name, leads[m.Author]
	switch {
	case m.Note:
		icon, name = ":lock:", "Note by "+or(m.Name, "staff")
	case m.Author == conversation.AuthorCustomer:
		name = or(name, "Customer")
	case m.Author == conversation.AuthorSystem:
		name = "To the customer"
	}
	posts[0].lead = icon + " *" + escape(or(name, string(m.Author))) + "*"
	return posts
}

// brief is the message that heads a case's thread.
func brief(c conversation.DeskCase) []slack.MsgOption {
	text := func(s string) *slack.TextBlockObject {
		return &slack.TextBlockObject{Type: slack.MarkdownType, Text: s, Verbatim: true}
	}
	head := "*" + escape(c.Who()) + "* · " + escape(c.Status())
	if c.Link != "" {
		head += " · " + strings.Join(link("Open in the console", c.Link), "")
	}
	var rows []line
	for _, l := range c.Lines() {
		rows = append(rows, line{tokens: append([]string{"*" + l.Label + ":* "}, letters(l.Text)...)})
	}
	blocks := []slack.Block{slack.NewSectionBlock(text(head), nil, nil)}
	for _, s := range sections(rows, maxSection) {
		blocks = append(blocks, slack.NewSectionBlock(text(s), nil, nil))
	}
	blocks = append(blocks, slack.NewActionBlock("", deskButtons(c.State)...))
	return []slack.MsgOption{
		slack.MsgOptionParse(false), slack.MsgOptionLinkNames(false), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
		slack.MsgOptionText(escape(c.Title()+" · "+c.Status()), false), slack.MsgOptionBlocks(blocks...),
	}
}

// deskButtons are those that make sense as the case stands.
func deskButtons(st conversation.State) []slack.BlockElement {
	button := func(action, label string) slack.BlockElement {
		return slack.NewButtonBlockElement(action, st.Conversation, slack.NewTextBlockObject(slack.PlainTextType, label, false, false))
	}
	var out []slack.BlockElement
	closed := st.Status == conversation.StatusResolved
	if closed || st.Owner != conversation.OwnerStaff {
		out = append(out, button(actionTake, "Take"))
	}
	if !closed && st.Owner != conversation.OwnerBot {
		out = append(out, button(actionBack, "Hand back"))
	}
	if !closed {
		out = append(out, button(actionClose, "Close"))
	}
	return out
}

// checkStaff asks Slack whether the bot is in the staff channel: only then it may read
// it.
func checkStaff(ctx context.Context, api *slack.Client, channel, name string) Finding {
	_, err := api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: channel, Limit: 1})
	switch {
	case err == nil:
		return Finding{true, "staff answer in " + channel, ""}
	case is(err, []string{"channel_not_found", "not_in_channel"}):
		return Finding{false, "@" + name + " is not in the staff channel " + channel,
			"Write /invite @" + name + " there. SLACK_STAFF_CHANNEL is the channel's id, at the foot of its details."}
	}
	return Finding{false, "the staff channel " + channel + " cannot be read: " + strings.TrimPrefix(safe(err).Error(), "slack: "), ""}
}
