package lexical

import (
	"strings"
	"unicode"
)

// letters that only a few languages write, as votes beside those of stop words.
var letters = map[rune][]string{
	'ñ': {"es"}, '¿': {"es"}, '¡': {"es"}, 'ß': {"de"}, 'ä': {"de", "sv", "fi"}, 'ö': {"de", "sv", "fi", "tr", "hu"},
	'ü': {"de", "tr", "hu"}, 'ã': {"pt"}, 'õ': {"pt"}, 'ç': {"fr", "pt", "tr"}, 'ê': {"fr", "pt", "vi"},
	'è': {"fr", "it"}, 'ù': {"fr", "it"}, 'ò': {"it"}, 'ì': {"it"}, 'î': {"fr", "ro"}, 'û': {"fr"}, 'œ': {"fr"},
	'å': {"sv", "no", "da"}, 'ø': {"no", "da"}, 'æ': {"no", "da"}, 'ğ': {"tr"}, 'ş': {"tr"}, 'ı': {"tr"},
	'ł': {"pl"}, 'ż': {"pl"}, 'ś': {"pl"}, 'ę': {"pl"}, 'ą': {"pl"}, 'ř': {"cs"}, 'ě': {"cs"}, 'ů': {"cs"},
	'š': {"cs"}, 'č': {"cs"}, 'ő': {"hu"}, 'ű': {"hu"}, 'ă': {"ro", "vi"}, 'ț': {"ro"}, 'ș': {"ro"},
	'đ': {"vi"}, 'ơ': {"vi"}, 'ư': {"vi"},
}

// detectWords bounds how much of a text votes; more changes nothing.
const detectWords = 400

// Language tells which language a text is in, as a BCP 47 code, by its script and
// for Latin script by its stop words. It is empty when the text does not say, as
// with a product name alone.
func Language(text string) string { return language(segment(text)) }

func language(spans []span) string {
	var latin, cyrillic, arabic, persian, han, kana, hangul, other int
	code := ""
	n := 0
	for _, s := range spans {
		if n++; n > detectWords {
			break
		}
		for _, r := range s.parts[0] {
			switch {
			case unicode.Is(unicode.Latin, r):
				latin++
			case unicode.Is(unicode.Cyrillic, r):
				cyrillic++
			case unicode.Is(unicode.Arabic, r):
				arabic++
				if strings.ContainsRune("پچژگکی", r) {
					persian++
				}
			case unicode.Is(unicode.Han, r):
				han++
			case unicode.In(r, unicode.Hiragana, unicode.Katakana):
				kana++
			case unicode.Is(unicode.Hangul, r):
				hangul++
			default:
				for _, o := range otherScripts {
					if unicode.Is(o.script, r) {
						other++
						code = o.code
					}
				}
			}
		}
	}
	// A character of the East carries about what three letters do.
	switch max(latin, cyrillic, arabic, other, 3*(han+kana), 3*hangul) {
	case 0:
		return ""
	case latin:
		return latinLanguage(spans)
	case cyrillic:
		return "ru"
	case arabic:
		if persian*20 > arabic {
			return "fa"
		}
		return "ar"
	case 3 * (han + kana):
		if kana*10 > han {
			return "ja"
		}
		return "zh"
	case 3 * hangul:
		return "ko"
	}
	return code
}

// otherScripts are those that one language stands for here.
var otherScripts = []struct {
	script *unicode.RangeTable
	code   string
}{
	{unicode.Greek, "el"}, {unicode.Hebrew, "he"}, {unicode.Thai, "th"}, {unicode.Devanagari, "hi"},
	{unicode.Lao, "lo"}, {unicode.Khmer, "km"}, {unicode.Myanmar, "my"}, {unicode.Tamil, "ta"},
	{unicode.Bengali, "bn"}, {unicode.Telugu, "te"}, {unicode.Georgian, "ka"}, {unicode.Armenian, "hy"},
}

// latinLanguage lets stop words and letters vote, and answers "" unless one language
// is clearly ahead.
func latinLanguage(spans []span) string {
	votes := map[string]float64{}
	for i, s := range spans {
		if i == detectWords {
			break
		}
		if s.kind != kindWord {
			continue
		}
		joined := foldMarks(strings.Join(s.parts, ""))
		vs := votesOf[joined]
		if vs == nil && len(s.parts) == 2 && s.joins[0] == '\'' && elided[s.parts[0]] {
			votes["fr"] += .3
			votes["it"] += .3
		}
		for l, v := range vs {
			votes[l] += v
		}
		for _, p := range s.parts {
			if isASCII(p) {
				continue
			}
			for _, r := range p {
				for _, l := range letters[r] {
					votes[l] += .5 / float64(len(letters[r]))
				}
			}
		}
	}
	best, first, second := "", 0., 0.
	for _, l := range latinLanguages {
		switch v := votes[l]; {
		case v > first:
			best, first, second = l, v, first
		case v > second:
			second = v
		}
	}
	if first < .25 || first < 1.15*second {
		return ""
	}
	return best
}

// latinLanguages fixes the order in which votes are counted: ties are no accident of a map.
var latinLanguages = []string{"en", "es", "fr", "de", "pt", "it", "nl", "sv", "da", "no", "fi", "pl", "tr", "ro", "hu", "cs", "id", "vi"}

// latin tells the languages whose words are in Latin script; "xx" is one unknown.
var latin = func() map[string]bool {
	m := map[string]bool{"xx": true}
	for _, l := range latinLanguages {
		m[l] = true
	}
	return m
}()
