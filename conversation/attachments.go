package conversation

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"frontdesk/knowledge"
)

// readsAtOnce bounds the files this process looks into at a time: each stands in
// memory with its bytes. What takes more than that a Reader bounds itself.
const readsAtOnce = 6

// filing is what an engine needs to look into files.
type filing struct {
	fetchers map[string]Fetcher // by channel; not changed once the engine runs
	slots    chan struct{}      // one for each file looked into at once
	asides                      // what is read without a turn
}

func (f *filing) init() {
	f.fetchers, f.slots = map[string]Fetcher{}, make(chan struct{}, readsAtOnce)
	f.asides.init()
}

// FetchWith names who fetches the files of a channel. It is called before Run.
func (e *Engine) FetchWith(channel string, f Fetcher) { e.files.fetchers[channel] = f }

// cleanFiles bounds what a channel says about the files of a message.
func cleanFiles(list []InboundFile) ([]InboundFile, error) {
	if len(list) > MaxAttachments {
		return nil, ErrTooManyFiles
	}
	out := make([]InboundFile, len(list))
	for i, f := range list {
		f.Name, f.MediaType = cleanFileName(f.Name), cleanName(f.MediaType)
		f.Bytes, f.Duration = max(0, f.Bytes), max(0, f.Duration)
		switch f.Kind {
		case FileImage, FileVoice, FileVideo:
		default:
			f.Kind = FileDocument
		}
		out[i] = f
	}
	return out, nil
}

// Upload stores a file that a message of the conversation is to have. Its id
// goes into InboundFile.Upload within a day, after which the file is removed.
// ErrNotFound, ErrFileEmpty, ErrFileTooLarge, ErrFileType, ErrFileQuota.
func (e *Engine) Upload(ctx context.Context, conversation, name string, content []byte) (Attachment, error) {
	at, err := e.sniff(name, content)
	if err != nil {
		return Attachment{}, err
	}
	f := File{Content: content, Attachment: at}
	f.ID = knowledge.NewID()
	if err := e.d.Store.AddFile(ctx, conversation, f, fileQuota); err != nil {
		return Attachment{}, err
	}
	return f.Attachment, nil
}

// sniff says what an upload is by its bytes, or why it is not taken.
func (e *Engine) sniff(name string, content []byte) (Attachment, error) {
	name = cleanFileName(name)
	switch {
	case len(content) == 0:
		return Attachment{}, ErrFileEmpty
	case len(content) > MaxFileBytes:
		return Attachment{}, ErrFileTooLarge
	case e.d.Reader == nil:
		return Attachment{}, ErrFileType
	}
	kind, mediaType, refused := e.d.Reader.Sniff(name, content)
	switch {
	case refused == RefusedEmpty:
		return Attachment{}, ErrFileEmpty
	case refused != "":
		return Attachment{}, fmt.Errorf("%w: %s", ErrFileType, refused)
	case int64(len(content)) > limitOf(kind):
		return Attachment{}, ErrFileTooLarge
	}
	return Attachment{Kind: kind, Name: name, MediaType: mediaType, Bytes: int64(len(content)), State: FilePending}, nil
}

// OpenFile returns a file with its bytes, which are fetched now if a platform has
// only named them. With a conversation, another one's file is ErrNoFile; without,
// any is given. A picture is looked into first, so that what is shown is ours.
func (e *Engine) OpenFile(ctx context.Context, conversation, id string) (File, error) {
	f, err := e.d.Store.File(ctx, id)
	if err != nil {
		return f, err
	}
	if conversation != "" && f.Conversation != conversation {
		return File{}, ErrNoFile
	}
	if f.State != FilePending || f.Content != nil && f.Kind != FileImage {
		return f, nil
	}
	if f.Content == nil || f.Kind == FileImage {
		if err := e.fetchOnly(ctx, f); err != nil {
			return File{}, err
		}
		f, err = e.d.Store.File(ctx, id)
	}
	return f, err
}

// fetchOnly gets a file's bytes, and of a picture our own encoding, without
// asking any model.
func (e *Engine) fetchOnly(ctx context.Context, f File) error {
	leave, err := e.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if f, err = e.d.Store.File(ctx, f.ID); err != nil { // another may have been here meanwhile
		return err
	}
	refused, err := e.have(ctx, &f)
	if err != nil {
		return err
	}
	if refused != "" {
		_, _, err = e.settle(ctx, f, Reading{Refused: refused}, nil)
		return err
	}
	if f.State != FilePending || e.d.Reader == nil {
		return nil
	}
	if kind, _, no := e.d.Reader.Sniff(f.Name, f.Content); kind == FileImage && no == "" {
		r, err := e.inspect(ctx, f)
		if err != nil {
			return err
		}
		_, _, err = e.settle(ctx, f, r, nil)
		return err
	}
	return nil
}

// enter takes one of the places for looking into files.
func (e *Engine) enter(ctx context.Context) (leave func(), err error) {
	select {
	case e.files.slots <- struct{}{}:
		return func() { <-e.files.slots }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// have sees to it that f's bytes are there. A Refusal says that they never will be.
func (e *Engine) have(ctx context.Context, f *File) (Refusal, error) {
	if f.Content != nil || f.State != FilePending {
		return "", nil
	}
	if f.Bytes > MaxFileBytes {
		return RefusedTooLarge, nil
	}
	fetcher := e.files.fetchers[f.Channel]
	if fetcher == nil {
		return RefusedGone, nil
	}
	content, err := fetcher.Fetch(ctx, f.Account, f.Remote, MaxFileBytes)
	var known *FetchError
	switch {
	case errors.Is(err, ErrFileTooLarge) || err == nil && len(content) > MaxFileBytes:
		return RefusedTooLarge, nil
	case errors.As(err, &known) && known.Permanent:
		e.log.Warn("file cannot be fetched", "conversation", f.Conversation, "file", f.ID, "channel", f.Channel, "err", known.Err)
		if known.Reason != "" {
			return known.Reason, nil
		}
		return RefusedGone, nil
	case err != nil:
		return "", fmt.Errorf("fetch file %s: %w", f.ID, err)
	case len(content) == 0:
		return RefusedEmpty, nil
	}
	if err := e.d.Store.FileFetched(ctx, f.ID, content, fileQuota); err != nil {
		if errors.Is(err, ErrFileQuota) {
			return RefusedFull, nil
		}
		return "", err
	}
	f.Content, f.Bytes = content, int64(len(content))
	return "", nil
}

// inspect has the Reader look into f; a panic in it refuses the file, whose bytes
// were its reason.
func (e *Engine) inspect(ctx context.Context, f File) (r Reading, err error) {
	if e.d.Reader == nil {
		return Reading{Refused: RefusedFormat}, nil
	}
	defer func() {
		if p := recover(); p != nil {
			e.log.Error("reading a file panicked", "conversation", f.Conversation, "file", f.ID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			r, err = Reading{Refused: RefusedDamaged}, nil
		}
	}()
	ctx, tab := onTab(ctx, Account{Conversation: f.Conversation})
	tab.close() // what is called is in the reading; this only says for whom
	kind, mediaType, refused := e.d.Reader.Sniff(f.Name, f.Content)
	switch {
	case refused != "":
		return Reading{Refused: refused}, nil
	case int64(len(f.Content)) > limitOf(kind):
		return Reading{Kind: kind, MediaType: mediaType, Refused: RefusedTooLarge}, nil
	}
	f.Kind, f.MediaType = kind, mediaType
	return e.d.Reader.Read(ctx, f)
}
