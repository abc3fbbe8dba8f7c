// Package arrows proves that packages import each other only in the directions the
// house allows. It holds nothing but that test.
package arrows

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport says for each package which others of this module its code may import;
// a name with /... includes what lies below. Tests may import anything but cmd.
// A package that is not named here fails the test: whoever adds one decides.
var mayImport = map[string][]string{
	"knowledge":                   {},
	"knowledge/tokens":            {},
	"knowledge/extract":           {"knowledge"},
	"knowledge/crawl":             {"knowledge"},
	"knowledge/lexical":           {"knowledge"},
	"knowledge/rivals":            {"knowledge", "knowledge/lexical"},
	"knowledge/eval":              {"knowledge"},
	"knowledge/knowledgedb":       {"knowledge", "knowledge/lexical", "knowledge/rivals", "knowledge/eval"},
	"knowledge/sample":            {"knowledge"},
	"conversation":                {"knowledge"},
	"conversation/openai":         {"conversation", "knowledge", "knowledge/tokens"},
	"conversation/media":          {"conversation", "knowledge"},
	"conversation/moderate":       {"conversation"},
	"conversation/webhook":        {"conversation", "knowledge/crawl"},
	"conversation/staff":          {"conversation"},
	"conversation/staff/sso":      {"conversation/staff"},
	"conversation/console":        {"conversation", "conversation/staff", "knowledge"},
	"conversation/conversationdb": {"conversation", "conversation/staff", "knowledge"},
	"bots":                        {"conversation"},
	"bots/browsertest":            {},
	"bots/slack":                  {"bots", "conversation"},
	"bots/widget":                 {"bots", "conversation"},
	"bots/telegram":               {"bots", "conversation"},
	"migrations":                  {},
	"migrations/localpg":          {},
	"migrations/dbtest":           {"migrations/..."},
	"cmd/...":                     {"..."},
	"knowledge/tokens/...":        {"knowledge/tokens"},
}

// plain packages are the domain: the standard library and each other, and none of
// it that reads or writes outside the process.
var plain = []string{"knowledge", "knowledge/tokens", "conversation"}

// bundler makes the pages that browser tests of any package show.
const bundler = "cmd/frontdesk/assets"

var outside = []string{"net/http", "database/sql", "os", "os/exec", "net"}

func TestImportsFollowTheArrows(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && file != root || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		check(t, file, path.Dir(filepath.ToSlash(rel)), strings.HasSuffix(file, "_test.go"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, file, pkg string, test bool) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	allowed, known := rule(pkg)
	if !known {
		t.Errorf("%s: package %s has no arrows: name it in mayImport", file, pkg)
		return
	}
	for _, spec := range f.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Error(err)
			continue
		}
		ours, inside := strings.CutPrefix(name, "frontdesk/")
		switch {
		case inside && test:
			if strings.HasPrefix(ours, "cmd/") && ours != bundler && !strings.HasPrefix(pkg, "cmd/") {
				t.Errorf("%s imports %s: only cmd may", file, name)
			}
		case inside:
			if !slices.ContainsFunc(allowed, func(p string) bool { return matches(p, ours) }) {
				t.Errorf("%s imports %s: against the arrows", file, name)
			}
		case !test && slices.Contains(plain, pkg):
			if strings.Contains(strings.Split(name, "/")[0], ".") || slices.Contains(outside, name) {
				t.Errorf("%s imports %s: %s is plain Go without I/O", file, name, pkg)
			}
		}
	}
}

// rule returns what pkg may import, by its own name or that of a tree it is in.
func rule(pkg string) ([]string, bool) {
	if r, ok := mayImport[pkg]; ok {
		return r, true
	}
	for p, r := range mayImport {
		if strings.HasSuffix(p, "/...") && matches(p, pkg) {
			return r, true
		}
	}
	return nil, false
}

// matches reports whether pkg is p, or below it where p ends in "...".
func matches(p, pkg string) bool {
	if p == "..." {
		return true
	}
	tree, isTree := strings.CutSuffix(p, "/...")
	return pkg == tree || isTree && strings.HasPrefix(pkg, tree+"/")
}
