package slack

import (
	"context"
	"errors"
	"fmt"

	"frontdesk/conversation"
)

// undeliverable is a file that the customer will not get by trying again. Its words are
// for staff, who see them at the message.
type undeliverable struct {
	name string
	err  error
}

func (u *undeliverable) Error() string {
	what := "the file “" + u.name + "” did not reach the customer"
	switch {
	case errors.Is(u.err, conversation.ErrNoFile):
		return what + ": it is no longer kept here"
	case code(u.err) == "missing_scope":
		return what + ": the Slack app lacks files:write; install it again with the manifest"
	case code(u.err) == "file_uploads_disabled", code(u.err) == "file_uploads_except_images_disabled":
		return what + ": the workspace does not allow files"
	}
	return fmt.Sprintf("%s: %v", what, safe(u.err))
}

// fileError says that a delivery failed for a file; nil where it failed for another cause.
func fileError(err error) *conversation.SendError {
	var u *undeliverable
	if !errors.As(err, &u) {
		return nil
	}
	return &conversation.SendError{Permanent: true, Err: u}
}

// deliverFiles puts a reply's files below its posts, each once. One that Slack refuses
// ends the delivery; being asked to wait, and what may pass, has it tried again from
// there. Only where it was not heard whether a file arrived may it appear twice.
func (b *Bot) deliverFiles(ctx context.Context, at place, m conversation.Message, posts int, p *sent) error {
	for i, a := range m.Attachments {
		if p.parts[posts+i] != "" {
			continue
		}
		f, err := b.engine.OpenFile(ctx, m.Conversation, a.ID)
		if err == nil && f.Content == nil {
			err = conversation.ErrNoFile
		}
		if err == nil {
			err = b.upload(ctx, at, f)
		}
		switch {
		case err == nil:
		case errors.Is(err, conversation.ErrNoFile), code(err) != "" && wait(err) == 0 && (code(err) == "missing_scope" || !is(err, refusedToken)):
			return &undeliverable{a.Name, err}
		default:
			return err
		}
		if p.parts == nil {
			p.parts = map[int]string{}
		}
		p.parts[posts+i] = shared
	}
	return nil
}
