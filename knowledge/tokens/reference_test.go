package tokens

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// How many random texts are compared with the reference, and the seed they come from.
const (
	fuzzTexts = "25000"
	fuzzSeed  = "42"
)

// The tests here compare with npm's tiktoken itself. They need Node and the package:
//
//	npm install tiktoken@1.0.22
//	TIKTOKEN_DIR=$PWD/node_modules/tiktoken go test -run Reference frontdesk/knowledge/tokens
func reference(t *testing.T, line func([]byte), args ...string) {
	t.Helper()
	if os.Getenv("TIKTOKEN_DIR") == "" {
		t.Skip("TIKTOKEN_DIR is not set; testdata/golden.jsonl holds recorded answers")
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"testdata/reference.mjs"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(out)
	in.Buffer(nil, 16<<20)
	n := 0
	for in.Scan() {
		n++
		line(in.Bytes())
	}
	if err := in.Err(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("compared %d texts", n)
	if n == 0 {
		t.Error("the reference printed nothing")
	}
}

func TestReferenceAgreesOnRandomTexts(t *testing.T) {
	reference(t, func(line []byte) {
		var s sample
		if err := json.Unmarshal(line, &s); err != nil {
			t.Fatal(err)
		}
		s.check(t)
	}, "fuzz", fuzzTexts, fuzzSeed)
}

// A character of a Unicode version that Go does not know yet would fall into the wrong class; this
// looks at every one there is, in each place where its class decides a cut.
func TestReferenceAgreesOnEveryCharacter(t *testing.T) {
	var ids []int
	reference(t, func(line []byte) {
		var want [3]uint32
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatal(err)
		}
		c := string(rune(want[0]))
		text := "a" + c + "'s b" + c + "2" + c + c + "A" + c + "a \n" + c + "\n" + c + "/ " + c + "'T  " + c + "1"
		for i, e := range []*Encoding{o200k, cl100k} {
			ids = e.Encode(ids[:0], text)
			h := uint32(0x811c9dc5)
			for _, id := range ids {
				h = (h ^ uint32(id)) * 0x01000193
			}
			if h != want[i+1] {
				t.Errorf("%s.Encode(%q), U+%04X, differs from the reference: %v", e.Name(), text, want[0], ids)
			}
		}
	}, "codepoints")
}
