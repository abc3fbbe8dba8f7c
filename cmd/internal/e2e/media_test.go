package e2e

import (
	"bytes"
	"context"
	bin "encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"
	"time"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/cmd/internal/proc"
	"frontdesk/cmd/internal/visitor"
	"frontdesk/knowledge"
)

// opus is an Ogg file that claims to hold two seconds of Opus.
func opus() []byte {
	page := func(end uint64, body string) []byte {
		p := append([]byte("OggS\x00\x00"), bin.LittleEndian.AppendUint64(nil, end)...)
		return append(append(append(p, make([]byte, 12)...), 1, byte(len(body))), body...)
	}
	return append(page(0, "OpusHead\x01\x01\x00\x00\x80\xbb\x00\x00\x00\x00\x00"), page(96_000, "sound")...)
}

// answer waits for the bot's next message after seq.
func answer(t *testing.T, ctx context.Context, v *visitor.Visitor, seq int64) (got visitor.Event) {
	t.Helper()
	err := v.Watch(ctx, seq, func(e visitor.Event) bool {
		if e.Name != "message" || e.Author != "bot" && e.Author != "system" {
			return true
		}
		got = e
		return false
	})
	if err != nil || got.Seq == 0 {
		t.Fatalf("no answer after %d: %v", seq, err)
	}
	return got
}

func TestPicturesVoiceAndBadFilesThroughTheWholeServer(t *testing.T) {
	ai, o := setup(t, func(r fakeai.Request) fakeai.Reply { return fakeai.Reply{Text: "I see."} })
	ai.Hear(func(fakeai.Heard) string { return "The quuxification of my zzyzx is gone" })
	ai.Flag("scoundrel")
	o.Env = append(o.Env, "MODERATION=openai", "WIDGET_RATE_LIMIT=0")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := proc.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Kill()
	v, err := visitor.New(ctx, http.DefaultClient, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	send := func(text, name string, content []byte) visitor.Event {
		t.Helper()
		id, err := v.Upload(ctx, name, content)
		if err != nil {
			t.Fatalf("upload %s: %v", name, err)
		}
		seq, err := v.SendFiles(ctx, knowledge.NewID(), text, id)
		if err != nil {
			t.Fatalf("send %s: %v", name, err)
		}
		return answer(t, ctx, v, seq)
	}

	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewRGBA(image.Rect(0, 0, 3000, 2000)), nil); err != nil {
		t.Fatal(err)
	}
	send("", "lid.jpg", photo.Bytes())
	asked := ai.Requests()
	last := asked[len(asked)-1].Messages
	if n := len(last[len(last)-1].Images); n != 1 || !strings.HasPrefix(last[len(last)-1].Images[0], "data:image/jpeg;base64,") {
		t.Errorf("the model was shown %d pictures, want the customer's", n)
	}

	send("", "voice.oga", opus())
	asked = ai.Requests()
	if turn := asked[len(asked)-1].Turn(); !strings.Contains(turn, "The quuxification of my zzyzx is gone") {
		t.Errorf("the model read %q, want what was said", turn)
	}
	if heard := ai.Heard(); len(heard) != 1 || heard[0].Name != "voice.ogg" || heard[0].Model != "gpt-4o-mini-transcribe" {
		t.Errorf("heard %+v, want one recording as voice.ogg", heard)
	}

	var status *visitor.StatusError
	if _, err := v.Upload(ctx, "voice.ogg", []byte("PK\x03\x04 a zip")); !errors.As(err, &status) || status.Status != http.StatusUnsupportedMediaType {
		t.Errorf("a zip as sound: %v, want 415", err)
	}
	if _, err := v.Upload(ctx, "big.bin", make([]byte, 100<<20)); err == nil {
		t.Error("100 MB were taken")
	}

	// Two answers that rest on nothing have brought a person in; somebody else writes.
	if v, err = visitor.New(ctx, http.DefaultClient, s.URL); err != nil {
		t.Fatal(err)
	}
	before := len(ai.Requests())
	seq, err := v.Send(ctx, knowledge.NewID(), "you scoundrel")
	if err != nil {
		t.Fatal(err)
	}
	if got := answer(t, ctx, v, seq); !strings.HasPrefix(got.Text, "I can't help with this message.") {
		t.Errorf("flagged words are answered with %q", got.Text)
	}
	if n := len(ai.Requests()); n != before {
		t.Error("the model was asked about flagged words")
	}
}
