package widget

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestThePreviewWearsTheLookOfItsAddress(t *testing.T) {
	p := openPage(t, "/demo/preview?"+url.Values{"title": {`"><b>Acme`}, "accent": {"#0a7d5a"}, "position": {"left"}, "theme": {"dark"}, "lang": {"es"}}.Encode(), nil)
	if wide := eval[bool](p, `innerWidth > 480`); !wide {
		t.Fatal("the window is as narrow as a phone: the chat would stay closed")
	}
	p.wait(`document.querySelector('frontdesk-chat')?.shadowRoot.querySelector('.root.dark.left')`)
	got := eval[string](p, `(() => { const root = document.querySelector('frontdesk-chat').shadowRoot.querySelector('.root'); return root.lang + ' ' + root.innerText + ' ' + (document.activeElement === document.body) })()`)
	if !strings.HasPrefix(got, "es ") || !strings.Contains(got, `"><b>Acme`) || !strings.HasSuffix(got, "true") {
		t.Errorf("the preview shows %q, want Spanish, the title as text, and the focus left alone", got)
	}
	p.wantNoFaults()
}

func TestThePreviewIsFramedByThisServerAlone(t *testing.T) {
	mux := http.NewServeMux()
	DemoRoutes(mux)
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	w := get("/demo/preview?theme=neon&position=%22onload%3D&title=" + strings.Repeat("x", maxPreviewed+1))
	if csp := w.Header().Get("Content-Security-Policy"); w.Code != 200 || !strings.Contains(csp, "frame-ancestors 'self'") || !strings.Contains(csp, "script-src 'self'") {
		t.Errorf("preview = %d under %q, want 200, framed by this server alone", w.Code, csp)
	}
	if body := w.Body.String(); !strings.Contains(body, `data-theme="auto" data-position="right" data-title="" data-accent=""></script>`) {
		t.Errorf("preview = %s, want what the widget would not take left out", body)
	}
	if csp := get("/").Header().Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("the demo is under %q, want it never framed", csp)
	}
}
