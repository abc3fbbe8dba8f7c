package widget

import (
	"html/template"
	"net/http"
	"slices"
)

// previewPolicy is the demo's, for a page that the console of the same server may frame.
const previewPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'"

// previewPage carries the chat with a look from its address, opened but not in focus. Its
// key keeps what it remembers apart from the demo's.
var previewPage = template.Must(template.New("preview").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="{{if eq .Theme "auto"}}light dark{{else}}{{.Theme}}{{end}}">
<title>Preview of the chat</title>
<link rel="stylesheet" href="/demo/preview.css">
<script defer src="/demo/preview.js"></script>
<script defer src="/widget.js" data-key="preview" data-theme="{{.Theme}}" data-position="{{.Position}}" data-title="{{.Title}}" data-accent="{{.Accent}}"{{with .Lang}} data-lang="{{.}}"{{end}}></script>
</head>
<body><main aria-label="A page"><div class="bar"></div><div class="line"></div><div class="line"></div><div class="line short"></div></main></body>
</html>
`))

// maxPreviewed bounds each part of the look in an address, in bytes.
const maxPreviewed = 300

// preview serves a bare page with the chat as it looks with the title, accent, position,
// theme and lang of the address. What the widget would not take is left out.
func preview(w http.ResponseWriter, r *http.Request) {
	value := func(name string) string {
		v := r.URL.Query().Get(name)
		if len(v) > maxPreviewed {
			return ""
		}
		return v
	}
	one := func(name, standard string, others ...string) string {
		if v := value(name); slices.Contains(others, v) {
			return v
		}
		return standard
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", previewPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	// A caller who went away needs no answer.
	_ = previewPage.Execute(w, Look{Title: value("title"), Accent: value("accent"), Lang: value("lang"),
		Position: one("position", "right", "left"), Theme: one("theme", "auto", "light", "dark")})
}
