package extract

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"frontdesk/knowledge"
)

const (
	// MaxMembers is how many documents one archive may bring.
	MaxMembers = 2_000
	// MaxNesting is how many archives may stand around a document.
	MaxNesting = 2
)

// Members takes an archive apart: one upload for each document in it, called
// by its name, or by its path where two share a name. Folders, hidden files and
// what systems add to archives are passed over. Names are only names: nothing
// is written anywhere.
//
// Its errors are those of Extract; knowledge.ErrEmpty says that no file is left.
func Members(ctx context.Context, data []byte) ([]knowledge.Upload, error) {
	m := members{ctx: ctx, left: MaxExpanded}
	if err := m.take(data, "", 1); err != nil {
		return nil, err
	}
	if len(m.out) == 0 {
		return nil, fmt.Errorf("%w: there are no files in the archive", knowledge.ErrEmpty)
	}
	bases := map[string]int{}
	for _, u := range m.out {
		bases[path.Base(u.Name)]++
	}
	for i, u := range m.out {
		if base := path.Base(u.Name); bases[base] == 1 {
			m.out[i].Name = base
		} else {
			m.out[i].Name = strings.ReplaceAll(u.Name, "/", " › ")
		}
	}
	return m.out, nil
}

type members struct {
	ctx  context.Context
	out  []knowledge.Upload
	left int64
}

// take adds the members of one archive, whose own name is the folder they are in.
func (m *members) take(data []byte, folder string, depth int) error {
	a, err := openArchive(m.ctx, data)
	if err != nil {
		return err
	}
	a.left = m.left
	for _, f := range a.order {
		name := memberName(f)
		if name == "" || f.FileInfo().IsDir() {
			continue
		}
		if len(m.out) >= MaxMembers {
			return fmt.Errorf("%w: the archive holds more than %d documents", knowledge.ErrTooLarge, MaxMembers)
		}
		content, err := a.read(f)
		if err != nil {
			return named(err, name)
		}
		if m.left = a.left; len(content) == 0 {
			continue
		}
		name = path.Join(folder, name)
		if isZIP(content) && zipFormat(content) == ZIP {
			if depth >= MaxNesting {
				return fmt.Errorf("%w: %s: archives are nested deeper than %d", knowledge.ErrTooLarge, clip(name, 100), MaxNesting)
			}
			if err := m.take(content, strings.TrimSuffix(name, path.Ext(name)), depth+1); err != nil {
				return named(err, name)
			}
			a.left = m.left
			continue
		}
		m.out = append(m.out, knowledge.Upload{Name: name, Data: content})
	}
	return nil
}

// named says which member an error is about, behind what kind it is.
func named(err error, name string) error {
	for _, kind := range []error{knowledge.ErrCorrupt, knowledge.ErrTooLarge} {
		if errors.Is(err, kind) {
			return fmt.Errorf("%w: %s: %s", kind, clip(name, 100), strings.TrimPrefix(err.Error(), kind.Error()+": "))
		}
	}
	return err
}

// memberName is the path of a member without what is not a name in it, or
// empty for what no person put there.
func memberName(f *zip.File) string {
	name := f.Name
	if f.NonUTF8 { // code page 437, says APPNOTE.TXT appendix D
		if s, err := charmap.CodePage437.NewDecoder().String(name); err == nil {
			name = s
		}
	}
	name, err := clean(strings.ToValidUTF8(name, ""))
	if err != nil {
		return ""
	}
	var parts []string
	for p := range strings.SplitSeq(strings.ReplaceAll(name, `\`, "/"), "/") {
		switch p = squeeze(p); {
		case p == "", p == ".", p == "..":
			continue
		case p == "__MACOSX", strings.HasPrefix(p, "."), strings.HasPrefix(p, "~$"), strings.EqualFold(p, "Thumbs.db"), strings.EqualFold(p, "desktop.ini"):
			return ""
		}
		parts = append(parts, p)
	}
	if len(parts) > 0 && len(parts[0]) == 2 && parts[0][1] == ':' { // C:
		parts = parts[1:]
	}
	return strings.Join(parts, "/")
}
