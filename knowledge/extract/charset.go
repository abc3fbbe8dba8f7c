package extract

import (
	"bytes"
	"fmt"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"frontdesk/knowledge"
)

// metaCharset finds what an HTML page says of itself. The HTML standard has
// browsers look at the first 1,024 bytes ("prescan a byte stream").
var metaCharset = regexp.MustCompile(`(?i)<(?:meta|\?xml)[^>]{0,200}(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.\-]{2,40})`)

// decode returns data as clean UTF-8 with lines ended by \n. A byte order mark
// decides, then bytes that are valid UTF-8, then what mediaType or a page's
// own meta element declares, then the shape of the bytes.
func decode(data []byte, mediaType string) (string, error) {
	if o := utf16Of(data); o != 0 {
		order := unicode.LittleEndian
		if o == 'B' {
			order = unicode.BigEndian
		}
		return transcode(data, unicode.UTF16(order, unicode.UseBOM))
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.Contains(data, []byte("\x1b$B")) || bytes.Contains(data, []byte("\x1b$@")) {
		return transcode(data, japanese.ISO2022JP)
	}
	if utf8.Valid(data) {
		return clean(string(data))
	}
	if mostlyUTF8(data) {
		return clean(strings.ToValidUTF8(string(data), "\uFFFD"))
	}
	if e := declared(data, mediaType); e != nil {
		if s, err := transcode(data, e); err == nil {
			return s, nil
		}
	}
	return transcode(data, guess(data))
}

// utf16Of is 'L' or 'B' for UTF-16 with a byte order mark and 0 otherwise.
func utf16Of(data []byte) byte {
	switch {
	case len(data) < 4 || len(data)%2 != 0 && len(data) < 64:
		return 0
	case data[0] == 0xff && data[1] == 0xfe && (data[2] != 0 || data[3] != 0):
		return 'L'
	case data[0] == 0xfe && data[1] == 0xff:
		return 'B'
	}
	return 0
}

// mostlyUTF8 reports whether data is UTF-8 with a few broken bytes, as a file
// cut in the middle of a character is.
func mostlyUTF8(data []byte) bool {
	good, bad := 0, 0
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		data = data[n:]
	}
	return good > 0 && good >= 10*bad
}

// declared is the encoding named by mediaType or in the document, or nil.
func declared(data []byte, mediaType string) encoding.Encoding {
	if _, params, err := mime.ParseMediaType(mediaType); err == nil && params["charset"] != "" {
		if e, name := charset.Lookup(params["charset"]); e != nil && name != "utf-8" {
			return e
		}
	}
	if m := metaCharset.FindSubmatch(data[:min(len(data), 1024)]); m != nil {
		if e, name := charset.Lookup(string(m[1])); e != nil && name != "utf-8" {
			return e
		}
	}
	return nil
}

// transcode fails when more than one character in a hundred cannot be read:
// then the encoding is another.
func transcode(data []byte, e encoding.Encoding) (string, error) {
	out, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return "", fmt.Errorf("%w: the characters of this file cannot be read: %w", knowledge.ErrCorrupt, err)
	}
	if bad := bytes.Count(out, []byte("\uFFFD")); bad*100 > len(out) {
		return "", fmt.Errorf("%w: the encoding of this file is not recognised; save it as UTF-8", knowledge.ErrCorrupt)
	}
	return clean(string(out))
}

// guess tells the legacy encodings apart by the shape of their bytes: in the
// double-byte sets the characters in common use stand in known rows, Cyrillic
// comes in long runs of high bytes and Western letters come singly.
func guess(data []byte) encoding.Encoding {
	s := survey(data[:min(len(data), sniffLen)])
	switch {
	case s.high == 0:
		return charmap.Windows1252
	case s.sjisBad*50 <= s.sjis && s.sjisCommon*10 > s.sjis*8 && s.kana*10 > s.sjis:
		return japanese.ShiftJIS
	case s.pairs*2 >= s.high*9/10 && s.alone*50 <= s.pairs: // nearly every high byte in an even run
		switch {
		case s.eucKana*5 > s.pairs:
			return japanese.EUCJP
		case s.rows*100 > s.pairs*85 && s.hangul*100 > s.pairs*97:
			return korean.EUCKR
		case s.rows*100 > s.pairs*85:
			return simplifiedchinese.GBK
		}
	}
	switch {
	case s.big5Bad*50 <= s.big5 && s.big5Common*100 > s.big5*90 && s.big5Low*10 > s.big5:
		return traditionalchinese.Big5
	case s.gbkBad*50 <= s.gbk && s.gbkCommon*100 > s.gbk*85:
		return simplifiedchinese.GBK
	case s.runs > 0 && s.high > 2*s.runs: // Cyrillic words: long runs
		if s.low > s.upper {
			return charmap.KOI8R
		}
		return charmap.Windows1251
	}
	return charmap.Windows1252
}
