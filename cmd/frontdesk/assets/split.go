package assets

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"

	"github.com/evanw/esbuild/pkg/api"
)

// Files are a script in several files. All but the entry have names that change with
// their content, and import each other by those from one directory.
type Files struct {
	Entry  []byte            // loads the rest
	Shared map[string][]byte // by name: what the entry needs at once
	Parts  map[string][]byte // by name: what it loads when it is asked for
}

// Split compiles entry, a script in src, as Bundle does, but what is reached only by
// import() goes into files of its own. The result are modules.
func Split(src fs.FS, entry string, o Options) (Files, error) {
	f := Files{Shared: map[string][]byte{}, Parts: map[string][]byte{}}
	const main = "entry" // so that no other file has its name
	result, err := build(src, entry, o, api.BuildOptions{Format: api.FormatESModule, Splitting: true, Metafile: true, EntryNames: main, ChunkNames: "[name]-[hash]"})
	if err != nil {
		return f, err
	}
	var meta struct {
		Outputs map[string]struct {
			Imports []struct{ Path, Kind string }
		}
	}
	if err := json.Unmarshal([]byte(result.Metafile), &meta); err != nil {
		return f, fmt.Errorf("split %s: %w", entry, err)
	}
	imports := map[string][]string{} // by file: what it imports at once
	for name, out := range meta.Outputs {
		for _, i := range out.Imports {
			if i.Kind == "import-statement" {
				imports[path.Base(name)] = append(imports[path.Base(name)], path.Base(i.Path))
			}
		}
	}
	atOnce := map[string]bool{}
	for next := []string{main + ".js"}; len(next) > 0; next = next[1:] {
		if !atOnce[next[0]] {
			atOnce[next[0]] = true
			next = append(next, imports[next[0]]...)
		}
	}
	for _, file := range result.OutputFiles {
		switch name := path.Base(file.Path); {
		case name == main+".js":
			f.Entry = file.Contents
		case atOnce[name]:
			f.Shared[name] = file.Contents
		default:
			f.Parts[name] = file.Contents
		}
	}
	return f, nil
}
