package telegram

import (
	"encoding/json"
	"regexp"
	"time"

	"frontdesk/conversation"
)

// attachment is what Telegram says of a file, whatever its kind
// (core.telegram.org/bots/api#document and its like). All of it but the id is a
// stranger's word.
type attachment struct {
	ID       string `json:"file_id"`
	Name     string `json:"file_name"`
	Type     string `json:"mime_type"`
	Size     int64  `json:"file_size"`
	Duration int64  `json:"duration"` // seconds
	Width    int64  `json:"width"`
	Height   int64  `json:"height"`
}

// fileID is the form of Telegram's file ids, which are some 80 characters long.
var fileID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,300}$`)

// files are those of a message that the engine can look into: one at most, as each
// of an album comes in a message of its own. What Telegram describes in a way that is
// not understood here is left out.
func (m *message) files() []conversation.InboundFile {
	for _, is := range []struct {
		raw  json.RawMessage
		kind conversation.FileKind
		name string // where it has none of its own
	}{
		{m.Voice, conversation.FileVoice, "voice.ogg"},
		{m.Audio, conversation.FileVoice, "audio"},
		{m.VideoNote, conversation.FileVideo, "video_note.mp4"},
		{m.Video, conversation.FileVideo, "video.mp4"},
		{m.Animation, conversation.FileVideo, "animation.mp4"},
		{m.Document, conversation.FileDocument, "document"},
	} {
		var a attachment
		if len(is.raw) == 0 || decodePart(is.raw, &a) != nil || !fileID.MatchString(a.ID) {
			continue
		}
		if a.Name == "" {
			a.Name = is.name
		}
		return []conversation.InboundFile{a.inbound(is.kind)}
	}
	var sizes []attachment
	if len(m.Photo) == 0 || decodePart(m.Photo, &sizes) != nil {
		return nil
	}
	if best := largest(sizes); best != nil {
		best.Name, best.Type = "photo.jpg", "image/jpeg"
		return []conversation.InboundFile{best.inbound(conversation.FileImage)}
	}
	return nil
}

func (a attachment) inbound(kind conversation.FileKind) conversation.InboundFile {
	const most = int64(1000 * time.Hour / time.Second) // keeps the product from overflowing
	return conversation.InboundFile{
		Remote: a.ID, Kind: kind, Name: a.Name, MediaType: a.Type, Bytes: a.Size, Duration: time.Duration(min(max(a.Duration, 0), most)) * time.Second,
	}
}

// largest is the photo's largest size that is not too large to be taken, or the
// smallest of all.
func largest(sizes []attachment) *attachment {
	var best, least *attachment
	area := func(a *attachment) int64 { return min(max(a.Width, 0), 1<<20) * min(max(a.Height, 0), 1<<20) }
	for i := range sizes {
		a := &sizes[i]
		if !fileID.MatchString(a.ID) {
			continue
		}
		if least == nil || area(a) < area(least) {
			least = a
		}
		if a.Size <= conversation.MaxImageBytes && (best == nil || area(a) > area(best)) {
			best = a
		}
	}
	if best == nil {
		return least
	}
	return best
}

// decodePart reads a part of a message. One field of another type than expected is
// no reason to give up the file.
func decodePart(raw json.RawMessage, into any) error {
	err := json.Unmarshal(raw, into)
	if _, other := err.(*json.UnmarshalTypeError); other {
		return nil
	}
	return err
}

// kind names what a message holds besides words, for staff.
func (m *message) kind() string {
	switch {
	case len(m.Sticker) > 0:
		var s struct {
			Emoji string `json:"emoji"`
		}
		if decodePart(m.Sticker, &s) == nil && s.Emoji != "" {
			return "a sticker (" + s.Emoji + ")"
		}
		return "a sticker"
	case len(m.Location) > 0:
		return "a location"
	case len(m.Contact) > 0:
		return "a contact"
	case len(m.Poll) > 0:
		return "a poll"
	case len(m.Dice) > 0:
		return "a die"
	case len(m.Story) > 0:
		return "a story"
	}
	return "something"
}
