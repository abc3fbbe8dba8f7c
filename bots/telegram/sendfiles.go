package telegram

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"frontdesk/conversation"
)

// sendFile sends one of a reply's files and returns the message's id: what can be looked
// at or listened to in place as such, and to be saved where Telegram wants it no other way.
// A bot may send 50 MB (core.telegram.org/bots/api#sending-files), more than a reply may have.
func (b *Bot) sendFile(ctx context.Context, at *address, conversationID string, a conversation.Attachment) (id int, err error) {
	f, err := b.cfg.Engine.OpenFile(ctx, conversationID, a.ID)
	if err == nil && f.Content == nil {
		err = conversation.ErrNoFile
	}
	if err != nil {
		return 0, err
	}
	plain := false
	for range attempts {
		if err := b.limits.wait(ctx, at.chat); err != nil {
			return 0, err
		}
		var sent *models.Message
		if sent, err = b.putFile(ctx, spot{chat: at.chat, topic: at.topic}, at.business, nil, f, plain); err == nil || taken(err) {
			if sent == nil {
				return 0, nil
			}
			return sent.ID, nil
		}
		var migrated *bot.MigrateError
		switch {
		case errors.As(err, &migrated):
			to := int64(migrated.MigrateToChatID)
			if err := b.moved(ctx, at.chat, to); err != nil {
				return 0, err
			}
			at.chat = to
		case errors.Is(err, bot.ErrorBadRequest) && at.topic != 0 && topicGone(err):
			at.topic = 0
		case errors.Is(err, bot.ErrorBadRequest) && !plain && !chatGone(err):
			plain = true // a picture too long and narrow, or somebody who takes no voice messages
			b.cfg.Observe("sent_as_document")
		default:
			return 0, err
		}
	}
	return 0, err
}

// putFile sends a file to a chat, with plain as one to be saved.
func (b *Bot) putFile(ctx context.Context, at spot, business string, reply *models.ReplyParameters, f conversation.File, plain bool) (*models.Message, error) {
	name := f.Name
	if name == "" {
		name = "file"
	}
	file := &models.InputFileUpload{Filename: name, Data: bytes.NewReader(f.Content)}
	switch {
	case plain:
	case f.Kind == conversation.FileImage && f.Inline(): // encoded by us, and small
		return b.api.SendPhoto(ctx, &bot.SendPhotoParams{ChatID: at.chat, MessageThreadID: at.topic, BusinessConnectionID: business, ReplyParameters: reply, Photo: file})
	case f.MediaType == "audio/ogg" || f.MediaType == "audio/mpeg" || f.MediaType == "audio/mp4": // core.telegram.org/bots/api#sendvoice
		return b.api.SendVoice(ctx, &bot.SendVoiceParams{ChatID: at.chat, MessageThreadID: at.topic, BusinessConnectionID: business, ReplyParameters: reply, Voice: file})
	case f.MediaType == "video/mp4":
		return b.api.SendVideo(ctx, &bot.SendVideoParams{ChatID: at.chat, MessageThreadID: at.topic, BusinessConnectionID: business, ReplyParameters: reply, Video: file})
	}
	return b.api.SendDocument(ctx, &bot.SendDocumentParams{ChatID: at.chat, MessageThreadID: at.topic, BusinessConnectionID: business, ReplyParameters: reply, Document: file})
}

// fileError says what to do about a file that was not sent, in words for staff.
func (b *Bot) fileError(at address, a conversation.Attachment, err error) error {
	what := "the file “" + a.Name + "” did not reach the customer"
	if errors.Is(err, conversation.ErrNoFile) {
		return &conversation.SendError{Permanent: true, Err: errors.New(what + ": it is no longer kept here")}
	}
	err = b.sendError(at, err)
	var known *conversation.SendError
	if errors.As(err, &known) && known.Permanent {
		return &conversation.SendError{Permanent: true, Err: fmt.Errorf("%s: %w", what, known.Err)}
	}
	return err
}
