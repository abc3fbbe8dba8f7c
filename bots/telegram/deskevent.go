package telegram

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot"

	"frontdesk/conversation"
)

// Desk takes what staff do in the staff chat.
type Desk interface {
	Said(ctx context.Context, v conversation.DeskVoice) (conversation.DeskReply, error)
	Edited(ctx context.Context, v conversation.DeskVoice) (conversation.DeskReply, error)
	// Noticed keeps where the button that takes a message back is shown, and reports
	// false when that should go.
	Noticed(ctx context.Context, key, notice string) (bool, error)
	// Press does what a button asks for and returns words for whoever pressed it.
	Press(ctx context.Context, v conversation.DeskVoice, a conversation.DeskAction, key string) (string, error)
}

// deskPress begins what the desk's buttons send back; undo's has a key behind it.
const deskPress = "desk:"

// deskCommands do the same in words.
var deskCommands = map[string]conversation.DeskAction{
	"take": conversation.DeskTake, "handback": conversation.DeskBack, "close": conversation.DeskClose,
}

// Words to staff that are this platform's own.
const (
	notSent     = "Not sent."
	noFilesYet  = "Files are not sent to the customer from here."
	noAnonymous = "Nothing was sent: I can't tell who an anonymous admin is. Switch off anonymity to answer."
	noCommand   = "I don't know this command. Nothing was sent. There are /take, /handback and /close."
	noThread    = "I can't tell which conversation this is for. Reply to the message that heads it."
)

const (
	// maxAlert bounds the answer to a button, in characters
	// (core.telegram.org/bots/api#answercallbackquery).
	maxAlert = 200
	// fresh is how long after a message its change may be the first that is heard of it.
	fresh = time.Minute
)

// staffed reports whether a chat is the one where staff answer. Nothing in it is ever
// a customer's.
func (b *Bot) staffed(c chat) bool {
	return b.cfg.Desk != nil && c.ID != 0 && c.ID == b.staffChat.Load()
}

// staffUpdate deals with what an update tells of the staff chat, and reports whether
// it was about that.
func (b *Bot) staffUpdate(ctx context.Context, u *update) (bool, error) {
	switch {
	case u.Message != nil && b.staffed(u.Message.Chat):
		return true, b.staffMessage(ctx, u.Message)
	case u.Edited != nil && b.staffed(u.Edited.Chat):
		return true, b.staffEdit(ctx, u.Edited)
	case u.Callback != nil && u.Callback.Message != nil && b.staffed(u.Callback.Message.Chat):
		return true, b.staffCallback(ctx, u.Callback)
	}
	return false, nil
}

// staffVoice is what a message in the staff chat says to the desk. It reports false
// for what no member of staff wrote in a thread: bots, the platform itself, talk
// beside the threads.
func (b *Bot) staffVoice(m *message) (conversation.DeskVoice, bool) {
	text, _ := written(m)
	thread := b.staffThread(m)
	if m.From == nil || m.AutomaticForward || m.From.IsBot && m.SenderChat == nil || thread == "" || text == "" && !m.media() {
		return conversation.DeskVoice{}, false
	}
	chat := strconv.FormatInt(m.Chat.ID, 10)
	v := conversation.DeskVoice{
		Channel: Channel, DeskPlace: conversation.DeskPlace{Account: b.account, Chat: chat}, Thread: thread,
		Sender: strconv.FormatInt(m.From.ID, 10), ID: chat + ":" + strconv.Itoa(m.ID), Text: text,
		Fresh: m.EditDate != 0 && time.Duration(m.EditDate-m.Date)*time.Second < fresh,
	}
	if m.SenderChat != nil {
		v.Sender = "" // who is behind a chat's name nobody tells
	}
	return v, true
}

// staffThread is the thread of a message: its topic, the message that the replies hang
// below, or that of the post it replies to.
func (b *Bot) staffThread(m *message) string {
	switch {
	case m.TopicID != 0:
		return strconv.Itoa(m.TopicID)
	case m.ReplyTo == nil:
		return ""
	}
	if thread, known := b.desk.posts.get(m.ReplyTo.ID); known {
		return thread
	}
	return strconv.Itoa(m.ReplyTo.ID)
}

func (b *Bot) staffMessage(ctx context.Context, m *message) error {
	if m.MigrateTo != 0 {
		b.staffMoved(m.Chat.ID, m.MigrateTo)
		return nil
	}
	v, ok := b.staffVoice(m)
	if !ok {
		b.cfg.Observe("staff_ignored")
		return nil
	}
	name, _, toOther := command(m, b.me.Load())
	action, known := deskCommands[name]
	switch {
	case toOther:
		b.cfg.Observe("staff_ignored")
		return nil
	case known:
		words, err := b.cfg.Desk.Press(ctx, v, action, "")
		if err != nil {
			return fmt.Errorf("do a command of staff: %w", err)
		}
		b.tellStaff(m, conversation.DeskReply{Words: words})
		return nil
	case name != "" && name[0] != '/': // two slashes begin a note
		b.tellStaff(m, conversation.DeskReply{Words: noCommand})
		return nil
	}
	r, err := b.cfg.Desk.Said(ctx, v)
	if err != nil {
		return fmt.Errorf("take what staff wrote, %s: %w", v.ID, err)
	}
	switch {
	case r.Elsewhere && !m.IsTopic && b.repliesToUs(m):
		r.Words = noThread
	case r.Elsewhere:
		b.cfg.Observe("staff_ignored")
		return nil
	case v.Sender == "":
		r.Words = noAnonymous
	case m.media():
		r.Words = noFilesYet + " " + r.Words
	}
	b.cfg.Observe("staff")
	b.tellStaff(m, r)
	return nil
}

func (b *Bot) repliesToUs(m *message) bool {
	me := b.me.Load()
	return me != nil && m.ReplyTo != nil && m.ReplyTo.From != nil && m.ReplyTo.From.ID == me.ID
}

func (b *Bot) staffEdit(ctx context.Context, m *message) error {
	v, ok := b.staffVoice(m)
	if name, _, _ := command(m, b.me.Load()); !ok || v.Sender == "" || name != "" && name[0] != '/' {
		b.cfg.Observe("staff_ignored")
		return nil
	}
	r, err := b.cfg.Desk.Edited(ctx, v)
	if err != nil {
		return fmt.Errorf("take what staff changed, %s: %w", v.ID, err)
	}
	b.cfg.Observe("staff_edited")
	b.tellStaff(m, r)
	return nil
}

// tellStaff answers a message of staff, with a button where what they wrote can be
// taken back. Only the group can be told: Telegram knows no words for one person.
func (b *Bot) tellStaff(m *message, r conversation.DeskReply) {
	if r.Words == "" {
		return
	}
	at := spot{chat: m.Chat.ID, replyTo: m.ID}
	if m.IsTopic {
		at.topic = m.TopicID
	}
	p := piece{rich: escape(r.Words), plain: r.Words}
	if r.Undo != "" {
		p.buttons = &keyboard{[][]key{{{"Undo", deskPress + string(conversation.DeskUndo) + ":" + r.Undo}}}}
	}
	b.later(func(ctx context.Context) {
		id, err := b.deskSend(ctx, at, p)
		if err != nil {
			b.log.Info("telegram: a member of staff was not told what came of their message", "err", b.api.scrub(err))
			return
		}
		if r.Undo == "" || id == 0 {
			return
		}
		kept, err := b.cfg.Desk.Noticed(ctx, r.Undo, strconv.Itoa(id))
		if err != nil {
			b.log.Warn("telegram undo button not noted", "err", err)
		} else if !kept {
			if _, err := b.api.DeleteMessage(ctx, &bot.DeleteMessageParams{ChatID: at.chat, MessageID: id}); err != nil {
				b.log.Debug("telegram undo button not taken away", "err", b.api.scrub(err))
			}
		}
	})
}

// staffCallback does what a button in the staff chat asks for, for whoever the update
// says has pressed it and in the thread where it stands.
func (b *Bot) staffCallback(ctx context.Context, q *callbackQuery) error {
	action, key, _ := strings.Cut(strings.TrimPrefix(q.Data, deskPress), ":")
	thread := b.staffThread(q.Message)
	if q.Message.TopicID == 0 {
		thread = strconv.Itoa(q.Message.ID) // the brief itself
	}
	v := conversation.DeskVoice{
		Channel: Channel, DeskPlace: conversation.DeskPlace{Account: b.account, Chat: strconv.FormatInt(q.Message.Chat.ID, 10)},
		Thread: thread, Sender: strconv.FormatInt(q.From.ID, 10),
	}
	words, err := b.cfg.Desk.Press(ctx, v, conversation.DeskAction(action), key)
	if err != nil {
		return fmt.Errorf("act on a button of staff: %w", err)
	}
	b.cfg.Observe("staff_button")
	if rs := []rune(words); len(rs) > maxAlert {
		words = string(rs[:maxAlert-1]) + "…"
	}
	b.later(func(ctx context.Context) {
		_, err := b.api.AnswerCallbackQuery(ctx, &bot.AnswerCallbackQueryParams{CallbackQueryID: q.ID, Text: words, ShowAlert: true})
		if err != nil {
			b.log.Debug("telegram button not answered", "err", b.api.scrub(err))
		}
	})
	return nil
}
