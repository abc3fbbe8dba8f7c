package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"sync"
	"testing"

	"frontdesk/conversation"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/tokens"
)

// ears is a transcriber that hears text, or fails.
type ears struct {
	mu   sync.Mutex // guards got
	got  []conversation.Recording
	text string
	err  error
}

func (e *ears) Transcribe(_ context.Context, r conversation.Recording) (conversation.Transcript, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.got = append(e.got, r)
	return conversation.Transcript{Text: e.text, Model: "ears", Usage: conversation.Usage{InputTokens: 7}}, e.err
}

func newReader(t testing.TB, tr conversation.Transcriber) *Reader {
	t.Helper()
	return New(Config{Transcriber: tr, Detect: extract.Detect, Extract: extract.Extract, Counter: tokens.For("gpt-4o-mini")})
}

// read looks into content, which must not be an error.
func read(t testing.TB, r *Reader, name string, content []byte) conversation.Reading {
	t.Helper()
	got, err := r.Read(t.Context(), conversation.File{Attachment: conversation.Attachment{Name: name}, Content: content})
	if err != nil {
		t.Fatalf("Read(%s) = %v, want a reading", name, err)
	}
	return got
}

// photo has a red upper left quarter on grey.
func photo(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{90, 90, 90, 255}
			if x < w/2 && y < h/2 {
				c = color.RGBA{220, 20, 20, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gifOf(t testing.TB, w, h, frames int) []byte {
	t.Helper()
	g := &gif.GIF{Config: image.Config{Width: w, Height: h}}
	for i := range frames {
		p := image.NewPaletted(image.Rect(0, 0, min(w, 16), min(h, 16)), color.Palette{color.White, color.RGBA{uint8(i), 0, 0, 255}})
		g.Image, g.Delay = append(g.Image, p), append(g.Delay, 1)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withExif puts an EXIF orientation and a note that names a place into a JPEG.
func withExif(data []byte, orientation uint16, little bool) []byte {
	var order binary.AppendByteOrder = binary.BigEndian
	tiff := []byte("MM\x00\x2a")
	if little {
		order, tiff = binary.LittleEndian, []byte("II\x2a\x00")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 1)
	tiff = order.AppendUint16(tiff, 0x0112)
	tiff = order.AppendUint16(tiff, 3)
	tiff = order.AppendUint32(tiff, 1)
	tiff = order.AppendUint16(tiff, orientation)
	tiff = append(tiff, 0, 0, 0, 0, 0, 0)
	body := append([]byte("Exif\x00\x00"), tiff...)
	body = append(body, "48.2082N 16.3738E"...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, byte((len(body)+2)>>8), byte(len(body)+2))
	return append(append(out, body...), data[2:]...)
}

// ogg makes the pages of an Opus recording that ends at a position, in 48 kHz samples.
func ogg(skip uint16, end uint64) []byte {
	page := func(pos uint64, body string) []byte {
		p := append([]byte("OggS\x00\x00"), binary.LittleEndian.AppendUint64(nil, pos)...)
		p = append(p, make([]byte, 12)...)
		return append(append(p, 1, byte(len(body))), body...)
	}
	head := "OpusHead\x01\x01" + string(binary.LittleEndian.AppendUint16(nil, skip)) + "\x80\xbb\x00\x00\x00\x00\x00"
	return append(page(0, head), page(end, "sound")...)
}

func wav(seconds int) []byte {
	const rate = 8000
	le := binary.LittleEndian
	d := append([]byte("RIFF"), le.AppendUint32(nil, uint32(36+rate*seconds))...)
	d = append(d, "WAVEfmt "...)
	d = le.AppendUint32(d, 16)
	d = le.AppendUint16(le.AppendUint16(d, 1), 1)
	d = le.AppendUint32(le.AppendUint32(d, rate), rate)
	d = le.AppendUint16(le.AppendUint16(d, 1), 8)
	d = append(d, "data"...)
	d = le.AppendUint32(d, uint32(rate*seconds))
	return append(d, make([]byte, rate*seconds)...)
}

// box is one of MP4's.
func box(kind string, body ...[]byte) []byte {
	all := bytes.Join(body, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(all))), kind...), all...)
}

// mp4Of is the frame of a file that lasts some seconds and has tracks of the kinds.
func mp4Of(seconds uint32, handlers ...string) []byte {
	mvhd := append(make([]byte, 12), binary.BigEndian.AppendUint32(nil, 1000)...)
	mvhd = binary.BigEndian.AppendUint32(mvhd, seconds*1000)
	parts := [][]byte{box("mvhd", mvhd)}
	for _, h := range handlers {
		parts = append(parts, box("trak", box("mdia", box("hdlr", make([]byte, 8), []byte(h), make([]byte, 12)))))
	}
	return append(box("ftyp", []byte("isom\x00\x00\x00\x00")), box("moov", parts...)...)
}

func mustPNG(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func crc(d []byte) uint32 { return crc32.ChecksumIEEE(d) }
