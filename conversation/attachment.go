package conversation

import (
	"context"
	"errors"
	"path"
	"strings"
	"time"
)

// FileKind sorts what a customer may send besides text by what is done with it.
type FileKind string

// Kinds of files.
const (
	FileImage    FileKind = "image"
	FileVoice    FileKind = "voice" // any sound
	FileVideo    FileKind = "video"
	FileDocument FileKind = "document" // everything else
)

// FileState is how far a file is.
type FileState string

// States of files. The last three are final.
const (
	FilePending FileState = "pending" // not looked into yet
	FileReady   FileState = "ready"
	FileRefused FileState = "refused" // for what it is; Reason says why
	FileFailed  FileState = "failed"  // it could not be had; Reason says why
)

// Refusal is why a file is not looked into, or not by a model.
type Refusal string

// Refusals. The customer and staff are told in words, see fileTexts.
const (
	RefusedFormat     Refusal = "format"     // nothing here reads it, or it is not what it claims to be
	RefusedArchive    Refusal = "archive"    // a zip and the like
	RefusedTooLarge   Refusal = "too_large"  // bytes
	RefusedDimensions Refusal = "dimensions" // pixels
	RefusedDuration   Refusal = "duration"   // longer than is listened to
	RefusedDamaged    Refusal = "damaged"
	RefusedEmpty      Refusal = "empty"      // nothing to see, hear or read in it
	RefusedNoHearing  Refusal = "no_hearing" // no model here turns speech into text
	RefusedNoVideo    Refusal = "no_video"   // ffmpeg is not installed here
	RefusedFull       Refusal = "full"       // the conversation has sent too much
	RefusedGone       Refusal = "gone"       // the platform no longer has it, or not for us
	RefusedTimeout    Refusal = "timeout"    // reading it took too long
	RefusedElsewhere  Refusal = "elsewhere"  // the platform has only a link to where it is kept
)

// Bounds of what is taken.
const (
	// MaxImageBytes bounds a picture. Slack and phones send below 10 MB.
	MaxImageBytes = 10 << 20
	// MaxFileBytes bounds any other file. A Telegram bot can fetch no more
	// (core.telegram.org/bots/api#getfile), and OpenAI transcribes up to 25 MB.
	MaxFileBytes = 20 << 20
	// MaxAttachments bounds the files of one message; albums have up to ten.
	MaxAttachments = 10
	// maxFilesBytes bounds what is kept of one conversation's files.
	maxFilesBytes = 200 << 20
	// maxDayBytes and maxDayFiles bound what one conversation takes in within 24 hours.
	maxDayBytes = 80 << 20
	maxDayFiles = 60
	// unsentFor is how long an upload waits to be sent with a message.
	unsentFor = 24 * time.Hour
)

var (
	// ErrFileTooLarge is returned for a file over MaxImageBytes or MaxFileBytes.
	ErrFileTooLarge = errors.New("conversation: file is too large")
	// ErrFileType is returned for a file that nothing here can read.
	ErrFileType = errors.New("conversation: files of this type are not taken")
	// ErrFileEmpty is returned for a file without a byte.
	ErrFileEmpty = errors.New("conversation: file is empty")
	// ErrFileQuota is returned when a conversation has sent too much.
	ErrFileQuota = errors.New("conversation: too many files")
	// ErrNoFile is returned for a file that is not there, not this conversation's,
	// or sent already.
	ErrNoFile = errors.New("conversation: no such file")
	// ErrTooManyFiles is returned for a message with more than MaxAttachments.
	ErrTooManyFiles = errors.New("conversation: too many files in one message")
)

// Attachment is a file as it stands with its message, without its bytes.
type Attachment struct {
	ID        string        `json:"id"`
	Kind      FileKind      `json:"kind"`
	Name      string        `json:"name"`
	MediaType string        `json:"media_type"` // by its bytes; by the sender's word while pending
	Bytes     int64         `json:"bytes"`
	Width     int           `json:"width,omitempty"` // of what a model is shown; 0: nothing
	Height    int           `json:"height,omitempty"`
	Duration  time.Duration `json:"duration,omitempty"`
	Text      string        `json:"text,omitempty"` // what was said in it, or its text, cut
	State     FileState     `json:"state"`
	Reason    Refusal       `json:"reason,omitempty"`
}

// Pictured reports whether there is something of it that a model can see.
func (a Attachment) Pictured() bool { return a.Width > 0 && a.Height > 0 }

// InboundFile is a file that comes with a message: either an upload that is
// stored already, or one that the platform has only named. The latter is stored
// by name with its message and fetched after the event was acknowledged.
type InboundFile struct {
	Upload string // the id Engine.Upload gave

	Remote    string   // what the channel's Fetcher finds it by
	Kind      FileKind // the platform's word for it; empty: a document
	Name      string
	MediaType string
	Bytes     int64 // as the platform says; 0: it does not
	Duration  time.Duration
}

// File is a file with its bytes.
type File struct {
	Attachment
	Conversation string
	Seq          int64 // of its message; 0: not sent yet
	Channel      string
	Account      string
	Remote       string
	Content      []byte // nil while it was not fetched
	Picture      []byte // JPEG or PNG that a model is shown; nil: nothing
}

// Inline reports whether the bytes may be shown by a browser in place: pictures
// we encoded ourselves, and sound. All else is for saving.
func (f File) Inline() bool {
	return f.State == FileReady && f.Kind == FileImage || f.Kind == FileVoice && strings.HasPrefix(f.MediaType, "audio/")
}

// Reading is what looking into a file came to.
type Reading struct {
	Kind      FileKind
	MediaType string
	Content   []byte // takes the place of what came, when not nil
	Picture   []byte // for a model
	Width     int    // of Picture
	Height    int
	Duration  time.Duration
	Text      string
	Refused   Refusal // "": it was read
	Calls     []Call  // of models, their Usage and Duration
}

// Files keeps files.
type Files interface {
	// AddFile stores an upload. ErrNotFound for the conversation, ErrFileQuota.
	AddFile(ctx context.Context, conversation string, f File, q Quota) error
	// File returns a file with its bytes. ErrNoFile.
	File(ctx context.Context, id string) (File, error)
	// FileFetched stores the bytes of a file that was only named. ErrFileQuota.
	FileFetched(ctx context.Context, id string, content []byte, q Quota) error
	// SettleFile stores what a file came to, once, and the calls that took, in one commit:
	// it returns how the file stands now and whether this call settled it. ErrNoFile.
	SettleFile(ctx context.Context, id string, r Reading, s FileState) (Attachment, bool, error)
	// Pictures returns what a model is shown of the files, by id.
	Pictures(ctx context.Context, conversation string, ids []string) (map[string][]byte, error)
	// Message returns one message, with its attachments. ErrNotFound.
	Message(ctx context.Context, conversation string, seq int64) (Message, error)
	// Remark appends a note of the product's own for staff, once per key.
	Remark(ctx context.Context, conversation, key, text string) (Message, bool, error)
	// DropUnsent removes uploads older than age that no message has.
	DropUnsent(ctx context.Context, age time.Duration) (int64, error)
}

// Quota bounds one conversation's files.
type Quota struct {
	Bytes    int64 // kept in all
	DayBytes int64 // within 24 hours
	DayFiles int
}

var fileQuota = Quota{Bytes: maxFilesBytes, DayBytes: maxDayBytes, DayFiles: maxDayFiles}

// Fetcher gets the files a channel has only named.
type Fetcher interface {
	// Fetch returns the bytes of a file, at most limit of them: ErrFileTooLarge
	// past it. A *FetchError says whether trying again may help.
	Fetch(ctx context.Context, account, remote string, limit int64) ([]byte, error)
}

// FetchError says what to do about a file that could not be fetched.
type FetchError struct {
	Permanent bool    // gone or not for us: trying again is no use
	Reason    Refusal // of a permanent one; empty: RefusedGone
	Err       error   // holds no token
}

func (e *FetchError) Error() string { return "fetch: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *FetchError) Unwrap() error { return e.Err }

// Reader looks into files. Implementations are safe for concurrent use, bound
// the memory and time they take, and never trust a file's name or declared type.
type Reader interface {
	// Sniff tells what content is by its bytes. A Refusal says why it is not taken.
	Sniff(name string, content []byte) (FileKind, string, Refusal)
	// Read looks into a file whose Content is there. What is wrong with the file is
	// a Reading that refuses it; an error says that trying again may help.
	Read(ctx context.Context, f File) (Reading, error)
}

// limitOf is how many bytes a file of a kind may have.
func limitOf(k FileKind) int64 {
	if k == FileImage {
		return MaxImageBytes
	}
	return MaxFileBytes
}

// cleanFileName bounds a file's name to one short line without a directory, and
// keeps its ending.
func cleanFileName(s string) string {
	const maxFileName, maxExt = 112, 10
	s = path.Base("/" + strings.ReplaceAll(s[:min(len(s), 4<<10)], `\`, "/"))
	if s == "/" || s == "." || s == ".." {
		return ""
	}
	ext := path.Ext(s)
	if len(ext) > maxExt {
		ext = ""
	}
	name := cleanName(strings.TrimSuffix(s, ext))
	if rs := []rune(name); len(rs) > maxFileName {
		name = string(rs[:maxFileName])
	}
	return strings.TrimSpace(name + cleanName(ext))
}
