package telegram

import (
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
)

// sends stores a customer's message with files that are as looked into, without waking
// the bot, and asks for a person.
func (r *deskRig) sends(change string) (id string) {
	r.t.Helper()
	got, err := conversationdb.New(r.pool).Receive(r.t.Context(), conversation.Inbound{
		Channel: "slack", Account: "T1", Thread: "D2", Sender: "U2", SenderName: "Cleo", ExternalID: "files", Text: "it broke",
		Attachments: []conversation.InboundFile{
			{Remote: "a", Kind: conversation.FileImage, Name: "broken <jar>.jpg"}, {Remote: "b", Kind: conversation.FileVoice, Name: "voice.ogg", Duration: 65 * time.Second},
			{Remote: "c", Kind: conversation.FileDocument, Name: "bill.pdf"},
		},
	}, conversation.Gather{})
	if err == nil {
		_, err = r.pool.Exec(r.t.Context(), `UPDATE files SET state = 'ready', content = convert_to('bytes of ' || kind, 'UTF8'), bytes = 2500000,
			media_type = CASE kind WHEN 'image' THEN 'image/jpeg' WHEN 'voice' THEN 'audio/ogg' ELSE 'application/pdf' END,
			body = CASE kind WHEN 'voice' THEN 'the <b>lid</b> broke' ELSE '' END`)
	}
	if err == nil && change != "" {
		_, err = r.pool.Exec(r.t.Context(), change)
	}
	if err == nil {
		_, err = r.engine.Handoff(r.t.Context(), got.Conversation, conversation.Actor{}, conversation.ReasonAsked)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return got.Conversation
}

// stands waits until all of the conversation is in its thread and returns what was
// sent there, in order.
func (r *deskRig) stands() string {
	r.t.Helper()
	until(r.t, "the thread is done", func() bool { return r.count(`SELECT count(*) FROM desk_threads WHERE posted_seq >= 2`) == 1 })
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, c := range r.calls {
		if strings.HasPrefix(c.method, "send") && c.ok {
			out = append(out, c.method+" "+c.params["message_thread_id"]+c.params["reply_parameters"]+" "+c.params["text"]+c.params["file"])
		}
	}
	return strings.Join(out, "\n")
}

func TestStaffSeeTheFilesOfACustomerInOrder(t *testing.T) {
	for name, plain := range map[string]bool{"in topics": false, "in replies": true} {
		t.Run(name, func(t *testing.T) {
			r := newDeskRig(t, plain, 0)
			id := r.sends("")
			got, at := r.stands(), 0
			for _, want := range []string{"it broke", "📎 broken &lt;jar&gt;.jpg, a picture, 2.4 MB", "voice.ogg, a recording, 2.4 MB, 1:05\n<blockquote>the &lt;b&gt;lid&lt;/b&gt; broke</blockquote>",
				"bill.pdf, a document", "desk.example.com/" + id, "sendPhoto", "bytes of image", "sendVoice", "bytes of voice", "sendDocument", "bytes of document", "take over"} {
				next := strings.Index(got[at:], want)
				if next < 0 {
					t.Fatalf("the thread reads\n%s\nwant %q after what came before", got, want)
				}
				at += next
			}
		})
	}
}

func TestWhatCannotBeShownLeavesItsLineAndTheThreadGoesOn(t *testing.T) {
	for name, c := range map[string]struct {
		change, method, answer string
		shown                  int
		want                   string
	}{
		"a bad picture": {"", "sendPhoto", `{"ok":false,"error_code":400,"description":"Bad Request: PHOTO_INVALID_DIMENSIONS"}`, 2, "broken &lt;jar&gt;.jpg"},
		"too large":     {`UPDATE files SET content = convert_to(repeat('x', 11000000), 'UTF8'), bytes = 11000000 WHERE kind = 'image'`, "", "", 2, "10.5 MB"},
		"refused":       {`UPDATE files SET state = 'refused', reason = 'archive' WHERE kind = 'document'`, "", "", 2, "not used: archives are not opened"},
		"not heard":     {`UPDATE files SET state = 'refused', reason = 'no_hearing' WHERE kind = 'voice'`, "", "", 3, "not used: no model here"},
		"asked to wait": {"", "sendVoice", `429 {"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":0}}`, 3, "voice.ogg"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newDeskRig(t, false, 0)
			if c.method != "" {
				r.answers(c.method, c.answer)
			}
			r.sends(c.change)
			got := r.stands()
			shown := strings.Count(got, "sendPhoto ") + strings.Count(got, "sendVoice ") + strings.Count(got, "sendDocument ")
			if shown != c.shown || strings.Count(got, "📎 broken") != 1 || !strings.Contains(got, c.want) {
				t.Errorf("the thread reads\n%s\nwant %d files, and %q", got, c.shown, c.want)
			}
		})
	}
}
