package widget

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"strings"
	"time"
)

// Script is the browser code in every language, ready to be served.
type Script struct {
	packs    packs
	variants map[string]variant
}

// variant is the script with one language's words.
type variant struct {
	body, gzip []byte
	hash       string
}

// NewScript joins the bundled browser code with the language packs of its
// source tree, and compresses what comes of it.
func NewScript(js []byte, src fs.FS) (*Script, error) {
	words, err := loadPacks(src)
	if err != nil {
		return nil, err
	}
	s := &Script{packs: words, variants: map[string]variant{}}
	for _, lang := range words.languages() {
		body, err := words.before(lang, js)
		if err != nil {
			return nil, err
		}
		if s.variants[lang], err = newVariant(body); err != nil {
			return nil, fmt.Errorf("compress script: %w", err)
		}
	}
	return s, nil
}

func newVariant(body []byte) (variant, error) {
	var z bytes.Buffer
	w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
	if err != nil {
		return variant{}, err
	}
	if _, err := w.Write(body); err != nil {
		return variant{}, err
	}
	if err := w.Close(); err != nil {
		return variant{}, err
	}
	sum := sha256.Sum256(body)
	return variant{body: body, gzip: z.Bytes(), hash: hex.EncodeToString(sum[:8])}, nil
}

// getScript serves the script in the language of ?lang=, else in the default.
// With ?v= and its present hash the answer may be kept for good.
func (h *Handler) getScript(w http.ResponseWriter, r *http.Request) error {
	s, err := h.script()
	if err != nil {
		return fmt.Errorf("widget script: %w", err)
	}
	query := r.URL.Query()
	lang, ok := s.packs.find(query.Get("lang"))
	if !ok {
		lang = DefaultLanguage
	}
	v := s.variants[lang]
	body, tag := v.body, v.hash
	header := w.Header()
	header.Add("Vary", "Accept-Encoding")
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		body, tag = v.gzip, v.hash+"-gzip"
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("ETag", `"`+tag+`"`)
	header.Set("Cache-Control", "public, max-age=300, stale-while-revalidate=86400")
	if query.Get("v") == v.hash {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return nil
}

// getWords serves one language's words to a script that came with another's.
func (h *Handler) getWords(w http.ResponseWriter, r *http.Request) error {
	s, err := h.script()
	if err != nil {
		return fmt.Errorf("widget script: %w", err)
	}
	lang, ok := s.packs.find(r.URL.Query().Get("lang"))
	if !ok {
		return &fieldError{"lang", "one of " + strings.Join(s.packs.languages(), ", ")}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	// An error means the visitor has left; there is nobody to tell.
	_, _ = w.Write(s.packs[lang])
	return nil
}

// acceptsGzip reads an Accept-Encoding header; a coding with q=0 is refused.
func acceptsGzip(accept string) bool {
	for _, item := range strings.Split(accept, ",") {
		coding, params, err := mime.ParseMediaType("x/" + strings.TrimSpace(item))
		if err != nil || coding != "x/gzip" {
			continue
		}
		q, given := params["q"]
		return !given || strings.Trim(q, "0.") != ""
	}
	return false
}
