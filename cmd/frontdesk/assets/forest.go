package assets

import (
	"io/fs"
	"strings"
)

// Forest is several trees as one: a path whose first element is a key is looked
// for in that tree, any other in the tree of the empty key.
type Forest map[string]fs.FS

// Open implements fs.FS.
func (f Forest) Open(name string) (fs.File, error) {
	if first, rest, ok := strings.Cut(name, "/"); ok {
		if tree, ok := f[first]; ok && first != "" {
			return tree.Open(rest)
		}
	}
	if tree, ok := f[""]; ok {
		return tree.Open(name)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
