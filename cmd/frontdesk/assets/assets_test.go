package assets

import (
	"strings"
	"testing"
	"testing/fstest"

	"frontdesk/bots/widget"
)

func TestAForestLooksInTheTreeThatIsNamed(t *testing.T) {
	src := Forest{"": files(map[string]string{"ui/main.ts": `import { n } from 'shared/n'; console.log(n)`}), "shared": files(map[string]string{"n.ts": `export const n = 42;`})}
	js, err := Bundle(src, "ui/main.ts", Options{Modules: map[string]string{"shared/n": "shared/n.ts"}})
	if err != nil || !strings.Contains(string(js), "42") {
		t.Errorf("Bundle() = %q, %v, want the other tree's value in it", js, err)
	}
	if _, err := (Forest{"shared": files(nil)}).Open("ui/main.ts"); err == nil {
		t.Error("Open() of a tree that is not there gave a file")
	}
}

func files(texts map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range texts {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func TestScriptTakesInStylesAndData(t *testing.T) {
	src := files(map[string]string{
		"ui/main.ts":      `import css from './style.css'; import words from './lang/en.json'; import { double } from '../shared/math'; console.log(css, words.hello, double(21));`,
		"ui/style.css":    ".a {\n  color: rgb(255, 0, 0);\n  & .b { margin: 0px }\n}",
		"ui/lang/en.json": `{"hello": "Héllo"}`,
		"shared/math.ts":  `export const double = (n: number): number => n * 2; export const unused = "never sent";`,
	})
	js, err := Bundle(src, "ui/main.ts", Options{})
	if err != nil {
		t.Fatalf("Bundle = %v, want a script", err)
	}
	for _, want := range []string{".a{color:red}", ".a .b{margin:0", "Héllo"} {
		if !strings.Contains(string(js), want) {
			t.Errorf("script %s lacks %q", js, want)
		}
	}
	if strings.Contains(string(js), "never sent") || strings.Contains(string(js), "number") {
		t.Errorf("script %s has what nobody uses", js)
	}
}

func TestPrivateMembersGetShortNames(t *testing.T) {
	src := files(map[string]string{"main.ts": `class Box { private _contents = 1; open() { return this._contents } } console.log(new Box().open())`})
	js, err := Bundle(src, "main.ts", Options{})
	if err != nil || strings.Contains(string(js), "_contents") {
		t.Errorf("Bundle = %s, %v, want no long private name", js, err)
	}
	readable, err := Bundle(src, "main.ts", Options{Readable: true})
	if err != nil || !strings.Contains(string(readable), "_contents") {
		t.Errorf("readable Bundle = %s, %v, want the names as written", readable, err)
	}
}

func TestStylesheetIsAnEntryToo(t *testing.T) {
	src := files(map[string]string{"app.css": `@import "./base.css"; b { color: #ff0000 }`, "base.css": `a { margin: 0px }`})
	css, err := Bundle(src, "app.css", Options{})
	if err != nil || strings.TrimSpace(string(css)) != "a{margin:0}b{color:red}" {
		t.Errorf("Bundle = %q, %v, want both rules", css, err)
	}
}

func TestModulesAndJSX(t *testing.T) {
	src := files(map[string]string{
		"main.tsx":       `import { render } from 'tiny'; render(<p id="x">hello</p>)`,
		"vendor/tiny.js": `export const render = (node) => console.log(node)`,
		"vendor/jsx.js":  `export const jsx = (tag, props) => ({ tag, props })`,
	})
	js, err := Bundle(src, "main.tsx", Options{JSXImport: "tiny", Modules: map[string]string{"tiny": "vendor/tiny.js", "tiny/jsx-runtime": "vendor/jsx.js"}})
	if err != nil || !strings.Contains(string(js), `"p"`) {
		t.Errorf("Bundle = %s, %v, want the element", js, err)
	}
}

func TestFaultsNameTheirPlace(t *testing.T) {
	for name, c := range map[string]struct{ main, want string }{
		"syntax":         {"let a = 1;\nlet b = ;", "main.ts:2"},
		"missing file":   {"import './nowhere'", "no file nowhere"},
		"missing module": {"import 'left-pad'", `no module "left-pad"`},
		"file outside":   {"import '../../etc/passwd'", "no file ../../etc/passwd"},
		"absolute file":  {"import '/etc/passwd'", `no module "/etc/passwd"`},
		"missing name":   {"import { x } from './other'; console.log(x)", "main.ts:1"},
		"broken style":   {"import css from './bad.css'; console.log(css)", "bad.css:1"},
		"warning":        {"if (typeof window === 'undefned') console.log(1)", "main.ts:1"},
	} {
		src := files(map[string]string{"main.ts": c.main, "other.ts": "export const y = 1", "bad.css": "a { color red }"})
		js, err := Bundle(src, "main.ts", Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Bundle = %q, %v, want an error with %q", name, js, err, c.want)
		}
	}
	if _, err := Bundle(files(nil), "main.ts", Options{}); err == nil {
		t.Error("Bundle of nothing = nil, want an error")
	}
}

// BenchmarkBundle is the part of a start that bundling takes.
func BenchmarkBundle(b *testing.B) {
	for b.Loop() {
		if _, err := Bundle(widget.UI, widget.Entry, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
