package widget

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	cd "github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"frontdesk/conversation"
)

// did waits until the visitor has done what is named.
func (p *page) did(what string) {
	p.t.Helper()
	p.until(what, func() bool {
		p.engine.mu.Lock()
		defer p.engine.mu.Unlock()
		return slices.Contains(p.engine.visits.did, what)
	})
}

// now sets the only conversation's state.
func (p *page) now(to func(*conversation.State)) {
	p.t.Helper()
	if _, err := p.engine.change(p.engine.only(p.t), to); err != nil {
		p.t.Fatal(err)
	}
}

func queued(position int, o conversation.Outlook) func(*conversation.State) {
	return func(s *conversation.State) {
		s.Owner, s.Status, s.Position, s.Outlook = conversation.OwnerQueue, conversation.StatusOpen, position, &o
	}
}

// outlook is the line that says what to expect.
const outlook = `one('.outlook')?.textContent`

func TestWaitingVisitorHearsWhatToExpectAndLeavesAnAddress(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.ask("a person please")
	p.connected()
	p.now(queued(3, conversation.Outlook{Open: true, StaffOnline: 2, TypicalWait: 5 * time.Minute}))
	p.wait(outlook + ` === 'A reply usually takes about 5 minutes' && one('.answering').textContent === 'Waiting for a person, number 3 in line'`)
	p.wantAccessible("in the queue")
	p.picture("care-queue")
	p.now(queued(2, conversation.Outlook{Open: true, StaffOnline: 1, TypicalWait: 2 * time.Hour}))
	p.wait(outlook + ` === 'A reply usually takes about 2 hours'`)
	p.now(queued(1, conversation.Outlook{Open: true, StaffOnline: 1}))
	p.wait(outlook + ` === ''`) // nothing is known, so nothing is said
	p.now(queued(1, conversation.Outlook{Open: true, Away: true}))
	p.wait(outlook + ` === 'Nobody of our team is at their desk right now'`)
	p.now(queued(1, conversation.Outlook{Away: true}))
	p.wait(outlook + ` === 'Nobody of our team is here right now'`)
	if eval[bool](p, `!!one('.care.on')`) {
		t.Error("an address is asked for although the rules say not to")
	}

	far := time.Date(2031, 1, 6, 8, 0, 0, 0, time.UTC)
	p.now(queued(1, conversation.Outlook{Away: true, OpensAt: far}))
	p.wait(fmt.Sprintf(`/^Our team is back January \d.*/.test(%s) && %[1]s.includes(new Date(%d).toLocaleTimeString('en', {hour: 'numeric', minute: '2-digit'}))`, outlook, far.UnixMilli()))
	p.now(queued(1, conversation.Outlook{Away: true, AskEmail: true, OpensAt: time.Now().Add(30 * time.Hour)}))
	p.wait(`/^Our team is back \w+day.*\d:\d\d/.test(` + outlook + `) && one('.care.on input')`)
	p.wantAccessible("asked for an address")
	p.picture("care-mail")

	p.run(`one('.care input').focus()`)
	for _, wrong := range []string{"", "ana", "ana@example", "a b@example.com", "<b>@example.com"} {
		p.run(fmt.Sprintf(`(one('.care .wrong').textContent = '', one('.care input').value = %q)`, wrong))
		p.enter()
		p.wait(`one('.care .wrong').textContent.startsWith('This is no e-mail address') && one('.care input').getAttribute('aria-invalid') === 'true'`)
	}
	p.wantAccessible("an address that is none")
	p.picture("care-mail-wrong")
	p.run(`(one('.care input').value = '', one('.care input').focus())`)
	p.keys("ana@example.com")
	p.now(queued(1, conversation.Outlook{Open: true, StaffOnline: 1})) // somebody has come: the writing may go on
	p.wait(outlook + ` === ''`)
	p.enter()
	p.did("email ana@example.com")
	p.wait(`one('.asked').textContent === 'Thank you! If you are gone by then, we write to ana@example.com.'`)
	p.run(`one('.care .plain').click()`)
	p.wait(`one('.care input')?.value === 'ana@example.com' && root.activeElement === one('.care input')`)
	p.run(`(one('.care input').value = 'ben@example.com', one('.care form').requestSubmit())`)
	p.did("email ben@example.com")
	p.wait(`one('.asked')?.textContent.includes('ben@example.com')`) // the page knows that it was taken

	p.now(queued(1, conversation.Outlook{Away: true, AskEmail: true}))
	p.do(cd.Reload())
	p.wait(`window.Frontdesk && one('.asked')?.textContent.includes('ben@example.com')`)
	p.wantNoFaults()
}

func TestAddressNeedNotBeLeft(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.ask("a person please")
	p.connected()
	p.now(queued(1, conversation.Outlook{Away: true, AskEmail: true}))
	p.wait(`one('.care .leave')`)
	p.run(`one('.care .leave').click()`)
	p.wait(`!one('.care.on') && root.activeElement === one('textarea')`)
	p.do(cd.Reload())
	p.wait(`window.Frontdesk && one('.outlook')?.textContent`)
	if eval[bool](p, `!!one('.care.on')`) {
		t.Error("asked again although the visitor would rather not")
	}
	p.run(`(Frontdesk.reset(), Frontdesk.identify({name: 'Bo', email: 'bo@example.com'}))`)
	p.ask("again")
	p.until("the other conversation", func() bool {
		p.engine.mu.Lock()
		defer p.engine.mu.Unlock()
		return len(p.engine.rooms) == 2
	})
	for id := range p.engine.rooms {
		if _, err := p.engine.change(id, queued(1, conversation.Outlook{Away: true, AskEmail: true})); err != nil {
			t.Fatal(err)
		}
	}
	p.wait(outlook)
	if eval[bool](p, `!!one('.care.on')`) {
		t.Error("asked for an address that the page has told")
	}
}

func TestVisitorSeesThatAPersonHasRead(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.ask("first")
	p.ask("second")
	p.connected()
	id := p.engine.only(t)
	p.engine.takeOver(t, id, "Ana")
	p.engine.say(t, id, conversation.Message{Author: conversation.AuthorSystem, Text: "Ana joined the chat."})
	p.wait(`one('.answering').textContent === 'You are talking to Ana' && one('.spoken').textContent === 'Ana joined the chat.'`)
	seen := `all('.customer').map((r) => r.querySelector('.note')?.textContent || '').join('|')`
	p.now(func(s *conversation.State) { s.SeenByStaff = 1 })
	p.wait(seen + ` === 'Seen|'`)
	p.now(func(s *conversation.State) { s.SeenByStaff = 3 })
	p.wait(seen + ` === '|Seen'`)
	p.now(func(s *conversation.State) { s.SeenByStaff = 0 }) // as told before
	p.ask("third")
	p.wait(seen + ` === '|Seen|'`)
	p.wantAccessible("seen")
	p.picture("care-seen")
	p.do(cd.Reload())
	p.now(func(s *conversation.State) { s.SeenByStaff = 4 })
	p.wait(`window.Frontdesk && ` + seen + ` === '||Seen'`)
	p.engine.handBack(t, id)
	p.wait(seen + ` === '||'`) // to the bot it says nothing
	p.wantNoFaults()
}

func TestClosedConversationIsRatedAndRatedAnew(t *testing.T) {
	p := preparePage(t, bare(`data-theme="dark"`))
	p.phone()
	p.goTo("/bare")
	p.ask("thanks")
	p.connected()
	resolved := func(s *conversation.State) { s.Status = conversation.StatusResolved }
	p.now(resolved)
	p.wait(`all('.star').length === 5 && one('.answering').textContent === 'This conversation is closed' && one('.asked').textContent === 'How did it go?'`)
	p.wantAccessible("asked for a score")
	p.picture("care-rating")
	p.run(`all('.star')[3].focus()`)
	p.enter()
	p.did("rating 4 ")
	p.wait(`one('.asked').textContent === 'Thank you! You gave 4 of 5.' && root.activeElement === one('.tell textarea')`)
	p.wantAccessible("asked for words")
	p.picture("care-comment")
	p.keys("Quick & <kind>")
	p.keys(kb.Tab)
	p.enter()
	p.did("rating 4 Quick & <kind>")
	p.wait(`one('.care .plain')?.textContent === 'Change' && !one('.tell')`)
	p.picture("care-thanks")
	p.do(cd.Reload())
	p.wait(`window.Frontdesk`)
	p.run(`Frontdesk.open()`)
	p.wait(`one('.asked')?.textContent === 'Thank you! You gave 4 of 5.'`)
	p.run(`one('.care .plain').click()`)
	p.wait(`all('.star.lit').length === 4 && all('.star')[3].getAttribute('aria-pressed') === 'true'`)
	p.run(`all('.star')[1].click()`)
	p.did("rating 2 ")
	p.wait(`one('.tell')`)

	p.run(`one('.tell').requestSubmit()`) // without words
	p.wait(`one('.care .plain')`)
	p.now(func(s *conversation.State) { s.Status = conversation.StatusOpen })
	p.wait(`!one('.care.on') && one('.answering').textContent !== 'This conversation is closed'`)
	p.ask("one more thing")
	p.now(resolved)
	p.wait(`all('.star').length === 5 && all('.star.lit').length === 0`)
	p.run(`one('.care .leave').click()`)
	p.wait(`!one('.care.on')`)
	p.wantNoFaults()
}

func TestScoreThatComesTooLateIsSaid(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.ask("hello")
	p.connected()
	id := p.engine.only(t)
	p.now(func(s *conversation.State) { s.Status = conversation.StatusResolved })
	p.wait(`all('.star').length === 5`)
	// It was opened again, and this tab has not heard yet.
	if err := p.engine.with(id, func(r *room) error { r.state.Status = conversation.StatusOpen; return nil }); err != nil {
		t.Fatal(err)
	}
	p.run(`all('.star')[4].click()`)
	p.wait(`one('.care .wrong').textContent === 'This can no longer be rated.' && all('.star.lit').length === 0`)
}

func TestCareInEveryLanguageAndDirection(t *testing.T) {
	for _, c := range []struct{ lang, theme, back, mail, rate string }{
		{"es", "light", "Nuestro equipo vuelve: ", "Tu correo electrónico", "¿Qué tal ha ido?"},
		{"zh", "dark", "同事将于 ", "您的电子邮箱", "您对这次服务满意吗？"},
		{"ar", "light", "يعود فريقنا: ", "بريدك الإلكتروني", "كيف كانت تجربتك؟"},
	} {
		t.Run(c.lang, func(t *testing.T) {
			p := preparePage(t, map[string]string{"/bare": strings.Replace(bare(fmt.Sprintf(`data-theme=%q`, c.theme))["/bare"], "/widget.js", "/widget.js?lang="+c.lang, 1)})
			p.phone()
			p.goTo("/bare")
			p.ask("…")
			p.connected()
			p.now(queued(4, conversation.Outlook{Open: true, StaffOnline: 1, TypicalWait: 15 * time.Minute}))
			p.wait(outlook + `?.includes(new Intl.NumberFormat('` + c.lang + `', {style: 'unit', unit: 'minute', unitDisplay: 'long'}).format(15))`)
			p.picture("care-queue-" + c.lang)
			p.now(queued(4, conversation.Outlook{Away: true, AskEmail: true, OpensAt: time.Date(2031, 1, 6, 8, 0, 0, 0, time.UTC)}))
			p.wait(outlook + `.startsWith(` + quote(c.back) + `) && one('.care input')?.getAttribute('aria-label') === ` + quote(c.mail))
			p.run(`(one('.care input').value = 'x', one('.care form').requestSubmit())`)
			p.wait(`one('.care .wrong').textContent`)
			p.wantAccessible(c.lang + " asked for an address")
			p.picture("care-mail-" + c.lang)
			p.now(func(s *conversation.State) { s.Status = conversation.StatusResolved })
			p.wait(`one('.asked').textContent === ` + quote(c.rate))
			if c.lang == "ar" && !eval[bool](p, `all('.star')[0].getBoundingClientRect().left > all('.star')[4].getBoundingClientRect().left`) {
				t.Error("the first star is not on the right")
			}
			p.wantAccessible(c.lang + " asked for a score")
			p.picture("care-rating-" + c.lang)
			if eval[bool](p, `one('.panel').scrollWidth > one('.panel').clientWidth`) {
				t.Error("the panel scrolls sideways")
			}
			p.wantNoFaults()
		})
	}
}
