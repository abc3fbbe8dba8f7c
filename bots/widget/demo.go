package widget

import (
	"bytes"
	"embed"
	"net/http"
	"path"
	"time"
)

//go:embed demo
var demoFiles embed.FS

// demoPolicy is as strict as a page can be that carries the chat: it shows that
// the widget needs no exception from a careful site.
const demoPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// demoPages says which file answers at which address.
var demoPages = map[string]string{
	"/{$}":              "index.html",
	"/demo/demo.css":    "demo.css",
	"/demo/demo.js":     "demo.js",
	"/demo/preview.css": "preview.css",
	"/demo/preview.js":  "preview.js",
	"/favicon.svg":      "favicon.svg",
	"/favicon.ico":      "favicon.svg", // browsers go by the content type
	"/robots.txt":       "robots.txt",
}

var demoTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// DemoRoutes registers a shop's page that carries the widget as a customer's
// site would, with the icon and the robots.txt of the site, and the page in which the
// console previews the chat's look.
func DemoRoutes(mux *http.ServeMux) {
	for pattern, name := range demoPages {
		mux.Handle("GET "+pattern, demoPage(name))
	}
	mux.HandleFunc("GET /demo/preview", preview)
}

func demoPage(name string) http.Handler {
	body, err := demoFiles.ReadFile("demo/" + name)
	if err != nil {
		panic("widget: demo page: " + err.Error()) // it is embedded, so this is a fault of the build
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", demoTypes[path.Ext(name)])
		h.Set("Content-Security-Policy", demoPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "public, max-age=300")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}
