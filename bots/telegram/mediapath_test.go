package telegram

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/media"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/tokens"
)

// ears hear one question in every recording.
type ears struct{}

func (ears) Transcribe(context.Context, conversation.Recording) (conversation.Transcript, error) {
	return conversation.Transcript{Text: "Is Q-heard so?", Model: "ears"}, nil
}

func newReader() conversation.Reader {
	return media.New(media.Config{Transcriber: ears{}, Detect: extract.Detect, Extract: extract.Extract, Counter: tokens.For("")})
}

// sound is a second of silence as WAV.
func sound() string {
	const rate = 8000
	head := "RIFF\x64\x1f\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x40\x1f\x00\x00"
	return head + strings.Repeat("\x80", rate)
}

func picture(t *testing.T) string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 60, 40))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func archive(t *testing.T) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("voice.ogg")
	if err == nil {
		_, err = io.WriteString(f, "OggS")
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func english(t *testing.T, name string) []byte {
	return bytes.ReplaceAll(payload(t, name), []byte(`"language_code": "es"`), []byte(`"language_code": "en"`))
}

func TestAFileIsAnsweredOnceWhateverItIs(t *testing.T) {
	gives := func(content string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, content) }
	}
	failures := 0
	for name, c := range map[string]struct {
		payload string
		file    http.HandlerFunc
		says    string
		state   conversation.FileState
		reason  conversation.Refusal
	}{
		"a voice note":         {"voice_note", gives(sound()), "Q-heard", conversation.FileReady, ""},
		"a picture":            {"photo", gives(picture(t)), "I can't see pictures here", conversation.FileReady, ""},
		"a picture as a video": {"video_note", gives(picture(t)), "I can't see pictures here", conversation.FileReady, ""},
		"a zip as a voice":     {"voice_note", gives(archive(t)), "archives", conversation.FileRefused, conversation.RefusedArchive},
		"half a picture":       {"photo", gives(picture(t)[:40]), "damaged", conversation.FileRefused, conversation.RefusedDamaged},
		"nothing at all":       {"document", gives(""), "couldn't find anything", conversation.FileRefused, conversation.RefusedEmpty},
		"a file that is gone":  {"voice_note", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, "couldn't get the file", conversation.FileRefused, conversation.RefusedGone},
		"a huge video":         {"huge_video", func(http.ResponseWriter, *http.Request) { t.Error("a huge video was asked for") }, "too large", conversation.FileRefused, conversation.RefusedTooLarge},
		"a server's bad hour": {"voice_note", func(w http.ResponseWriter, _ *http.Request) {
			if failures++; failures < 3 {
				w.WriteHeader(502)
				return
			}
			io.WriteString(w, sound())
		}, "Q-heard", conversation.FileReady, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPathWith(t, newReader())
			p.file = c.file
			p.post(english(t, c.payload))
			p.post(english(t, c.payload)) // as after a lost confirmation
			until(t, "the answer", func() bool { return len(delivered(p.platform, 5501)) > 0 })
			p.post(privateText(2000, 2000, 5501, "Is Q-next so?"))
			until(t, "the next answer", func() bool {
				got := delivered(p.platform, 5501)
				return strings.Contains(got[len(got)-1], "Q-next")
			})
			got := delivered(p.platform, 5501)
			if len(got) != 2 || !strings.Contains(got[0], c.says) {
				t.Errorf("the customer was told %q, want %q and then the next answer", got, c.says)
			}
			id, err := p.store.Thread(t.Context(), Channel, "777001", "5501")
			if err != nil {
				t.Fatal(err)
			}
			ms, err := p.engine.Messages(t.Context(), id, 0, 1)
			if err != nil || len(ms) != 1 || len(ms[0].Attachments) != 1 {
				t.Fatalf("the first message is %+v, %v, want it with its file", ms, err)
			}
			if at := ms[0].Attachments[0]; at.State != c.state || c.reason != "" && at.Reason != c.reason {
				t.Errorf("the file is %s for %q, want %s for %q", at.State, at.Reason, c.state, c.reason)
			}
		})
	}
}

func TestAnAlbumsFilesAllReachTheConversation(t *testing.T) {
	p := newPathWith(t, newReader())
	p.file = func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, picture(t)) }
	for i := range 3 {
		p.post(english(t, fmt.Sprint("album_", i+1)))
	}
	until(t, "all three are looked into", func() bool {
		id, err := p.store.Thread(t.Context(), Channel, "777001", "5501")
		if err != nil {
			return false
		}
		ms, err := p.engine.Messages(t.Context(), id, 0, 20)
		ready := 0
		for _, m := range ms {
			for _, at := range m.Attachments {
				if at.State == conversation.FileReady {
					ready++
				}
			}
		}
		return err == nil && ready == 3
	})
}
