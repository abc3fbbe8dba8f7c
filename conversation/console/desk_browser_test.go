package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	cd "github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"frontdesk/conversation/staff"
)

// at goes to an address behind the #.
func (b *tab) at(hash, seen string) {
	b.t.Helper()
	run[bool](b, fmt.Sprintf(`(location.hash = %q, true)`, hash))
	b.wait(seen)
}

// fill types into the field of a label.
func (b *tab) fill(label, text string) {
	b.t.Helper()
	b.wait(field(label))
	run[bool](b, fmt.Sprintf(`(() => { const f = %s; f.value = %q; f.dispatchEvent(new Event('input', {bubbles: true})); f.dispatchEvent(new Event('change', {bubbles: true})); return true })()`, field(label), text))
}

func field(label string) string {
	return fmt.Sprintf(`[...document.querySelectorAll('label')].filter((l) => l.offsetParent && l.firstChild?.textContent?.trim() === %q).map((l) => l.querySelector('input, textarea, select'))[0]`, label)
}

// confirm says yes to what is asked.
func (b *tab) confirm() {
	b.t.Helper()
	b.wait(`document.querySelector('dialog.ask form')`)
	run[bool](b, `(document.querySelector('dialog.ask form').requestSubmit(), true)`)
	b.wait(`!document.querySelector('dialog.ask')`)
}

// listed is how many lines the list of a name has.
func listed(name string) string {
	return fmt.Sprintf(`document.querySelectorAll('ul[aria-label=%q] > li').length`, name)
}

// TestAnAdminRunsTheDesk goes through the pages for people who run the desk, in every look.
func TestAnAdminRunsTheDesk(t *testing.T) {
	for _, v := range looks {
		t.Run(v.name, func(t *testing.T) {
			p := newPlace(t)
			bo, err := p.staff.Add(t.Context(), "bo@example.com", password, staff.RoleAgent)
			if err != nil {
				t.Fatal(err)
			}
			b := newTab(t, p, v)
			b.signIn("ana@example.com", staff.RoleAdmin)
			b.wait(sees("Nobody is waiting"))
			if v.phone {
				b.click("You")
				b.wait(`location.hash === '#/settings' && document.querySelector('.settings-nav a')`)
				b.show("settings-list")
				b.click("My profile")
			} else {
				b.goes("gs", "#/settings")
			}
			b.wait(listed("Sessions"))
			b.fill("Name, as customers see it", "Ana Sørensen")
			b.click("Change name")
			b.wait(sees("Name changed"))
			b.show("settings-profile")

			b.at("#/settings/preferences", `document.querySelector('.settings select')`)
			b.show("settings-preferences")

			b.at("#/settings/staff", listed("Staff")+` === 2`)
			b.fill("E-mail address", "cleo@example.com")
			b.click("Invite")
			b.wait(`document.querySelector('.once input')?.value.includes('/console#/invitation/')`)
			b.wait(listed("Open invitations") + ` === 1`)
			b.show("settings-staff")
			b.click("Done")
			b.click("Disable " + bo.Name)
			b.wait(button("Undo"))
			b.wait(sees("Disabled"))
			b.click("Undo")
			b.wait(button("Disable " + bo.Name))
			b.click("Take back the invitation of cleo@example.com")
			b.confirm()
			b.wait(sees("No invitation is open."))

			b.at("#/settings/teams", sees("There are no teams yet."))
			b.click("Add a team")
			b.fill("Name", "Orders")
			run[bool](b, `(document.querySelector('.members input').click(), true)`)
			b.show("settings-team-new")
			b.click("Add team")
			b.wait(sees("1 member: "))
			b.show("settings-teams")

			b.at("#/settings/links", sees("Nobody is linked yet."))
			b.wait(field("Colleague") + `?.options.length === 2`)
			b.fill("Member ID, from their Slack profile", "no id!")
			b.click("Link")
			b.wait(`document.querySelector('.error')?.innerText.includes('U024BE7LH')`)
			b.fill("Member ID, from their Slack profile", "U024BE7LH")
			b.click("Link")
			b.wait(listed("Links") + ` === 1`)
			b.show("settings-links")

			b.at("#/settings/labels", sees("There are no labels yet."))
			b.show("settings-labels-empty")
			for _, name := range []string{"Refund", "VIP with a rather long name that has to go somewhere"} {
				b.fill("Name", name)
				b.click("Add label")
				b.wait(button("Change " + name))
			}
			b.click("Change Refund")
			run[bool](b, `(() => { const f = document.querySelector('[aria-label="Change Refund"] [type=color]'); f.value = '#b3261e'; f.dispatchEvent(new Event('input', {bubbles: true})); return true })()`)
			b.show("settings-labels")
			b.click("Save")
			b.wait(`document.querySelector('.item circle[fill="#b3261e"]')`)
			b.click("Delete Refund")
			b.confirm()
			b.wait(listed("Labels") + ` === 1`)

			b.at("#/settings/canned", sees("There are no canned replies yet."))
			b.click("Add a canned reply")
			b.wait(`document.activeElement.placeholder === 'hello'`)
			b.press("hello" + kb.Tab)
			b.press("Hello ")
			b.click("contact.first_name")
			b.wait(`document.querySelector('.preview')?.innerText.includes('Hello Mia')`)
			b.wait(`document.activeElement.tagName === 'TEXTAREA'`)
			b.press(", {{custmer}} here is **help**.")
			b.wait(`document.querySelector('.preview [role=status]')?.innerText.includes('custmer')`)
			b.show("settings-canned")
			b.at("#/settings/labels", listed("Labels")+` === 1`)
			b.at("#/settings/canned", `document.querySelector('form [placeholder=hello]')?.value === 'hello' && document.querySelector('form textarea').value.startsWith('Hello {{contact.first_name}}')`)
			b.click("Add reply")
			b.wait(button("Change /hello"))

			b.at("#/settings/tokens", sees("No program has a token."))
			b.fill("Name", "Nightly export")
			b.click("Make a token")
			b.wait(`document.querySelector('.once input')?.value.startsWith('fd_')`)
			secret := run[string](b, `document.querySelector('.once input').value`)
			b.show("settings-tokens")
			if got := p.do("GET", "/api/v1/me", nil, bearer(secret)); got.code != http.StatusOK {
				t.Errorf("GET /me with the token = %d %s, want 200", got.code, got.body)
			}
			b.click("Revoke Nightly export")
			b.confirm()
			b.wait(sees("No program has a token."))
			if got := p.do("GET", "/api/v1/me", nil, bearer(secret)); got.code != http.StatusUnauthorized {
				t.Errorf("GET /me with the revoked token = %d, want 401", got.code)
			}

			b.at("#/settings/audit", listed("Audit log")+` > 8`)
			b.wait(sees("Revoke an API token at once"))
			b.show("settings-audit")
			b.fill("What", "POST /api/v1/labels")
			b.wait(listed("Audit log") + ` === 2`)
			b.fill("About the id", "nothing")
			b.wait(sees("No entry fits."))
			b.click("Clear the filters")
			b.wait(listed("Audit log") + ` > 8`)
			b.at("#/settings/nonsense", sees("There is no such page"))
			b.forgive(422) // the id that was none
			b.calm()
		})
	}
}

// TestAViewerSeesNoActions looks at what a viewer is offered.
func TestAViewerSeesNoActions(t *testing.T) {
	p := newShift(t)
	admin := bearer(p.token(staff.RoleAdmin))
	p.do("POST", "/api/v1/labels", map[string]string{"name": "VIP"}, admin)
	p.do("POST", "/api/v1/canned", map[string]string{"shortcut": "hi", "text": "Hi"}, admin)
	mia := p.customer("Mia Keller")
	mia.writes("How long may I return it?")
	mia.hears("within 30 days")
	b := newTab(t, p, desktop)
	b.signIn("vera@example.com", staff.RoleViewer)
	b.opens(mia)
	b.wait(`document.querySelector('.side .who') && document.querySelector('.thread-bar .chip')`) // all there is to be offered
	for _, name := range []string{"Take over", "Resolve", "Block", "Merge…", "Export", "Erase…", "Suggest"} {
		if run[bool](b, `!!(`+button(name)+`)`) {
			t.Errorf("a viewer is offered %q", name)
		}
	}
	if run[bool](b, `!!document.getElementById('composer')`) {
		t.Error("a viewer is offered to write")
	}
	b.show("viewer")
	b.at("#/settings/labels", listed("Labels")+` === 1`)
	b.at("#/settings/canned", listed("Canned replies")+` === 1`)
	b.at("#/settings/staff", listed("Staff")+` === 1`)
	for _, page := range []string{"labels", "canned", "staff", "teams"} {
		b.at("#/settings/"+page, `document.querySelector('[aria-current=page][href="#/settings/`+page+`"]')`)
		if offered := run[string](b, `[...document.querySelectorAll('.settings .page :is(button, form, select)')].map((e) => e.innerText).join()`); offered != "" {
			t.Errorf("a viewer is offered %q at %s", offered, page)
		}
	}
	if names := run[string](b, `document.querySelector('.settings-nav').innerText`); strings.Contains(names, "API tokens") || strings.Contains(names, "Audit") {
		t.Errorf("a viewer's settings list %q, want no page of admins", names)
	}
	b.at("#/settings/tokens", sees("not for your role"))
	b.calm()
}

// TestAPersonKeepsTheirAccount sets up a second factor as a phone would, signs in with
// it, ends sessions and changes the password.
func TestAPersonKeepsTheirAccount(t *testing.T) {
	p := newPlace(t)
	b := newTab(t, p, desktop)
	ana := b.signIn("ana@example.com", staff.RoleAgent)
	other := func() option {
		t.Helper()
		got := p.do("POST", "/api/v1/login", map[string]string{"email": "ana@example.com", "password": password})
		if got.code != 200 {
			t.Fatalf("login = %d %s", got.code, got.body)
		}
		return with(got.cookies[0])
	}
	phone, laptop := other(), other()
	b.at("#/settings/profile", listed("Sessions")+` === 3`)
	b.show("sessions")
	run[bool](b, `(document.querySelector('ul[aria-label=Sessions] .btn.bad').click(), true)`)
	b.wait(listed("Sessions") + ` === 2`)
	left := 0
	for _, s := range []option{phone, laptop} {
		if p.do("GET", "/api/v1/me", nil, s).code == 200 {
			left++
		}
	}
	if left != 1 {
		t.Errorf("%d of two other sessions go on after one was ended, want 1", left)
	}
	const better = "a better horse battery"
	b.fill("Present password", "wrong")
	b.fill("New password, of at least 8 characters", better)
	b.click("Change password")
	b.wait(`document.querySelector('.error')?.innerText.includes('wrong')`)
	b.fill("Present password", password)
	b.click("Change password")
	b.wait(sees("Your other sessions have ended"))
	b.wait(listed("Sessions") + ` === 1`)
	for _, s := range []option{phone, laptop} {
		if got := p.do("GET", "/api/v1/me", nil, s); got.code != 401 {
			t.Errorf("another session after a change of password = %d, want 401", got.code)
		}
	}

	b.click("Set up")
	b.wait(`document.querySelector('svg.qr')`)
	b.show("factor")
	secret := run[string](b, `document.querySelector('.secret').textContent`)
	uri := readQR(t, run[string](b, `document.querySelector('svg.qr path').getAttribute('d')`), run[int](b, `document.querySelector('svg.qr').viewBox.baseVal.width`))
	if !strings.HasPrefix(uri, "otpauth://totp/Frontdesk:ana@example.com?") || !strings.Contains(uri, "secret="+secret) {
		t.Errorf("the QR code says %q, want the address with the key %s", uri, secret)
	}
	b.fill("Enter the code it shows", "000000")
	b.click("Turn on")
	b.wait(`document.querySelector('.error')`)
	b.fill("Enter the code it shows", codeOf(t, secret, 0))
	b.click("Turn on")
	b.wait(`document.querySelectorAll('.codes li').length === 10`)
	b.show("recovery-codes")
	recovery := run[string](b, `document.querySelector('.codes code').textContent`)
	b.click("I have kept them")
	b.wait(button("Turn off"))
	b.click("Sign out")
	b.wait(`document.querySelector('[name=email]')`)
	b.enter(ana.Email, better)
	b.wait(`document.activeElement.name === 'code'`)
	run[bool](b, fmt.Sprintf(`(document.querySelector('[name=code]').value = %q, document.querySelector('form').requestSubmit(), true)`, codeOf(t, secret, 1)))
	b.wait(`document.querySelector('.rail')`)
	b.at("#/settings/profile", button("Turn off"))
	b.click("Sign out")
	b.wait(`document.querySelector('[name=email]')`)
	b.enter(ana.Email, better)
	b.wait(`document.activeElement.name === 'code'`)
	b.press(recovery + kb.Enter)
	b.wait(`document.querySelector('.rail')`)
	b.at("#/settings/profile", button("Turn off"))
	b.fill("Your password, to turn it off", better)
	b.click("Turn off")
	b.wait(button("Set up"))
	b.forgive(422) // the wrong code, and the wrong password
	b.calm()
}

// TestPreferencesFollowThePerson signs the same person in twice.
func TestPreferencesFollowThePerson(t *testing.T) {
	p := newPlace(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	b.at("#/settings/preferences", `document.querySelector('.settings select')`)
	b.fill("Look", "dark")
	b.wait(`document.documentElement.dataset.theme === 'dark'`)
	run[bool](b, `([...document.querySelectorAll('.check')].find((l) => l.innerText.includes('shortcuts')).querySelector('input').click(), true)`)
	// The preferences are on their way to the server; nothing tells when they are there.
	run[bool](b, `(async () => { for (;;) { const p = await (await fetch('/api/v1/me/preferences')).json(); if (p.theme === 'dark' && p.keys === false) return true; await new Promise((r) => setTimeout(r, 20)); } })()`)
	run[bool](b, `(localStorage.clear(), true)`)
	b.do(cd.Reload())
	b.wait(`document.documentElement.dataset.theme === 'dark'`)
	b.at("#/settings/preferences", field("Look")+`?.value === 'dark'`)
	if run[bool](b, `[...document.querySelectorAll('.check')].find((l) => l.innerText.includes('shortcuts')).querySelector('input').checked`) {
		t.Error("the shortcuts are on again, want them off as set before")
	}
	b.at("#/settings/profile", button("Sign out"))
	b.click("Sign out")
	b.wait(`document.querySelector('[name=email]')`)
	if _, err := p.staff.Add(t.Context(), "bo@example.com", password, staff.RoleAgent); err != nil {
		t.Fatal(err)
	}
	b.enter("bo@example.com", password)
	b.wait(`document.querySelector('.rail') && document.documentElement.dataset.theme === undefined`)
	b.calm()
}
