package crawl

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"frontdesk/knowledge"
)

func listed(data string) ([]string, bool, error) {
	var out []string
	s, err := readSitemap(strings.NewReader(data), 4<<20, func(_ *sitemap, loc string) bool { out = append(out, loc); return true })
	return out, s.index, err
}

func packed(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.String()
}

func TestSitemapsAreReadInTheirForms(t *testing.T) {
	const urls = `<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="i">
		<url><loc> https://example.com/a?x=1&amp;y=2 </loc><lastmod>2024</lastmod><image:image><image:loc>https://example.com/p.png</image:loc></image:image></url>
		<url><loc><![CDATA[https://example.com/b]]></loc></url></urlset>`
	want := []string{"https://example.com/a?x=1&y=2", "https://example.com/b"}
	for name, data := range map[string]string{
		"xml": urls, "gzip": packed(urls), "with a mark": "\xef\xbb\xbf" + urls, "cut off": strings.TrimSuffix(urls, "</urlset>"),
		"lines": "https://example.com/a?x=1&y=2\r\n\nhttps://example.com/b\n",
	} {
		if got, index, err := listed(data); err != nil || index || !slices.Equal(got, want) {
			t.Errorf("%s = %q, index %v, %v; want %q", name, got, index, err, want)
		}
	}
	got, index, err := listed(`<sitemapindex><sitemap><loc>https://example.com/1.xml.gz</loc></sitemap></sitemapindex>`)
	if err != nil || !index || len(got) != 1 {
		t.Errorf("index = %q, %v, %v; want one sitemap", got, index, err)
	}
}

func TestWhatIsNoSitemapIsRefused(t *testing.T) {
	for name, x := range map[string]struct {
		data string
		want error
	}{
		"a page":      {"<html><body>hello</body></html>", knowledge.ErrCorrupt},
		"prose":       {"hello there", knowledge.ErrCorrupt},
		"empty":       {"<urlset></urlset>", knowledge.ErrEmpty},
		"nothing":     {"", knowledge.ErrEmpty},
		"deep":        {"<urlset>" + strings.Repeat("<a>", 1000), knowledge.ErrCorrupt},
		"broken":      {"<urlset><url><loc>x</loc", knowledge.ErrCorrupt},
		"bad gzip":    {"\x1f\x8bxxxxxxxxxxxxxxxx", knowledge.ErrCorrupt},
		"entities":    {`<!DOCTYPE x [<!ENTITY a "aaaa">]><urlset><url><loc>&a;</loc></url></urlset>`, knowledge.ErrCorrupt},
		"gzip of big": {string(bomb(t, 6<<20)), knowledge.ErrTooLarge},
	} {
		if _, _, err := listed(x.data); !errors.Is(err, x.want) {
			t.Errorf("%s = %v, want %v", name, err, x.want)
		}
	}
	var b strings.Builder
	for i := range maxSitemapURLs + 10 {
		fmt.Fprintf(&b, "https://example.com/%d\n", i)
	}
	if got, _, err := listed(b.String()); err != nil || len(got) != maxSitemapURLs {
		t.Errorf("a long sitemap = %d addresses, %v; want %d", len(got), err, maxSitemapURLs)
	}
}

func FuzzSitemap(f *testing.F) {
	f.Add([]byte(`<urlset><url><loc>https://example.com/</loc></url></urlset>`))
	f.Add([]byte(packed(`<sitemapindex><sitemap><loc>x</loc></sitemap></sitemapindex>`)))
	f.Add([]byte("https://a/\nhttps://b/"))
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		s, err := readSitemap(bytes.NewReader(data), 1<<20, func(_ *sitemap, loc string) bool {
			if n++; loc == "" || len(loc) > maxAddress {
				t.Fatalf("address %q", loc)
			}
			return true
		})
		if n > maxSitemapURLs || n != s.count || err == nil && n == 0 {
			t.Fatalf("%d addresses, count %d, %v", n, s.count, err)
		}
	})
}

func TestMarkupSaysWhatMayBeTaken(t *testing.T) {
	at, _ := url.Parse("https://example.com/dir/page")
	const page = `<html><head><base href="/base/"><base href="/other/"><link rel="alternate canonical" href="/dir/original">
		<meta name="ROBOTS" content="max-snippet:3, noindex"><meta http-equiv="refresh" content="0; url='/new'"></head>
		<body><a href="one">1</a><a rel="nofollow ugc" href="two">2</a><a href="mailto:a@b">m</a><a href="javascript:x()">j</a>
		<a href="https://other.example/x">o</a><map><area href="/area"></map><a>none</a><a href="http://[bad">b</a></body></html>`
	m := readMarkup(at, http.Header{}, []byte(page))
	var got []string
	for _, l := range m.links {
		got = append(got, l.String())
	}
	want := []string{"https://example.com/new", "https://example.com/base/one", "https://other.example/x", "https://example.com/area"}
	if !slices.Equal(got, want) {
		t.Errorf("links = %q, want %q", got, want)
	}
	if !m.noindex || m.nofollow || m.canonical == nil || m.canonical.Path != "/dir/original" {
		t.Errorf("markup = %+v, want noindex and its original", m)
	}
	for value, want := range map[string][2]bool{
		"noindex, nofollow": {true, true}, "none": {true, true}, "otherbot: noindex": {false, false}, "frontdesk: noindex": {true, false},
		"unavailable_after: 25 Jun 2030, noindex": {true, false}, "all": {false, false},
	} {
		m := readMarkup(at, http.Header{"X-Robots-Tag": {value}}, nil)
		if [2]bool{m.noindex, m.nofollow} != want {
			t.Errorf("X-Robots-Tag %q = noindex %v, nofollow %v; want %v", value, m.noindex, m.nofollow, want)
		}
	}
}

func FuzzMarkup(f *testing.F) {
	f.Add([]byte(`<a href=x><base href="::"><meta name=robots content=none><link rel=canonical href=y>`))
	at, _ := url.Parse("https://example.com/")
	f.Fuzz(func(t *testing.T, data []byte) {
		if m := readMarkup(at, http.Header{}, data); len(m.links) > maxLinks {
			t.Fatalf("%d links", len(m.links))
		}
	})
}
