// Package assets turns the TypeScript and CSS that lie beside their Go packages
// into what a browser loads. esbuild runs inside the binary, so there is no
// build step and no generated file in the repository.
package assets

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Options say how to bundle. The zero value suits a script for any website.
type Options struct {
	// Modules maps a bare import ("preact") to the file in the tree that
	// provides it. Any other bare import is an error.
	Modules map[string]string
	// JSXImport is the module that provides the JSX functions, for .tsx files.
	JSXImport string
	// Module makes a module with exports of its own, to be imported, in place of
	// a script that keeps everything to itself.
	Module bool
	// Readable leaves names and line breaks alone, for development.
	Readable bool
	// KeepPrivate leaves the members that begin with an underscore their names.
	// Libraries that reach into each other need it.
	KeepPrivate bool
}

// target is the oldest language level sent to browsers: all of them since 2021
// have what the sources use of it.
const target = api.ES2022

// typescript leaves out the fields that a class only declares.
const typescript = `{"compilerOptions": {"useDefineForClassFields": false}}`

// private are the members that a class keeps to itself, by their underscore.
// They get short names.
const private = "^_"

// engines says the same for CSS, where there are no language levels.
var engines = []api.Engine{
	{Name: api.EngineChrome, Version: "100"},
	{Name: api.EngineFirefox, Version: "100"},
	{Name: api.EngineSafari, Version: "15.4"},
}

// Bundle compiles entry, a path in src, with everything it imports into one
// file. From a script, importing a .css file gives its minified text and
// importing a .json file gives its value. Entry may be a .css file itself.
// The error lists every fault with file and line; warnings count as faults.
func Bundle(src fs.FS, entry string, o Options) ([]byte, error) {
	format := api.FormatIIFE
	if o.Module {
		format = api.FormatESModule
	}
	result, err := build(src, entry, o, api.BuildOptions{Format: format})
	if err != nil {
		return nil, err
	}
	if len(result.OutputFiles) != 1 {
		return nil, fmt.Errorf("bundle %s: %d output files, want 1", entry, len(result.OutputFiles))
	}
	return result.OutputFiles[0].Contents, nil
}

// build runs esbuild with what all bundles have in common; with has the rest.
func build(src fs.FS, entry string, o Options, with api.BuildOptions) (api.BuildResult, error) {
	if o.JSXImport == "" {
		o.JSXImport = "preact"
	}
	with.MangleProps = private
	if o.Readable || o.KeepPrivate {
		with.MangleProps = ""
	}
	with.EntryPoints = []string{entry}
	with.Bundle = true
	with.Target = target
	with.Engines = engines
	with.Charset = api.CharsetUTF8
	with.LegalComments = api.LegalCommentsNone
	with.MinifyWhitespace, with.MinifyIdentifiers, with.MinifySyntax = !o.Readable, !o.Readable, !o.Readable
	with.TsconfigRaw = typescript
	with.JSX = api.JSXAutomatic
	with.JSXImportSource = o.JSXImport
	with.Outdir = "/"
	with.Plugins = []api.Plugin{tree(src, entry, o)}
	with.LogLevel = api.LogLevelSilent
	result := api.Build(with)
	return result, faults(entry, append(result.Errors, result.Warnings...))
}

// tree has esbuild read from src and from nowhere else.
func tree(src fs.FS, entry string, o Options) api.Plugin {
	const namespace = "tree"
	return api.Plugin{Name: namespace, Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			if strings.HasPrefix(a.Path, "data:") {
				return api.OnResolveResult{Path: a.Path, External: true}, nil
			}
			file, err := resolve(src, a, o.Modules)
			return api.OnResolveResult{Path: file, Namespace: namespace}, err
		})
		b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: namespace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			data, err := fs.ReadFile(src, a.Path)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			text, loader := string(data), loaders[path.Ext(a.Path)]
			if loader == api.LoaderCSS && path.Ext(entry) != ".css" {
				if text, err = minifyCSS(a.Path, text, o.Readable); err != nil {
					return api.OnLoadResult{}, err
				}
				loader = api.LoaderText
			}
			return api.OnLoadResult{Contents: &text, Loader: loader}, nil
		})
	}}
}

var loaders = map[string]api.Loader{
	".ts": api.LoaderTS, ".tsx": api.LoaderTSX, ".js": api.LoaderJS, ".mjs": api.LoaderJS,
	".json": api.LoaderJSON, ".css": api.LoaderCSS, ".svg": api.LoaderText,
}

// resolve finds the file an import means: a module of the list, or a path
// relative to the importer with or without its extension.
func resolve(src fs.FS, a api.OnResolveArgs, modules map[string]string) (string, error) {
	name := path.Clean(a.Path)
	switch {
	case a.Kind == api.ResolveEntryPoint:
	case strings.HasPrefix(a.Path, "./"), strings.HasPrefix(a.Path, "../"):
		name = path.Join(path.Dir(a.Importer), a.Path)
	default:
		file, ok := modules[a.Path]
		if !ok {
			return "", fmt.Errorf("no module %q; there are %s", a.Path, strings.Join(slices.Sorted(maps.Keys(modules)), ", "))
		}
		name = file
	}
	for _, ext := range []string{"", ".ts", ".tsx", ".js", ".mjs"} {
		if info, err := fs.Stat(src, name+ext); err == nil && !info.IsDir() {
			return name + ext, nil
		}
	}
	return "", fmt.Errorf("no file %s", name)
}

func minifyCSS(name, text string, readable bool) (string, error) {
	result := api.Transform(text, api.TransformOptions{
		Loader: api.LoaderCSS, Sourcefile: name, Engines: engines, Charset: api.CharsetUTF8,
		MinifyWhitespace: !readable, MinifySyntax: !readable,
	})
	if err := faults(name, append(result.Errors, result.Warnings...)); err != nil {
		return "", err
	}
	return strings.TrimSpace(string(result.Code)), nil
}

func faults(name string, messages []api.Message) error {
	var all []error
	for _, m := range messages {
		where := name
		if m.Location != nil {
			where = fmt.Sprintf("%s:%d", m.Location.File, m.Location.Line)
		}
		all = append(all, fmt.Errorf("bundle %s: %s", where, m.Text))
	}
	return errors.Join(all...)
}
