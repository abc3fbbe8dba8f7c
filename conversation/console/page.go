package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
)

//go:embed ui
var ui embed.FS

// pageCSP lets the page run its own script and style and talk to its own
// server, and nothing else; a string can never become markup.
const pageCSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// asset is one file of the pages, served under a name that changes with it.
type asset struct {
	path  string
	media string
	body  []byte
	zip   func() []byte
}

// pages serves the console's pages.
type pages struct {
	html   []byte
	assets []asset
}

func newPages() *pages {
	p := &pages{}
	html := string(mustRead("ui/console.html"))
	for _, f := range []struct{ file, media string }{
		{"console.css", "text/css; charset=utf-8"},
		{"console.js", "text/javascript; charset=utf-8"},
	} {
		body := mustRead("ui/" + f.file)
		sum := sha256.Sum256(body)
		name, ext, _ := strings.Cut(f.file, ".")
		a := asset{path: "/console/" + name + "-" + hex.EncodeToString(sum[:6]) + "." + ext, media: f.media, body: body}
		a.zip = sync.OnceValue(func() []byte { return compress(body) })
		p.assets = append(p.assets, a)
		html = strings.ReplaceAll(html, "/console/"+f.file, a.path)
	}
	p.html = []byte(html)
	return p
}

func mustRead(name string) []byte {
	b, err := ui.ReadFile(name)
	if err != nil {
		panic(err) // the file is part of the program
	}
	return b
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a valid one
	z.Write(body)                                         // a buffer takes everything
	z.Close()
	return b.Bytes()
}

func (p *pages) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /console", p.page)
	mux.HandleFunc("GET /console/{$}", p.page)
	for _, a := range p.assets {
		mux.HandleFunc("GET "+a.path, a.serve)
	}
}

func (p *pages) page(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pageCSP)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
	w.Write(p.html) // a caller who went away needs no answer
}

func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.media)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	body := a.body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = a.zip()
	}
	w.Write(body) // a caller who went away needs no answer
}
