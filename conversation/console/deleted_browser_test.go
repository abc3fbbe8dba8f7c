package console

import (
	"testing"

	"frontdesk/conversation/staff"
)

// TestAnAdminTakesADeletionBack restores by the undo and from the list, and erases.
func TestAnAdminTakesADeletionBack(t *testing.T) {
	p, _, _, _ := stocked(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAdmin)
	b.at("#/knowledge", `document.querySelector('.doc')`)
	there := `document.querySelector('[aria-label="Documents"]')?.innerText.includes('returns.md')`
	remove := func() {
		t.Helper()
		b.click("Delete returns.md")
		b.confirm()
		b.wait("!" + there)
	}
	remove()
	b.wait(button("Undo"))
	b.inEveryLook("document-undo")
	b.click("Undo")
	b.wait(there)
	b.wait(`!document.querySelector('[aria-label="Deleted documents"]')`)

	remove()
	b.wait(`document.querySelector('details.fold summary')?.innerText.includes('Deleted documents (1)')`)
	run[bool](b, `(document.querySelector('details.fold').open = true)`)
	b.wait(sees("kept until"))
	b.inEveryLook("documents-deleted")
	b.click("Restore returns.md")
	b.wait(there + ` && !document.querySelector('[aria-label="Deleted documents"]')`)

	remove()
	b.wait(`document.querySelector('details.fold summary')`)
	run[bool](b, `(document.querySelector('details.fold').open = true)`)
	b.click("Erase returns.md")
	b.confirm()
	b.wait(`!document.querySelector('[aria-label="Deleted documents"]')`)
	if list, _, err := p.library.DeletedDocuments(t.Context(), "", 10); err != nil || len(list) != 0 {
		t.Errorf("deleted documents = %+v, %v; want none kept", list, err)
	}
	b.calm()
}
