package rivals

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxNumbers bounds the numbers looked at in a text.
const maxNumbers = 64

// zeros are those of the digits people write, beside the ASCII and wide ones.
var zeros = []rune{'٠', '۰', '०', '০', '૦', '௦', '๐', '໐', '၀', '០'}

// numbers are the distinct numbers of a text, sorted: digits with what parts
// them, so that 1,000 is 1000 and 9:30 is not 930.
func numbers(text string) []string {
	var out []string
	var b strings.Builder
	end := func() {
		if n := strings.TrimRight(b.String(), ".:"); n != "" && len(out) < maxNumbers {
			if strings.Contains(n, ".") && !strings.Contains(n, ":") { // 4.50 is 4.5
				n = strings.TrimRight(strings.TrimRight(n, "0"), ".")
			}
			out = append(out, n)
		}
		b.Reset()
	}
	for _, r := range norm.NFKC.String(strings.ToValidUTF8(text, " ")) {
		switch d, ok := digit(r); {
		case ok:
			b.WriteByte(d)
		case b.Len() > 0 && (r == '.' || r == ':'):
			b.WriteByte(byte(r))
		case b.Len() > 0 && (r == ',' || r == '\u202f' || r == '\''):
		default:
			end()
		}
	}
	end()
	slices.Sort(out)
	return slices.Compact(out)
}

func digit(r rune) (byte, bool) {
	if r >= '0' && r <= '9' {
		return byte(r), true
	}
	if !unicode.IsDigit(r) {
		return 0, false
	}
	for _, z := range zeros {
		if r >= z && r < z+10 {
			return byte('0' + r - z), true
		}
	}
	return 0, false
}

// denials are words that turn a sentence round, and first words that refuse.
var denials = func() map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq("no not never cannot cant dont doesnt didnt isnt arent wont wasnt without neither nor unable impossible " +
		"nunca jamás sin ningún ninguna tampoco " + "pas jamais aucun aucune sans non " + "nicht kein keine keinen keiner nie niemals ohne nein " +
		"não nunca sem nem nenhum " + "mai senza nessun nessuna " + "niet geen nooit zonder nee " + "не нет нельзя никогда без " + "nie bez nigdy " +
		"ei ingen inte aldrig ikke aldri " + "لا لم لن ليس ليست بدون غير " + "değil hayır yok " + "नहीं ") {
		out[norm.NFC.String(w)] = true
	}
	return out
}()

// denialSigns are those of scripts that part no words.
var denialSigns = []string{"不", "没", "沒", "無", "无", "勿", "未", "非", "ない", "ません", "않", "없", "못", "안 ", "ไม่"}

// negated reports whether a text denies something.
func negated(text string) bool {
	text = strings.ToLower(norm.NFC.String(strings.NewReplacer("'", "", "’", "").Replace(text)))
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		if denials[w] {
			return true
		}
	}
	for _, s := range denialSigns {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}
