package conversation

import (
	"context"
	"errors"
	"fmt"

	"frontdesk/knowledge"
)

// NewReply is what a member of staff sends to the customer.
type NewReply struct {
	By         Actor
	Text       string   // may be empty with files
	ExternalID string   // the same again sends nothing new
	Files      []string // ids that StaffUpload gave, in order
}

// SendReply sends a public reply. Sending is claiming: where the bot or the queue owned
// the conversation it is the sender's from then on. A repeated ExternalID sends nothing
// and returns what was sent; ErrConflict when that was a note, or had other files.
// ErrEmpty, ErrTooLong, ErrTooManyFiles; ErrNoFile for a file that is not waiting to be
// sent in this conversation; *TakenError.
func (e *Engine) SendReply(ctx context.Context, id string, r NewReply) (Message, error) {
	text, err := Clean(r.Text)
	if err != nil && !(err == ErrEmpty && len(r.Files) > 0) {
		return Message{}, err
	}
	if len(r.Files) > MaxAttachments {
		return Message{}, ErrTooManyFiles
	}
	st, err := e.d.Store.State(ctx, id)
	if err != nil {
		return Message{}, err
	}
	reply := NewMessage{Author: AuthorStaff, StaffID: r.By.StaffID, Name: r.By.Name, Text: text, ExternalID: r.ExternalID, Files: r.Files}
	c := Change{
		To: OwnerStaff, From: []Owner{OwnerBot, OwnerQueue}, By: r.By, Reason: ReasonReply, Status: StatusWaiting,
		Messages: []NewMessage{reply}, Always: true,
	}
	// Whoever holds it sends as its holder, and joins where it was handed back a moment ago.
	var ms []Message
	err = ErrNotCurrent
	if st.StaffID == r.By.StaffID {
		held := c
		held.From = []Owner{}
		st, ms, err = e.d.Store.Change(ctx, id, held)
	}
	if errors.Is(err, ErrNotCurrent) {
		c.Messages = []NewMessage{joined(st, r.By), reply}
		st, ms, err = e.d.Store.Change(ctx, id, c)
	}
	if err != nil {
		return Message{}, err
	}
	sent := ms[len(ms)-1]
	if sent.Note || !sameFiles(sent.Attachments, r.Files) {
		return Message{}, fmt.Errorf("reply to conversation %s: %w", id, ErrConflict)
	}
	e.changed(st, ms)
	return sent, nil
}

// sameFiles reports whether the files a message has are those that were to be sent.
func sameFiles(have []Attachment, ids []string) bool {
	if len(have) != len(ids) {
		return false
	}
	for i, at := range have {
		if at.ID != ids[i] {
			return false
		}
	}
	return true
}

// StaffUpload stores a file that a reply is to have. Its id goes into NewReply.Files
// within a day, after which the file is removed. It is bounded as a customer's is, and a
// picture is encoded anew, which leaves out where and with what it was taken; nothing
// else is looked into, since it is for the customer and for no model. ErrNotFound,
// ErrFileEmpty, ErrFileTooLarge, ErrFileType, ErrFileQuota.
func (e *Engine) StaffUpload(ctx context.Context, conversation, name string, content []byte) (Attachment, error) {
	at, err := e.sniff(name, content)
	if err != nil {
		return Attachment{}, err
	}
	f := File{Content: content, Attachment: at, Conversation: conversation}
	f.ID = knowledge.NewID()
	r := Reading{Kind: at.Kind, MediaType: at.MediaType}
	if at.Kind == FileImage {
		leave, err := e.enter(ctx)
		if err != nil {
			return Attachment{}, err
		}
		r, err = e.inspect(ctx, f)
		leave()
		if err != nil {
			return Attachment{}, err
		}
		if r.Refused != "" {
			return Attachment{}, fmt.Errorf("%w: %s", ErrFileType, r.Refused)
		}
	}
	if err := e.d.Store.AddFile(ctx, conversation, f, fileQuota); err != nil {
		return Attachment{}, err
	}
	at, _, err = e.d.Store.SettleFile(ctx, f.ID, r, FileReady)
	return at, err
}
