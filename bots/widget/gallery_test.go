package widget

import (
	"encoding/binary"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/conversation"

	cd "github.com/chromedp/chromedp"
)

// wavOf is a tone of some seconds.
func wavOf(seconds float64) []byte {
	const rate = 8000
	samples := make([]int16, int(seconds*rate))
	for i := range samples {
		samples[i] = int16(3000 * math.Sin(float64(i)/4))
	}
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00")
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*2)
	b = append(b, 2, 0, 16, 0)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(samples)*2))
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

func TestVoiceMessageIsRecordedSentAndPlayed(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.run(`Frontdesk.open()`)
	p.wait(`one('.microphone')`)
	p.click(".microphone")
	p.wait(`!one('.recording').hidden && one('form').hidden && one('.recording .send').matches(':focus')`)
	p.wantAccessible("recording")
	p.keys("\x1b") // the recording ends, the chat stays
	p.wait(`one('.recording').hidden && !one('form').hidden && !one('.panel').hidden && one('.microphone').matches(':focus')`)
	p.click(".microphone")
	p.wait(`one('.recording .time').textContent.startsWith('0:01 / 2:00')`)
	p.click(".recording .send")
	sent := p.engine.sent(t, 1)[0]
	if len(sent.Attachments) != 1 || sent.Attachments[0].MediaType != "audio/webm" || sent.Attachments[0].Bytes < 1000 {
		t.Fatalf("server has %+v, want one recording", sent)
	}
	p.wait(`one('.customer .player') && one('.customer .note')?.textContent === 'Being turned into text…'`)
	p.engine.settle(t, p.engine.only(t), sent.Seq, func(a *conversation.Attachment) {
		a.State, a.Text, a.Duration = conversation.FileReady, "Where is my parcel?", 1200*time.Millisecond
	})
	p.wait(`one('.said')?.textContent.includes('Where is my parcel?') && !one('.customer .note')`)
	// On a busy machine hardly anything may have been recorded, and be over before one looks.
	p.run(`(() => { const tool = one('.player .tool'); window.offered = []; new MutationObserver(() => offered.push(tool.getAttribute('aria-label').split(':')[0])).observe(tool, {attributeFilter: ['aria-label']}) })()`)
	p.click(".player .tool")
	p.wait(`offered.join() === 'Pause,Play' && one('.player .time').textContent.startsWith('0:00 / 0:0')`)
	p.wantNoFaults()
}

func TestRefusedMicrophoneIsSaidInWords(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.run(`Frontdesk.open()`)
	p.wait(`one('.microphone')`)
	p.run(`navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))`)
	p.click(".microphone")
	p.wait(`one('.alert').textContent.startsWith('The microphone is blocked.') && !one('form').hidden && !one('.microphone').disabled`)
	p.run(`navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))`)
	p.click(".microphone")
	p.wait(`one('.alert').textContent === 'No microphone was found.'`)
}

func TestMicrophoneIsNotOfferedWhereNothingCanBeRecorded(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.run(`(delete window.MediaRecorder, Frontdesk.open())`)
	p.wait(`one('.attach')`)
	if eval[bool](p, `!!one('.microphone')`) {
		t.Error("a microphone is offered without MediaRecorder")
	}
}

func TestStaffsFilesAreShownAndFollowTheirState(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.ask("Can you show me?")
	p.connected()
	id := p.engine.only(t)
	said := p.engine.say(t, id, conversation.Message{Author: conversation.AuthorStaff, Name: "Ana", Text: "Like this:", Attachments: []conversation.Attachment{
		p.engine.filed(t, id, "tent.png", pngOf(t, 400, 800), nil),
		p.engine.filed(t, id, "hello.wav", wavOf(0.4), func(a *conversation.Attachment) { a.Duration = 400 * time.Millisecond }),
		p.engine.filed(t, id, "guide.pdf", pdfBytes, nil),
		p.engine.filed(t, id, "broken.png", []byte("\x89PNG and nothing else"), nil),
	}})
	p.wait(`one('.staff .picture canvas')?.height === 520 && all('.staff .chip').length === 2 && one('.staff .player .time').textContent === '0:00'`)
	p.run(`HTMLAnchorElement.prototype.click = function () { window.saved = this.download + ' ' + this.href.split(':')[0] }`)
	p.run(`all('.staff .chip').find((chip) => chip.textContent.includes('guide.pdf')).click()`)
	p.wait(`window.saved === 'guide.pdf blob'`)
	p.run(`window.before = one('.staff .picture')`)
	p.engine.settle(t, id, said.Seq, func(a *conversation.Attachment) {
		if a.Name == "guide.pdf" {
			a.State, a.Reason = conversation.FileRefused, conversation.RefusedDamaged
		}
	})
	p.wait(`one('.staff .note.bad')?.textContent === 'It is empty or damaged.'`)
	if !eval[bool](p, `window.before === one('.staff .picture')`) {
		t.Error("a picture was drawn anew although only another file changed")
	}
	if got := eval[string](p, `one('.panel > .spoken').textContent`); got != "Like this:" {
		t.Errorf("read out %q, want the message", got)
	}
	p.wantNoFaults()
}

func TestTextChatWorksWithoutTheSecondPart(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	var broken atomic.Bool
	broken.Store(true)
	p.between("/widget/part.js", func(w http.ResponseWriter, _ *http.Request) bool {
		if broken.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
		return broken.Load()
	})
	p.answering("Within **60 days** [1].\n\n- used\n- or not", sampleSources...)
	p.ask("How long?")
	p.wait(`one('.bot strong') && one('.cite') && one('.sources')`)
	id := p.engine.only(t)
	p.engine.say(t, id, conversation.Message{Author: conversation.AuthorStaff, Name: "Ana", Attachments: []conversation.Attachment{
		p.engine.filed(t, id, "tent.png", pngOf(t, 40, 40), nil), p.engine.filed(t, id, "guide.pdf", pdfBytes, nil),
	}})
	p.wait(`one('.staff .files')?.textContent === 'tent.png, guide.pdf'`)
	if got := eval[string](p, `one('.bot:not(:first-child) .bubble').innerText`); !strings.Contains(got, "- used\n- or not") || eval[bool](p, `!!one('.attach') || !!one('.bubble ul')`) {
		t.Errorf("answer reads %q, want its lines", got)
	}
	p.wantAccessible("without the second part")
	broken.Store(false)
	p.run(`(Frontdesk.close(), Frontdesk.open())`)
	p.wait(`one('.attach') && one('.bubble li')?.textContent === 'used' && one('.cite') && one('.staff .picture canvas')`)
}

func TestLaterPartsAreServedForGoodAndInTheirVersionOnly(t *testing.T) {
	p := openPage(t, "/bare", bare(`data-lang="es"`))
	p.run(`Frontdesk.open()`)
	p.wait(`one('.attach button')?.getAttribute('aria-label') === 'Adjuntar archivos'`)
	s, err := bundled()
	if err != nil {
		t.Fatal(err)
	}
	address := p.url + "/widget/part.js?v=" + s.version + "&lang=es"
	p.mu.Lock()
	n := 0
	for _, r := range p.requests {
		if strings.HasPrefix(r, "GET "+address) {
			n++
		}
	}
	p.mu.Unlock()
	if n != 1 {
		t.Errorf("%d requests for %s, want 1", n, address)
	}
	for url, want := range map[string]int{address: 200, strings.Replace(address, "part.js", "care.js", 1): 200, p.url + "/widget/care.js?v=older": 404, p.url + "/widget/part.js?v=older": 404, p.url + "/widget/part.js": 404} {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		head := resp.Header
		if resp.StatusCode != want || (want == 200) != strings.Contains(head.Get("Cache-Control"), "immutable") {
			t.Errorf("GET %s = %d, %s, want %d", url, resp.StatusCode, head.Get("Cache-Control"), want)
		}
		if want == 200 && (!resp.Uncompressed || head.Get("Access-Control-Allow-Origin") != "*" || !strings.HasPrefix(head.Get("Content-Type"), "text/javascript")) {
			t.Errorf("GET %s: compressed %v, %v, want a compressed module for any origin", url, resp.Uncompressed, head)
		}
	}
}

// TestFilesLookRight looks at everything there is of files with axe, and keeps
// pictures of it when asked to.
func TestFilesLookRight(t *testing.T) {
	for _, view := range []struct {
		name  string
		phone bool
		media string
		attrs string
	}{
		{"files-desktop-light", false, "prefers-color-scheme=light", ``},
		{"files-desktop-dark", false, "prefers-color-scheme=dark", `data-accent="#0a7d4b"`},
		{"files-phone-light", true, "prefers-color-scheme=light", ``},
		{"files-phone-dark", true, "prefers-color-scheme=dark", `data-lang="ar"`},
		{"files-zoomed", false, "prefers-color-scheme=light", `data-lang="ar"`},
	} {
		t.Run(view.name, func(t *testing.T) {
			p := preparePage(t, bare(view.attrs))
			p.media(view.media, "prefers-reduced-motion=reduce")
			if view.phone {
				p.phone()
			}
			if view.name == "files-zoomed" { // 1280 × 800 at 200 %
				p.do(cd.EmulateViewport(640, 400, cd.EmulateScale(2)))
			}
			p.goTo("/bare")
			p.choose(onDisk(t, map[string][]byte{"a receipt with quite a long name of november.pdf": pdfBytes, "tent.png": pngOf(t, 900, 600), "wrong.png": []byte("no")})...)
			p.wait(`one('.tray canvas') && one('.upload.bad')`)
			p.wantAccessible("files chosen")
			p.picture(view.name + "-1-chosen")
			p.click("form .send")
			p.wait(`one('.customer .picture canvas')`)
			p.click(`.tray .tool:last-child`)
			id := p.engine.only(t)
			p.engine.say(t, id, conversation.Message{Author: conversation.AuthorStaff, Name: "Ana", Text: "Thank you! Here is how the seam should look, and I say it in a few words.", Attachments: []conversation.Attachment{
				p.engine.filed(t, id, "seam.png", pngOf(t, 500, 500), nil),
				p.engine.filed(t, id, "hello.wav", wavOf(3), func(a *conversation.Attachment) {
					a.Duration, a.Text = 3*time.Second, "Pull the tape off slowly and warm it with your hand before you press it on again."
				}),
				p.engine.filed(t, id, "old.pdf", pdfBytes, func(a *conversation.Attachment) {
					a.State, a.Reason = conversation.FileRefused, conversation.RefusedFormat
				}),
			}})
			p.wait(`one('.staff .picture')`)
			p.run(`one('.staff .picture').scrollIntoView()`) // it is fetched once it is near
			p.wait(`one('.staff .picture canvas')`)
			p.run(`one('.staff .player .tool').click()`)
			p.wait(`!one('.staff .player input').disabled`)
			p.wantAccessible("files shown")
			p.run(`one('.log').scrollTo(0, 0)`)
			p.picture(view.name + "-2-shown")
			p.run(`one('.log').scrollTo(0, 1e6)`)
			p.picture(view.name + "-3-end")
			if wide := eval[float64](p, `one('.log').scrollWidth - one('.log').clientWidth`); wide > 0 {
				t.Errorf("the log is %v px too wide", wide)
			}
			p.click(".microphone")
			p.wait(`!one('.recording').hidden`)
			p.wantAccessible("recording")
			p.picture(view.name + "-4-recording")
			p.run(`all('.recording .tool')[0].click()`)
			p.run(`one('.staff .picture').click()`)
			p.wait(`one('dialog canvas')`)
			p.wantAccessible("a picture in full")
			p.picture(view.name + "-5-full")
		})
	}
}
