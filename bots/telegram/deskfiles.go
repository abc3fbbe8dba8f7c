package telegram

import (
	"context"
	"errors"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"frontdesk/conversation"
)

// withFiles adds to a message's pieces what files came with it and what was found in
// them. That stands whether or not the files themselves can be put below.
func withFiles(out []piece, m conversation.Message, link string) []piece {
	add := func(p piece) {
		last := len(out) - 1
		if last < 0 || out[last].buttons != nil || units(out[last].plain)+1+units(p.plain) > maxUnits/2 {
			out = append(out, p)
			return
		}
		out[last].rich, out[last].plain = out[last].rich+"\n"+p.rich, out[last].plain+"\n"+p.plain
	}
	for _, f := range conversation.DeskFiles(m) {
		p := piece{rich: "📎 " + escape(f.Line), plain: "📎 " + f.Line}
		if f.Said != "" {
			p.rich, p.plain = p.rich+"\n<blockquote>"+escape(f.Said)+"</blockquote>", p.plain+"\n“"+f.Said+"”"
		}
		add(p)
	}
	if len(m.Attachments) > 0 && link != "" {
		w := &writer{}
		w.link(link, func() { w.escape("Open in the console") })
		add(piece{rich: w.out.String(), plain: link})
	}
	return out
}

// deskFiles puts a message's files below its text, after the parts that stand there.
// One that Telegram does not take is left at its line: it never keeps the thread from
// going on. Only being asked to wait does, for that long.
func (b *Bot) deskFiles(ctx context.Context, t conversation.DeskThread, name string, texts int, m conversation.Message) error {
	at, err := spotOf(t)
	if err != nil {
		return err
	}
	key := t.Thread + " " + name
	for i, a := range m.Attachments {
		done, _ := b.desk.done.get(key)
		if done.parts > texts+i {
			continue
		}
		f, err := b.cfg.Engine.Forward(ctx, m.Conversation, a.ID)
		if err == nil {
			err = b.deskUpload(ctx, at, t.Thread, f)
		}
		var (
			soon *tooSoon
			busy *bot.TooManyRequestsError
		)
		switch {
		case errors.As(err, &soon), errors.As(err, &busy):
			return b.deskError(at.chat, err)
		case errors.Is(err, conversation.ErrNoFile):
		case err != nil:
			b.cfg.Observe("staff_file_failed")
			b.log.Info("telegram: a file was not put before staff; the console has it", "conversation", m.Conversation, "file", a.ID, "err", b.api.scrub(err))
		}
		b.desk.done.put(key, progress{parts: texts + i + 1})
	}
	return nil
}

// deskUpload sends one file to a thread: what can be looked at or listened to in
// place as such, and all else to be saved.
func (b *Bot) deskUpload(ctx context.Context, at spot, thread string, f conversation.File) error {
	if err := b.limits.wait(ctx, at.chat); err != nil {
		return err
	}
	var reply *models.ReplyParameters
	if at.replyTo != 0 {
		reply = &models.ReplyParameters{MessageID: at.replyTo}
	}
	sent, err := b.putFile(ctx, at, "", reply, f, false)
	if err != nil && !taken(err) {
		return err
	}
	if sent != nil && sent.ID != 0 && at.topic == 0 {
		b.desk.posts.put(sent.ID, thread) // replies to it belong there too
	}
	return nil
}
