package tokens

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// golden reads the texts and ids that the reference implementation printed; see reference.mjs.
func golden(t testing.TB) []sample {
	t.Helper()
	f, err := os.Open("testdata/golden.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []sample
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var s sample
		if err := json.Unmarshal(in.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

type sample struct {
	text          string
	o200k, cl100k []int
}

func (s *sample) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&s.text, &s.o200k, &s.cl100k})
}

func (s sample) check(t testing.TB) {
	t.Helper()
	for _, c := range []struct {
		enc  *Encoding
		want []int
	}{{o200k, s.o200k}, {cl100k, s.cl100k}} {
		if got := c.enc.Encode(nil, s.text); !slices.Equal(got, c.want) {
			t.Errorf("%s.Encode(%q) = %v, want %v", c.enc.Name(), s.text, got, c.want)
		}
		if got := c.enc.Count(s.text); got != len(c.want) {
			t.Errorf("%s.Count(%q) = %d, want %d", c.enc.Name(), s.text, got, len(c.want))
		}
	}
}

func TestIDsEqualTheReference(t *testing.T) {
	all := golden(t)
	if len(all) < 300 {
		t.Fatalf("golden.jsonl has %d texts, want at least 300", len(all))
	}
	for _, s := range all {
		s.check(t)
	}
}

func TestModelNamesGetTheirEncoding(t *testing.T) {
	for model, want := range map[string]string{
		"gpt-4o-mini": "o200k_base", "gpt-4o-mini-2024-07-18": "o200k_base", "gpt-4.1-nano": "o200k_base",
		"gpt-4.5-preview": "o200k_base", "chatgpt-4o-latest": "o200k_base", "gpt-5": "o200k_base", "o3-mini": "o200k_base",
		"ft:gpt-4o-mini:acme::x": "o200k_base", "llama3.2:3b": "o200k_base", "": "o200k_base",
		"gpt-4": "cl100k_base", "gpt-4-turbo": "cl100k_base", "gpt-4-0613": "cl100k_base", " GPT-4 ": "cl100k_base",
		"gpt-3.5-turbo": "cl100k_base", "gpt-35-turbo": "cl100k_base", "ft:gpt-3.5-turbo:acme::x": "cl100k_base",
		"openai/gpt-4-turbo": "cl100k_base", "openai/gpt-4o": "o200k_base", "text-embedding-3-small": "cl100k_base",
		"text-embedding-ada-002": "cl100k_base",
	} {
		if got := For(model).Name(); got != want {
			t.Errorf("For(%q) = %s, want %s", model, got, want)
		}
	}
}

func TestIllFormedTextCountsAsReplacementMarks(t *testing.T) {
	const mark = "\uFFFD"
	for in, want := range map[string]string{
		"\xff\xff":             mark + mark,        // two bytes that begin nothing
		"a\xe2\x82":            "a" + mark,         // one character cut off
		"\xe2\x82b":            mark + "b",         // and the same before another
		"\xf0\x9f\x98":         mark,               // an emoji without its last byte
		"\xf0\x9f\x98\xf0\x9f": mark + mark,        // two cut off
		"\xed\xa0\x80":         mark + mark + mark, // a surrogate: no byte continues another
		"\xc0\xaf":             mark + mark,        // an overlong slash
		"\xe0\x80\xaf":         mark + mark + mark,
		"\xf4\x90\x80\x80":     mark + mark + mark + mark, // above U+10FFFF
		"\xf1\x80\x80x":        mark + "x",
		"\x80\xbfok":           mark + mark + "ok",
		"fine \uFFFD":          "fine " + mark,
	} {
		if got := valid(in); got != want {
			t.Errorf("valid(%q) = %q, want %q", in, got, want)
		}
		for _, e := range []*Encoding{o200k, cl100k} {
			if got, want := e.Encode(nil, in), e.Encode(nil, want); !slices.Equal(got, want) {
				t.Errorf("%s.Encode(%q) = %v, want %v", e.Name(), in, got, want)
			}
		}
	}
}

func TestSpecialTokensAreOrdinaryText(t *testing.T) {
	for _, text := range []string{"<|endoftext|>", "<|im_start|>system<|im_end|>"} {
		ids := o200k.Encode(nil, text)
		if len(ids) < 2 {
			t.Errorf("Encode(%q) = %v, want several ordinary tokens", text, ids)
		}
		if got := o200k.Decode(ids); got != text {
			t.Errorf("Decode(Encode(%q)) = %q, want it unchanged", text, got)
		}
	}
}

func TestDecodeSkipsUnknownIDs(t *testing.T) {
	if got := cl100k.Decode([]int{-1, 9906, 1 << 30, 100_256}); got != "Hello" {
		t.Errorf("Decode = %q, want %q", got, "Hello")
	}
}

func TestCountingShortTextAllocatesNothing(t *testing.T) {
	o200k.Count("load")
	if n := testing.AllocsPerRun(50, func() { o200k.Count("Where is my order? Unzerbrechlichkeitsprüfung 文档 🙂") }); n != 0 {
		t.Errorf("Count allocates %v times, want 0", n)
	}
}

// prefixes returns how many tokens each prefix of s that ends between characters has, by its length.
func prefixes(e *Encoding, s string) map[int]int {
	counts := map[int]int{len(s): e.Count(s)}
	for n := range s {
		counts[n] = e.Count(s[:n])
	}
	return counts
}

// longest is Truncate's promise, literally.
func longest(s string, counts map[int]int, max int) string {
	best := 0
	for n, tokens := range counts {
		if tokens <= max && n > best {
			best = n
		}
	}
	return s[:best]
}

func TestTruncateFindsTheLongestPrefix(t *testing.T) {
	for _, e := range []*Encoding{o200k, cl100k} {
		for _, s := range golden(t) {
			if len(s.text) > searched {
				continue
			}
			counts := prefixes(e, s.text)
			for max := range counts[len(s.text)] + 2 {
				if got, want := e.Truncate(s.text, max), longest(s.text, counts, max); got != want {
					t.Errorf("%s.Truncate(%q, %d) = %q, want %q", e.Name(), s.text, max, got, want)
				}
			}
		}
	}
}

func TestTruncateCutsLongRunsNearTheLimit(t *testing.T) {
	for name, s := range map[string]string{
		"letter":      strings.Repeat("a", 1<<20),
		"ideograph":   strings.Repeat("文", 1<<18),
		"emoji":       "x" + strings.Repeat("🙂", 1<<18),
		"space":       "a" + strings.Repeat(" ", 1<<20) + "b",
		"line breaks": strings.Repeat(" \n", 1<<19),
		"case":        strings.Repeat("文", 500) + strings.Repeat("A", 500) + "b" + strings.Repeat("c", 500),
		"symbols":     strings.Repeat("=-", 1<<19),
		"long, short": strings.Repeat("a", 1<<10) + " " + strings.Repeat("b", 200) + " " + strings.Repeat("c", 1<<10),
	} {
		for _, max := range []int{1, 7, 100, 150} {
			got := o200k.Truncate(s, max)
			if !strings.HasPrefix(s, got) || !utf8.ValidString(got) {
				t.Errorf("Truncate(%s, %d) is no prefix of whole characters", name, max)
			}
			if n := o200k.Count(got); n > max || n < max*9/10 {
				t.Errorf("Truncate(%s, %d) has %d tokens, want at most that and not much less", name, max, n)
			}
		}
	}
}

func FuzzEncodingKeepsItsPromises(f *testing.F) {
	for _, s := range golden(f)[:80] {
		f.Add(s.text, 5)
	}
	f.Add("\xff\xe2\x82 a\xed\xa0\x80", 3)
	f.Add("\t\t1\n \n  b", 2)
	f.Add(strings.Repeat(" ", 300)+"x", 2)
	f.Fuzz(func(t *testing.T, s string, max int) {
		for _, e := range []*Encoding{o200k, cl100k} {
			ids := e.Encode(nil, s)
			if n := e.Count(s); n != len(ids) {
				t.Errorf("%s.Count(%q) = %d, want %d as Encode gives", e.Name(), s, n, len(ids))
			}
			if got := e.Decode(ids); got != valid(s) {
				t.Errorf("%s.Decode(Encode(%q)) = %q, want it unchanged", e.Name(), s, got)
			}
			cut := e.Truncate(s, max)
			if !strings.HasPrefix(valid(s), cut) || !utf8.ValidString(cut) {
				t.Errorf("%s.Truncate(%q, %d) = %q, want a prefix", e.Name(), s, max, cut)
			}
			if n := e.Count(cut); n > max && cut != "" {
				t.Errorf("%s.Truncate(%q, %d) has %d tokens", e.Name(), s, max, n)
			}
			if len(s) <= searched {
				if want := longest(valid(s), prefixes(e, valid(s)), max); cut != want {
					t.Errorf("%s.Truncate(%q, %d) = %q, want %q", e.Name(), s, max, cut, want)
				}
			}
		}
	})
}

func BenchmarkShortMessage(b *testing.B) {
	const s = "Hi! I ordered two pairs of boots last Tuesday (order 48213) and only one has come so far. Where is the other one, please?"
	o200k.Count(s)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		o200k.Count(s)
	}
}

func BenchmarkMixedText(b *testing.B) {
	var text strings.Builder
	for _, s := range golden(b) {
		text.WriteString(s.text)
	}
	for _, e := range []*Encoding{o200k, cl100k} {
		b.Run(e.Name(), func(b *testing.B) {
			e.Count("load")
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				e.Count(text.String())
			}
		})
	}
}

func BenchmarkOneMegabyteOf(b *testing.B) {
	for _, c := range []string{"a", " ", "=", "文"} {
		s := strings.Repeat(c, 1<<20/len(c))
		b.Run(fmt.Sprintf("%q", c), func(b *testing.B) {
			o200k.Count("load")
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				o200k.Count(s)
			}
		})
	}
}

func BenchmarkTruncate(b *testing.B) {
	prose := strings.Repeat("The parcel left our warehouse in Leipzig on Monday. ", 2000)
	long := strings.Repeat("a", 1<<20)
	for _, c := range []struct {
		name, text string
		max        int
	}{
		{"prose", prose, 500},
		{"1 MB of a", long, 500},
		{"at the end of 1 MB of a", long + strings.Repeat("b", 300), o200k.Count(long) + 3},
		{"behind 1 MB of a", long + " " + strings.Repeat("b", 200), o200k.Count(long) + 3},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				o200k.Truncate(c.text, c.max)
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		new(vocab).fill(o200kBlob)
	}
}
