package widget

import (
	"net/http"
	"slices"
	"strings"
)

// secure sets the headers every answer carries. The API is meant to be read by
// pages of other origins, never to be shown as a page itself.
func secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// origins decides which sites may call the API from a browser. Nothing of the
// API rests on a cookie, so any origin is safe; the list is there for those who
// want their chat on their own sites only.
type origins struct{ allowed []string }

func newOrigins(allowed []string) origins {
	o := origins{}
	for _, a := range allowed {
		o.allowed = append(o.allowed, strings.ToLower(strings.TrimSuffix(a, "/")))
	}
	return o
}

// admit sets the CORS headers, or returns errOrigin for a site not on the list.
// Requests without an Origin come from no page, or from the server's own.
func (o origins) admit(h http.Header, r *http.Request) error {
	h.Set("Access-Control-Expose-Headers", "Retry-After")
	if o.allowed == nil {
		h.Set("Access-Control-Allow-Origin", "*")
		return nil
	}
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || sameOrigin(origin, r) {
		return nil
	}
	if !slices.Contains(o.allowed, strings.ToLower(origin)) {
		return errOrigin
	}
	h.Set("Access-Control-Allow-Origin", origin)
	return nil
}

func sameOrigin(origin string, r *http.Request) bool {
	_, host, ok := strings.Cut(origin, "://")
	return ok && strings.EqualFold(host, r.Host)
}

// preflight answers a browser that asks whether it may send the real request.
func preflight(w http.ResponseWriter, method string) {
	h := w.Header()
	h.Set("Allow", allowed(method))
	h.Set("Access-Control-Allow-Methods", allowed(method))
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID")
	h.Set("Access-Control-Max-Age", "86400") // browsers cap it lower themselves
	w.WriteHeader(http.StatusNoContent)
}

func allowed(method string) string {
	if method == http.MethodGet {
		return "GET, HEAD, OPTIONS"
	}
	return strings.TrimPrefix(method+", OPTIONS", ", ")
}
