package console

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"frontdesk/conversation/staff"
)

// TestStaffSortTheInbox labels, answers with what is at hand, and finds again.
func TestStaffSortTheInbox(t *testing.T) {
	for _, v := range looks {
		t.Run(v.name, func(t *testing.T) {
			p := newShift(t)
			admin := bearer(p.token(staff.RoleAdmin))
			for _, l := range []map[string]string{{"name": "Refund", "color": "#11763d"}, {"name": "VIP", "color": "#b3261e"}} {
				if a := p.do("POST", "/api/v1/labels", l, admin); a.code != 201 {
					t.Fatal(a.body)
				}
			}
			if a := p.do("POST", "/api/v1/canned", map[string]string{"shortcut": "hello", "text": "Hello {{contact.first_name}}, {{staff.name}} here."}, admin); a.code != 201 {
				t.Fatal(a.body)
			}
			mia := p.customer("Mia Keller")
			mia.writes("How long may I return it?")
			mia.hears("within 30 days")
			b := newTab(t, p, v)
			b.signIn("ana@example.com", staff.RoleAdmin)
			b.opens(mia)
			if v.phone {
				b.click("Details")
			}
			b.wait(`document.querySelector('.labels select')`)
			run[bool](b, `(() => { const s = document.querySelector('.labels select'); s.value = 'VIP'; s.dispatchEvent(new Event('change', {bubbles: true})); return true })()`)
			b.wait(button("Remove label VIP"))
			b.wait(button("Block"))
			b.show("sort-details")
			if v.phone {
				b.press(kb.Escape)
			}
			b.wait(`document.querySelector('.row[role=option] .label circle')?.getAttribute('fill') === '#b3261e'`)
			run[bool](b, `(document.getElementById('composer').focus(), true)`)
			b.press("/hel")
			b.wait(`document.querySelector('.canned [role=option]')`)
			b.show("sort-canned")
			b.press(kb.Enter)
			b.wait(`document.getElementById('composer').value === 'Hello Mia, Ana here.'`)
			b.click("Suggest")
			b.wait(`document.querySelector('.ghost button')`)
			b.show("sort-suggest")
			b.click("Dismiss")
			if !v.phone {
				b.press(kb.Escape)
				b.press("s")
				b.wait(`document.querySelector('dialog[open] .choices')`)
				b.show("sort-snooze")
				b.press(kb.Escape)
				b.wait(`!document.querySelector('dialog[open]')`)
				b.press("a")
				b.wait(`document.querySelectorAll('dialog[open] .choices li').length >= 3`)
				b.show("sort-assign")
				b.press(kb.Escape)
				b.wait(`!document.querySelector('dialog[open]')`)
				b.press("/")
				b.press("boots return")
				b.wait(sees("No conversation fits"))
				b.click("Clear the search")
				b.wait(`document.querySelector('.row[role=option]')`)
				b.click("Filters")
				b.wait(`document.querySelector('.filters')`)
				b.show("sort-filters")
			}
			b.calm()
		})
	}
}
