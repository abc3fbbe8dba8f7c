package console

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// Texts that a page must show as what they are.
const (
	tagged   = `"><img src=x onerror="window.pwned=1"><script>window.pwned=1</script><svg onload=window.pwned=1>`
	linked   = "[https://paypal.com](https://p\u0430ypal.com) [here](javascript:window.pwned=1) ![x](https://evil.example/p.png)"
	reversed = "invoice \u202egnp.exe \u2067\u2066 <b>"
)

// TestNoTextRunsOrBreaksOutOfThePages shows hostile texts wherever staff read texts.
func TestNoTextRunsOrBreaksOutOfThePages(t *testing.T) {
	p := newShift(t)
	admin := bearer(p.token(staff.RoleAdmin))
	mia := p.customer("Mia " + tagged)
	long := strings.Repeat("A", conversation.MaxTextRunes)
	for _, text := range []string{tagged, linked, reversed, long} {
		if _, err := p.engine.Receive(t.Context(), conversation.Inbound{Conversation: mia.id, Channel: "widget", Account: "shop", SenderName: "Mia " + tagged,
			ExternalID: knowledge.NewID(), Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	mia.hears("within 30 days")
	path := "/api/v1/conversations/" + mia.id
	for _, r := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/api/v1/labels", map[string]any{"name": "<img src=x onerror=pwned=1>", "color": "#2e7d32"}},
		{"POST", "/api/v1/teams", map[string]any{"name": tagged[:60]}},
		{"POST", "/api/v1/canned", map[string]any{"shortcut": "hi", "text": tagged + linked + reversed}},
		{"POST", "/api/v1/tokens", map[string]any{"name": tagged[:60], "role": "viewer"}},
		{"POST", path + "/reply", map[string]any{"text": tagged + "\n" + linked + "\n" + reversed}},
		{"POST", path + "/note", map[string]any{"text": tagged + linked}},
		{"PUT", path + "/labels", map[string]any{"labels": []string{"<img src=x onerror=pwned=1>"}}},
	} {
		if got := p.do(r.method, r.path, r.body, admin); got.code/100 != 2 {
			t.Fatalf("%s %s = %d %s", r.method, r.path, got.code, got.body)
		}
	}
	b := newTab(t, p, desktop)
	run[bool](b, `(window.broken = [], document.addEventListener('securitypolicyviolation', (e) => window.broken.push(e.violatedDirective + ' ' + e.blockedURI)), true)`)
	b.signIn("ana@example.com", staff.RoleAdmin)
	b.at("#/inbox/all", `document.querySelector('.row[role=option]')`)
	b.wait(sees("onerror"))
	b.press("j")
	b.wait(`document.querySelectorAll('.said').length >= 6`)
	b.wait(`document.querySelector('.said.note')?.innerText.includes('onerror')`)
	b.show("hostile-thread")
	b.wait(`document.querySelector('.who')?.innerText.includes('Mia')`)
	links := run[[]string](b, `[...document.querySelectorAll('.said a')].map((a) => a.protocol)`)
	if slices.ContainsFunc(links, func(s string) bool { return s != "https:" && s != "http:" && s != "mailto:" }) {
		t.Errorf("links of messages lead to %q", links)
	}
	if n := run[int](b, `document.querySelectorAll('.said img, .said script, .said svg[onload], .row img').length`); n > 0 {
		t.Errorf("%d elements were made of a message's text", n)
	}
	if out := run[int](b, `Math.round(document.documentElement.scrollWidth - innerWidth)`); out > 0 {
		t.Errorf("a long text makes the page %d px too wide", out)
	}
	for hash, seen := range map[string]string{
		"#/settings/labels": sees("onerror"), "#/settings/teams": sees("onerror"), "#/settings/canned": sees("onerror"),
		"#/settings/tokens": sees("onerror"), "#/settings/audit": sees("Add a canned reply"),
	} {
		b.at(hash, seen)
	}
	if broken := run[[]string](b, `window.broken`); len(broken) > 0 {
		t.Errorf("the policy was broken: %q", broken)
	}
	if run[bool](b, `'pwned' in window`) {
		t.Error("a text ran as a script")
	}
	b.calm()
}

// TestAKeyLeadsToTheNextConversation goes through the list by key and logs how long each
// took, from the key to the frame that shows the other thread. FRONTDESK_KEYS is how often.
func TestAKeyLeadsToTheNextConversation(t *testing.T) {
	presses := 12
	if n, err := strconv.Atoi(os.Getenv("FRONTDESK_KEYS")); err == nil && n > 0 {
		presses = n
	}
	t.Run("short threads", func(t *testing.T) {
		p := newPlace(t)
		for i := range 30 {
			c := p.customer(fmt.Sprintf("Customer%d Keller", i))
			for k := range 10 {
				c.writes(fmt.Sprintf("Question %d of %d: may I send the boots back?", k, i))
			}
		}
		p.steps(presses, 25)
	})
	t.Run("long hostile threads", func(t *testing.T) {
		p := newPlace(t)
		admin := bearer(p.token(staff.RoleAdmin))
		body := strings.Repeat("## Head **bold** and `code` "+linked+"\n\n- one "+reversed+"\n- two "+tagged+"\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n", 10)
		for i := range 6 {
			c := p.customer(fmt.Sprintf("Customer%d Keller", i))
			c.writes(strings.Repeat("A", conversation.MaxTextRunes))
			for k := range 30 {
				p.do("POST", "/api/v1/conversations/"+c.id+"/note", map[string]any{"text": fmt.Sprintf("Note %d of %d\n\n", k, i) + body}, admin).want(t, 201, "")
			}
		}
		b := p.steps(presses, 4)
		b.wait(`document.querySelectorAll('.said').length >= 31`)                                                                 // all of it follows
		b.wait(`((log) => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight) <= 2)(document.getElementById('log'))`) // it stands at its end
		b.wait(`[...document.querySelectorAll('.said.note .text')].every((e) => e.querySelector('table'))`)
		b.calm()
	})
}

// steps presses j so many times there, then k as often back, and so on.
func (p *place) steps(presses, there int) *tab {
	p.t.Helper()
	b := newTab(p.t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	b.at("#/inbox/all", fmt.Sprintf(`document.querySelectorAll('.row[role=option]').length > %d`, min(there, 10)))
	b.press("j")
	b.wait(`document.querySelectorAll('.said').length >= 10`)
	run[bool](b, `(window.took = [], addEventListener('keydown', () => {
		const began = performance.now(), said = () => [...document.querySelectorAll('.said:is(.customer, .note) .text')].pop()?.textContent, before = said();
		const watch = new MutationObserver(() => {
			if (!said() || said() === before) return;
			watch.disconnect();
			requestAnimationFrame(() => window.took.push(performance.now() - began));
		});
		watch.observe(document.body, {childList: true, subtree: true, characterData: true});
	}, true), true)`)
	for i := range presses {
		key := "j"
		if i/there%2 == 1 {
			key = "k"
		}
		b.press(key)
		b.wait(fmt.Sprintf(`window.took.length === %d`, i+1))
	}
	took := run[[]float64](b, `window.took`)
	slices.Sort(took)
	if len(took) != presses {
		p.t.Errorf("%d of %d keys led to another conversation", len(took), presses)
	}
	at := func(q float64) time.Duration {
		return time.Duration(took[int(q*float64(len(took)-1))] * float64(time.Millisecond)).Round(100 * time.Microsecond)
	}
	p.t.Logf("key to the next conversation, %d keys: p50 %s, p95 %s", presses, at(.5), at(.95))
	b.calm()
	return b
}
