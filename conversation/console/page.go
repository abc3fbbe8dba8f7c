package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// UI is the browser code of the console's pages.
//
//go:embed ui
var UI embed.FS

// What is bundled of UI: the script, the style sheet, and the files that its bare
// imports mean. The tree called widget is the widget's own browser code, whose
// Markdown the console shares.
const (
	Entry = "ui/main.tsx"
	Style = "ui/css/main.css"
)

// Modules maps the bare imports of the browser code to files.
var Modules = map[string]string{
	"preact":               "ui/vendor/preact/preact.mjs",
	"preact/hooks":         "ui/vendor/preact/hooks.mjs",
	"preact/jsx-runtime":   "ui/vendor/preact/jsxRuntime.mjs",
	"@preact/signals":      "ui/vendor/signals/signals.mjs",
	"@preact/signals-core": "ui/vendor/signals-core/signals-core.mjs",
	"widget/markdown":      "widget/ui/markdown.ts",
	"widget/blocks":        "widget/ui/part/blocks.ts",
}

// pageCSP lets the page run its own script and style, talk to its own server and
// show what that serves (in a frame the demo's preview of the chat, which alone lets
// itself be framed), and nothing else; a string can never become markup.
const pageCSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; media-src 'self'; frame-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// assetsPath is where the bundled files are, each under a name that changes with
// its content.
const assetsPath = "/console/assets/"

// asset is one bundled file.
type asset struct {
	media     string
	body, zip []byte
	later     bool // the page does not load it at once
}

// Pages is the console's page with what it loads, ready to be served.
type Pages struct {
	html   []byte
	assets map[string]asset // by file name
}

const javascript = "text/javascript; charset=utf-8"

// NewPages takes the bundled script and style sheet, and by their names the files that
// the script imports at once and those that it imports later.
func NewPages(js, css []byte, shared, parts map[string][]byte) *Pages {
	p := &Pages{assets: map[string]asset{}}
	style := p.add("console", "css", "text/css; charset=utf-8", css)
	script := p.add("console", "js", javascript, js)
	preload := ""
	for _, name := range slices.Sorted(maps.Keys(shared)) {
		p.assets[name] = asset{media: javascript, body: shared[name], zip: compress(shared[name])}
		preload += `<link rel="modulepreload" href="` + assetsPath + name + `">` + "\n"
	}
	for name, body := range parts {
		p.assets[name] = asset{media: javascript, body: body, zip: compress(body), later: true}
	}
	html, err := UI.ReadFile("ui/console.html")
	if err != nil {
		panic(err) // the file is part of the program
	}
	p.html = []byte(strings.NewReplacer("{style}", style, "{script}", script, "{preload}\n", preload).Replace(string(html)))
	return p
}

func (p *Pages) add(name, ext, media string, body []byte) (path string) {
	sum := sha256.Sum256(body)
	file := name + "-" + hex.EncodeToString(sum[:6]) + "." + ext
	p.assets[file] = asset{media: media, body: body, zip: compress(body)}
	return assetsPath + file
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a valid one
	z.Write(body)                                         // a buffer takes everything
	z.Close()
	return b.Bytes()
}

func (c *Console) registerPages(mux *http.ServeMux) {
	mux.HandleFunc("GET /console", c.page)
	mux.HandleFunc("GET /console/{$}", c.page)
	mux.HandleFunc("GET "+assetsPath+"{file}", c.asset)
}

// bundled returns the pages, or answers that there are none.
func (c *Console) bundled(w http.ResponseWriter, r *http.Request) *Pages {
	p, err := c.pages()
	if err != nil {
		c.log.ErrorContext(r.Context(), "console pages cannot be made", "error", err)
		WriteProblem(w, *problem(http.StatusInternalServerError, "internal", "The pages cannot be shown. It has been logged."))
		return nil
	}
	return p
}

func (c *Console) page(w http.ResponseWriter, r *http.Request) {
	p := c.bundled(w, r)
	if p == nil {
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pageCSP)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
	w.Write(p.html) // a caller who went away needs no answer
}

func (c *Console) asset(w http.ResponseWriter, r *http.Request) {
	p := c.bundled(w, r)
	if p == nil {
		return
	}
	a, ok := p.assets[r.PathValue("file")]
	if !ok {
		WriteProblem(w, *problem(http.StatusNotFound, "not_found", "There is no such file. Load the page again."))
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.media)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	body := a.body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = a.zip
	}
	w.Write(body) // a caller who went away needs no answer
}
