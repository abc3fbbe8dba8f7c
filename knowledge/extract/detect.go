package extract

import (
	"bytes"
	"fmt"
	"mime"
	"path"
	"strings"
	"unicode/utf8"

	"frontdesk/knowledge"
)

// sniffLen is how much of a document is looked at to tell its format.
const sniffLen = 64 << 10

// oldOffice begins compound files, in which Office kept documents up to 2003
// and keeps encrypted ones to this day (MS-CFB 2.2).
const oldOffice = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// signatures are the first bytes of formats people try to upload and nothing
// here reads. The order matters only where one is the beginning of another.
var signatures = []struct{ magic, name string }{
	{"{\\rtf", "RTF"},
	{oldOffice, "an old Office file (DOC, XLS or PPT) or one protected by a password"},
	{"\x89PNG\r\n\x1a\n", "an image"},
	{"\xff\xd8\xff", "an image"},
	{"GIF8", "an image"},
	{"RIFF", "an image, sound or film"},
	{"\x1f\x8b", "a compressed file"},
	{"BZh", "a compressed file"},
	{"\xfd7zXZ\x00", "a compressed file"},
	{"7z\xbc\xaf\x27\x1c", "a compressed file"},
	{"Rar!", "a compressed file"},
	{"\x28\xb5\x2f\xfd", "a compressed file"},
	{"\x7fELF", "a program"},
	{"MZ\x90\x00", "a program"},
	{"SQLite format 3\x00", "a database"},
	{"ID3", "sound"},
	{"OggS", "sound or film"},
}

// byExtension maps the end of a file's name to what it says it is: a format
// read here, or the name of one that is not.
var byExtension = map[string]string{
	".md": Markdown, ".markdown": Markdown, ".mdown": Markdown, ".mkd": Markdown,
	".txt": Plain, ".text": Plain, ".log": Plain,
	".html": HTML, ".htm": HTML, ".xhtml": HTML,
	".csv": CSV, ".tsv": TSV, ".tab": TSV,
	".jsonl": JSONL, ".ndjson": JSONL, ".json": JSON,
	".pdf": PDF, ".docx": DOCX, ".docm": DOCX, ".dotx": DOCX, ".pptx": PPTX, ".pptm": PPTX, ".ppsx": PPTX,
	".xlsx": XLSX, ".xlsm": XLSX, ".xltx": XLSX, ".odt": ODT, ".ott": ODT, ".zip": ZIP,
}

// unread are the formats whose names are known and whose bytes are not read.
var unread = map[string]string{
	".doc": "DOC", ".ppt": "PPT", ".xls": "XLS", ".xlsb": "XLSB", ".ods": "ODS", ".odp": "ODP",
	".rtf": "RTF", ".epub": "EPUB", ".xml": "XML", ".yaml": "YAML", ".yml": "YAML",
	".png": "images", ".jpg": "images", ".jpeg": "images", ".gif": "images", ".webp": "images",
}

// Detect tells the format of data by its bytes, its name and the media type
// its sender gave, in that order of trust, as one of this package's media
// types. Its errors are those of Extract.
func Detect(name, mediaType string, data []byte) (string, error) {
	if len(data) > MaxFile {
		return "", tooLong(len(data), MaxFile)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return "", fmt.Errorf("%w: the file is empty", knowledge.ErrEmpty)
	}
	ext := strings.ToLower(path.Ext(strings.TrimSpace(name)))
	claimed, known := byExtension[ext]
	if format := packed(data); format != "" {
		switch {
		case known && !packedFormats[claimed]:
			return "", fmt.Errorf("%w: the name ends in %s but the content is %s", knowledge.ErrCorrupt, ext, short(format))
		case known && format == ZIP && claimed != ZIP:
			return "", fmt.Errorf("%w: the name ends in %s but the file is damaged or something else", knowledge.ErrCorrupt, ext)
		case !packedFormats[format]:
			return "", notYet(format)
		}
		return format, nil
	}
	if what := binary(data); what != "" {
		switch {
		case packedFormats[claimed] && bytes.HasPrefix(data, []byte(oldOffice)):
			return "", fmt.Errorf("%w: the file is protected by a password or was saved by an old version of Office; save it without a password and as %s",
				knowledge.ErrCorrupt, strings.ToUpper(ext[1:]))
		case known:
			return "", fmt.Errorf("%w: the name ends in %s but the content is %s", knowledge.ErrCorrupt, ext, what)
		}
		return "", notYet(what)
	}
	if len(data) > MaxBytes {
		return "", tooLong(len(data), MaxBytes)
	}
	if what, ok := unread[ext]; packedFormats[claimed] || ok {
		if packedFormats[claimed] || strings.Contains("DOC PPT XLS XLSB ODS ODP EPUB images", what) {
			return "", fmt.Errorf("%w: the name ends in %s but the content is something else", knowledge.ErrCorrupt, ext)
		}
		return "", notYet(what)
	}
	if !known {
		claimed, known = byMediaType(mediaType)
	}
	head := sniffText(data)
	switch {
	case looksHTML(head):
		if claimed == CSV || claimed == TSV || claimed == JSONL || claimed == JSON {
			return "", fmt.Errorf("%w: expected a %s, but the content is an HTML page", knowledge.ErrCorrupt, label(claimed))
		}
		return HTML, nil
	case known:
		return claimed, nil
	case looksJSONL(head):
		return JSONL, nil
	case strings.HasPrefix(head, "# ") || strings.HasPrefix(head, "---\n") || strings.Contains(head, "\n## "):
		return Markdown, nil
	}
	return Plain, nil
}

// binary names what data is when it is not text, and is empty when it is.
func binary(data []byte) string {
	for _, s := range signatures {
		if bytes.HasPrefix(data, []byte(s.magic)) && (s.magic[0] >= 0x7f || hasControls(data)) {
			return s.name
		}
	}
	if bytes.HasPrefix(data, []byte("{\\rtf")) {
		return "RTF"
	}
	if utf16Of(data) == 0 && hasControls(data) {
		return "not text"
	}
	return ""
}

// hasControls reports whether bytes no text holds make up more than one in a
// hundred of the beginning of data, or a NUL stands anywhere in it.
func hasControls(data []byte) bool {
	head := data[:min(len(data), sniffLen)]
	n := 0
	for _, b := range head {
		switch {
		case b == 0:
			return true
		case b < 0x20 && b != '\t' && b != '\n' && b != '\r' && b != '\f' && b != 0x1b, b == 0x7f:
			n++
		}
	}
	return n*100 > len(head)
}

func byMediaType(mediaType string) (string, bool) {
	base, _, err := mime.ParseMediaType(mediaType)
	if err != nil {
		return "", false
	}
	switch base {
	case Markdown, "text/x-markdown":
		return Markdown, true
	case HTML, "application/xhtml+xml":
		return HTML, true
	case CSV, "application/csv":
		return CSV, true
	case TSV, JSON:
		return base, true
	case JSONL, "application/x-ndjson", "application/ndjson", "application/x-jsonlines":
		return JSONL, true
	}
	return "", false // text/plain is what software says when it does not know
}

// short is a packed format as file names have it.
func short(format string) string {
	for ext, f := range map[string]string{"PDF": PDF, "DOCX": DOCX, "PPTX": PPTX, "XLSX": XLSX, "ODT": ODT, "a ZIP archive": ZIP} {
		if f == format {
			return ext
		}
	}
	return format
}

func tooLong(n, limit int) error {
	return fmt.Errorf("%w: the file has %.1f MB, at most %d MB can be read", knowledge.ErrTooLarge, float64(n)/(1<<20), limit>>20)
}

func notYet(what string) error {
	return fmt.Errorf("%w: not supported yet: %s. What can be read: %s", knowledge.ErrUnsupported, what, Formats)
}

// sniffText is the beginning of data as far as ASCII matters, in lower case.
func sniffText(data []byte) string {
	head := data[:min(len(data), 4<<10)]
	if utf16Of(data) != 0 {
		head = bytes.ReplaceAll(head[2:], []byte{0}, nil)
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	return strings.ToLower(strings.TrimSpace(strings.ReplaceAll(string(head), "\r\n", "\n")))
}

func looksHTML(head string) bool {
	for strings.HasPrefix(head, "<!--") || strings.HasPrefix(head, "<?xml") {
		_, rest, ok := strings.Cut(head, ">")
		if !ok {
			return false
		}
		head = strings.TrimSpace(rest)
	}
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html") ||
		strings.HasPrefix(head, "<head>") || strings.HasPrefix(head, "<body")
}

func looksJSONL(head string) bool {
	line, _, _ := strings.Cut(head, "\n")
	return strings.HasPrefix(line, `{"`) && (strings.HasSuffix(strings.TrimSpace(line), "}") || utf8.RuneCountInString(line) > 500)
}
