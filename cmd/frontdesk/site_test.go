package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"frontdesk/migrations/dbtest"
)

// manual is a website of two pages, and one that is missing.
func manual(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `<!doctype html><title>Rental</title><main><h1>Rental</h1><p>We rent animals.</p><a href="/zebra">Zebra</a> <a href="/gnu">Gnu</a></main>`)
	})
	mux.HandleFunc("GET /zebra", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `<!doctype html><title>Zebra</title><main><h1>Zebra</h1><p>A zebra costs 17 gold a day.</p></main>`)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

func TestAWebsiteIsIngestedFromTheCommandLine(t *testing.T) {
	site := manual(t)
	environ := []string{"DATABASE_URL=" + dbtest.URL(t), "CRAWL_ALLOW=" + strings.TrimPrefix(site.URL, "http://")}
	taken := frontdesk(t, environ, "ingest", site.URL)
	if taken.code != 0 || !strings.Contains(taken.stdout, "2 documents with 2 passages") || !strings.Contains(taken.stdout, "1 not readable") {
		t.Errorf("ingest = %d %s %s, want two pages ready and the third named", taken.code, taken.stdout, taken.stderr)
	}
	if found := frontdesk(t, environ, "search", "what does a zebra cost"); !strings.Contains(found.stdout, "17 gold") {
		t.Errorf("search = %+v, want what was ingested", found)
	}
	again := frontdesk(t, environ, "ingest", site.URL)
	if again.code != 0 || !strings.Contains(again.stdout, "0 new or changed") {
		t.Errorf("ingest again = %d %s %s, want nothing touched", again.code, again.stdout, again.stderr)
	}
	bad := frontdesk(t, environ, "ingest", site.URL+"/gnu", "--one-page")
	if bad.code != 1 || !strings.Contains(bad.stdout, "404") {
		t.Errorf("ingest of a missing page = %d %s %s, want it failed with why", bad.code, bad.stdout, bad.stderr)
	}
}

func TestAnAddressIsADocumentOfTheAPI(t *testing.T) {
	site := manual(t)
	environ := []string{"DATABASE_URL=" + dbtest.URL(t), "CRAWL_ALLOW=" + strings.TrimPrefix(site.URL, "http://")}
	s := startServing(t, environ)
	secret := strings.TrimSpace(frontdesk(t, environ, "token", "create", "--name", "importer", "--role", "admin").stdout)
	call := func(method, path, body string, into any) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if into != nil && res.StatusCode < 300 {
			if err := json.NewDecoder(res.Body).Decode(into); err != nil {
				t.Fatal(err)
			}
		}
		return res.StatusCode
	}
	var added struct{ ID string }
	if code := call("POST", "/api/v1/documents", `{"url":"`+site.URL+`"}`, &added); code != 202 || added.ID == "" {
		t.Fatalf("POST an address = %d, want 202 and an id", code)
	}
	var doc struct {
		Status, Error string
		Passages      int
	}
	for deadline := time.Now().Add(within); doc.Status != "ready"; time.Sleep(20 * time.Millisecond) {
		if code := call("GET", "/api/v1/documents/"+added.ID, "", &doc); code != 200 || doc.Status == "failed" || time.Now().After(deadline) {
			t.Fatalf("GET the document = %d %+v, want it ready in the end", code, doc)
		}
	}
	if doc.Passages != 2 {
		t.Errorf("document = %+v, want the passages of both pages", doc)
	}
	var one struct{ Found, Documents, Failed int }
	if code := call("GET", "/api/v1/sites/"+added.ID, "", &one); code != 200 || one.Found != 3 || one.Documents != 2 || one.Failed != 1 {
		t.Errorf("GET the site = %d %+v, want 3 addresses, 2 documents, 1 failed", code, one)
	}
	if code := call("DELETE", "/api/v1/documents/"+added.ID, "", nil); code != 204 {
		t.Errorf("DELETE the document = %d, want 204", code)
	}
	if code := call("GET", "/api/v1/sites/"+added.ID, "", nil); code != 404 {
		t.Errorf("GET the site after that = %d, want 404", code)
	}
	if code := call("POST", "/api/v1/documents", `{"url":"http://[::ffff:169.254.169.254]/"}`, nil); code != 422 {
		t.Errorf("POST an address inside = %d, want 422", code)
	}
}
