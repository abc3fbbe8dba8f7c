package widget

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the widget may weigh on a customer's page, compressed, with its styles and
// words: 12 KB at once, 10 KB more when the chat is opened, and 5 KB when people come in.
const (
	maxScriptBytes = 12 << 10
	maxPartBytes   = 10 << 10
	maxCareBytes   = 5 << 10
)

func TestScriptBundlesAndStaysSmall(t *testing.T) {
	s, err := bundled()
	if err != nil {
		t.Fatalf("NewScript = %v, want a script", err)
	}
	if got := s.packs.languages(); !slices.Equal(got, []string{"ar", "en", "es", "zh"}) {
		t.Errorf("languages() = %v, want ar, en, es and zh", got)
	}
	for lang, v := range s.variants {
		size, part, care := len(v.gzip), len(s.parts[lang].gzip), len(s.cares[lang].gzip)
		t.Logf("%s: %d bytes compressed, second part %d, third %d", lang, size, part, care)
		if size > maxScriptBytes {
			t.Errorf("%s: %d bytes compressed, want at most %d", lang, size, maxScriptBytes)
		}
		if part > maxPartBytes {
			t.Errorf("%s: %d bytes compressed in the second part, want at most %d", lang, part, maxPartBytes)
		}
		if care > maxCareBytes {
			t.Errorf("%s: %d bytes compressed in the third part, want at most %d", lang, care, maxCareBytes)
		}
	}
}

// packDirs are the folders of language packs, by those of the sources that use them.
var packDirs = map[string]string{"ui": packDir, "ui/part": partPackDir, "ui/care": carePackDir}

func TestLanguagePacksHaveTheSameTexts(t *testing.T) {
	for _, dir := range packDirs {
		t.Run(dir, func(t *testing.T) { wantSameTexts(t, dir) })
	}
}

func wantSameTexts(t *testing.T, dir string) {
	all, err := loadPacks(UI, dir)
	if err != nil {
		t.Fatal(err)
	}
	blank := regexp.MustCompile(`\{\d+\}`)
	read := func(lang string) (words map[string]string) {
		if err := json.Unmarshal(all[lang], &words); err != nil {
			t.Fatalf("pack %s: %v", lang, err)
		}
		return words
	}
	english := read(DefaultLanguage)
	for _, lang := range all.languages() {
		words := read(lang)
		if got, want := slices.Sorted(maps.Keys(words)), slices.Sorted(maps.Keys(english)); !slices.Equal(got, want) {
			t.Errorf("%s has the texts %v, want %v", lang, got, want)
		}
		for key, text := range words {
			if strings.TrimSpace(text) == "" || !slices.Equal(blank.FindAllString(text, -1), blank.FindAllString(english[key], -1)) {
				t.Errorf("%s: %s = %q, want the places to fill of %q", lang, key, text, english[key])
			}
		}
	}
}

// TestLanguagePacksHaveNoUnusedTexts reads the sources for each text's name.
func TestLanguagePacksHaveNoUnusedTexts(t *testing.T) {
	for sources, dir := range packDirs {
		t.Run(dir, func(t *testing.T) { wantNoUnusedTexts(t, sources, dir) })
	}
}

func wantNoUnusedTexts(t *testing.T, folder, dir string) {
	var sources strings.Builder
	files, err := fs.Glob(UI, folder+"/*.ts")
	if err != nil || len(files) == 0 {
		t.Fatalf("Glob = %v, %v", files, err)
	}
	for _, name := range files {
		data, err := fs.ReadFile(UI, name)
		if err != nil {
			t.Fatal(err)
		}
		sources.Write(data)
	}
	all, err := loadPacks(UI, dir)
	if err != nil {
		t.Fatal(err)
	}
	var english map[string]string
	if err := json.Unmarshal(all[DefaultLanguage], &english); err != nil {
		t.Fatal(err)
	}
	for key := range english {
		if !regexp.MustCompile(`words\.` + key + `\b|'` + key + `'|\b` + key + `\b[,} ].*= .*words`).MatchString(sources.String()) {
			t.Errorf("text %q is used nowhere", key)
		}
	}
}

func TestScriptIsServedForCaching(t *testing.T) {
	h, _ := newTestHandler(t, nil)
	get := func(url string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, url, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	s, err := bundled()
	if err != nil {
		t.Fatal(err)
	}
	plain := get("/widget.js")
	if plain.Code != http.StatusOK || plain.Header().Get("Content-Encoding") != "" || !strings.HasPrefix(plain.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("GET /widget.js = %d %v, want the plain script", plain.Code, plain.Header())
	}
	small := get("/widget.js", "Accept-Encoding", "br, gzip;q=0.8")
	unzipped, err := gzip.NewReader(small.Body)
	if err != nil || small.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("with Accept-Encoding gzip: %v, %v", err, small.Header())
	}
	if body, err := io.ReadAll(unzipped); err != nil || !bytes.Equal(body, plain.Body.Bytes()) {
		t.Errorf("the compressed script differs from the plain one (%v)", err)
	}
	if got := get("/widget.js", "Accept-Encoding", "gzip;q=0").Header().Get("Content-Encoding"); got != "" {
		t.Errorf("with gzip;q=0: Content-Encoding %q, want none", got)
	}
	tag := plain.Header().Get("ETag")
	if got := get("/widget.js", "If-None-Match", tag).Code; tag == "" || got != http.StatusNotModified {
		t.Errorf("with its ETag %s: %d, want 304", tag, got)
	}
	if a, b := tag, small.Header().Get("ETag"); a == b {
		t.Errorf("plain and compressed share the ETag %s", a)
	}
	if got := plain.Header().Get("Cache-Control"); strings.Contains(got, "immutable") || !strings.Contains(got, "max-age=300") {
		t.Errorf("Cache-Control %q, want a short time", got)
	}
	if got := get("/widget.js?v=" + s.variants["en"].hash).Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("with its hash: Cache-Control %q, want immutable", got)
	}
	if got := get("/widget.js?v=older").Header().Get("Cache-Control"); strings.Contains(got, "immutable") {
		t.Errorf("with another hash: Cache-Control %q, want a short time", got)
	}
	if got := get("/widget.js?lang=es-MX").Body.String(); !strings.Contains(got, "Hablar con una persona") {
		t.Error("?lang=es-MX has no Spanish texts")
	}
	if got := get("/widget/v1/words?lang=zh"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "转人工客服") {
		t.Errorf("GET words in zh = %d %s", got.Code, got.Body)
	}
	if got := get("/widget/v1/words?lang=xx").Code; got != http.StatusUnprocessableEntity {
		t.Errorf("GET words in xx = %d, want 422", got)
	}
}
