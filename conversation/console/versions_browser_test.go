package console

import (
	"strings"
	"testing"

	"frontdesk/conversation/staff"
)

// TestTwoEditorsSeeBothTexts has a colleague change each thing while its form is open.
func TestTwoEditorsSeeBothTexts(t *testing.T) {
	p := newPlace(t)
	root := bearer(p.token(staff.RoleAdmin))
	made := p.editables(root)
	b := newTab(t, p, looks[0])
	b.signIn("first@shop.example", staff.RoleAdmin)
	pages := map[string]string{"label": "labels", "team": "teams", "canned reply": "canned", "webhook": "webhooks"}
	for _, e := range made {
		page, inSettings := pages[e.name]
		switch {
		case inSettings:
			b.at("#/settings/"+page, `document.querySelector('.items')`)
			b.wait(`document.querySelector('.items [aria-label^="Change "]')`)
			run[bool](b, `(document.querySelector('.items [aria-label^="Change "]').click(), true)`)
		case e.name == "test":
			b.at("#/tests", sees("How long?"))
			run[bool](b, `(document.querySelector('[aria-label^="Change"]').click(), true)`)
		default:
			continue
		}
		b.wait(`document.querySelector('main form .btn.main, main form.line .btn, dialog form .btn.main')`)
		p.do(e.method, e.path, e.first, root).want(t, 200, "")
		const form = `(document.querySelector('dialog[open] form') || document.querySelector('.items form'))`
		run[bool](b, `(`+form+`.requestSubmit(), true)`)
		b.wait(`document.querySelector('.met')`)
		kept := e.kept
		if e.name == "team" {
			kept = "Ana"
		}
		b.reads(".met", "Nothing was overwritten", kept)
		if e.name == "team" || e.name == "test" {
			b.inEveryLook("clash-" + e.name)
		}
		if run[bool](b, form+`.querySelector('[type=submit]').disabled`) == false {
			t.Errorf("%s: it can be saved before anybody chose", e.name)
		}
		b.click("Take theirs")
		b.wait(`!document.querySelector('.met')`)
		run[bool](b, `(`+form+`.requestSubmit(), true)`)
		b.wait(`!` + form)
	}

	// What came of it is what the colleague stored, and going on with one's own replaces it.
	for _, e := range made {
		if e.name != "canned reply" {
			continue
		}
		b.at("#/settings/canned", sees(e.kept))
		b.click("Change /hi")
		p.do(e.method, e.path, e.second, root).want(t, 200, "")
		run[bool](b, `(() => { const f = document.querySelector('.items textarea'); f.value = 'Moin'; f.dispatchEvent(new Event('input', {bubbles: true})); return true })()`)
		b.click("Save")
		b.wait(`document.querySelector('.met')`)
		b.click("Go on with mine")
		b.wait(`!document.querySelector('.met')`)
		b.click("Save")
		b.wait(sees("Reply saved") + ` && ` + sees("Moin"))
	}

	b.at("#/settings/staff", sees("ana@shop.example"))
	for _, e := range made {
		if e.name == "member of staff" {
			p.do(e.method, e.path, e.first, root).want(t, 200, "")
		}
	}
	b.click("Disable Ana")
	b.wait(sees("Somebody has changed Ana meanwhile: admin."))
	if got := p.do("GET", "/api/v1/staff", nil, root); strings.Contains(got.body, `"disabled":true`) {
		t.Errorf("staff = %s, want nobody disabled", got.body)
	}
	b.click("Make it now")
	b.wait(sees("Ana is disabled"))
	b.forgive(409)
	b.calm()
}
