package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"frontdesk/knowledge"
)

// MaxParts is how many members an archive or an office file may have; a deck
// of a thousand slides with pictures has half of it.
const MaxParts = 10_000

// MaxPart is how many bytes one member of an archive may expand to.
const MaxPart = 64 << 20

// MaxExpanded is how many bytes the members of an archive that are read may
// expand to together.
const MaxExpanded = 192 << 20

// MaxRatio is how many times its size a member may expand once it is larger
// than ratioFrom. The XML of office files shrinks to a tenth, of very even
// tables to a hundredth; deflate itself ends at 1,032 (zlib's technical notes).
const (
	MaxRatio  = 250
	ratioFrom = 4 << 20
)

// directoryEntry begins each entry of an archive's directory (APPNOTE.TXT 4.3.12).
const directoryEntry = "PK\x01\x02"

// archive reads members of a ZIP file within the limits of this package.
type archive struct {
	ctx   context.Context
	files map[string]*zip.File
	order []*zip.File
	left  int64 // bytes that may still be expanded
}

func openArchive(ctx context.Context, data []byte) (*archive, error) {
	// Before the directory is read: each entry costs some hundred bytes of memory.
	if n := bytes.Count(data, []byte(directoryEntry)); n > MaxParts {
		return nil, fmt.Errorf("%w: the archive has %d members, at most %d can be read", knowledge.ErrTooLarge, n, MaxParts)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are never used as paths
		return nil, fmt.Errorf("%w: the file is damaged or was not sent whole: %w", knowledge.ErrCorrupt, err)
	}
	a := &archive{ctx: ctx, files: make(map[string]*zip.File, len(z.File)), order: z.File, left: MaxExpanded}
	for _, f := range z.File {
		name := partName(f.Name)
		if a.files[name] == nil { // the first wins, as in the programs that write these files
			a.files[name] = f
		}
	}
	return a, nil
}

// partName is a name in a common form: some writers use backslashes, begin
// with a slash or change the case between a part and what refers to it.
func partName(s string) string {
	return strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(s, `\`, "/")), "/")
}

// has reports whether there is a member of this name.
func (a *archive) has(name string) bool { return a.files[partName(name)] != nil }

// check refuses what would expand too far, before and without expanding it.
func (a *archive) check(f *zip.File) error {
	size := f.UncompressedSize64
	switch {
	case f.Flags&1 != 0:
		return fmt.Errorf("%w: it is protected by a password; save it without one", knowledge.ErrCorrupt)
	case size > MaxPart:
		return fmt.Errorf("%w: a part of the file expands to more than %d MB", knowledge.ErrTooLarge, MaxPart>>20)
	case size > ratioFrom && size/MaxRatio > f.CompressedSize64:
		return fmt.Errorf("%w: a part of the file expands to more than %d times its size", knowledge.ErrTooLarge, MaxRatio)
	case int64(size) > a.left:
		return fmt.Errorf("%w: the file expands to more than %d MB", knowledge.ErrTooLarge, MaxExpanded>>20)
	}
	return a.ctx.Err()
}

// open returns a reader of a member. One longer than declared is an error.
func (a *archive) open(f *zip.File) (io.ReadCloser, error) {
	if err := a.check(f); err != nil {
		return nil, err
	}
	a.left -= int64(f.UncompressedSize64)
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: a part of the file cannot be read: %w", knowledge.ErrCorrupt, err)
	}
	limited := io.LimitReader(r, int64(f.UncompressedSize64)+1) // one more: archive/zip refuses it
	return struct {
		io.Reader
		io.Closer
	}{&interruptible{ctx: a.ctx, r: limited}, r}, nil
}

// read returns the bytes of a member.
func (a *archive) read(f *zip.File) ([]byte, error) {
	r, err := a.open(f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out bytes.Buffer
	if _, err := io.Copy(&out, r); err != nil {
		if a.ctx.Err() != nil {
			return nil, a.ctx.Err()
		}
		return nil, fmt.Errorf("%w: a part of the file cannot be read: %w", knowledge.ErrCorrupt, err)
	}
	return out.Bytes(), nil
}

// xml calls f with the root element of a part. A part that is not there is
// read as if it were empty.
func (a *archive) xml(name string, f func(x *xmlReader, root xml.StartElement) error) error {
	file := a.files[partName(name)]
	if file == nil {
		return nil
	}
	r, err := a.open(file)
	if err != nil {
		return err
	}
	defer r.Close()
	x, err := newXML(a.ctx, r)
	if err != nil {
		return err
	}
	return x.root(f)
}

// relation is what a part of an office file refers to.
type relation struct {
	kind   string // the last word of its type: "hyperlink", "notesSlide"
	target string // the part's name, or an address
}

// relations are those of a part, by id (ISO/IEC 29500-2, 9.3).
func (a *archive) relations(part string) (map[string]relation, error) {
	out := map[string]relation{}
	dir, base := path.Split(part)
	err := a.xml(dir+"_rels/"+base+".rels", func(x *xmlReader, _ xml.StartElement) error {
		return x.children(func(e xml.StartElement) error {
			target := value(e, "Target")
			if value(e, "TargetMode") != "External" {
				if !strings.HasPrefix(target, "/") {
					target = path.Join(dir, target)
				}
				target = strings.TrimPrefix(path.Clean(target), "/")
			}
			out[value(e, "Id")] = relation{path.Base(value(e, "Type")), target}
			return x.skip()
		})
	})
	return out, err
}
