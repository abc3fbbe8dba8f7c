package console

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
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

// upload sends a file for a reply.
func (p *place) upload(id, name string, content []byte, as option) answer {
	p.t.Helper()
	body, media := form(p.t, "file", name, content)
	return p.do("POST", "/api/v1/conversations/"+id+"/files", body, media, as)
}

func TestStaffSendFilesWithAReply(t *testing.T) {
	p := newPlace(t)
	agent := bearer(p.token(staff.RoleAgent))
	id := p.conversation("Which jar?")
	var files []attachmentView
	for name, content := range map[string][]byte{"jar.png": pixels(t, 60, 40), "sizes.txt": []byte("S, M and L")} {
		var at attachmentView
		p.upload(id, name, content, agent).want(t, 201, "").decode(t, &at)
		if at.State != conversation.FileReady || at.Name != name || at.URL != "/api/v1/files/"+at.ID {
			t.Errorf("%s = %+v, want it ready to be sent", name, at)
		}
		files = append(files, at)
	}
	reply := map[string]any{"id": "r1", "text": " ", "attachments": []string{files[0].ID, strings.ToUpper(files[1].ID)}}
	var sent, again messageView
	p.do("POST", "/api/v1/conversations/"+id+"/reply", reply, agent).want(t, 201, "").decode(t, &sent)
	p.do("POST", "/api/v1/conversations/"+id+"/reply", reply, agent).want(t, 201, "").decode(t, &again)
	if len(sent.Attachments) != 2 || sent.Attachments[0].ID != files[0].ID || again.Seq != sent.Seq || len(again.Attachments) != 2 {
		t.Errorf("sent %+v and again %+v, want one message with both files in order", sent, again)
	}
	shown, err := p.engine.Messages(t.Context(), id, sent.Seq-1, 9)
	if err != nil || len(shown) != 1 || len(shown[0].Attachments) != 2 {
		t.Errorf("the customer sees %+v, %v, want the files", shown, err)
	}
	if got := p.do("GET", "/api/v1/conversations/"+id, nil, agent); !strings.Contains(got.body, `"owner":"staff"`) {
		t.Errorf("conversation = %s, want it taken over", got.body)
	}

	p.do("POST", "/api/v1/conversations/"+id+"/reply", map[string]any{"attachments": []string{files[0].ID}}, agent).want(t, 404, "not_found")
	p.do("POST", "/api/v1/conversations/"+id+"/reply", map[string]any{"text": "x", "attachments": []string{"1"}}, agent).want(t, 422, "bad_field")
	p.do("POST", "/api/v1/conversations/"+id+"/reply", map[string]any{"text": "x", "attachments": make11()}, agent).want(t, 422, "too_many_files")
	p.do("POST", "/api/v1/conversations/"+id+"/note", map[string]any{"text": "x", "attachments": []string{files[0].ID}}, agent).want(t, 422, "bad_field")
	for _, bad := range []struct {
		name    string
		content []byte
		code    int
		problem string
	}{
		{"a.zip", []byte("PK\x03\x04" + strings.Repeat("\x00", 60)), 415, "unsupported_format"},
		{"run.exe", []byte("MZ\x90\x00" + strings.Repeat("\x00", 60)), 415, "unsupported_format"},
		{"broken.png", pixels(t, 60, 40)[:40], 415, "unsupported_format"},
		{"none.txt", nil, 422, "empty"},
		{"long.txt", make([]byte, conversation.MaxFileBytes+1), 413, "too_large"},
		{"long.png", append(pixels(t, 60, 40), make([]byte, conversation.MaxImageBytes)...), 413, "too_large"},
	} {
		p.upload(id, bad.name, bad.content, agent).want(t, bad.code, bad.problem)
	}
	p.upload(knowledge.NewID(), "sizes.txt", []byte("S"), agent).want(t, 404, "not_found")
	p.upload(id, "sizes.txt", []byte("S"), bearer(p.token(staff.RoleViewer))).want(t, 403, "forbidden")
}

func make11() []string {
	out := make([]string, conversation.MaxAttachments+1)
	for i := range out {
		out[i] = knowledge.NewID()
	}
	return out
}

// pixels is a picture.
func pixels(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// located is a JPEG that says where it was taken.
func located(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 20, 20)), nil); err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00II*\x00GPS 48.1 11.5 of the shop"
	return append(append(append([]byte{}, b.Bytes()[:2]...), append([]byte{0xff, 0xe1, 0, byte(len(exif) + 2)}, exif...)...), b.Bytes()[2:]...)
}

func TestAPictureOfStaffsSaysNotWhereItWasTaken(t *testing.T) {
	p := newPlace(t)
	agent := bearer(p.token(staff.RoleAgent))
	id := p.conversation("Where are you?")
	var at attachmentView
	p.upload(id, "door.jpg", located(t), agent).want(t, 201, "").decode(t, &at)
	got := p.do("GET", at.URL, nil, agent).want(t, 200, "")
	if strings.Contains(got.body, "GPS") || !strings.HasPrefix(got.header.Get("Content-Type"), "image/") {
		t.Errorf("the picture is %q as %s, want one encoded here", got.body, got.header.Get("Content-Type"))
	}
}
