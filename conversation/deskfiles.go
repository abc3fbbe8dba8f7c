package conversation

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// MaxDeskFileBytes bounds what of a customer's file is uploaded to a desk: Telegram
	// takes pictures of up to 10 MB, and a larger file is better looked at in the console.
	MaxDeskFileBytes = 10 << 20
	// maxDeskSaid is how much of what was said in a file, or of its text, a desk shows.
	maxDeskSaid = 600
	// deskBack is how many messages before its beginning a thread looks for files in.
	deskBack = 10
	// deskUnread is DeskConfig.Unread where that is 0, and deskLook how often a waiting
	// message is looked at.
	deskUnread = 30 * time.Second
	deskLook   = time.Second
)

var errUnread = errors.New("its files are still being looked into")

// unread is an error while a message should wait for what is found in its files. It
// counts as a platform's usual pace, not as a failure.
func (d *Desks) unread(m Message) error {
	if d.e.d.Reader == nil || m.Author != AuthorCustomer || time.Since(m.At) > d.cfg.Unread {
		return nil
	}
	for _, at := range m.Attachments {
		if at.State == FilePending {
			return &SendError{RetryAfter: deskLook, Err: errUnread}
		}
	}
	return nil
}

// rewind has a new thread begin with the customer's newest files: the brief quotes
// their words alone.
func (d *Desks) rewind(ctx context.Context, t *DeskThread, c DeskCase) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	ms, err := d.e.d.Store.Messages(ctx, t.Conversation, max(0, t.Posted-deskBack), deskBack, true)
	if err != nil {
		return err
	}
	for _, m := range ms {
		if m.Seq <= t.Posted && m.Episode == c.State.Episode && m.Author == AuthorCustomer && len(m.Attachments) > 0 {
			t.Posted = m.Seq - 1
			return nil
		}
	}
	return nil
}

// DeskFile is a file as a desk shows it.
type DeskFile struct {
	Attachment
	Line string // name, kind, size, and what became of it
	Said string // what was said in it, or its text, on one line and cut
}

// DeskFiles are a message's files as a desk shows them, in order.
func DeskFiles(m Message) []DeskFile {
	out := make([]DeskFile, len(m.Attachments))
	for i, at := range m.Attachments {
		out[i] = DeskFile{at, deskLine(at), briefly(at.Text, maxDeskSaid)}
	}
	return out
}

// Forward returns a message's file with its bytes where it is put before staff on
// their platform: what was looked into, and what only this server or its models could
// not. ErrNoFile for all else, which staff can have from the console.
func (e *Engine) Forward(ctx context.Context, conversation, id string) (File, error) {
	f, err := e.d.Store.File(ctx, id)
	if err != nil {
		return File{}, err
	}
	if f.State == FilePending && f.Kind == FileImage { // looked into without any model
		if f, err = e.OpenFile(ctx, conversation, id); err != nil {
			return File{}, err
		}
	}
	if f.Conversation != conversation || !f.forwards() {
		return File{}, ErrNoFile
	}
	return f, nil
}

func (f File) forwards() bool {
	if len(f.Content) == 0 || len(f.Content) > MaxDeskFileBytes {
		return false
	}
	return f.State == FileReady ||
		f.State == FileRefused && (f.Reason == RefusedNoHearing || f.Reason == RefusedNoVideo || f.Reason == RefusedDuration)
}

// deskLine says what a file is.
func deskLine(at Attachment) string {
	kind := map[FileKind]string{FileImage: "picture", FileVoice: "recording", FileVideo: "video"}[at.Kind]
	if kind == "" {
		kind = "document"
	}
	line := "a " + kind
	if name := briefly(at.Name, maxBriefTitle); name != "" {
		line = name + ", " + line
	}
	if at.Bytes > 0 {
		line += ", " + sizeWords(at.Bytes)
	}
	if at.Duration >= time.Second {
		line += fmt.Sprintf(", %d:%02d", int(at.Duration.Minutes()), int(at.Duration.Seconds())%60)
	}
	switch at.State {
	case FilePending:
		line += " (not looked into yet)"
	case FileRefused, FileFailed:
		line += " (not used: " + staffReason(at.Reason) + ")"
	}
	return line
}

// sizeWords is a size for people.
func sizeWords(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
