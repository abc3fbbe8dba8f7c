package telegram

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
)

func TestEachKindOfFileReachesTheEngine(t *testing.T) {
	const image, voice, video, document = conversation.FileImage, conversation.FileVoice, conversation.FileVideo, conversation.FileDocument
	for name, want := range map[string]struct {
		thread, text string
		conversation.InboundFile
	}{
		"photo":      {"5501", "", conversation.InboundFile{Remote: "AgACAgIAAxkBAAIBpZ2kX3oAAnk", Kind: image, Name: "photo.jpg", MediaType: "image/jpeg", Bytes: 92811}},
		"voice_note": {"5501", "", conversation.InboundFile{Remote: "AwACAgIAAxkBAAIBVoice", Kind: voice, Name: "voice.ogg", MediaType: "audio/ogg", Bytes: 15873, Duration: 4 * time.Second}},
		"audio":      {"5501", "", conversation.InboundFile{Remote: "CQACAgIAAxkBAAIBAudio", Kind: voice, Name: "noise from the motor.mp3", MediaType: "audio/mpeg", Bytes: 3412345, Duration: 213 * time.Second}},
		"video":      {"5501", "It rattles", conversation.InboundFile{Remote: "BAACAgIAAxkBAAIBVideo", Kind: video, Name: "IMG_0042.MOV", MediaType: "video/quicktime", Bytes: 8123456, Duration: 12 * time.Second}},
		"video_note": {"5501", "", conversation.InboundFile{Remote: "DQACAgIAAxkBAAIBNote", Kind: video, Name: "video_note.mp4", Bytes: 912345, Duration: 7 * time.Second}},
		"animation":  {"5501", "", conversation.InboundFile{Remote: "CgACAgIAAxkBAAIBAnim", Kind: video, Name: "giphy.mp4", MediaType: "video/mp4", Bytes: 412345, Duration: 3 * time.Second}},
		"document":   {"5501", "Is this invoice right?", conversation.InboundFile{Remote: "BQACAgIAAxkBAAIBDoc", Kind: document, Name: "Rechnung 2025-11.pdf", MediaType: "application/pdf", Bytes: 182004}},
		"huge_video": {"5501", "", conversation.InboundFile{Remote: "BAACAgIAAxkBAAIBHuge", Kind: video, Name: "video.mp4", MediaType: "video/mp4", Bytes: 1900000000, Duration: time.Hour}},
		"business_voice": {"5501@k3Jx_9-aaBB", "", conversation.InboundFile{
			Remote: "AwACAgIAAxkBAAIBBusiness", Kind: voice, Name: "voice.ogg", MediaType: "audio/ogg", Bytes: 15873, Duration: 4 * time.Second}},
		"group_photo_reply": {"-1001234567890", "", conversation.InboundFile{Remote: "AgACAgIAAxkBAAIBrZ2kX3oAAnk", Kind: image, Name: "photo.jpg", MediaType: "image/jpeg", Bytes: 92811}},
	} {
		e := newFakeEngine()
		p := newPlatform(t)
		b := withMe(t, newBot(t, p, e, nil))
		if err := b.handle(t.Context(), payload(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for len(b.notices) > 0 {
			(<-b.notices)(t.Context())
		}
		got, said := e.received(), p.wait(t, "sendMessage", 0)
		if len(got) != 1 || got[0].Thread != want.thread || got[0].Text != want.text || !reflect.DeepEqual(got[0].Attachments, []conversation.InboundFile{want.InboundFile}) || len(said) > 0 {
			t.Errorf("%s gave %+v and said %v, want %+v", name, got, said, want)
		}
	}
}

func TestOfAPhotoTheLargestThatFitsIsTaken(t *testing.T) {
	size := func(id string, side, bytes int64) attachment {
		return attachment{ID: id, Width: side, Height: side, Size: bytes}
	}
	for want, sizes := range map[string][]attachment{
		"large":  {size("small", 90, 1e3), size("large", 1280, 3e6), size("medium", 800, 1e5)},
		"medium": {size("small", 90, 1e3), size("medium", 800, 1e5), size("large", 9000, 11<<20)},
		"least":  {size("large", 9000, 30<<20), size("least", 8000, 20<<20)},
		"":       {size("../x", 90, 1), size("", 90, 1)},
	} {
		got := ""
		if best := largest(sizes); best != nil {
			got = best.ID
		}
		if got != want {
			t.Errorf("largest(%+v) = %q, want %q", sizes, got, want)
		}
	}
}

func TestAnAlbumIsStoredMessageByMessage(t *testing.T) {
	e := newFakeEngine()
	b := withMe(t, newBot(t, newPlatform(t), e, nil))
	for i := range 3 {
		if err := b.handle(t.Context(), payload(t, fmt.Sprint("album_", i+1))); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, in := range e.received() {
		got = append(got, fmt.Sprint(in.ExternalID, " ", in.Text, " ", len(in.Attachments)))
	}
	if want := []string{"5501:71 Which of these fits? 1", "5501:72  1", "5501:73  1"}; !reflect.DeepEqual(got, want) {
		t.Errorf("an album gave %q, want %q", got, want)
	}
}

func TestAnAlbumInAGroupIsTheBotsWhereverItsCaptionStands(t *testing.T) {
	for _, order := range [][]int{{1, 2, 3}, {2, 1, 3}, {1, 3, 2}} {
		e := newFakeEngine()
		b := withMe(t, newBot(t, newPlatform(t), e, nil))
		for _, i := range order {
			if err := b.handle(t.Context(), payload(t, fmt.Sprint("group_album_", i))); err != nil {
				t.Fatal(err)
			}
		}
		seen := map[string]int{}
		for _, in := range e.received() {
			seen[in.ExternalID] += len(in.Attachments)
		}
		if want := (map[string]int{"-1001234567890:81": 1, "-1001234567890:82": 1, "-1001234567890:83": 1}); !reflect.DeepEqual(seen, want) {
			t.Errorf("in order %v the album gave %v, want %v", order, seen, want)
		}
	}
	e := newFakeEngine()
	b := withMe(t, newBot(t, newPlatform(t), e, nil))
	for _, name := range []string{"group_album_1", "group_album_3", "group_photo_silent"} {
		if err := b.handle(t.Context(), payload(t, name)); err != nil {
			t.Fatal(err)
		}
	}
	if got := e.received(); len(got) != 0 {
		t.Errorf("pictures between others gave %+v, want nothing", got)
	}
}

func TestEditsAreNotedForStaffOnce(t *testing.T) {
	e := newFakeEngine()
	b := withMe(t, newBot(t, newPlatform(t), e, nil))
	for _, name := range []string{"edited_caption", "edited"} {
		if err := b.handle(t.Context(), payload(t, name)); err != nil {
			t.Fatal(err)
		}
	}
	moving := bytes.Replace(payload(t, "location"), []byte(`"message":`), []byte(`"edited_message":`), 1)
	elsewhere := bytes.Replace(payload(t, "group_photo_silent"), []byte(`"message":`), []byte(`"edited_message":`), 1)
	for _, raw := range [][]byte{moving, elsewhere} {
		if err := b.handle(t.Context(), raw); err != nil {
			t.Fatal(err)
		}
	}
	want := "remark edit:5501:60:1763800999: The customer changed an earlier message on Telegram. It now reads:\nIt is the lid, not the jar\n" +
		"(Its file may be another one now. The one here is the first.), " +
		"remark edit:5501:11:1763800050: The customer changed an earlier message on Telegram. It now reads:\nCan I return two blenders?"
	if got := e.done(); got != want || len(e.received()) != 0 {
		t.Errorf("edits did %q, want %q", got, want)
	}
}

func FuzzFiles(f *testing.F) {
	for _, name := range []string{"photo", "voice_note", "video", "animation", "document", "sticker"} {
		var u update
		if err := json.Unmarshal(payload(f, name), &u); err != nil {
			f.Fatal(err)
		}
		raw, err := json.Marshal(u.Message)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"photo":[null,{"file_id":"a","width":9223372036854775807,"height":-1}]}`))
	f.Add([]byte(`{"photo":{},"voice":[],"document":{"file_id":"../../etc"},"video":{"file_id":"a","duration":9223372036854775807,"mime_type":7}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m message
		if json.Unmarshal(raw, &m) != nil {
			return
		}
		m.kind()
		for _, file := range m.files() {
			if !fileID.MatchString(file.Remote) || file.Duration < 0 || file.Name == "" {
				t.Errorf("%q gave %+v", raw, file)
			}
		}
	})
}

func FuzzServedPath(f *testing.F) {
	for _, s := range []string{"photos/file_7.jpg", "../../bot1/getMe", "/var/lib/x", "a//b", "a?b", "..", "a/%2e%2e/b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if servedPath(s) && (strings.Contains(s, "..") && strings.Contains("/"+s+"/", "/../") || strings.HasPrefix(s, "/") || strings.ContainsAny(s, "?#%\\")) {
			t.Errorf("servedPath(%q) = true", s)
		}
	})
}
