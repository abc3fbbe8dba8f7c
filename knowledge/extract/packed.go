package extract

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
)

// packedFormats are the formats read here that are not text themselves.
var packedFormats = map[string]bool{PDF: true, DOCX: true, PPTX: true, XLSX: true, ODT: true, ZIP: true}

// pdfWithin is where the mark of a PDF must begin: readers accept it anywhere
// in the first kilobyte (ISO 32000-1, annex H.3.4.1).
const pdfWithin = 1024

// packed tells which packed format data is in: one read here by its media
// type, another by its name, or "".
func packed(data []byte) string {
	if at := bytes.Index(data[:min(len(data), pdfWithin)], []byte("%PDF-")); at == 0 || at > 0 && hasControls(data) {
		return PDF
	}
	if isZIP(data) {
		return zipFormat(data)
	}
	return ""
}

func isZIP(data []byte) bool {
	return bytes.HasPrefix(data, []byte("PK\x03\x04")) || bytes.HasPrefix(data, []byte("PK\x05\x06"))
}

// zipFormat tells office files from archives by their parts. A damaged file is
// an archive until it is opened.
func zipFormat(data []byte) string {
	if bytes.Count(data, []byte(directoryEntry)) > MaxParts {
		return ZIP
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return ZIP
	}
	parts := map[string]bool{}
	for _, f := range z.File {
		name := partName(f.Name)
		if name == "mimetype" {
			switch kind := mimetype(f); kind {
			case ODT, ODT + "-template":
				return ODT
			case "application/epub+zip":
				return "EPUB"
			case "application/vnd.oasis.opendocument.spreadsheet":
				return "ODS"
			case "application/vnd.oasis.opendocument.presentation":
				return "ODP"
			}
		}
		parts[name] = true
		if dir, _, ok := strings.Cut(name, "/"); ok {
			parts[dir+"/"] = true
		}
	}
	if parts["[content_types].xml"] {
		switch {
		case parts["word/"]:
			return DOCX
		case parts["ppt/"]:
			return PPTX
		case parts["xl/workbook.bin"]:
			return "XLSB"
		case parts["xl/"]:
			return XLSX
		}
	}
	return ZIP
}

// mimetype is the media type an OpenDocument file says it has, in the few
// bytes of a member of that name (OpenDocument 1.3 part 2, 3.3).
func mimetype(f *zip.File) string {
	r, err := f.Open()
	if err != nil {
		return ""
	}
	defer r.Close()
	kind, _ := io.ReadAll(io.LimitReader(r, 200))
	return strings.TrimSpace(string(kind))
}
