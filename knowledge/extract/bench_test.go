package extract

import (
	"strings"
	"testing"
)

func BenchmarkInstructions(b *testing.B) {
	s := strings.Repeat("You can return the goods within 60 days, if they are unused; see the page on refunds for all rules. Ein Absatz auf Deutsch. Ещё один абзац. ", 7000)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		var sus suspicions
		if sus.instruction(s) != "" {
			b.Fatal("found one")
		}
	}
}
