package console

import (
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// What a reader must know of error correction M, of each version from 1 (ISO/IEC 18004,
// table 9): blocks, and data bytes of the shortest; the later blocks have one more.
var (
	qrBlocks = []int{1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10}
	qrData   = []int{16, 28, 44, 32, 43, 27, 31, 38, 36, 43, 50, 36, 37, 40, 41}
	qrTotal  = []int{26, 44, 70, 100, 134, 172, 196, 242, 292, 346, 404, 466, 532, 581, 655}
)

var qrMasks = []func(r, c int) bool{
	func(r, c int) bool { return (r+c)%2 == 0 }, func(r, _ int) bool { return r%2 == 0 }, func(_, c int) bool { return c%3 == 0 },
	func(r, c int) bool { return (r+c)%3 == 0 }, func(r, c int) bool { return (r/2+c/3)%2 == 0 }, func(r, c int) bool { return r*c%2+r*c%3 == 0 },
	func(r, c int) bool { return (r*c%2+r*c%3)%2 == 0 }, func(r, c int) bool { return ((r+c)%2+r*c%3)%2 == 0 },
}

// readQR reads the text of a QR code that was drawn as a path of unit squares, with a
// margin of four. It corrects no errors: there are to be none.
func readQR(t *testing.T, path string, width int) string {
	t.Helper()
	size := width - 8
	version := (size - 17) / 4
	if version < 1 || version > len(qrBlocks) || size != version*4+17 {
		t.Fatalf("a QR code %d wide has no version that is read here", size)
	}
	dark := map[[2]int]bool{}
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h1v1h-1z`).FindAllStringSubmatch(path, -1) {
		c, _ := strconv.Atoi(m[1]) // digits, as matched
		r, _ := strconv.Atoi(m[2])
		dark[[2]int{r - 4, c - 4}] = true
	}
	format := 0
	for i, c := range []int{0, 1, 2, 3, 4} {
		if dark[[2]int{8, c}] {
			format |= 1 << (4 - i)
		}
	}
	format ^= 0x5412 >> 10
	if format>>3 != 0 {
		t.Fatalf("the code's error correction is %b, want M (00)", format>>3)
	}
	var bits []byte
	taken := qrFixed(size, version)
	up := true
	for right := size - 1; right > 0; right -= 2 {
		if right == 6 {
			right = 5
		}
		for i := range size {
			r := i
			if up {
				r = size - 1 - i
			}
			for _, c := range []int{right, right - 1} {
				if !taken(r, c) {
					bit := byte(0)
					if dark[[2]int{r, c}] != qrMasks[format&7](r, c) {
						bit = 1
					}
					bits = append(bits, bit)
				}
			}
		}
		up = !up
	}
	bytes := make([]byte, qrTotal[version-1])
	for i := range bytes {
		for _, b := range bits[i*8 : i*8+8] {
			bytes[i] = bytes[i]<<1 | b
		}
	}
	return qrText(t, qrJoin(bytes, version), version)
}

// qrFixed reports which modules hold no data.
func qrFixed(size, version int) func(r, c int) bool {
	var marks []int
	if version > 1 {
		n, last := version/7+2, version*4+10
		step := 0
		if n > 1 {
			step = ((last - 6) + 2*(n-1) - 1) / (2 * (n - 1)) * 2
		}
		for at := last; len(marks) < n-1; at -= step {
			marks = append(marks, at)
		}
		marks = append(marks, 6)
		slices.Sort(marks)
	}
	return func(r, c int) bool {
		if r == 6 || c == 6 || r < 9 && (c < 9 || c >= size-8) || r >= size-8 && c < 9 {
			return true
		}
		if version >= 7 && (r < 6 && c >= size-11 || c < 6 && r >= size-11) {
			return true
		}
		for _, y := range marks {
			for _, x := range marks {
				corner := y == 6 && (x == 6 || x == size-7) || y == size-7 && x == 6
				if !corner && max(r-y, y-r) <= 2 && max(c-x, x-c) <= 2 {
					return true
				}
			}
		}
		return false
	}
}

// qrJoin puts the data of interleaved blocks in order.
func qrJoin(bytes []byte, version int) []byte {
	n, short, total := qrBlocks[version-1], qrData[version-1], qrTotal[version-1]
	check := total/n - short // of every block alike
	longer := total - n*(short+check)
	blocks := make([][]byte, n)
	at := 0
	for i := range short + 1 {
		for k := range blocks {
			if i < short || k >= n-longer {
				blocks[k] = append(blocks[k], bytes[at])
				at++
			}
		}
	}
	return slices.Concat(blocks...)
}

func qrText(t *testing.T, data []byte, version int) string {
	t.Helper()
	if data[0]>>4 != 4 {
		t.Fatalf("the code's mode is %d, want bytes (4)", data[0]>>4)
	}
	shifted := make([]byte, len(data)-1) // past the mode
	for i := range shifted {
		shifted[i] = data[i]<<4 | data[i+1]>>4
	}
	length, from := int(shifted[0]), 1
	if version >= 10 {
		length, from = length<<8|int(shifted[1]), 2
	}
	if from+length > len(shifted) {
		t.Fatalf("the code says %d bytes, of %d", length, len(shifted))
	}
	return string(shifted[from : from+length])
}
