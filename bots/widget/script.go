package widget

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
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
	parts    map[string]variant // of the second part
	cares    map[string]variant // of the third
	version  string             // of both in all their languages
}

// variant is the script with one language's words.
type variant struct {
	body, gzip []byte
	hash       string
}

// NewScript joins the bundled browser code, the script and its second and third parts,
// with the language packs of its source tree, and compresses what comes of it.
func NewScript(js, part, care []byte, src fs.FS) (*Script, error) {
	words, err := loadPacks(src, packDir)
	if err != nil {
		return nil, err
	}
	s := &Script{packs: words, variants: map[string]variant{}}
	all := sha256.New()
	if s.parts, err = words.newParts(part, src, partPackDir, all); err != nil {
		return nil, err
	}
	if s.cares, err = words.newParts(care, src, carePackDir, all); err != nil {
		return nil, err
	}
	s.version = hex.EncodeToString(all.Sum(nil)[:8])
	for _, lang := range words.languages() {
		body, err := words.before(lang, s.version, js)
		if err != nil {
			return nil, err
		}
		if s.variants[lang], err = newVariant(body); err != nil {
			return nil, fmt.Errorf("compress script: %w", err)
		}
	}
	return s, nil
}

// newParts joins a part's code with its own words in each language of p, and adds what
// comes of it to a hash of all.
func (p packs) newParts(js []byte, src fs.FS, dir string, all io.Writer) (map[string]variant, error) {
	words, err := loadPacks(src, dir)
	if err != nil {
		return nil, err
	}
	out := map[string]variant{}
	for _, lang := range p.languages() {
		if words[lang] == nil {
			return nil, fmt.Errorf("no language pack for %s in %s", lang, dir)
		}
		v, err := newVariant(words.beforePart(lang, js))
		if err != nil {
			return nil, fmt.Errorf("compress the part of %s: %w", dir, err)
		}
		out[lang] = v
		io.WriteString(all, v.hash) // a hash takes everything
	}
	return out, nil
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
	v, err := h.dressed.in(s, lang, h.lookNow())
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "public, max-age=300, stale-while-revalidate=86400")
	if query.Get("v") == v.hash {
		w.Header().Set("Cache-Control", forGood)
	}
	v.serve(w, r)
	return nil
}

// forGood lets a browser keep an answer that its address already tells apart.
const forGood = "public, max-age=31536000, immutable"

// getPart serves the second part, and getCare the third, in the language of ?lang=. Only
// the version that the present script asks for is there: an older script, kept by a
// browser over an update, does without it rather than be given one it does not fit.
func (h *Handler) getPart(w http.ResponseWriter, r *http.Request) error {
	return h.servePart(w, r, func(s *Script) map[string]variant { return s.parts })
}

func (h *Handler) getCare(w http.ResponseWriter, r *http.Request) error {
	return h.servePart(w, r, func(s *Script) map[string]variant { return s.cares })
}

func (h *Handler) servePart(w http.ResponseWriter, r *http.Request, of func(*Script) map[string]variant) error {
	s, err := h.script()
	if err != nil {
		return fmt.Errorf("widget script: %w", err)
	}
	if r.URL.Query().Get("v") != s.version {
		w.Header().Set("Cache-Control", "no-store")
		return errNoEndpoint
	}
	lang, ok := s.packs.find(r.URL.Query().Get("lang"))
	if !ok {
		lang = DefaultLanguage
	}
	w.Header().Set("Cache-Control", forGood)
	of(s)[lang].serve(w, r)
	return nil
}

// serve sends the script, compressed for whoever takes it so.
func (v variant) serve(w http.ResponseWriter, r *http.Request) {
	body, tag := v.body, v.hash
	header := w.Header()
	header.Add("Vary", "Accept-Encoding")
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		body, tag = v.gzip, v.hash+"-gzip"
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
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
