package crawl

import (
	"bufio"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html/charset"

	"frontdesk/knowledge"
)

const (
	// maxSitemap is how many bytes one sitemap may have unpacked, and
	// maxSitemapURLs how many addresses (sitemaps.org/protocol.html#index).
	maxSitemap     = 50 << 20
	maxSitemapURLs = 50_000
	// maxSitemaps is how many files one index may lead to; the protocol's limit
	// of 50,000 is far beyond MaxSitePages.
	maxSitemaps = 100
	// maxSitemapDepth is how deep elements may be nested; the protocol's are at 3,
	// its extensions for pictures at 5.
	maxSitemapDepth = 16
)

// sitemap is what one file lists.
type sitemap struct {
	index bool // it lists other sitemaps
	count int
}

// readSitemap calls each for every address the file of at most so many bytes,
// unpacked, lists, until that returns
// false. It reads XML, packed or not, or plain lines. Memory is bounded by the
// longest element, not by the file.
func readSitemap(r io.Reader, most int64, each func(s *sitemap, loc string) bool) (sitemap, error) {
	in := bufio.NewReaderSize(r, 32<<10)
	if head, _ := in.Peek(2); string(head) == "\x1f\x8b" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return sitemap{}, fmt.Errorf("%w: the sitemap is a damaged gzip file", knowledge.ErrCorrupt)
		}
		defer z.Close()
		in = bufio.NewReaderSize(z, 32<<10)
	}
	limited := &limitedReader{r: in, left: most}
	in = bufio.NewReaderSize(limited, 32<<10)
	head, _ := in.Peek(512)
	var s sitemap
	var err error
	if strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(string(head), "\xef\xbb\xbf")), "<") {
		err = s.xml(in, each)
	} else {
		err = s.lines(in, each)
	}
	switch {
	case limited.left < 0:
		return s, fmt.Errorf("%w: the sitemap has more than %d MB", knowledge.ErrTooLarge, most>>20)
	case err != nil && !errors.Is(err, knowledge.ErrCorrupt):
		return s, fmt.Errorf("%w: the sitemap breaks off or is no XML", knowledge.ErrCorrupt)
	case err == nil && s.count == 0:
		return s, fmt.Errorf("%w: the sitemap lists no address", knowledge.ErrEmpty)
	}
	return s, err
}

// limitedReader ends with an error after so many bytes; left is below zero then.
type limitedReader struct {
	r    io.Reader
	left int64
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, knowledge.ErrTooLarge
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n, knowledge.ErrTooLarge
	}
	return n, err
}

// take passes an address on; false ends the reading.
func (s *sitemap) take(loc string, each func(*sitemap, string) bool) bool {
	if loc = strings.TrimSpace(loc); loc == "" || len(loc) > maxAddress {
		return true
	}
	s.count++
	return each(s, loc) && s.count < maxSitemapURLs
}

func (s *sitemap) xml(r io.Reader, each func(*sitemap, string) bool) error {
	d := xml.NewDecoder(r)
	d.CharsetReader = charset.NewReaderLabel
	var path []string
	var loc strings.Builder
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) && (len(path) == 0 || s.count > 0) {
			return nil // what a cut file lists is still listed
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(path) == 0 {
				if t.Name.Local != "urlset" && t.Name.Local != "sitemapindex" {
					return fmt.Errorf("%w: this is no sitemap", knowledge.ErrCorrupt)
				}
				s.index = t.Name.Local == "sitemapindex"
			}
			if path = append(path, t.Name.Local); len(path) > maxSitemapDepth {
				return fmt.Errorf("%w: the sitemap is nested deeper than %d", knowledge.ErrCorrupt, maxSitemapDepth)
			}
			loc.Reset()
		case xml.EndElement:
			if len(path) == 0 {
				return fmt.Errorf("%w: this is no sitemap", knowledge.ErrCorrupt)
			}
			if isLoc(path) && !s.take(loc.String(), each) {
				return nil
			}
			path = path[:len(path)-1]
			loc.Reset()
		case xml.CharData:
			if isLoc(path) && loc.Len()+len(t) <= maxAddress+64 {
				loc.Write(t)
			}
		}
	}
}

// isLoc holds inside <url><loc> and <sitemap><loc>, and not in a picture's.
func isLoc(path []string) bool {
	return len(path) == 3 && path[2] == "loc" && (path[1] == "url" || path[1] == "sitemap")
}

// lines reads the plain form: an address a line.
func (s *sitemap) lines(r io.Reader, each func(*sitemap, string) bool) error {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, 4096), 64<<10)
	for in.Scan() {
		line := strings.TrimSpace(strings.TrimPrefix(in.Text(), "\xef\xbb\xbf"))
		if line == "" {
			continue
		}
		if !strings.HasPrefix(line, "http://") && !strings.HasPrefix(line, "https://") {
			return fmt.Errorf("%w: this is no sitemap", knowledge.ErrCorrupt)
		}
		if !s.take(line, each) {
			break
		}
	}
	return in.Err()
}
