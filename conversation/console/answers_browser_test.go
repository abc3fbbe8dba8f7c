package console

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// shelveReturns puts what the bot finds on the shelf, so that a test can expect it.
func (p *place) shelveReturns() {
	p.t.Helper()
	const answer = "You can send anything back within 30 days of the day it reached you, unworn and in its box. Shipping back is free within Germany and Austria; from other countries the postage is yours."
	document := p.shelve("How do I return something?", answer)
	var passage string
	if err := p.tests.pool.QueryRow(p.t.Context(), `SELECT id FROM passages WHERE document_id = $1`, document).Scan(&passage); err != nil {
		p.t.Fatal(err)
	}
	hit := func(id, doc, title, heading, text string, lexical, dense int, score float64) knowledge.Hit {
		return knowledge.Hit{Passage: knowledge.Passage{ID: id, DocumentID: document, Document: doc, Title: title, Heading: heading, Text: text},
			LexicalRank: lexical, LexicalScore: 9.25 - float64(lexical), DenseRank: dense, DenseScore: .8 - float64(dense)/20, Score: score}
	}
	p.library.mu.Lock()
	defer p.library.mu.Unlock()
	p.library.found = []knowledge.Hit{
		hit(passage, "faq.csv", "How do I return something?", "", answer, 1, 2, .0325),
		hit("p2", "shipping.md", "Shipping and returns", "Sending it back", "Print the label from your account and hand the parcel in at any shop of the carrier.", 2, 1, .0323),
		hit("p3", "terms.pdf", "Terms of sale", "Right of withdrawal", "The right of withdrawal does not apply to goods made to the customer's measure.", 0, 3, .0159),
	}
}

// TestAnAdminTriesTheBot asks as a customer would, in one way and in two, and keeps what
// was asked as a test.
func TestAnAdminTriesTheBot(t *testing.T) {
	for _, v := range looks {
		t.Run(v.name, func(t *testing.T) {
			p := newShift(t)
			p.models = []string{"gpt-4o-mini", "gpt-4.1"}
			p.shelveReturns()
			b := newTab(t, p, v)
			b.signIn("ana@example.com", staff.RoleAdmin)
			b.wait(sees("Nobody is waiting"))
			if v.phone {
				b.click("Ask, test, cost")
			} else {
				b.goes("gq", "#/ask")
			}
			b.wait(`location.hash === '#/ask' && document.querySelector('[name=question]')`)
			b.show("ask-empty")
			b.fill("Question", "May I send my boots back?")
			b.click("Something was said before")
			b.fillIn("Message 1", "I bought a pair of boots")
			b.asks()
			b.wait(`document.querySelector('.reply strong')?.textContent === 'within 30 days' && document.querySelector('.figures-line')`)
			b.wait(`document.querySelectorAll('.outcome .hit').length === 3 && document.querySelectorAll('.split rect').length >= 3`)
			b.reads(".outcome", "Cited", "#1 (8.250)", "not listed", "75 %", "1,204 (1,024 cached)", "$0.000134")
			b.wait(`document.querySelectorAll('.prompt table tbody tr').length >= 3`) // one for each part
			run[bool](b, `(document.querySelector('.sent summary').click(), true)`)
			b.wait(`[...document.querySelectorAll('.sent pre')].some((m) => m.textContent.includes('I bought a pair of boots'))`)
			b.show("ask")

			b.click("Save as test")
			b.wait(`document.querySelector('dialog [type=checkbox]:checked')`)
			b.show("ask-save")
			b.click("Save test")
			b.wait(sees("Saved as a test"))
			b.click("Save as test")
			b.click("Save test")
			b.wait(`document.querySelector('dialog .error')?.innerText.includes('already')`)
			b.press(kb.Escape)
			b.wait(`!document.querySelector('dialog[open]')`)

			b.click("Compare with another setting")
			run[bool](b, `(() => { const f = [...document.querySelectorAll('.trial')][1].querySelector('[list=ask-models]'); f.value = 'gpt-4.1'; f.dispatchEvent(new Event('input', {bubbles: true})); return true })()`)
			run[bool](b, `([...document.querySelectorAll('.trial')][1].querySelector('.form .btn').click(), true)`)
			b.wait(`[...document.querySelectorAll('.trial')][1].querySelector('textarea')`)
			b.asks()
			b.wait(`document.querySelectorAll('.outcome .figures-line').length === 2`)
			run[bool](b, `(document.querySelector('.outcomes').scrollIntoView(), true)`)
			b.show("ask-two")

			for range maxAsks { // others ask
				p.console.asking <- struct{}{}
			}
			b.asks()
			b.wait(`document.querySelectorAll('.outcome [role=alert]').length === 2 && ` + sees("Other questions are just being asked"))
			b.show("ask-busy")
			for range maxAsks {
				<-p.console.asking
			}
			b.click("Ask again")
			b.wait(`document.querySelector('.outcome .figures-line')`)
			b.click("Take B away")
			b.fill("Question", slowQuestion)
			b.asks()
			b.wait(sees("step by step"))
			b.click("Cancel")
			b.wait(sees("Stopped."))
			b.wait(`document.querySelector('.ask-form .btn.main')`)

			mia := p.customer("Mia Keller")
			mia.writes("How long may I think about it before I send the boots back?")
			mia.hears("within 30 days")
			b.at("#/inbox/all/"+mia.id, `document.querySelector('.said.bot .source')`)
			b.click("Save as test")
			b.wait(sees("Saved as a test"))
			if v.phone {
				b.click("Details")
			}
			const calls = `[...document.querySelectorAll('.calls')].find((c) => c.checkVisibility())`
			b.wait(calls + `?.innerText.includes('$0.000134')`)
			run[bool](b, `(`+calls+`.querySelector('summary').click(), `+calls+`.scrollIntoView(), true)`)
			b.wait(calls + `.innerText.includes('1,204 in (1,024 cached), 41 out')`)
			b.show("conversation-cost")
			b.forgive(429)
			b.forgive(409) // there is such a test
			b.calm()
		})
	}
}

// TestAnAdminKeepsTheTestSet makes tests by hand and from a file, asks them, and sees what
// changed.
func TestAnAdminKeepsTheTestSet(t *testing.T) {
	for _, v := range looks {
		t.Run(v.name, func(t *testing.T) {
			p := newPlace(t)
			b := newTab(t, p, v)
			b.signIn("ana@example.com", staff.RoleAdmin)
			b.at("#/tests", sees("There are no tests yet"))
			b.click("Run now")
			b.wait(sees("The test set is empty. Add a test first."))
			b.show("tests-empty")

			b.click("Add a test")
			b.fill("Question", "Do you sell stars?")
			run[bool](b, `(document.querySelectorAll('dialog [type=radio]')[1].click(), true)`)
			b.wait(`!document.querySelector('#test-documents')`)
			run[bool](b, `(document.querySelector('dialog form').requestSubmit(), true)`)
			b.wait(listed("Tests") + ` === 1`)
			b.click("Run now")
			b.wait(sees("The knowledge base is empty"))

			document := p.shelve("Can I return it?", "Yes, within 30 days.")
			p.library.mu.Lock()
			p.library.docs[document] = knowledge.Document{ID: document, Name: "Can I return it?", Status: knowledge.StatusReady}
			p.library.mu.Unlock()
			b.click("Add a test")
			b.fill("Question", "can i return it")
			b.wait(`document.querySelector('#document-names option')`)
			run[bool](b, `(() => { const f = document.querySelector('#test-documents'); f.value = 'Can I return it?'; f.dispatchEvent(new Event('input', {bubbles: true})); return true })()`)
			b.wait(listed("Documents picked") + ` === 1`)
			b.show("test-form")
			run[bool](b, `(document.querySelector('dialog form').requestSubmit(), true)`)
			b.wait(listed("Tests") + ` === 2`)

			give := func(name, text string) {
				run[bool](b, fmt.Sprintf(`(() => { const picker = document.querySelector('dialog [type=file]'), files = new DataTransfer(); files.items.add(new File([%q], %q)); picker.files = files.files; picker.dispatchEvent(new Event('change', {bubbles: true})); return true })()`, text, name))
			}
			const good = "question,documents,answer,answerable\nHow long may I keep it?,,within 30 days,\nDo you ship to the moon?,,,no\nWhat is the meaning of life?,,,no\ncan i return it,Can I return it?,,\n"
			b.click("Import")
			b.wait(`document.querySelector('dialog [type=file]')`)
			give("bad.csv", good+"Where is it?,nowhere.pdf,,\n")
			b.wait(sees("1 row is no test") + ` && document.querySelector('.report .bad')`)
			b.wait(`document.querySelector('dialog [type=submit]').disabled`) // a file with a row that is no test cannot be imported
			b.show("tests-import")
			give("good.csv", good)
			b.click("Import 3 tests")
			b.wait(listed("Tests") + ` === 5`)

			work := func() {
				t.Helper()
				if err := p.tests.Work(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			b.click("Run now")
			b.wait(sees("The run begins in a moment"))
			b.show("tests-queued")
			b.click("Cancel the run")
			b.wait(sees("Cancelled"))
			b.click("Run now")
			b.wait(sees("The run begins in a moment"))
			work()
			b.wait(listed("Runs") + ` === 2 && document.querySelector('.numbers-row')`)

			change := `[...document.querySelectorAll('.btn')].find((b) => b.getAttribute('aria-label') === 'Change: can i return it')`
			b.wait(change)
			run[bool](b, `(`+change+`.click(), true)`)
			b.wait(`document.querySelectorAll('dialog [type=radio]').length === 2`)
			run[bool](b, `(document.querySelectorAll('dialog [type=radio]')[1].click(), true)`)
			b.wait(`!document.querySelector('#test-documents')`)
			run[bool](b, `(document.querySelector('dialog form').requestSubmit(), true)`)
			b.wait(`!document.querySelector('dialog[open]')`)
			b.click("Run now")
			b.wait(sees("The run begins in a moment"))
			work()
			b.wait(listed("Runs") + ` === 3 && document.querySelectorAll('.graph .line').length === 3`)
			b.equals(`document.querySelectorAll('.graph table tbody tr').length`, 2) // one for each run that is done
			b.show("tests")
			run[bool](b, `(() => { const f = document.querySelector('[type=search]'); f.value = 'moon'; f.dispatchEvent(new Event('input', {bubbles: true})); return true })()`)
			b.wait(listed("Tests") + ` === 1`)
			run[bool](b, `(document.querySelector('ul[aria-label=Runs] a').click(), true)`)
			b.wait(listed("Failed now, passed before") + ` === 1 && ` + listed("Results") + ` === 5`)
			b.show("test-run")
			b.click("Test set")
			b.wait(button("Delete: can i return it"))
			b.click("Delete: can i return it")
			b.confirm()
			b.wait(listed("Tests") + ` === 4`)
			b.forgive(409) // no tests, no knowledge
			b.forgive(422)
			b.calm()
		})
	}
}

// TestAnAdminSeesWhatModelsCost looks at the page on cost, and is told of a budget that is
// spent on every page.
func TestAnAdminSeesWhatModelsCost(t *testing.T) {
	for _, v := range looks {
		t.Run(v.name, func(t *testing.T) {
			p := newPlace(t)
			p.console.models = func() []conversation.ModelFact {
				return []conversation.ModelFact{
					{Name: "gpt-4o-mini", Tasks: []string{"answer", "rewrite"}, Known: true, Input: .15, Cached: .075, Output: .6, Context: 128_000, Shutdown: time.Now().Add(20 * 24 * time.Hour), Successor: "gpt-5-mini"},
					{Name: "text-embedding-3-small", Tasks: []string{"embed"}, Known: true, Input: .02, Overridden: true, Context: 8191},
					{Name: "own", Tasks: []string{"rerank"}}, {Name: "gpt-4.1", Known: true, Input: 2, Cached: .5, Output: 8, Context: 1_047_576}}
			}
			p.spend()
			b := newTab(t, p, v)
			b.signIn("ana@example.com", staff.RoleAdmin)
			b.at("#/usage", `document.querySelector('.sheet-table tbody tr') && document.querySelectorAll('.graph .series-0').length > 5`)
			b.wait(sees("no limit is set"))
			b.reads(".usage", "Per resolved one", "Answers", "Indexing documents", "Took too long", "price not known", "Own price", "gpt-5-mini follows it")
			b.wait(`/in (19|20) days/.test(document.querySelector('.usage').innerText)`)
			b.equals(`document.querySelectorAll('.graph table tbody tr').length`, 30)                                             // one for each day
			b.wait(`/usage\.csv\?from=.*group=model%2Cpurpose/.test(document.querySelector('a[download]').getAttribute('href'))`) // what is shown
			b.show("usage")
			run[bool](b, `(document.querySelector('.graph').scrollIntoView(), true)`)
			run[bool](b, `(() => { const s = document.querySelector('.graph select'); s.value = 'tokens'; s.dispatchEvent(new Event('change', {bubbles: true})); return true })()`)
			b.wait(`document.querySelectorAll('.graph .series-2').length > 5`)
			b.fill("By", "channel")
			b.fill("and by", "")
			b.wait(sees("By channel") + ` && ` + sees("Web chat"))
			b.show("usage-channel")

			admin := bearer(p.token(staff.RoleAdmin))
			var spending struct{ Version int64 }
			p.do("GET", "/api/v1/settings/spending", nil, admin).decode(t, &spending)
			limit := func(usd float64) {
				t.Helper()
				got := p.do("PUT", "/api/v1/settings/spending", map[string]any{"day_usd": usd, "warn": .8, "version": spending.Version}, admin)
				if got.code != 200 {
					t.Fatalf("PUT spending = %d %s", got.code, got.body)
				}
				got.decode(t, &spending)
			}
			limit(1.4)
			p.engine.Announce(conversation.Alert{Kind: conversation.AlertBudgetWarning, Text: "Models have used up 80 % of the budget."})
			b.wait(`document.querySelector('.notice')?.innerText.includes('is used up') && document.querySelector('.meter.warn')`)
			run[bool](b, `(document.getElementById('page').scrollTo(0, 0), true)`)
			b.show("usage-warning")
			limit(1)
			p.engine.Announce(conversation.Alert{Kind: conversation.AlertBudgetSpent, Text: "The budget is spent."})
			b.wait(`document.querySelectorAll('.notice').length === 1 && document.querySelector('.notice').innerText.includes('is spent') && document.querySelector('.meter.bad')`)
			p.engine.Announce(conversation.Alert{Kind: conversation.AlertWebhookOff, Text: "The webhook to example.com was switched off: it failed for 5 days."})
			b.wait(`document.querySelectorAll('.notice').length === 2`)
			b.at("#/inbox/all", sees("switched off"))
			b.show("notices")
			run[bool](b, `(document.querySelectorAll('.notice button').forEach((n) => n.click()), true)`)
			b.wait(`!document.querySelector('.notice')`)
			b.calm()
		})
	}
}

// spend books calls of some weeks.
func (p *place) spend() {
	p.t.Helper()
	id := p.open()
	var calls []conversation.Call
	for i := range 60 {
		n := 1 + i%7
		calls = append(calls, conversation.Call{Conversation: id, Purpose: "answer", Model: "gpt-4o-mini", Outcome: "ok", Duration: time.Duration(400+90*n) * time.Millisecond,
			Usage: conversation.Usage{InputTokens: 1200 * n, CachedTokens: 900 * n, OutputTokens: 60 * n, CostMicros: int64(5200 * n)}})
		if i%4 == 0 {
			calls = append(calls, conversation.Call{Purpose: "embed", Model: "own", Outcome: "ok", Duration: 30 * time.Millisecond, Usage: conversation.Usage{InputTokens: 4000, Unpriced: true}},
				conversation.Call{Conversation: id, Purpose: "rewrite", Model: "gpt-4o-mini", Outcome: "timeout", Duration: 8 * time.Second})
		}
	}
	if err := p.store.Record(p.t.Context(), calls); err != nil {
		p.t.Fatal(err)
	}
	if err := p.exec(`UPDATE model_calls SET created_at = created_at - (id % 28) * interval '1 day'`); err != nil {
		p.t.Fatal(err)
	}
}

// fillIn types into the field of an accessible name.
func (b *tab) fillIn(name, text string) {
	b.t.Helper()
	f := fmt.Sprintf(`document.querySelector('[aria-label=%q]')`, name)
	b.wait(f)
	run[bool](b, fmt.Sprintf(`(() => { const f = %s; f.value = %q; f.dispatchEvent(new Event('input', {bubbles: true})); return true })()`, f, text))
}

// asks sends the question.
func (b *tab) asks() {
	b.t.Helper()
	b.wait(`!document.querySelector('.ask-form .btn.main').disabled`)
	run[bool](b, `(document.querySelector('.ask-form').requestSubmit(), true)`)
}

// TestAViewerOnlyLooksAtAnswersAndCost offers a viewer nothing that changes or costs.
func TestAViewerOnlyLooksAtAnswersAndCost(t *testing.T) {
	p := newPlace(t)
	p.spend()
	if got := p.do("POST", "/api/v1/tests", map[string]any{"question": "Do you sell stars?", "expect": map[string]any{"answerable": false}}, bearer(p.token(staff.RoleAgent))); got.code != 201 {
		t.Fatalf("add = %d %s", got.code, got.body)
	}
	b := newTab(t, p, desktop)
	b.signIn("vic@example.com", staff.RoleViewer)
	b.click("Ask, test, cost")
	b.wait(`location.hash === '#/tests'`)
	b.wait(listed("Tests") + ` === 1`)
	if offered := run[string](b, `[...document.querySelectorAll('.page button')].map((e) => e.innerText).join()`); offered != "" {
		t.Errorf("a viewer is offered %q", offered)
	}
	b.at("#/ask", sees("for agents and admins"))
	b.at("#/usage", `document.querySelector('.sheet-table tbody tr')`)
	b.at("#/inbox/all", `document.querySelectorAll('.row[role=option]').length === 1`)
	p.engine.Announce(conversation.Alert{Kind: conversation.AlertWebhookOff, Text: "A webhook was switched off."})
	p.open()
	b.wait(`document.querySelectorAll('.row[role=option]').length === 2`) // it is told after the webhook
	if run[bool](b, sees("A webhook was switched off")) {
		t.Error("a viewer is told of a webhook")
	}
	b.calm()
}
