package slack

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"strings"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/media"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/tokens"
)

var ana = conversation.Actor{StaffID: "00000000-0000-4000-8000-000000000001", Name: "Ana"}

// talk is a desk with one conversation, and the files Ana has uploaded for it.
func talk(t *testing.T) (d *desk, id string, files []string) {
	t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 60, 40))); err != nil {
		t.Fatal(err)
	}
	d = newDeskWith(t, media.New(media.Config{Detect: extract.Detect, Extract: extract.Extract, Counter: tokens.For("")}))
	d.asks(t, "D024BE91L", 1)
	d.slack.until(t, "the answer", func() bool { return d.answers("D024BE91L", "", "question 1") == 1 })
	id, err := d.store.Thread(t.Context(), Channel, testTeam, "D024BE91L")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []struct {
		name    string
		content []byte
	}{{"../jar.png", picture.Bytes()}, {"sizes.txt", []byte("S, M and L")}} {
		at, err := d.engine.StaffUpload(t.Context(), id, f.name, f.content)
		if err != nil || at.State != conversation.FileReady || strings.Contains(at.Name, "/") {
			t.Fatalf("StaffUpload(%s) = %+v, %v, want it ready", f.name, at, err)
		}
		files = append(files, at.ID)
	}
	return d, id, files
}

// said is what the customer sees of what staff sent, in order.
func (d *desk) said() (out []string) {
	for _, m := range d.slack.visible() {
		if m.Channel == "D024BE91L" && (strings.HasPrefix(m.Text, "FILE") || strings.HasPrefix(m.Text, "*Ana*")) {
			out = append(out, m.Text)
		}
	}
	return out
}

func TestTheFilesOfAReplyReachTheCustomerInOrder(t *testing.T) {
	d, id, files := talk(t)
	d.slack.fail("files.completeUploadExternal", fault{status: 429, retry: "1"})
	for range 2 {
		if _, err := d.engine.SendReply(t.Context(), id, conversation.NewReply{By: ana, Text: "See here", ExternalID: "r1", Files: files}); err != nil {
			t.Fatal(err)
		}
	}
	d.slack.until(t, "both files", func() bool { return len(d.said()) == 3 })
	if _, err := d.engine.Reply(t.Context(), id, ana, "Anything else?", "r2"); err != nil {
		t.Fatal(err)
	}
	d.slack.until(t, "the next reply", func() bool { return len(d.said()) == 4 })
	for i, want := range []string{"*Ana*: See here", "FILE jar.png ", "FILE sizes.txt S, M and L", "Anything else?"} {
		if got := d.said()[i]; !strings.Contains(got, want) {
			t.Errorf("message %d is %q, want %q", i, got, want)
		}
	}
}

func TestAFileThatSlackRefusesIsSaidAtTheReplyAndCanBeTriedAgain(t *testing.T) {
	d, id, files := talk(t)
	d.slack.fail("files.getUploadURLExternal", fault{code: "missing_scope"})
	m, err := d.engine.SendReply(t.Context(), id, conversation.NewReply{By: ana, Text: "See here", ExternalID: "r1", Files: files[1:]})
	if err != nil {
		t.Fatal(err)
	}
	var r conversation.DeliveryReport
	d.slack.until(t, "the failure", func() bool {
		list, err := d.engine.Transcript(t.Context(), id, m.Seq-1, 1)
		if err != nil || len(list) != 1 || list[0].Delivery == nil {
			t.Fatalf("Transcript = %+v, %v", list, err)
		}
		r = *list[0].Delivery
		return r.State == conversation.DeliveryFailed
	})
	if !strings.Contains(r.Error, "“sizes.txt” did not reach the customer") || !strings.Contains(r.Error, "files:write") {
		t.Errorf("staff are told %q, want which file and why", r.Error)
	}
	if _, err := conversation.NewInbox(d.engine, d.store).Redeliver(t.Context(), id, m.Seq); err != nil {
		t.Fatal(err)
	}
	d.slack.until(t, "the file", func() bool { return len(d.said()) == 2 })
	if got := d.said(); !strings.Contains(got[0], "See here") || got[1] != "FILE sizes.txt S, M and L" {
		t.Errorf("the customer sees %q, want the words once and the file", got)
	}
}

func TestAFileIsSentOnceAndWhereItBelongs(t *testing.T) {
	d, id, files := talk(t)
	d.asks(t, "D0OTHER01", 2)
	d.slack.until(t, "the other answer", func() bool { return d.answers("D0OTHER01", "", "question 2") == 1 })
	other, err := d.store.Thread(t.Context(), Channel, testTeam, "D0OTHER01")
	if err != nil {
		t.Fatal(err)
	}
	send := func(to, external string, files ...string) error {
		_, err := d.engine.SendReply(t.Context(), to, conversation.NewReply{By: ana, ExternalID: external, Files: files})
		return err
	}
	if err := send(other, "a", files[0]); !errors.Is(err, conversation.ErrNoFile) {
		t.Errorf("a file of another conversation: %v, want ErrNoFile", err)
	}
	if st, err := d.engine.State(t.Context(), other); err != nil || st.Owner != conversation.OwnerBot {
		t.Errorf("State = %+v, %v, want what failed to have changed nothing", st, err)
	}
	if err := send(id, "b", files[0], files[0]); !errors.Is(err, conversation.ErrNoFile) {
		t.Errorf("one file twice: %v, want ErrNoFile", err)
	}
	if err := send(id, "c", files[0]); err != nil {
		t.Errorf("a file without words: %v", err)
	}
	if err := send(id, "c", files[1]); !errors.Is(err, conversation.ErrConflict) {
		t.Errorf("the same id with another file: %v, want ErrConflict", err)
	}
	if err := send(id, "d", files[0]); !errors.Is(err, conversation.ErrNoFile) {
		t.Errorf("a file sent already: %v, want ErrNoFile", err)
	}
	if err := send(id, "e", "nothing"); !errors.Is(err, conversation.ErrNoFile) {
		t.Errorf("no file: %v, want ErrNoFile", err)
	}
	if err := send(id, "f"); !errors.Is(err, conversation.ErrEmpty) {
		t.Errorf("neither words nor files: %v, want ErrEmpty", err)
	}
	d.slack.until(t, "the file", func() bool { return len(d.said()) == 1 })
	if got := d.said()[0]; !strings.HasPrefix(got, "FILE jar.png") {
		t.Errorf("the customer sees %q, want the file alone", got)
	}
}
