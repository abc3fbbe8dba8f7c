package slack

import (
	"strings"
	"time"

	"frontdesk/conversation"
)

// sharedFile is what an event says of a file (docs.slack.dev/reference/objects/file-object).
// In channels shared with another company it may hold the id alone. Where its bytes
// are is asked for when they are fetched, and what Slack made of its sound is not read.
type sharedFile struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Title    string `json:"title"`
	Type     string `json:"mimetype"`
	Subtype  string `json:"subtype"` // of clips: slack_audio, slack_video
	Size     int64  `json:"size"`
	Duration int64  `json:"duration_ms"`
}

// files are those of a message that can be taken, and how many cannot: there are too
// many, or their description is none.
func (ev *event) files() (list []conversation.InboundFile, left int) {
	for _, raw := range ev.Files {
		var f sharedFile
		if decode(raw, &f) != nil || !validID(f.ID) || len(list) == conversation.MaxAttachments {
			left++
			continue
		}
		list = append(list, f.inbound())
	}
	return list, left
}

func (f sharedFile) inbound() conversation.InboundFile {
	const most = int64(1000 * time.Hour / time.Millisecond) // keeps the product from overflowing
	kind := conversation.FileDocument
	switch {
	case f.Subtype == "slack_audio", strings.HasPrefix(f.Type, "audio/"):
		kind = conversation.FileVoice
	case f.Subtype == "slack_video", strings.HasPrefix(f.Type, "video/"):
		kind = conversation.FileVideo
	case strings.HasPrefix(f.Type, "image/"):
		kind = conversation.FileImage
	}
	return conversation.InboundFile{
		Remote: f.ID, Kind: kind, Name: or(f.Name, f.Title), MediaType: f.Type, Bytes: f.Size,
		Duration: time.Duration(min(max(f.Duration, 0), most)) * time.Millisecond,
	}
}
