package widget

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/conversation"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cd "github.com/chromedp/chromedp"
)

// pngOf is a picture of a tent at dusk, more or less.
func pngOf(t testing.TB, width, height int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{uint8(40 + 120*y/height), uint8(70 + 60*y/height), uint8(140 - 60*y/height), 255}
			if d := x - width/2; y > height/3 && max(d, -d) < (y-height/3)*2/3 && y < height*4/5 {
				c = color.RGBA{235, 140, 60, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var pdfBytes = []byte("%PDF-1.7\n" + strings.Repeat("a receipt ", 4000))

// onDisk writes files for a browser to choose, and returns their paths.
func onDisk(t testing.TB, files map[string][]byte) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// choose opens the chat and picks files in its dialog.
func (p *page) choose(paths ...string) {
	p.t.Helper()
	p.run(`Frontdesk.open()`)
	p.wait(`one('.attach input')`)
	p.do(cd.SetUploadFiles(p.in(".attach input"), paths))
}

// between has do answer the requests for a path, or return false to leave them to
// the server.
func (p *page) between(path string, do func(w http.ResponseWriter, r *http.Request) bool) {
	inner := p.server.Config.Handler
	p.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path && r.Method != http.MethodOptions && do(w, r) {
			return
		}
		inner.ServeHTTP(w, r)
	})
}

func TestFilesAreSentWithAMessageOnACarefulSite(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	picture := pngOf(t, 900, 600)
	p.choose(onDisk(t, map[string][]byte{"receipt.pdf": pdfBytes, "tent.png": picture})...)
	p.wait(`all('.tray .upload').length === 2 && one('.tray .upload:nth-child(2) canvas') && all('.tray progress').every((bar) => bar.hidden)`)
	if got := eval[[]string](p, `all('.tray .upload').map((e) => e.innerText.replace(/\s+/g, ' ').trim())`); !slices.Equal(got, []string{"receipt.pdf 40 kB", fmt.Sprintf("tent.png %d kB", (len(picture)+500)/1000)}) {
		t.Errorf("chosen files read %q, want names and sizes", got)
	}
	p.run(`one('textarea').focus()`)
	p.keys("Here they are")
	p.enter()
	sent := p.engine.sent(t, 1)[0]
	if len(sent.Attachments) != 2 || sent.Attachments[0].Name != "receipt.pdf" || sent.Attachments[1].Kind != conversation.FileImage || sent.Text != "Here they are" {
		t.Errorf("server has %+v, want the text with both files", sent)
	}
	p.wait(`one('.customer .shown .picture canvas')?.width === 520 && one('.customer .chip .name').textContent === 'receipt.pdf' && one('.tray').hidden`)
	p.click(".customer .picture")
	p.wait(`one('dialog').open && one('dialog canvas')?.width === 900`)
	p.wantAccessible("a picture in full")
	p.keys("\x1b")
	p.wait(`!one('dialog').open && !one('.panel').hidden && one('.picture').matches(':focus')`)

	// Files alone are a message too, by the button.
	p.choose(onDisk(t, map[string][]byte{"lid.png": pngOf(t, 40, 40)})...)
	p.wait(`one('.tray canvas') && !one('form .send').disabled`)
	p.click("form .send")
	if sent := p.engine.sent(t, 2)[1]; sent.Text != "" || len(sent.Attachments) != 1 {
		t.Errorf("server has %+v, want the file alone", sent)
	}
	p.wait(`all('.customer .picture canvas').length === 2`)

	p.do(cd.Reload())
	p.wait(`window.Frontdesk && all('.customer .picture canvas').length === 2`)
	p.wantNoFaults()
}

// TestFilesAreSentFromAnotherOrigin has the chat on a site that allows its host
// by name and nothing besides.
func TestFilesAreSentFromAnotherOrigin(t *testing.T) {
	p := preparePage(t, nil)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src "+p.url+"; connect-src "+p.url+"; img-src data:; require-trusted-types-for 'script'; trusted-types 'none'")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Site</title><link rel="icon" href="data:,"><script defer src="%s/widget.js"></script></html>`, p.url)
	}))
	defer site.Close()
	p.do(cd.Navigate(site.URL))
	p.wait(`!!window.Frontdesk`)
	p.choose(onDisk(t, map[string][]byte{"tent.png": pngOf(t, 60, 40)})...)
	p.wait(`one('.tray canvas')`)
	p.click("form .send")
	p.wait(`one('.customer .picture canvas')`)
	p.engine.say(t, p.engine.only(t), conversation.Message{Author: conversation.AuthorStaff, Name: "Ana", Attachments: []conversation.Attachment{
		p.engine.filed(t, p.engine.only(t), "seam.png", pngOf(t, 90, 90), nil),
	}})
	p.wait(`one('.staff .picture canvas')?.width === 90`)
	p.wantNoFaults()
}

func TestForgettingTheVisitorTakesFilesBack(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.ask("hello")
	p.offline(true)
	p.choose(onDisk(t, map[string][]byte{"tent.png": pngOf(t, 60, 40)})...)
	p.wait(`one('.tray .upload')`)
	p.run(`one('textarea').focus()`)
	p.keys("mine alone")
	p.enter()
	p.wait(`one('.customer.pending .upload')`)
	p.run(`Frontdesk.reset()`)
	p.offline(false)
	p.ask("another visitor")
	p.until("the second conversation", func() bool {
		p.engine.mu.Lock()
		defer p.engine.mu.Unlock()
		return len(p.engine.rooms) == 2
	})
	p.engine.mu.Lock()
	defer p.engine.mu.Unlock()
	for id, r := range p.engine.rooms {
		for _, m := range r.log {
			if m.Text == "mine alone" || len(m.Attachments) > 0 {
				t.Errorf("%s has %+v of a visitor who was forgotten", id, m)
			}
		}
	}
	if len(p.engine.files) != 0 {
		t.Errorf("%d files of a visitor who was forgotten", len(p.engine.files))
	}
}

func TestPhoneOffersItsCamera(t *testing.T) {
	p := preparePage(t, bare(``))
	p.phone()
	if _, err := cd.Call(p.ctx, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatalf("emulate touch: %v", err)
	}
	p.goTo("/bare")
	p.run(`Frontdesk.open()`)
	p.wait(`one('.camera input')?.getAttribute('capture') === 'environment'`)
	p.wantAccessible("with a camera")
	p.picture("files-phone-camera")
	p.do(cd.SetUploadFiles(p.in(".camera input"), onDisk(t, map[string][]byte{"image.png": pngOf(t, 60, 80)})))
	p.wait(`one('.tray canvas') && one('.panel > .spoken').textContent === 'Attached files: image.png'`)
}

func TestFilesAreDroppedAndPasted(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.run(`Frontdesk.open()`)
	p.wait(`one('.attach')`)
	box := eval[[]float64](p, `(({x, y, width, height}) => [x + width / 2, y + height / 2])(one('.log').getBoundingClientRect())`)
	drag := func(kind input.DispatchDragEventType) {
		t.Helper()
		event := input.DispatchDragEventParams{Type: kind, X: box[0], Y: box[1], Data: &input.DragData{
			Items: []*input.DragDataItem{}, Files: onDisk(t, map[string][]byte{"one.png": pngOf(t, 30, 30), "two.pdf": pdfBytes}), DragOperationsMask: 1}}
		if _, err := cd.Call(p.ctx, input.DispatchDragEvent, event); err != nil {
			t.Fatalf("drag: %v", err)
		}
	}
	drag(input.DispatchDragEventTypeDragEnter)
	drag(input.DispatchDragEventTypeDragOver)
	p.wait(`!one('.drop').hidden`)
	drag(input.DispatchDragEventTypeDrop)
	p.wait(`one('.drop').hidden && all('.tray .upload').length === 2`)
	paste := `((files, text) => {
		const data = new DataTransfer();
		for (const [name, type] of files) data.items.add(new File(['%PDF-1.7'], name, {type}));
		if (text) data.setData('text/plain', text);
		one('textarea').dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, composed: true, cancelable: true}));
	})`
	p.run(paste + `([['pasted.pdf', 'application/pdf']])`)
	p.run(paste + `([['cells.png', 'image/png']], 'what the cells say')`)
	p.wait(`all('.tray .upload').length === 3`)
	p.run(paste + `([['four.pdf', 'application/pdf'], ['five.pdf', 'application/pdf']])`)
	p.wait(`all('.tray .upload').length === 4 && one('.alert').textContent === 'A message may have up to 4 files.'`)
	p.click(`.tray .upload:nth-child(2) [aria-label^=Remove]`)
	p.wait(`all('.tray .upload').length === 3`)
	if got := eval[[]string](p, `all('.tray .name').map((e) => e.textContent)`); !slices.Equal(got, []string{"one.png", "pasted.pdf", "four.pdf"}) {
		t.Errorf("files %q, want those that were not removed", got)
	}
}

func TestUnusableFilesAreRefusedBeforeTheyAreSent(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	var posts atomic.Int32
	p.between("/widget/v1/files", func(http.ResponseWriter, *http.Request) bool {
		posts.Add(1)
		return false
	})
	p.choose(onDisk(t, map[string][]byte{"setup.exe": []byte("MZ"), "nothing.txt": nil, "huge.png": make([]byte, 10<<20+1)})...)
	p.wait(`!one('.alert').hidden`)
	warned := eval[string](p, `one('.alert').textContent`)
	for _, want := range []string{"“setup.exe” cannot be opened here.", "“nothing.txt” is empty.", "“huge.png” is too large. It may have up to 10 MB."} {
		if !strings.Contains(warned, want) {
			t.Errorf("warning %q lacks %q", warned, want)
		}
	}
	if n := posts.Load(); n != 0 || !eval[bool](p, `one('.tray').hidden && one('form .send').disabled`) {
		t.Errorf("%d uploads of unusable files, want none and nothing to send", n)
	}
	// A picture by its name only is the server's to refuse.
	p.choose(onDisk(t, map[string][]byte{"fake.png": []byte("no picture"), "real.png": pngOf(t, 20, 20)})...)
	p.wait(`one('.upload.bad .status')?.textContent === 'This type of file could not be read.' && !one('form .send').disabled`)
	p.wantAccessible("a refused file")
	p.click("form .send")
	if sent := p.engine.sent(t, 1)[0]; len(sent.Attachments) != 1 || sent.Attachments[0].Name != "real.png" {
		t.Errorf("server has %+v, want the good file alone", sent)
	}
	p.wait(`all('.tray .upload.bad').length === 1 && one('form .send').disabled`)
}

func TestUploadShowsItsProgressAndCanBeTakenBack(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	begun, release, ended := make(chan struct{}, 1), make(chan struct{}, 1), make(chan error, 1)
	p.between("/widget/v1/files", func(_ http.ResponseWriter, r *http.Request) bool {
		_, _ = io.CopyN(io.Discard, r.Body, 256<<10)
		begun <- struct{}{}
		select {
		case <-release:
		case <-time.After(waitAtMost):
		}
		_, err := io.Copy(io.Discard, r.Body)
		ended <- err
		return true
	})
	takenBack := func() {
		t.Helper()
		// What the page asks for after it is carried out after it: then the upload is cut.
		p.run(`window.cut = false, fetch('/bare').then(() => { window.cut = true })`)
		p.wait(`window.cut`)
		release <- struct{}{}
		if err := <-ended; err == nil {
			t.Error("the whole file came although it was taken back")
		}
	}
	p.choose(onDisk(t, map[string][]byte{"film.mp4": make([]byte, 15<<20)})...)
	<-begun
	p.wait(`one('.upload progress').value > 0 && one('.upload progress').value < 1 && / of 15.7 MB$/.test(one('.upload .status').textContent)`)
	p.wantAccessible("an upload")
	p.click(`.upload [aria-label="Remove film.mp4"]`)
	takenBack()
	p.wait(`one('.tray').hidden && one('form .send').disabled`)

	// The same within a message on its way: without text nothing is left of it.
	p.choose(onDisk(t, map[string][]byte{"film.mp4": make([]byte, 15<<20)})...)
	<-begun
	p.click("form .send")
	p.wait(`one('.customer.pending .upload')`)
	p.click(`.customer .upload [aria-label="Remove film.mp4"]`)
	takenBack()
	p.wait(`!one('.customer')`)
	p.ask("No film then")
	if got := p.engine.texts(t, p.engine.only(t)); !slices.Equal(got, []string{"No film then"}) {
		t.Errorf("server has %q, want what was written after", got)
	}
}

func TestMessageWithFilesWaitsOfflineAndKeepsItsPlace(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.ask("before")
	p.connected()
	p.wait(`one('.attach')`)
	p.offline(true)
	p.choose(onDisk(t, map[string][]byte{"tent.png": pngOf(t, 60, 40)})...)
	p.wait(`one('.tray .status').textContent === 'Waiting for the connection'`)
	p.run(`one('textarea').focus()`)
	p.keys("with a picture")
	p.enter()
	p.run(`Frontdesk.send('after it')`)
	p.wait(`one('.pending .note')?.textContent === 'Waiting to be sent. Keep this page open: it holds the files.'`)
	p.offline(false)
	p.wait(`!one('.pending')`)
	sent := p.engine.sent(t, 3)
	if got := p.engine.texts(t, p.engine.only(t)); !slices.Equal(got, []string{"before", "with a picture", "after it"}) || len(sent[1].Attachments) != 1 {
		t.Errorf("server has %q with %d files, want all in order with the picture", got, len(sent[1].Attachments))
	}
	p.wait(`one('.customer .picture canvas')`)
}

func TestTextOfAMessageSurvivesItsFiles(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.between("/widget/v1/files", func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusBadGateway)
		return true
	})
	p.choose(onDisk(t, map[string][]byte{"tent.png": pngOf(t, 60, 40)})...)
	p.wait(`one('.tray .status').textContent === 'Trying again soon'`)
	p.run(`one('textarea').focus()`)
	p.keys("the zip is torn")
	p.enter()
	p.wait(`one('.customer.pending .upload')`)
	p.do(cd.Reload())
	p.wait(`window.Frontdesk && one('.customer .note.bad')?.textContent.startsWith('Not sent: its files were lost')`)
	p.run(`(Frontdesk.open(), Frontdesk.send('another'))`) // is not held up
	p.engine.sent(t, 1)
	p.run(`all('.customer .plain').find((button) => button.textContent === 'Retry').click()`)
	p.engine.sent(t, 2)
	if got := p.engine.texts(t, p.engine.only(t)); !slices.Equal(got, []string{"another", "the zip is torn"}) {
		t.Errorf("server has %q, want the text when asked again", got)
	}
}

func TestFilesOfAnEndedSessionAreSentInTheNext(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	p.choose(onDisk(t, map[string][]byte{"tent.png": pngOf(t, 60, 40)})...)
	p.wait(`one('.tray progress')?.hidden`)
	p.engine.mu.Lock()
	clear(p.engine.rooms) // the conversation's time to be kept is over
	clear(p.engine.files)
	p.engine.mu.Unlock()
	p.click("form .send")
	p.wait(`one('.customer .note.bad')`)
	p.run(`all('.customer .plain')[0].click()`)
	p.wait(`one('.customer .picture canvas') && all('.customer').length === 1`)
	if sent := p.engine.sent(t, 1)[0]; len(sent.Attachments) != 1 {
		t.Errorf("server has %+v, want the picture in the new conversation", sent)
	}
}
