package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"time"

	"frontdesk/conversation"
)

// voice has a recording turned into text.
func (r *Reader) voice(ctx context.Context, f conversation.File, out *conversation.Reading) error {
	out.Duration = duration(out.MediaType, f.Content)
	switch {
	case out.Duration > MaxDuration:
		out.Refused = conversation.RefusedDuration
		return nil
	case r.cfg.Transcriber == nil:
		out.Refused = conversation.RefusedNoHearing
		return nil
	}
	text, err := r.transcribe(ctx, conversation.Recording{MediaType: out.MediaType, Data: f.Content, Duration: out.Duration}, out)
	out.Text = text
	return err
}

// duration reads how long a recording is from its own figures, which cost no
// decoding; 0 where it does not say. What it claims is not proof: the size of the
// file is what bounds the cost in the end.
func duration(mediaType string, d []byte) time.Duration {
	switch mediaType {
	case typeOgg:
		return oggDuration(d)
	case typeWAV:
		return wavDuration(d)
	case typeFLAC:
		return flacDuration(d)
	case typeMP3:
		return mp3Duration(d)
	case typeM4A, typeMP4:
		return readMP4(d).length
	}
	return 0
}

// seconds makes a duration of n units of which rate make a second, at most a day.
func seconds(n uint64, rate uint64) time.Duration {
	if rate == 0 {
		return 0
	}
	s := float64(n) / float64(rate)
	return time.Duration(min(s, (24*time.Hour).Seconds()) * float64(time.Second))
}

// oggDuration is the last page's position (RFC 3533, 6) over the codec's rate
// (RFC 7845, 5.1; Vorbis I, 4.2.2; RFC 5334).
func oggDuration(d []byte) time.Duration {
	const header = 27
	if len(d) < header+1 {
		return 0
	}
	body := header + int(d[header-1])
	if body > len(d) {
		return 0
	}
	packet := d[body:]
	var rate, skip uint64
	switch {
	case bytes.HasPrefix(packet, []byte("OpusHead")) && len(packet) >= 12:
		rate, skip = 48_000, uint64(binary.LittleEndian.Uint16(packet[10:]))
	case bytes.HasPrefix(packet, []byte("\x01vorbis")) && len(packet) >= 16:
		rate = uint64(binary.LittleEndian.Uint32(packet[12:]))
	case bytes.HasPrefix(packet, []byte("Speex   ")) && len(packet) >= 40:
		rate = uint64(binary.LittleEndian.Uint32(packet[36:]))
	case bytes.HasPrefix(packet, []byte("\x7fFLAC")) && len(packet) >= 30:
		rate = uint64(packet[27])<<12 | uint64(packet[28])<<4 | uint64(packet[29])>>4
	}
	for end := len(d); ; {
		at := bytes.LastIndex(d[:end], []byte("OggS"))
		if at < 0 {
			return 0
		}
		if at+14 <= len(d) {
			if pos := binary.LittleEndian.Uint64(d[at+6:]); pos != math.MaxUint64 { // of a page on which no packet ends
				return seconds(pos-min(pos, skip), rate)
			}
		}
		end = at
	}
}

func wavDuration(d []byte) time.Duration {
	var rate uint64
	for c := d[min(len(d), 12):]; len(c) >= 8; {
		size := int64(binary.LittleEndian.Uint32(c[4:]))
		switch string(c[:4]) {
		case "fmt ":
			if len(c) >= 20 {
				rate = uint64(binary.LittleEndian.Uint32(c[16:])) // bytes a second
			}
		case "data":
			return seconds(uint64(min(size, int64(len(c)-8))), rate)
		}
		c = c[min(int64(len(c)), 8+size+size&1):]
	}
	return 0
}

// flacDuration reads STREAMINFO, which comes first (RFC 9639, 8.2).
func flacDuration(d []byte) time.Duration {
	if len(d) < 26 {
		return 0
	}
	rate := uint64(d[18])<<12 | uint64(d[19])<<4 | uint64(d[20])>>4
	samples := uint64(d[21]&0x0f)<<32 | uint64(binary.BigEndian.Uint32(d[22:]))
	return seconds(samples, rate)
}

// mp3Duration is what all frames take if they are like the first, or what a Xing
// header in the first counts.
func mp3Duration(d []byte) time.Duration {
	if len(d) >= 10 && string(d[:3]) == "ID3" {
		size := int(d[6]&0x7f)<<21 | int(d[7]&0x7f)<<14 | int(d[8]&0x7f)<<7 | int(d[9]&0x7f)
		d = d[min(len(d), 10+size):]
	}
	size, f, ok := mp3Frame(d)
	if !ok {
		return 0
	}
	for _, at := range [...]int{36, 21, 13} { // by version and channels
		if tag := d[min(len(d), at):]; len(tag) >= 12 && (string(tag[:4]) == "Xing" || string(tag[:4]) == "Info") && tag[7]&1 != 0 {
			return seconds(uint64(binary.BigEndian.Uint32(tag[8:]))*f.samples, f.rate)
		}
	}
	return seconds(uint64(len(d)/size)*f.samples, f.rate)
}

type mp3Info struct{ rate, samples uint64 }

// mp3Frame reads a header of MPEG 1, 2 or 2.5 layer III (ISO 11172-3, 2.4.1.3)
// and returns the frame's length in bytes.
func mp3Frame(d []byte) (size int, f mp3Info, ok bool) {
	if len(d) < 4 || d[0] != 0xff || d[1]&0xe0 != 0xe0 || d[1]>>1&3 != 1 {
		return 0, f, false
	}
	version, bits, rate := d[1]>>3&3, int(d[2]>>4), d[2]>>2&3
	if version == 1 || bits == 0 || bits == 15 || rate == 3 {
		return 0, f, false
	}
	kbit := [...]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}[bits]
	f = mp3Info{rate: [...]uint64{44_100, 48_000, 32_000}[rate], samples: 1152}
	if version != 3 {
		kbit = [...]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}[bits]
		f.samples, f.rate = 576, f.rate/2
		if version == 0 {
			f.rate /= 2
		}
	}
	size = int(f.samples)/8*kbit*1000/int(f.rate) + int(d[2]>>1&1)
	return size, f, size > 4
}

// mp4 is what a file's boxes say (ISO 14496-12).
type mp4 struct {
	length      time.Duration
	sound, film bool
}

func readMP4(d []byte) (m mp4) {
	boxes(d, 0, func(kind string, body []byte) bool {
		switch kind {
		case "moov", "trak", "mdia", "mvex":
			return true
		case "mvhd":
			if l := headerLength(body); l > 0 {
				m.length = l
			}
		case "hdlr":
			if len(body) >= 12 {
				m.sound = m.sound || string(body[8:12]) == "soun"
				m.film = m.film || string(body[8:12]) == "vide"
			}
		}
		return false
	})
	return m
}

// headerLength reads a mvhd of version 0 or 1.
func headerLength(b []byte) time.Duration {
	switch {
	case len(b) >= 20 && b[0] == 0:
		if n := binary.BigEndian.Uint32(b[16:]); n != math.MaxUint32 {
			return seconds(uint64(n), uint64(binary.BigEndian.Uint32(b[12:])))
		}
	case len(b) >= 32 && b[0] == 1:
		if n := binary.BigEndian.Uint64(b[24:]); n != math.MaxUint64 {
			return seconds(n, uint64(binary.BigEndian.Uint32(b[20:])))
		}
	}
	return 0
}

// maxBoxDepth is deeper than any box of interest.
const maxBoxDepth = 6

// boxes calls each box and goes into those it returns true for.
func boxes(d []byte, depth int, each func(kind string, body []byte) bool) {
	for len(d) >= 8 && depth < maxBoxDepth {
		size, header := uint64(binary.BigEndian.Uint32(d)), uint64(8)
		switch {
		case size == 1 && len(d) >= 16:
			size, header = binary.BigEndian.Uint64(d[8:]), 16
		case size == 0:
			size = uint64(len(d))
		}
		if size < header || size > uint64(len(d)) {
			return
		}
		if body := d[header:size]; each(string(d[4:8]), body) {
			boxes(body, depth+1, each)
		}
		d = d[size:]
	}
}
