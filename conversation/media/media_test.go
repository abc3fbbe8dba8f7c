package media

import (
	"archive/zip"
	"bytes"
	"errors"
	"image"
	"image/color"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
)

func TestBytesDecideWhatAFileIs(t *testing.T) {
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	w, err := z.Create("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte("hello"))
	z.Close()
	const image, voice, video, document = conversation.FileImage, conversation.FileVoice, conversation.FileVideo, conversation.FileDocument
	r := newReader(t, nil)
	for _, c := range []struct {
		name, file string
		content    []byte
		kind       conversation.FileKind
		mediaType  string
		refused    conversation.Refusal
	}{
		{"a photo", "a.jpg", jpegOf(t, photo(8, 8)), image, "image/jpeg", ""},
		{"a photo that says it is sound", "voice.ogg", jpegOf(t, photo(8, 8)), image, "image/jpeg", ""},
		{"a zip that says it is sound", "voice.ogg", packed.Bytes(), document, typeMedia, conversation.RefusedArchive},
		{"a zip", "a.zip", packed.Bytes(), document, typeMedia, conversation.RefusedArchive},
		{"a gzip", "a.pdf", []byte("\x1f\x8b\x08aaaaaaaaaaa"), document, typeMedia, conversation.RefusedArchive},
		{"an animation", "a.mp4", gifOf(t, 16, 16, 3), image, "image/gif", ""},
		{"a recording", "x", ogg(0, 48000), voice, "audio/ogg", ""},
		{"a recording of Telegram's", "file.oga", ogg(312, 48000), voice, "audio/ogg", ""},
		{"a wave", "x.wav", wav(1), voice, "audio/wav", ""},
		{"a phone's recording", "x.m4a", mp4Of(3, "soun"), voice, "audio/mp4", ""},
		{"a film", "x.mov", mp4Of(3, "vide", "soun"), video, "video/mp4", ""},
		{"a browser's recording", "x.webm", []byte("\x1a\x45\xdf\xa3....A_OPUS"), voice, "audio/webm", ""},
		{"a recording whose sound has the bytes of a film's codec", "x.webm", []byte("\x1a\x45\xdf\xa3....A_OPUS..\x1f\x43\xb6\x75..V_"), voice, "audio/webm", ""},
		{"a browser's film", "x.webm", []byte("\x1a\x45\xdf\xa3....V_VP9 A_OPUS"), video, "video/webm", ""},
		{"a picture nothing decodes", "x.heic", append(box("ftyp", []byte("heic")), make([]byte, 30)...), document, typeMedia, conversation.RefusedFormat},
		{"a text", "notes.txt", []byte("BM is how this text begins, and a long one it is"), document, "text/plain", ""},
		{"a program", "photo.jpg", []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00"), document, typeMedia, conversation.RefusedFormat},
		{"nothing", "a.jpg", nil, document, typeMedia, conversation.RefusedEmpty},
	} {
		kind, mediaType, refused := r.Sniff(c.file, c.content)
		if kind != c.kind || mediaType != c.mediaType && c.refused == "" || refused != c.refused {
			t.Errorf("Sniff(%s) = %s, %s, %q, want %s, %s, %q", c.name, kind, mediaType, refused, c.kind, c.mediaType, c.refused)
		}
	}
}

func TestPictureIsMadeSmallAndLosesItsPlace(t *testing.T) {
	got := read(t, newReader(t, nil), "a.jpg", withExif(jpegOf(t, photo(3000, 1500)), 1, false))
	if got.Refused != "" || got.Kind != conversation.FileImage || got.MediaType != "image/jpeg" {
		t.Fatalf("Read = %s %s refused %q, want a picture", got.Kind, got.MediaType, got.Refused)
	}
	if got.Width != 768 || got.Height != 384 {
		t.Errorf("the model's picture is %d × %d, want 768 × 384", got.Width, got.Height)
	}
	kept, err := configOf("image/jpeg", got.Content)
	if err != nil || kept.Width != 2048 || kept.Height != 1024 {
		t.Errorf("the kept picture is %d × %d, %v, want 2048 × 1024", kept.Width, kept.Height, err)
	}
	if bytes.Contains(got.Content, []byte("16.3738E")) || bytes.Contains(got.Picture, []byte("Exif")) {
		t.Error("the picture still tells where it was taken")
	}
}

func TestPictureIsTurnedTheWayItsCameraWasHeld(t *testing.T) {
	for _, little := range []bool{false, true} {
		for o, corner := range map[uint16]image.Point{1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 1}, 8: {0, 1}} {
			got := read(t, newReader(t, nil), "a.jpg", withExif(jpegOf(t, photo(64, 32)), o, little))
			m, _, refused := decode("image/jpeg", got.Picture)
			if refused != "" {
				t.Fatalf("orientation %d: refused %s", o, refused)
			}
			b := m.Bounds()
			if tall := b.Dy() > b.Dx(); tall != (o >= 5) {
				t.Errorf("orientation %d: %d × %d", o, b.Dx(), b.Dy())
			}
			at := image.Pt(b.Dx()/8+corner.X*b.Dx()*3/4, b.Dy()/8+corner.Y*b.Dy()*3/4)
			if red, green, _, _ := m.At(at.X, at.Y).RGBA(); red < 2*green {
				t.Errorf("orientation %d: the red quarter is not at %v", o, at)
			}
		}
	}
}

func TestHugePictureIsRefusedBeforeItIsUnpacked(t *testing.T) {
	r := newReader(t, nil)
	for name, content := range map[string][]byte{
		"an animation of 20,000 px":   gifOf(t, 20_000, 20_000, 2),
		"a line of 20,000 px":         gifOf(t, 20_000, 1, 1),
		"64 megapixels":               bigPNG(8000, 8000, 2),
		"40 megapixels of 16 bits":    bigPNG(8000, 5000, 6),
		"more pixels than an int has": bigPNG(0x7fffffff, 0x7fffffff, 2),
	} {
		got := read(t, r, "a", content)
		if got.Refused != conversation.RefusedDimensions && got.Refused != conversation.RefusedDamaged || len(got.Content) > 0 {
			t.Errorf("%s: refused %q, want for its dimensions", name, got.Refused)
		}
	}
	if got := read(t, r, "a", gifOf(t, 20_000, 20_000, 2)); got.Refused != conversation.RefusedDimensions {
		t.Errorf("animation of 20,000 px: refused %q, want for its dimensions", got.Refused)
	}
}

// bigPNG is the head of a PNG of a size and color type, with a depth of 16.
func bigPNG(w, h uint32, color byte) []byte {
	m := image.NewNRGBA64(image.Rect(0, 0, 1, 1))
	var b bytes.Buffer
	b.Write(mustPNG(m))
	d := b.Bytes()
	put := func(at int, v uint32) {
		d[at], d[at+1], d[at+2], d[at+3] = byte(v>>24), byte(v>>16), byte(v>>8), byte(v)
	}
	put(16, w)
	put(20, h)
	d[24], d[25] = 16, color
	put(29, crc(d[12:29]))
	return d
}

func TestTransparentPictureStandsOnWhite(t *testing.T) {
	got := read(t, newReader(t, nil), "a.png", pngOf(t, image.NewNRGBA(image.Rect(0, 0, 10, 10))))
	m, _, refused := decode(got.MediaType, got.Content)
	if refused != "" || got.MediaType != "image/png" {
		t.Fatalf("Read = %s, %q, want a PNG", got.MediaType, refused)
	}
	if c := color.RGBAModel.Convert(m.At(5, 5)); c != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("a transparent pixel became %v, want white", c)
	}
}

func TestDamagedPictureIsRefused(t *testing.T) {
	data := pngOf(t, photo(100, 100))
	if got := read(t, newReader(t, nil), "a.png", data[:len(data)/2]); got.Refused != conversation.RefusedDamaged {
		t.Errorf("half a PNG: refused %q, want damaged", got.Refused)
	}
}

func TestDurationsAreReadFromTheFile(t *testing.T) {
	mp3 := bytes.Repeat(append([]byte{0xff, 0xfb, 0x90, 0x00}, make([]byte, 413)...), 100) // 128 kbit/s, 44.1 kHz
	flac := append([]byte("fLaC\x00\x00\x00\x22"), make([]byte, 34)...)
	copy(flac[18:], []byte{0x0a, 0xc4, 0x40, 0xf0, 0x00, 0x06, 0xba, 0xa8}) // 44.1 kHz, 441,000 samples
	for _, c := range []struct {
		mediaType string
		content   []byte
		want      time.Duration
	}{
		{"audio/ogg", ogg(312, 48_000*7+312), 7 * time.Second},
		{"audio/wav", wav(3), 3 * time.Second},
		{"audio/mp4", mp4Of(9, "soun"), 9 * time.Second},
		{"audio/mpeg", mp3, 2612 * time.Millisecond},
		{"audio/flac", flac, 10 * time.Second},
		{"audio/webm", []byte("\x1a\x45\xdf\xa3"), 0},
		{"audio/ogg", []byte("OggS"), 0},
	} {
		if got := duration(c.mediaType, c.content); got.Round(time.Millisecond) != c.want {
			t.Errorf("duration of %s = %v, want %v", c.mediaType, got, c.want)
		}
	}
}

func TestRecordingIsHeardOnceAndPaidFor(t *testing.T) {
	e := &ears{text: "  my order is late\x00 "}
	got := read(t, newReader(t, e), "voice.oga", ogg(0, 48_000*5))
	if got.Text != "my order is late" || got.Duration != 5*time.Second || got.Refused != "" {
		t.Errorf("Read = %q, %v, %q, want the words and 5 s", got.Text, got.Duration, got.Refused)
	}
	if len(got.Calls) != 1 || got.Calls[0].Purpose != "transcribe" || got.Calls[0].Usage.InputTokens != 7 || got.Calls[0].Outcome != "ok" {
		t.Errorf("Calls = %+v, want the transcription", got.Calls)
	}
}

func TestRecordingThatCannotBeHeardIsRefused(t *testing.T) {
	failing := func(k conversation.ErrorKind) conversation.Transcriber {
		return &ears{err: &conversation.ModelError{Kind: k, Err: errors.New("no")}}
	}
	for _, c := range []struct {
		name    string
		ears    conversation.Transcriber
		content []byte
		want    conversation.Refusal
	}{
		{"without a model", nil, ogg(0, 48_000), conversation.RefusedNoHearing},
		{"of eleven minutes", &ears{}, ogg(0, 48_000*660), conversation.RefusedDuration},
		{"by a server without audio", failing(conversation.ErrGone), ogg(0, 48_000), conversation.RefusedNoHearing},
		{"that the model calls damaged", failing(conversation.ErrBadRequest), ogg(0, 48_000), conversation.RefusedDamaged},
	} {
		if got := read(t, newReader(t, c.ears), "voice.ogg", c.content); got.Refused != c.want {
			t.Errorf("recording %s: refused %q, want %q", c.name, got.Refused, c.want)
		}
	}
	_, err := newReader(t, failing(conversation.ErrUnavailable)).Read(t.Context(), conversation.File{Content: ogg(0, 48_000)})
	var failure *conversation.ModelError
	if !errors.As(err, &failure) {
		t.Errorf("Read while the server is down = %v, want its ModelError, since it may pass", err)
	}
}

func TestDocumentIsCutToItsRoom(t *testing.T) {
	r := newReader(t, nil)
	got := read(t, r, "terms.txt", []byte(strings.Repeat("The parcel arrived broken. ", 2000)))
	if n := r.cfg.Counter.Count(got.Text); got.Refused != "" || n == 0 || n > maxDocumentTokens || !strings.HasPrefix(got.Text, "The parcel") {
		t.Errorf("Read = %d tokens %q refused %q, want at most %d", n, got.Text[:min(20, len(got.Text))], got.Refused, maxDocumentTokens)
	}
	if got := read(t, r, "a.pdf", []byte("%PDF-1.4 and nothing else")); got.Refused == "" {
		t.Error("half a PDF was taken, want it refused")
	}
	if got := read(t, r, "a.csv", []byte("question,answer\nHow long?,Two days.\n")); !strings.Contains(got.Text, "Two days.") {
		t.Errorf("a table came out as %q", got.Text)
	}
}
