package lexical

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// unit is one word of a text as the index sees it.
type unit struct {
	term  string // stemmed and folded
	extra bool   // a form beside the words proper, that adds nothing to a field's length
	stop  bool   // a stop word of its language
	word  bool   // a stemmed word, for which another language may have another stem
	form  string // the unstemmed lower-case word
	atom  bool   // one of the words and characters that make up the text as written
}

// units turns spans into units, stemmed as lang. A run of Chinese gives its pairs of
// characters and, as extras, the characters themselves: they find what a query of one
// character asks for and help a pair that is parted otherwise in the text.
func units(spans []span, lang string) []unit {
	var us []unit
	for _, s := range spans {
		if s.kind == kindWord {
			us = wordUnits(us, s, lang)
			continue
		}
		cs := clusters(s.parts[0], s.kind)
		if len(cs) == 1 {
			us = append(us, unit{term: foldMarks(cs[0]), atom: true})
			continue
		}
		for i, c := range cs {
			if i+1 < len(cs) {
				us = append(us, unit{term: foldMarks(c + cs[i+1])})
			}
			us = append(us, unit{term: foldMarks(c), extra: true, atom: true})
		}
	}
	return us
}

// wordUnits adds the units of a compound: its parts, and where they make a name
// ("wi-fi", "SKU-1234", "node.js") the name joined, so that both ways to write it meet.
func wordUnits(us []unit, s span, lang string) []unit {
	parts, joins := apostrophes(s.parts, s.joins, lang)
	if len(parts) == 1 {
		us = append(us, word(parts[0], lang))
		if head, tail, ok := partDigits(parts[0]); ok {
			us = append(us, extraWord(head, lang), extraWord(tail, lang))
		}
		return us
	}
	letters := true
	for _, p := range parts {
		letters = letters && utf8.RuneCountInString(p) == 1 && !unicode.IsDigit(rune(p[0]))
	}
	joined := strings.Join(parts, "")
	if numeric(joined) {
		if joins[len(joins)-1] != ',' { // 1,000 is 1000; 1.2.3 and 2026-01-31 are not
			joined = strings.Join(parts, ".")
		}
		us = append(us, word(joined, lang))
		if joins[0] == '-' || joins[0] == '_' {
			for _, p := range parts {
				us = append(us, extraWord(p, lang))
			}
		}
		return us
	}
	if letters { // U.S.A., AT&T's like: the letters alone say nothing
		return append(us, word(joined, lang))
	}
	for _, p := range parts {
		us = append(us, word(p, lang))
	}
	if len(parts) <= maxJoined {
		us = append(us, extraWord(joined, lang))
	}
	return us
}

// maxJoined is how many parts a name has at most; more is a path or a list.
const maxJoined = 3

func word(form, lang string) unit {
	lang = wordLanguage(form, lang)
	folded := foldMarks(form)
	return unit{term: stem(form, lang), form: form, word: true, stop: stopWords[lang][folded], atom: true}
}

// wordLanguage is the language a word is stemmed in within a text in lang. A word in
// another script than the text's is taken for the likeliest language of its script.
func wordLanguage(form, lang string) string {
	r, _ := utf8.DecodeRuneInString(form)
	switch {
	case unicode.Is(unicode.Latin, r):
		if !latin[lang] {
			return "en"
		}
	case unicode.Is(unicode.Cyrillic, r):
		return "ru"
	case unicode.Is(unicode.Arabic, r):
		if lang != "fa" {
			return "ar"
		}
	}
	return lang
}

func extraWord(form, lang string) unit {
	u := word(form, lang)
	u.extra, u.atom = true, false
	return u
}

// apostrophes resolves what an apostrophe joins: a possessive is dropped (shop's), an
// elided article parted and dropped (l'article), a contraction made one word (don't).
// Other marks stay as they are.
func apostrophes(parts []string, joins []rune, lang string) ([]string, []rune) {
	if len(joins) == 0 {
		return parts, joins
	}
	outP, outJ := []string{parts[0]}, []rune{}
	for i, j := range joins {
		next, last := parts[i+1], len(outP)-1
		switch {
		case j != '\'':
			outP, outJ = append(outP, next), append(outJ, j)
		case next == "s":
		case elided[foldMarks(outP[last])] && utf8.RuneCountInString(next) > 2 && lang != "en":
			outP[last] = next
		default:
			outP[last] += next
		}
	}
	return outP, outJ
}

// partDigits parts "iphone15" and "sku1234" where letters end and digits begin.
func partDigits(s string) (head, tail string, ok bool) {
	i := strings.IndexAny(s, "0123456789")
	if i < 2 || i == len(s) || !numeric(s[i:]) || len(s)-i < 2 && i < 3 {
		return "", "", false
	}
	return s[:i], s[i:], true
}

func numeric(s string) bool {
	for _, r := range s {
		if !unicode.IsDigit(r) {
			return false
		}
	}
	return true
}
