// Command gen writes ../../o200k_base.bin and ../../cl100k_base.bin from the JSON vocabularies in
// the npm package "tiktoken" (MIT; 1.0.22 was used):
//
//	npm install tiktoken@1.0.22
//	TIKTOKEN_DIR=$PWD/node_modules/tiktoken go generate frontdesk/knowledge/tokens
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	log.SetFlags(0)
	from := flag.String("from", "", "the package's `directory` encoders")
	to := flag.String("to", ".", "the `directory` to write to")
	flag.Parse()
	for _, name := range []string{"o200k_base", "cl100k_base"} {
		if err := convert(filepath.Join(*from, name+".json"), filepath.Join(*to, name+".bin")); err != nil {
			log.Fatalf("convert %s: %v", name, err)
		}
	}
}

func convert(from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var in struct {
		Ranks string `json:"bpe_ranks"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	tokens, err := parse(in.Ranks)
	if err != nil {
		return err
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(tokens)))
	for _, t := range tokens {
		out = append(out, byte(len(t)))
	}
	for _, t := range tokens {
		out = append(out, t...)
	}
	return os.WriteFile(to, out, 0o644)
}

// parse reads lines of "! RANK TOKEN TOKEN …", tokens in base64 and ranks counting up from RANK. It
// insists on ranks without a gap, on tokens of 1 to 255 bytes and on a token for each single byte:
// the binary format and the merging rely on them.
func parse(lines string) ([]string, error) {
	var tokens []string
	single := map[byte]bool{}
	for line := range strings.Lines(lines) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) < 2 || fields[0] != "!" {
			return nil, fmt.Errorf("a line does not begin with %q and a rank", "!")
		}
		rank, err := strconv.Atoi(fields[1])
		if err != nil {
			return nil, err
		}
		if rank != len(tokens) {
			return nil, fmt.Errorf("rank %d follows %d tokens", rank, len(tokens))
		}
		for _, f := range fields[2:] {
			t, err := base64.StdEncoding.DecodeString(f)
			if err != nil {
				return nil, fmt.Errorf("token %d: %w", len(tokens), err)
			}
			if len(t) < 1 || len(t) > 255 {
				return nil, fmt.Errorf("token %d has %d bytes", len(tokens), len(t))
			}
			if len(t) == 1 {
				single[t[0]] = true
			}
			tokens = append(tokens, string(t))
		}
	}
	if len(single) != 256 {
		return nil, fmt.Errorf("%d of 256 bytes have a token", len(single))
	}
	return tokens, nil
}
