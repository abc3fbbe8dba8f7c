package media

import (
	"bytes"
	"encoding/binary"
)

// orientation reads how a JPEG's camera was held from its EXIF (CIPA DC-008,
// tag 0x0112); 1, upright, where there is none to be read.
func orientation(d []byte) int {
	for i := 2; i+4 <= len(d) && d[i] == 0xff; {
		marker, size := d[i+1], int(binary.BigEndian.Uint16(d[i+2:]))
		if marker == 0xda || size < 2 || i+2+size > len(d) {
			return 1
		}
		if body := d[i+4 : i+2+size]; marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return tiffOrientation(body[6:])
		}
		i += 2 + size
	}
	return 1
}

func tiffOrientation(t []byte) int {
	if len(t) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if t[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(t[4:]))
	if at+2 > int64(len(t)) {
		return 1
	}
	n := int64(order.Uint16(t[at:]))
	for i := range n {
		e := at + 2 + 12*i
		if e+12 > int64(len(t)) {
			return 1
		}
		if order.Uint16(t[e:]) == 0x0112 {
			if v := int(order.Uint16(t[e+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
	}
	return 1
}

// firstFrame makes a still of an animated WebP: its first frame's bits in a file
// of their own. Anything else comes back as it is.
func firstFrame(d []byte) []byte {
	const header, frameHeader = 12, 16
	if len(d) < header+8+10 || string(d[header:header+4]) != "VP8X" || d[header+8]&2 == 0 {
		return d
	}
	for c := d[header:]; len(c) >= 8; {
		size := int64(binary.LittleEndian.Uint32(c[4:]))
		if size > int64(len(c)-8) {
			return d
		}
		if string(c[:4]) == "ANMF" && size > frameHeader {
			return still(c[8+frameHeader : 8+size])
		}
		c = c[min(int64(len(c)), 8+size+size&1):]
	}
	return d
}

// still wraps the bitmap among a frame's chunks; transparency is left out.
func still(chunks []byte) []byte {
	for len(chunks) >= 8 {
		size := int64(binary.LittleEndian.Uint32(chunks[4:]))
		if size > int64(len(chunks)-8) {
			return nil
		}
		if name := string(chunks[:4]); name == "VP8 " || name == "VP8L" {
			body := chunks[:8+size]
			out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+len(body)+len(body)&1))
			out = append(append(out, "WEBP"...), body...)
			return append(out, make([]byte, len(body)&1)...)
		}
		chunks = chunks[min(int64(len(chunks)), 8+size+size&1):]
	}
	return nil
}
