package console

import (
	"fmt"
	"testing"

	cd "github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// tabTo moves the focus with the Tab key to what bears a name.
func (b *tab) tabTo(name string) {
	b.t.Helper()
	there := fmt.Sprintf(`(() => { const e = document.activeElement; return (e.getAttribute('aria-label') || e.innerText || '').trim().startsWith(%q) })()`, name)
	b.wait(fmt.Sprintf(`[...document.querySelectorAll('button, a, input, select, textarea')].some((e) => (e.getAttribute('aria-label') || e.innerText || '').trim().startsWith(%q))`, name))
	for range 80 {
		if run[bool](b, there) {
			return
		}
		b.press(kb.Tab)
	}
	b.t.Fatalf("80 times Tab did not lead to %q", name)
}

// TestAShiftWithTheKeyboardAlone signs in, finds, takes over, answers with the bot's help,
// snoozes, passes on and resolves, and never touches a pointer.
func TestAShiftWithTheKeyboardAlone(t *testing.T) {
	p := newShift(t)
	mia, jonas := p.customer("Mia Keller"), p.customer("Jonas Weber")
	mia.writes("How long may I think about it before I send the boots back?")
	mia.hears("within 30 days")
	jonas.writes("Can I change the delivery address?")
	jonas.hears("within 30 days")
	ana, err := p.staff.Add(t.Context(), "ana@example.com", password, staff.RoleAgent)
	if err != nil {
		t.Fatal(err)
	}
	zoe, err := p.staff.Add(t.Context(), "zoe@example.com", password, staff.RoleAgent)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.inbox.IndexSome(t.Context(), 100); err != nil { // as it goes on all the time where one serves
		t.Fatal(err)
	}
	b := newTab(t, p, desktop)
	b.wait(`document.activeElement.name === 'email'`)
	b.press("ana@example.com" + kb.Tab + password + kb.Enter)
	b.wait(`document.querySelector('.rail')`)
	b.wait(sees("Nobody is waiting"))

	b.press("k", cd.ModifierCtrl)
	b.wait(`document.activeElement.closest('dialog[open]') && document.activeElement.tagName === 'INPUT'`)
	b.press("all open" + kb.Enter)
	b.wait(`location.hash === '#/inbox/open' && document.querySelectorAll('.row[role=option]').length === 2`)
	b.press("/")
	b.wait(`document.activeElement.id === 'search'`)
	b.press("boots")
	b.wait(`document.querySelectorAll('.row[role=option]').length === 1`)
	b.press(kb.Escape)
	b.wait(`!document.activeElement.closest('input')`)
	b.press("j")
	b.wait(`document.querySelector('.thread-bar h1')?.textContent === 'Mia Keller' && document.querySelector('.said.bot')`)

	b.press("t")
	b.wait(button("Hand back"))
	b.press("j", cd.ModifierCtrl)
	b.wait(`document.querySelector('.ghost .source, .ghost .plain-text')`)
	b.tabTo("Insert")
	b.press(kb.Enter)
	b.wait(`document.activeElement.id === 'composer' && document.activeElement.value.includes('within 30 days')`)
	b.press(" Yours, Ana.")
	b.press(kb.Enter, cd.ModifierCtrl)
	b.wait(button("Undo"))
	b.passes()
	if m := mia.hears("Yours, Ana."); m.Author != conversation.AuthorStaff || m.StaffID != ana.ID {
		t.Errorf("the customer heard %+v, want Ana's reply", m)
	}
	b.wait(`document.querySelector('.said.staff:not(.pending)')`)
	b.press(kb.Escape)
	b.press("n")
	b.wait(`document.querySelector('.composer.note')`)
	b.press("She will keep them.")
	b.press(kb.Enter, cd.ModifierCtrl)
	b.wait(`document.querySelector('.said.note:not(.pending)')`)

	b.press(kb.Escape)
	b.press("s")
	b.tabTo("Tomorrow morning")
	b.press(kb.Enter)
	b.wait(`document.querySelector('.thread-bar .chip').textContent.startsWith('Snoozed')`)
	if row, err := p.inbox.Row(t.Context(), mia.id, ana.ID); err != nil || row.State.Status != conversation.StatusSnoozed || row.SnoozedUntil.IsZero() {
		t.Errorf("the conversation is %+v, %v, want it snoozed", row, err)
	}

	b.press("/")
	b.wait(`document.activeElement.id === 'search'`)
	b.press("a", cd.ModifierCtrl)
	b.press("delivery")
	b.wait(`[...document.querySelectorAll('.row[role=option]')].some((e) => e.innerText.includes('Jonas'))`)
	b.press(kb.Escape)
	b.wait(`!document.activeElement.closest('input')`)
	b.press("j")
	b.wait(`document.querySelector('.thread-bar h1')?.textContent === 'Jonas Weber' && document.querySelector('.said.bot')`)
	b.press("a")
	b.tabTo("Zoe")
	b.press(kb.Enter)
	b.wait(`document.querySelector('.controls').innerText.includes('Zoe')`)
	if row, err := p.inbox.Row(t.Context(), jonas.id, ana.ID); err != nil || row.Assignee.ID != zoe.ID {
		t.Errorf("the conversation is %+v, %v, want it given to Zoe", row, err)
	}
	b.wait(`!document.querySelector('dialog[open]')`)
	b.press("e")
	b.wait(`document.activeElement.closest('.popover')`)
	b.press("settled by phone" + kb.Enter)
	b.wait(`document.querySelector('.thread-bar .chip').textContent === 'Resolved'`)
	b.wait(sees("settled by phone"))
	b.calm()
}
