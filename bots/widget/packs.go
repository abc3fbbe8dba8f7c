package widget

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// DefaultLanguage is what a page gets that asks for none.
const DefaultLanguage = "en"

// Where the browser code's three parts keep their words, one file per language.
const (
	packDir     = "ui/lang"
	partPackDir = "ui/part/lang"
	carePackDir = "ui/care/lang"
)

// packs are the widget's own words by language, as compact JSON.
type packs map[string][]byte

// loadPacks reads the language packs in a folder of src.
func loadPacks(src fs.FS, dir string) (packs, error) {
	files, err := fs.Glob(src, dir+"/*.json")
	if err != nil {
		return nil, fmt.Errorf("list language packs: %w", err)
	}
	all := packs{}
	for _, name := range files {
		data, err := fs.ReadFile(src, name)
		if err != nil {
			return nil, fmt.Errorf("read language pack: %w", err)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, data); err != nil {
			return nil, fmt.Errorf("language pack %s: %w", name, err)
		}
		all[strings.TrimSuffix(path.Base(name), ".json")] = compact.Bytes()
	}
	if all[DefaultLanguage] == nil {
		return nil, fmt.Errorf("no language pack for %s in %s", DefaultLanguage, dir)
	}
	return all, nil
}

// languages returns those there are packs for, in order.
func (p packs) languages() []string { return slices.Sorted(maps.Keys(p)) }

// find returns the language of the packs that a tag such as es-MX names.
func (p packs) find(tag string) (lang string, ok bool) {
	lang, _, _ = strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	return lang, p[lang] != nil
}

// quotedKey is a key of a pack, which is flat, with its quotes and its colon. In a
// text of a pack a quote is written \", so that nothing there looks like one.
var quotedKey = regexp.MustCompile(`([{,])"([A-Za-z]+)":`)

// before returns js with the words of a language in front of it, in a block of
// their own so that the page's names stay as they are, and with the version of the part
// that it imports.
func (p packs) before(lang, part string, js []byte) ([]byte, error) {
	names, err := json.Marshal(p.languages())
	if err != nil {
		return nil, fmt.Errorf("list languages: %w", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "{const frontdeskPack={lang:%q,"+noLook+",languages:%s,part:%q,words:%s};\n", lang, names, part, quotedKey.ReplaceAll(p[lang], []byte("$1$2:")))
	b.Write(js)
	b.WriteString("}\n")
	return b.Bytes(), nil
}

// beforePart returns the second part with the words of a language in front of it:
// a module, whose names are its own.
func (p packs) beforePart(lang string, js []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "const frontdeskWords=%s;\n", quotedKey.ReplaceAll(p[lang], []byte("$1$2:")))
	b.Write(js)
	return b.Bytes()
}
