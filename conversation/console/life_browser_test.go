package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	cd "github.com/chromedp/chromedp"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// TestFiguresOpenTheirConversations reads a report in every look.
func TestFiguresOpenTheirConversations(t *testing.T) {
	for _, v := range looks {
		t.Run(v.name, func(t *testing.T) {
			p := newShift(t)
			b := newTab(t, p, v)
			b.signIn("ana@example.com", staff.RoleAgent)
			b.wait(sees("Nobody is waiting for a person."))
			if v.phone {
				b.at("#/reports", sees("No conversation began on these days."))
			} else {
				b.goes("gr", "#/reports")
				b.wait(sees("No conversation began on these days."))
			}
			b.show("reports-empty")
			agent := bearer(p.token(staff.RoleAgent))
			p.do("POST", "/api/v1/labels", map[string]string{"name": "Refund / return"}, bearer(p.token(staff.RoleAdmin)))
			for i, name := range []string{"Jonas Weber", "Priya Nair", "李小龙", "Zoë Álvarez", "Mia Keller"} {
				c := p.customer(name)
				c.writes("How long may I think about it?")
				c.hears("within 30 days")
				if i < 2 {
					if _, err := p.engine.Handoff(t.Context(), c.id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
						t.Fatal(err)
					}
					p.do("POST", "/api/v1/conversations/"+c.id+"/reply", map[string]string{"text": "Hello!"}, agent)
				}
				if i == 0 {
					p.do("PUT", "/api/v1/conversations/"+c.id+"/labels", map[string][]string{"labels": {"Refund / return"}}, agent)
				}
				if i > 0 {
					p.do("POST", "/api/v1/conversations/"+c.id+"/resolve", nil, agent).want(t, 200, "")
					if err := p.engine.RateEpisode(t.Context(), c.id, i+1, []string{"", "Three days for one answer.\nNot <b>good</b>.", "", "", "So kind, and so quick!"}[i]); err != nil {
						t.Fatal(err)
					}
				}
			}
			b.at("#/inbox/all", `document.querySelectorAll('.row[role=option] .score').length === 4`)
			b.at("#/reports", `document.querySelectorAll('.figure').length === 8 && document.querySelectorAll('.chart svg').length === 4`)
			// The stored figure of the empty report is on screen until the new one is there.
			b.wait(`document.querySelector('.figure .value')?.textContent === '5'`)
			b.show("reports")
			run[bool](b, `(document.querySelector('.report-part').scrollIntoView(), true)`)
			b.show("reports-tables")
			b.wait(`[...document.querySelectorAll('.said-list li')].map((e) => e.innerText.replace(/\s+/g, ' ')).join('|').includes('★ 5 Mia Keller') && document.querySelector('.said-list').innerText.includes('Not <b>good</b>.')`)
			b.equals(`[...document.querySelectorAll('.chart')].filter((c) => /^(Conversations|Given)/.test(c.innerText)).map((c) => [...c.querySelectorAll('.axis')].map((e) => e.textContent).join()).join(' ')`, "6,3,0 2,1,0") // whole numbers
			b.equals(`document.querySelector('.chart table tbody').rows.length`, 30)
			given := button("Given to a person: 2. Show the conversations")
			b.wait(given)
			run[bool](b, `(`+given+`.click(), true)`)
			b.wait(`location.hash === '#/inbox/figure' && document.querySelectorAll('.row[role=option]').length === 2`)
			b.equals(`[...document.querySelectorAll('.row[role=option] b')].map((e) => e.textContent).sort()`, []string{"Jonas Weber", "Priya Nair"})
			b.show("reports-behind")
			b.do(cd.Reload())
			b.wait(`document.querySelectorAll('.row[role=option]').length === 2 && ` + sees("Given to a person"))
			run[bool](b, `(document.querySelector('.row[role=option]').click(), true)`)
			b.wait(`/^#\/inbox\/figure\/[0-9a-f-]{36}$/.test(location.hash) && document.querySelector('.said')`)
			b.at("#/inbox/figure", `document.querySelectorAll('.row[role=option]').length === 2`)
			b.click("Back to the report")
			b.wait(`document.querySelectorAll('.figure').length === 8`)
			b.click("Score: 3.5. Show the conversations")
			b.wait(`document.querySelectorAll('.row[role=option] .score').length === 4`)
			b.equals(`[...document.querySelectorAll('.row-text.comment')].map((e) => e.textContent).sort()`, []string{"Comment: So kind, and so quick!", "Comment: Three days for one answer.\nNot <b>good</b>."})
			b.show("reports-rated")
			b.click("Back to the report")
			b.wait(`document.querySelectorAll('.figure').length === 8`)
			b.fill("Label", "Refund / return")
			b.wait(`document.querySelector('.figure .value')?.textContent === '1' && location.hash.includes('label=Refund')`)
			b.fill("Channel", "slack")
			b.wait(sees("No conversation of these days fits."))
			b.click("Show all of them")
			b.wait(`document.querySelector('.figure .value')?.textContent === '5'`)
			b.fill("Days", "2")
			b.wait(`/from=\d{4}-\d\d-\d\d&to=/.test(location.hash) && document.querySelector('.chart table tbody').rows.length === 90`)
			csv := run[string](b, `document.querySelector('a[download]').getAttribute('href')`)
			if got := p.do("GET", csv, nil, agent); got.code != http.StatusOK || !strings.HasPrefix(got.body, "section,") {
				t.Errorf("GET %s = %d %.60s, want the table", csv, got.code, got.body)
			}
			b.calm()
		})
	}
}

// TestStaffHearOfWaitsReadingAndScores watches one conversation from the queue to its score.
func TestStaffHearOfWaitsReadingAndScores(t *testing.T) {
	for _, v := range looks {
		t.Run(v.name, func(t *testing.T) {
			p := newShift(t)
			b := newTab(t, p, v)
			ana := b.signIn("ana@example.com", staff.RoleAgent)
			run[bool](b, `(await fetch('/api/v1/me/preferences', {method: 'PUT', headers: {'Content-Type': 'application/json'}, body: '{"sound":true,"notify":true}'})).ok`)
			b.do(cd.Reload())
			b.wait(`document.querySelector('.rail') && streams > 0 && JSON.parse(localStorage.getItem('frontdesk:prefs')).sound`)
			run[bool](b, `(window.told = [], window.sounds = 0, window.Notification = class { constructor(t) { told.push(t) } static permission = 'granted' },
				window.AudioContext = class { currentTime = 0; createOscillator() { sounds++; return {frequency: {setValueAtTime() {}}, connect: (to) => to, start() {}, stop() {}} }
					createGain() { return {gain: {setValueAtTime() {}, exponentialRampToValueAtTime() {}}, connect: (to) => to} } }, true)`)
			mia := p.customer("Mia Keller")
			mia.writes("Hello, is somebody there?")
			mia.hears("within 30 days")
			b.at("#/inbox/queue", sees("Nobody is waiting"))
			b.hide(true)
			if _, err := p.engine.Handoff(t.Context(), mia.id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
				t.Fatal(err)
			}
			b.wait(`told.some((t) => t.includes('waiting for a person')) && sounds > 0 && /^1 alert · \(1\) /.test(document.title)`)
			run[bool](b, `(delete document.hidden, document.dispatchEvent(new Event('visibilitychange')), true)`)
			b.wait(`document.title === '(1) Frontdesk'`)
			b.opens(mia)
			b.wait(`document.querySelector('.waiting')?.innerText.includes('next in line')`)
			b.show("waits")
			bo := bearer(p.token(staff.RoleAgent))
			cleo, err := p.staff.Add(t.Context(), "cleo@example.com", password, staff.RoleAgent)
			if err != nil {
				t.Fatal(err)
			}
			p.do("POST", "/api/v1/conversations/"+mia.id+"/reply", map[string]string{"text": "Yes, I am."}, bo)
			m := mia.hears("Yes, I am.")
			b.wait(`document.querySelector('.said.staff') && !document.querySelector('.said.staff .under').innerText.includes('Seen')`)
			if err := p.engine.Seen(t.Context(), mia.id, m.Seq); err != nil {
				t.Fatal(err)
			}
			b.wait(`document.querySelector('.said.staff .under').innerText.includes('Seen')`)
			b.at("#/settings/preferences", `document.querySelector('.settings select')`)
			heard := run[int](b, `sounds`)
			p.do("POST", "/api/v1/conversations/"+mia.id+"/note", map[string]any{"text": "Please look, @Ana; @" + cleo.Name + " cannot.", "mentions": []string{ana.ID}}, bo)
			b.wait(fmt.Sprintf(`sounds > %d && %s`, heard, sees("mentioned you"))) // even whoever looks hears that
			b.opens(mia)
			b.wait(fmt.Sprintf(`[...document.querySelectorAll('.said.note .named')].map((e) => e.textContent + e.className).join() === %q`, "@"+ana.Name+" (you)named me,@"+cleo.Name+"named"))
			b.show("named")
			p.engine.CustomerTypes(mia.id)
			b.wait(sees("is typing…"))
			p.do("POST", "/api/v1/conversations/"+mia.id+"/resolve", nil, bo).want(t, 200, "")
			if err := p.engine.RateEpisode(t.Context(), mia.id, 5, "So quick, and on a Sunday! <b>Thanks</b>"); err != nil {
				t.Fatal(err)
			}
			b.wait(sees("★★★★★ 5 of 5"))
			b.wait(`document.querySelector('.log .comment blockquote')?.textContent === 'So quick, and on a Sunday! <b>Thanks</b>'`)
			b.show("rated")
			if v.phone {
				b.click("Details")
			}
			b.wait(`[...document.querySelectorAll('.pairs dd')].some((e) => e.textContent.startsWith('5 of 5So quick'))`)
			b.show("rated-details")
			b.calm()
		})
	}
}
