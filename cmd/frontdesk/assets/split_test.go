package assets

import (
	"strings"
	"testing"
)

func TestASplitScriptLoadsLaterWhatIsAskedForLater(t *testing.T) {
	src := files(map[string]string{
		"ui/main.ts":   `import { shared } from './shared'; console.log(shared('first')); export const more = () => import('./late')`,
		"ui/late.ts":   `import { shared } from './shared'; console.log(shared('second')); export const late = 1`,
		"ui/shared.ts": `export const shared = (s: string) => 'common ' + s`,
	})
	got, err := Split(src, "ui/main.ts", Options{})
	if err != nil || len(got.Shared) != 1 || len(got.Parts) != 1 {
		t.Fatalf("Split() = %d shared, %d parts, %v, want one of each", len(got.Shared), len(got.Parts), err)
	}
	for name, body := range got.Parts {
		if !strings.Contains(string(body), "second") || strings.Contains(string(body), "first") || !strings.Contains(string(got.Entry), "./"+name) {
			t.Errorf("part %s = %s of entry %s, want only what is asked for later, named by the entry", name, body, got.Entry)
		}
	}
	for name, body := range got.Shared {
		if !strings.Contains(string(body), "common") || !strings.Contains(string(got.Entry), "./"+name) {
			t.Errorf("shared %s = %s, want what both use", name, body)
		}
	}
	again, err := Split(src, "ui/main.ts", Options{})
	if err != nil || string(again.Entry) != string(got.Entry) {
		t.Errorf("Split() again differs, %v, want the same names for the same content", err)
	}
	if _, err := Split(files(map[string]string{"main.ts": `import('./gone')`}), "main.ts", Options{}); err == nil {
		t.Error("Split() of a script that asks for no file = nil, want an error")
	}
}
