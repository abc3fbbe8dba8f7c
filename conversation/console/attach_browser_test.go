package console

import (
	"encoding/base64"
	"fmt"
	"testing"

	cd "github.com/chromedp/chromedp"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// TestStaffSendFilesFromTheComposer chooses, pastes and drops files, takes one away and
// sends the others.
func TestStaffSendFilesFromTheComposer(t *testing.T) {
	p := newPlace(t)
	b := newTab(t, p, looks[0])
	id := p.conversation("Which jar is it?")
	b.signIn("ana@shop.example", staff.RoleAgent)
	b.at("#/inbox/all/"+id, `document.getElementById('composer')`)
	picture := base64.StdEncoding.EncodeToString(pixels(t, 320, 200))
	give := func(name, content, how string) {
		t.Helper()
		run[bool](b, fmt.Sprintf(`(() => { const d = new DataTransfer(); d.items.add(new File([Uint8Array.from(atob(%q), (c) => c.charCodeAt(0))], %q, {type: %q.endsWith('png') ? 'image/png' : ''}));
			const area = document.getElementById('composer'), picker = document.querySelector('.composer [type=file]');
			if (%q === 'choose') { picker.files = d.files; picker.dispatchEvent(new Event('change', {bubbles: true})); }
			else if (%[4]q === 'paste') area.dispatchEvent(new ClipboardEvent('paste', {clipboardData: d, bubbles: true, cancelable: true}));
			else area.dispatchEvent(new DragEvent('drop', {dataTransfer: d, bubbles: true, cancelable: true}));
			return true })()`, content, name, name, how))
	}
	const attached = `document.querySelectorAll('.attached li').length`
	off := func() bool { return run[bool](b, `document.querySelector('.composer [type=submit]').disabled`) }
	give("jar.png", picture, "choose")
	give("shelf.png", picture, "paste")
	give("sizes.txt", base64.StdEncoding.EncodeToString([]byte("S, M and L")), "drop")
	b.wait(attached + ` === 3 && !document.querySelector('.attached progress')`)
	give("all.zip", base64.StdEncoding.EncodeToString([]byte("PK\x03\x04 and more")), "drop")
	b.wait(`document.querySelector('.attached .bad')?.innerText.includes('not taken')`)
	if !off() {
		t.Error("a reply can be sent with a file that failed")
	}
	b.inEveryLook("attached")
	b.click("Note")
	b.wait(`!document.querySelector('.attached') && document.querySelector('.composer.note')`)
	b.click("Reply")
	b.wait(attached + ` === 4`)
	b.click("Remove all.zip")
	b.click("Remove shelf.png")
	b.wait(attached + ` === 2`)
	b.do(cd.Reload()) // what has arrived is still there
	b.wait(attached + ` === 2 && document.querySelector('.attached').innerText.includes('sizes.txt')`)
	if off() {
		t.Error("files without words cannot be sent")
	}
	b.click("Send")
	b.wait(button("Undo"))
	b.passes() // it is not taken back
	b.wait(`!document.querySelector('.attached') && document.querySelector('.said.staff .files img')?.complete && document.querySelector('.said.staff .files')?.innerText.includes('sizes.txt') && !document.querySelector('.said.pending')`)
	b.inEveryLook("sent-files")
	list, err := p.engine.Messages(t.Context(), id, 0, 99)
	if err != nil {
		t.Fatal(err)
	}
	if last := list[len(list)-1]; last.Author != conversation.AuthorStaff || len(last.Attachments) != 2 || last.Attachments[0].Name != "jar.png" {
		t.Errorf("the customer sees %+v, want both files in the order they were given", last)
	}
	b.forgive(415)
	b.calm()
}
