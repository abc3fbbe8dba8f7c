package slack

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"frontdesk/conversation"

	"github.com/slack-go/slack"
)

// withFiles adds to a message's posts what files came with it and what was found in
// them. That stands whether or not the files themselves can be put below.
func withFiles(posts []post, m conversation.Message, address string) []post {
	var rows []line
	for _, f := range conversation.DeskFiles(m) {
		rows = append(rows, line{tokens: append([]string{":paperclip: "}, letters(f.Line)...)})
		if f.Said != "" {
			rows = append(rows, line{tokens: append([]string{"&gt; "}, letters(f.Said)...)})
		}
	}
	if len(rows) == 0 {
		return posts
	}
	if address != "" {
		rows = append(rows, line{tokens: link("Open in the console", address)})
	}
	for _, text := range sections(rows, maxSection) {
		last := len(posts) - 1
		if last >= 0 && units(posts[last].whole())+units(text) < maxMessage/2 {
			posts[last].texts = append(posts[last].texts, text)
			continue
		}
		posts = append(posts, post{texts: []string{text}})
	}
	return posts
}

// shared stands for a file that is in the thread, or never will be.
const shared = "file"

// deskFiles puts a message's files below its text, each once. One that Slack does not
// take is left at its line: it never keeps the thread from going on. Only being asked
// to wait does, for that long.
func (b *Bot) deskFiles(ctx context.Context, t conversation.DeskThread, m conversation.Message, texts int, p *sent) error {
	for i, a := range m.Attachments {
		if p.parts[texts+i] != "" {
			continue
		}
		f, err := b.engine.Forward(ctx, m.Conversation, a.ID)
		if err == nil {
			err = b.upload(ctx, place{t.Chat, t.Thread}, f)
		}
		switch {
		case wait(err) > 0:
			return err
		case errors.Is(err, conversation.ErrNoFile):
		case err != nil:
			b.cfg.Count("staff_file_failed")
			b.log.Info("slack: a file was not put before staff; the console has it", "conversation", m.Conversation, "file", a.ID, "err", safe(err))
		}
		p.parts[texts+i] = shared
	}
	return nil
}

// upload shares a file in a thread.
func (b *Bot) upload(ctx context.Context, at place, f conversation.File) error {
	if err := b.pace.wait(ctx, at.channel); err != nil {
		return err
	}
	name := or(strings.TrimSpace(f.Name), "file")
	_, err := b.api.UploadFileContext(ctx, slack.UploadFileParameters{
		Filename: name, Title: name, FileSize: len(f.Content), Reader: bytes.NewReader(f.Content), Channel: at.channel, ThreadTimestamp: at.thread,
	})
	return err
}
