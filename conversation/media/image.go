package media

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"frontdesk/conversation"
)

// Bounds of a picture, checked before it is unpacked.
const (
	maxSide   = 16_384     // of either side; phones reach 12,000
	maxPixels = 50_000_000 // phones' best
	// maxUnpacked bounds what the pixels take in memory: some formats have eight
	// bytes for each.
	maxUnpacked = 200 << 20
)

// Sizes pictures are kept in.
const (
	keptSide = 2048 // for people, who read what is on a screenshot
	lowSide  = 768  // for a model in low detail, which sees 512; others see a little more
	highSide = 768  // shorter side in high detail, as OpenAI makes it itself
	quality  = 85
	maxPNG   = 1 << 20 // above, a picture is kept as JPEG
)

// image makes a picture safe and small: it is encoded anew, so nothing but its
// pixels is left of what came, and turned the way its camera was held.
func (r *Reader) image(data []byte, out *conversation.Reading) {
	src, sharp, refused := decode(out.MediaType, data)
	if refused != "" {
		out.Refused = refused
		return
	}
	turn := 1
	if out.MediaType == typeJPEG {
		turn = orientation(data)
	}
	kept := upright(shrink(src, keptSide, keptSide), turn)
	src = nil // the large one is not needed any more
	b := kept.Bounds()
	w, h := lowSide, lowSide
	if r.cfg.High {
		if w, h = keptSide, highSide; b.Dy() > b.Dx() {
			w, h = h, w
		}
	}
	picture := shrink(kept, w, h)
	out.Content, out.MediaType = encode(kept, sharp)
	out.Picture = out.Content
	if picture != kept {
		out.Picture, _ = encode(picture, sharp)
	}
	out.Width, out.Height = picture.Bounds().Dx(), picture.Bounds().Dy()
	if len(out.Content) == 0 || len(out.Picture) == 0 {
		*out = conversation.Reading{Kind: out.Kind, MediaType: out.MediaType, Refused: conversation.RefusedDamaged}
	}
}

// decode unpacks the first frame of a picture. sharp tells that it was kept
// without loss, as screenshots are.
func decode(mediaType string, data []byte) (src image.Image, sharp bool, _ conversation.Refusal) {
	if mediaType == typeWebP {
		data = firstFrame(data)
	}
	cfg, err := configOf(mediaType, data)
	if err != nil {
		return nil, false, conversation.RefusedDamaged
	}
	if cfg.Width <= 0 || cfg.Height <= 0 {
		return nil, false, conversation.RefusedEmpty
	}
	if cfg.Width > maxSide || cfg.Height > maxSide || int64(cfg.Width)*int64(cfg.Height) > maxPixels ||
		int64(cfg.Width)*int64(cfg.Height)*depth(cfg.ColorModel) > maxUnpacked {
		return nil, false, conversation.RefusedDimensions
	}
	in := bytes.NewReader(data)
	switch mediaType {
	case typeJPEG:
		src, err = jpeg.Decode(in)
	case typePNG:
		src, err = png.Decode(in)
		sharp = true
	case typeGIF:
		src, err = gif.Decode(in)
		sharp = true
	case typeWebP:
		src, err = webp.Decode(in)
	case typeBMP:
		src, err = bmp.Decode(in)
		sharp = true
	}
	if err != nil || src == nil || src.Bounds().Empty() {
		return nil, false, conversation.RefusedDamaged
	}
	return src, sharp, ""
}

func configOf(mediaType string, data []byte) (image.Config, error) {
	in := bytes.NewReader(data)
	switch mediaType {
	case typeJPEG:
		return jpeg.DecodeConfig(in)
	case typePNG:
		return png.DecodeConfig(in)
	case typeGIF:
		return gif.DecodeConfig(in)
	case typeWebP:
		return webp.DecodeConfig(in)
	case typeBMP:
		return bmp.DecodeConfig(in)
	}
	return image.Config{}, image.ErrFormat
}

// depth is how many bytes a pixel takes once unpacked, at most.
func depth(m color.Model) int64 {
	switch m {
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.YCbCrModel:
		return 3
	}
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	return 4
}

// shrink fits src into w × h, on white where it is transparent. What fits already
// is only flattened.
func shrink(src image.Image, w, h int) *image.RGBA {
	b := src.Bounds()
	nw, nh := fit(b.Dx(), b.Dy(), w, h)
	if flat, ok := src.(*image.RGBA); ok && nw == b.Dx() && nh == b.Dy() && flat.Opaque() {
		return flat
	}
	dst := image.NewRGBA(image.Rect(0, 0, nw, nh))
	draw.Draw(dst, dst.Bounds(), image.White, image.Point{}, draw.Src)
	if nw == b.Dx() && nh == b.Dy() {
		draw.Draw(dst, dst.Bounds(), src, b.Min, draw.Over)
	} else {
		draw.BiLinear.Scale(dst, dst.Bounds(), src, b, draw.Over, nil)
	}
	return dst
}

// fit returns the size of w × h made to fit into maxW × maxH, never enlarged.
func fit(w, h, maxW, maxH int) (int, int) {
	if w <= maxW && h <= maxH {
		return w, h
	}
	if int64(w)*int64(maxH) > int64(h)*int64(maxW) {
		return maxW, max(1, int(int64(h)*int64(maxW)/int64(w)))
	}
	return max(1, int(int64(w)*int64(maxH)/int64(h))), maxH
}

// encode writes a picture as PNG where that keeps it sharp and small, else as JPEG.
func encode(m *image.RGBA, sharp bool) ([]byte, string) {
	var b bytes.Buffer
	if sharp {
		if err := png.Encode(&b, m); err == nil && b.Len() <= maxPNG {
			return b.Bytes(), typePNG
		}
		b.Reset()
	}
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		return nil, ""
	}
	return b.Bytes(), typeJPEG
}

// upright turns and mirrors a picture by its EXIF orientation, 1 to 8.
func upright(m *image.RGBA, orientation int) *image.RGBA {
	if orientation <= 1 || orientation > 8 {
		return m
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	dw, dh := w, h
	if orientation >= 5 {
		dw, dh = h, w
	}
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	for y := range h {
		for x := range w {
			dx, dy := x, y
			switch orientation {
			case 2:
				dx = w - 1 - x
			case 3:
				dx, dy = w-1-x, h-1-y
			case 4:
				dy = h - 1 - y
			case 5:
				dx, dy = y, x
			case 6:
				dx, dy = h-1-y, x
			case 7:
				dx, dy = h-1-y, w-1-x
			case 8:
				dx, dy = y, w-1-x
			}
			copy(dst.Pix[dst.PixOffset(dx, dy):][:4], m.Pix[m.PixOffset(m.Rect.Min.X+x, m.Rect.Min.Y+y):][:4])
		}
	}
	return dst
}
