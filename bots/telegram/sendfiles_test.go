package telegram

import (
	"strings"
	"testing"

	"frontdesk/conversation"
)

// sentFiles are what a chat was sent since, in order: the method, words and bytes.
func sentFiles(p *platform, chat string) (out []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.calls {
		if strings.HasPrefix(c.method, "send") && c.ok && c.params["chat_id"] == chat && (c.params["file"] != "" || strings.Contains(c.params["text"], "Ana</b>")) {
			out = append(out, c.method+" "+c.params["text"]+c.params["file"])
		}
	}
	return out
}

// talk is a path with one conversation, and the files Ana has uploaded for it.
func talk(t *testing.T) (p *path, id string, files []string) {
	t.Helper()
	p = newPathWith(t, newReader())
	p.post(privateText(1, 1, 60, "Is Q-first so?"))
	until(t, "the answer", func() bool { return len(delivered(p.platform, 60)) == 1 })
	id, err := p.store.EnsureThread(t.Context(), conversation.Inbound{Channel: Channel, Account: "777001", Thread: "60"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []struct{ name, content string }{{"jar.png", picture(t)}, {"voice.wav", sound()}, {"sizes.txt", "S, M and L"}} {
		at, err := p.engine.StaffUpload(t.Context(), id, f.name, []byte(f.content))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, at.ID)
	}
	return p, id, files
}

var staffer = conversation.Actor{StaffID: "00000000-0000-4000-8000-000000000001", Name: "Ana"}

func TestTheFilesOfAReplyReachTheCustomerInOrder(t *testing.T) {
	p, id, files := talk(t)
	// Faults on the way out: all pass, and none may repeat or swap what is sent.
	p.answers("sendPhoto", strings.ReplaceAll(tooMany, "7", "0"), `400 {"ok":false,"error_code":400,"description":"Bad Request: PHOTO_INVALID_DIMENSIONS"}`)
	p.answers("sendMessage", serverError)
	for range 2 {
		if _, err := p.engine.SendReply(t.Context(), id, conversation.NewReply{By: staffer, Text: "See here", ExternalID: "r1", Files: files}); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the files", func() bool { return len(sentFiles(p.platform, "60")) == 4 })
	if _, err := p.engine.Reply(t.Context(), id, staffer, "Anything else?", "r2"); err != nil {
		t.Fatal(err)
	}
	until(t, "the next reply", func() bool { return len(sentFiles(p.platform, "60")) == 5 })
	got := sentFiles(p.platform, "60")
	for i, want := range []string{"sendMessage <b>Ana</b>\nSee here", "sendDocument ", "sendDocument ", "sendDocument ", "Anything else?"} {
		if !strings.Contains(got[i], want) {
			t.Errorf("message %d is %.80q, want %q", i, got[i], want)
		}
	}
	if !strings.Contains(got[1], "PNG") && !strings.Contains(got[1], "JFIF") && !strings.Contains(got[1], "\xff\xd8") || !strings.Contains(got[3], "S, M and L") {
		t.Errorf("sent %.60q and %.60q, want the picture first and the text last", got[1], got[3])
	}
}

func TestAFileThatTelegramRefusesIsSaidAtTheReply(t *testing.T) {
	p, id, files := talk(t)
	const refused = `400 {"ok":false,"error_code":400,"description":"Bad Request: file must be non-empty"}`
	p.answers("sendDocument", refused, refused)
	m, err := p.engine.SendReply(t.Context(), id, conversation.NewReply{By: staffer, Files: files[2:]})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the failure", func() bool {
		list, err := p.engine.Transcript(t.Context(), id, m.Seq-1, 1)
		if err != nil || len(list) != 1 || list[0].Delivery == nil {
			t.Fatalf("Transcript = %+v, %v", list, err)
		}
		d := list[0].Delivery
		return d.State == conversation.DeliveryFailed && strings.Contains(d.Error, "“sizes.txt” did not reach the customer")
	})
	if got := sentFiles(p.platform, "60"); len(got) != 0 {
		t.Errorf("the customer was sent %q, want nothing in place of the file", got)
	}
}
