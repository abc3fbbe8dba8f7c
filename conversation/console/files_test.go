package console

import (
	"strings"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

func TestCustomersFileIsGivenToStaffToBeSaved(t *testing.T) {
	p := newPlace(t)
	id := p.conversation("hello")
	f := conversation.File{Content: []byte("<script>alert(1)</script>"), Attachment: conversation.Attachment{
		ID: knowledge.NewID(), Kind: conversation.FileDocument, Name: "in\"voice.html", MediaType: "text/html", State: conversation.FilePending,
	}}
	if err := p.store.AddFile(t.Context(), id, f, conversation.Quota{Bytes: 1 << 20, DayBytes: 1 << 20, DayFiles: 9}); err != nil {
		t.Fatal(err)
	}
	in := conversation.Inbound{Conversation: id, Channel: "widget", ExternalID: "m", Attachments: []conversation.InboundFile{{Upload: f.ID}}}
	if _, err := p.engine.Receive(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	viewer := bearer(p.token(staff.RoleViewer))
	var log messagesView
	p.do("GET", "/api/v1/conversations/"+id+"/messages", nil, viewer).decode(t, &log)
	at := log.Messages[len(log.Messages)-1].Attachments
	if len(at) != 1 || at[0].URL != "/api/v1/files/"+f.ID || at[0].Kind != conversation.FileDocument {
		t.Fatalf("the message has %+v, want the file with its address", at)
	}
	got := p.do("GET", at[0].URL, nil, viewer)
	if got.code != 200 || got.body != string(f.Content) {
		t.Fatalf("GET = %d %q, want the bytes", got.code, got.body)
	}
	h := got.header
	if h.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") ||
		h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("a page is served with %v, want it saved and never run", h)
	}
	if got := p.do("GET", "/api/v1/files/"+knowledge.NewID(), nil, viewer); got.code != 404 {
		t.Errorf("GET of an unknown file = %d, want 404", got.code)
	}
}
