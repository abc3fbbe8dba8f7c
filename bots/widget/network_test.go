package widget

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"frontdesk/conversation"

	cd "github.com/chromedp/chromedp"
)

func TestMessagesWrittenOfflineAreSentOnceAndInOrder(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.ask("before")
	p.connected()
	p.offline(true)
	p.wait(`!one('.notice').hidden && one('.notice').textContent.includes('offline')`)
	for i := range 3 {
		p.run(fmt.Sprintf(`Frontdesk.send('offline %d')`, i))
	}
	p.wait(`all('.pending').length === 3 && one('.pending .note').textContent === 'Waiting to be sent'`)
	p.offline(false)
	p.wait(`!all('.pending').length && one('.notice').hidden`)
	want := []string{"before", "offline 0", "offline 1", "offline 2"}
	if got := p.engine.texts(t, p.engine.only(t)); !slices.Equal(got, want) {
		t.Errorf("server has %q, want %q", got, want)
	}
	if got := eval[[]string](p, `all('.customer .bubble').map((e) => e.textContent)`); !slices.Equal(got, want) {
		t.Errorf("screen has %q, want %q", got, want)
	}
}

func TestMessageWhoseAnswerWasLostIsSentAgainButStoredOnce(t *testing.T) {
	p := preparePage(t, bare(``))
	var lost atomic.Int32
	inner := p.server.Config.Handler
	p.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages") && lost.Load() < 2 {
			lost.Add(1)
			inner.ServeHTTP(discarded{}, r)
			panic(http.ErrAbortHandler) // the connection dies after the message is stored
		}
		inner.ServeHTTP(w, r)
	})
	p.goTo("/bare")
	p.run(`(Frontdesk.open(), Frontdesk.send('only once'))`)
	p.wait(`all('.customer').length === 1 && !one('.pending')`)
	if got := p.engine.texts(t, p.engine.only(t)); !slices.Equal(got, []string{"only once"}) {
		t.Errorf("server has %q, want the message once", got)
	}
	if got := lost.Load(); got != 2 {
		t.Errorf("%d answers lost, want 2", got)
	}
}

// discarded is a response nobody gets.
type discarded struct{}

func (discarded) Header() http.Header         { return http.Header{} }
func (discarded) Write(b []byte) (int, error) { return len(b), nil }
func (discarded) WriteHeader(int)             {}

func TestStreamResumesAfterAnInterruptionWithoutRepeats(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.ask("first")
	p.connected()
	id := p.engine.only(t)
	p.engine.say(t, id, conversation.Message{Author: conversation.AuthorStaff, Name: "Ana", Text: "answer one"})
	p.engine.delta(id, "t9", "half an ans")
	p.wait(`log().includes('answer one') && one('.draft')`)
	p.server.CloseClientConnections()
	p.engine.discard(id, "t9")
	p.engine.say(t, id, conversation.Message{Author: conversation.AuthorStaff, Name: "Ana", Text: "answer two"})
	p.wait(`log().includes('answer two')`)
	p.wait(`!one('.draft')`)
	want := []string{"first", "answer one", "answer two"}
	if got := eval[[]string](p, `all('.row:not(.typing) .bubble').slice(1).map((e) => e.textContent)`); !slices.Equal(got, want) {
		t.Errorf("screen has %q, want %q", got, want)
	}
	p.do(cd.Reload())
	p.wait(`window.Frontdesk && all('.bubble').length === 4`)
	if got := eval[[]string](p, `all('.row:not(.typing) .bubble').slice(1).map((e) => e.textContent)`); !slices.Equal(got, want) {
		t.Errorf("after a reload the screen has %q, want %q", got, want)
	}
	if got := eval[int](p, `all('.badge').filter((b) => !b.hidden).length`); got != 0 {
		t.Error("what was seen before the reload counts as unread")
	}
}

func TestDiscardTakesTheHalfAnswerAway(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.ask("question")
	p.connected()
	id := p.engine.only(t)
	p.engine.delta(id, "t1", "I think that")
	p.wait(`one('.draft .bubble')?.textContent === 'I think that'`)
	p.engine.discard(id, "t1")
	p.wait(`!one('.draft')`)
	if got := eval[string](p, `log()`); strings.Contains(got, "I think") {
		t.Errorf("log still has the half answer: %q", got)
	}
}

func TestStreamRestsWhileThePageIsHidden(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.ask("hello")
	p.connected()
	// A minute is told over in no time.
	p.run(`(window.setTimeout = ((real) => (f, ms) => real(f, ms === 60000 ? 0 : ms))(window.setTimeout))`)
	p.run(`(Object.defineProperty(document, 'hidden', {value: true, configurable: true}), document.dispatchEvent(new Event('visibilitychange')))`)
	p.until("the stream's end", func() bool { return p.widget.streams.open() == 0 })
	p.engine.say(t, p.engine.only(t), conversation.Message{Author: conversation.AuthorStaff, Text: "while you were away"})
	p.run(`(delete document.hidden, document.dispatchEvent(new Event('visibilitychange')))`)
	p.wait(`log().includes('while you were away')`)
	p.wantNoFaults()
}

func TestMessageWaitsAsLongAsTheServerAsks(t *testing.T) {
	p := preparePage(t, bare(``))
	inner := p.server.Config.Handler
	refused := false // requests come one after another
	p.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/messages") && !refused {
			refused = true
			status(&limitError{}).write(w)
			return
		}
		inner.ServeHTTP(w, r)
	})
	p.goTo("/bare")
	p.run(`(Frontdesk.open(), Frontdesk.send('first'), Frontdesk.send('second'))`)
	p.wait(`one('.note')?.textContent === 'Waiting to be sent'`)
	p.wait(`all('.customer').length === 2 && !one('.pending')`)
	if got := p.engine.texts(t, p.engine.only(t)); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("server has %q, want both in order", got)
	}
}

func TestAttributesPlaceAndColourTheChat(t *testing.T) {
	p := openPage(t, "/bare", bare(`data-position="left" data-theme="dark" data-accent="#0a7d4b" data-title="Help" data-greeting="Ask **away**"`))
	p.run(`Frontdesk.open()`)
	if left := eval[float64](p, `one('.launcher').getBoundingClientRect().left`); left != 20 {
		t.Errorf("launcher %v px from the left, want 20", left)
	}
	if got := eval[string](p, `one('h2').textContent + '|' + one('.bot .bubble').textContent + '|' + getComputedStyle(one('.launcher')).backgroundColor + '|' + getComputedStyle(one('.panel')).backgroundColor`); got != "Help|Ask away|rgb(10, 125, 75)|rgb(21, 24, 30)" {
		t.Errorf("title, greeting, accent and panel: %s", got)
	}
	p.wantAccessible("dark with an accent")
	p.run(`all('header button')[0].click()`)
	if got := eval[string](p, `all('header button')[0].getAttribute('aria-pressed') + localStorage.getItem('frontdesk::state')`); !strings.HasPrefix(got, "false") || !strings.Contains(got, `"muted":true`) {
		t.Errorf("muting is not remembered: %s", got)
	}
}

func TestEndedSessionKeepsWhatWasWritten(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.ask("old message")
	p.connected()
	p.engine.mu.Lock()
	clear(p.engine.rooms) // the conversation's time to be kept is over
	p.engine.mu.Unlock()
	p.run(`Frontdesk.send('new message')`)
	p.until("the new conversation", func() bool {
		p.engine.mu.Lock()
		defer p.engine.mu.Unlock()
		return len(p.engine.rooms) == 1
	})
	p.wait(`!one('.pending')`)
	if got := p.engine.texts(t, p.engine.only(t)); !slices.Equal(got, []string{"new message"}) {
		t.Errorf("new conversation has %q, want the new message", got)
	}
	if got := eval[[]string](p, `all('.customer .bubble').map((e) => e.textContent)`); !slices.Equal(got, []string{"old message", "new message"}) {
		t.Errorf("screen has %q, want both", got)
	}
}
