package media

import (
	"testing"
	"time"

	"frontdesk/conversation"
)

// FuzzSniffAndMeasure holds that no bytes make the parsers here panic, and that
// no file is said to last longer than a day.
func FuzzSniffAndMeasure(f *testing.F) {
	for _, seed := range [][]byte{
		ogg(312, 48_000), wav(1), mp4Of(3, "soun", "vide"), []byte("fLaC"), []byte("ID3\x04\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x00"),
		[]byte("RIFF\x00\x00\x00\x00WEBPVP8X"), []byte("\x1a\x45\xdf\xa3V_VP9"),
	} {
		f.Add(seed)
	}
	r := newReader(f, nil)
	f.Fuzz(func(t *testing.T, d []byte) {
		_, mediaType, _ := r.Sniff("voice.ogg", d)
		for _, m := range []string{mediaType, typeOgg, typeWAV, typeFLAC, typeMP3, typeMP4} {
			if l := duration(m, d); l < 0 || l > 24*time.Hour {
				t.Errorf("duration(%s) = %v", m, l)
			}
		}
		if o := orientation(append([]byte("\xff\xd8"), d...)); o < 1 || o > 8 {
			t.Errorf("orientation = %d", o)
		}
		firstFrame(d)
	})
}

// FuzzPicture holds that whatever decodes comes out within its bounds.
func FuzzPicture(f *testing.F) {
	f.Add(jpegOf(f, photo(40, 20)))
	f.Add(withExif(jpegOf(f, photo(40, 20)), 6, true))
	f.Add(pngOf(f, photo(20, 40)))
	f.Add(gifOf(f, 20, 20, 2))
	r := newReader(f, nil)
	f.Fuzz(func(t *testing.T, d []byte) {
		var out conversation.Reading
		if out.MediaType = imageType(d); out.MediaType == "" {
			return
		}
		r.image(d, &out)
		if out.Refused == "" && (out.Width > lowSide || out.Height > lowSide || out.Width < 1 || out.Height < 1 || len(out.Picture) == 0) {
			t.Errorf("a picture of %d × %d, %d bytes", out.Width, out.Height, len(out.Picture))
		}
	})
}

func FuzzFit(f *testing.F) {
	f.Add(3000, 1500, 768, 768)
	f.Fuzz(func(t *testing.T, w, h, mw, mh int) {
		if min(w, h, mw, mh) < 1 || max(w, h, mw, mh) > maxSide {
			return
		}
		gw, gh := fit(w, h, mw, mh)
		if gw < 1 || gh < 1 || gw > max(mw, 1) || gh > max(mh, 1) {
			t.Errorf("fit(%d, %d, %d, %d) = %d, %d", w, h, mw, mh, gw, gh)
		}
	})
}
