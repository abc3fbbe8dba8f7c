package lexical

import (
	"strings"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/turkish"
)

// stemmers by language; one that is not here is indexed unstemmed.
var stemmers = map[string]func(*snowballstem.Env) bool{
	"ar": arabic.Stem, "da": danish.Stem, "de": german.Stem, "en": english.Stem, "es": spanish.Stem,
	"fi": finnish.Stem, "fr": french.Stem, "hu": hungarian.Stem, "it": italian.Stem, "nl": dutch.Stem,
	"no": norwegian.Stem, "pt": portuguese.Stem, "ro": romanian.Stem, "ru": russian.Stem,
	"sv": swedish.Stem, "tr": turkish.Stem,
}

// endings are where customers leave out an accent that the stemmer needs to see the
// suffix: "devolucion" and "devoluciones" are one word to whoever types them.
var endings = map[string][][2]string{
	"es": {{"cion", "ción"}, {"sion", "sión"}, {"logia", "logía"}},
	"pt": {{"cao", "ção"}, {"coes", "ções"}, {"sao", "são"}, {"encia", "ência"}, {"ancia", "ância"}, {"avel", "ável"}, {"ivel", "ível"}},
	"it": {{"ita", "ità"}},
	"fr": {{"ees", "ées"}, {"ee", "ée"}},
}

// stem returns the folded stem of a lower-case word in lang. Words with digits and
// very short ones have none and come back folded.
func stem(word, lang string) string {
	f := stemmers[lang]
	if f == nil || utf8.RuneCountInString(word) < 3 || strings.ContainsAny(word, "0123456789") {
		return foldMarks(word)
	}
	if irregular, ok := irregulars[lang][word]; ok {
		return irregular
	}
	for _, e := range endings[lang] {
		if root, ok := strings.CutSuffix(word, e[0]); ok && len(root) > 1 {
			word = root + e[1]
			break
		}
	}
	env := snowballstem.NewEnv(word)
	f(env)
	if s := foldMarks(env.Current()); s != "" {
		return s
	}
	return foldMarks(word)
}

// irregulars are forms that no suffix rule joins, and that customers use.
var irregulars = map[string]map[string]string{
	"en": {
		"bought": "buy", "paid": "pay", "sent": "send", "got": "get", "gotten": "get", "lost": "lose", "losing": "lose",
		"broke": "break", "broken": "break", "forgot": "forget", "forgotten": "forget", "sold": "sell", "made": "make",
		"making": "make", "went": "go", "gone": "go", "took": "take", "taken": "take", "chose": "choos", "chosen": "choos",
		"wrote": "write", "written": "write", "writing": "write", "spent": "spend", "kept": "keep", "left": "leav",
		"began": "begin", "begun": "begin", "men": "man", "women": "woman", "children": "child", "people": "person",
		"feet": "foot", "stolen": "steal", "stole": "steal", "shown": "show", "withdrew": "withdraw", "withdrawn": "withdraw",
	},
}

// elided are the short forms that French and Italian join to the next word.
var elided = words(`l d j m n s t c qu jusqu lorsqu puisqu quoiqu all dell nell sull dall un quest sant`)
