package slack

import (
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
)

// sends stores a customer's message with files that are as looked into, without waking
// the bot, and asks for a person.
func (r *deskRig) sends(t *testing.T, change string) (id string) {
	t.Helper()
	got, err := conversationdb.New(r.pool).Receive(t.Context(), conversation.Inbound{
		Channel: "telegram", Account: "1", Thread: "6", Sender: "6", SenderName: "Cleo", ExternalID: "6:1", Text: "",
		Attachments: []conversation.InboundFile{
			{Remote: "a", Kind: conversation.FileImage, Name: "broken <jar>.jpg"}, {Remote: "b", Kind: conversation.FileVoice, Name: "voice.ogg", Duration: 65 * time.Second},
		},
	}, conversation.Gather{})
	if err == nil {
		_, err = r.pool.Exec(t.Context(), `UPDATE files SET state = 'ready', content = convert_to('bytes of ' || kind, 'UTF8'), bytes = 2500000,
			media_type = CASE kind WHEN 'image' THEN 'image/jpeg' ELSE 'audio/ogg' END, body = CASE kind WHEN 'voice' THEN '<!channel> the *lid* broke' ELSE '' END`)
	}
	if err == nil && change != "" {
		_, err = r.pool.Exec(t.Context(), change)
	}
	if err == nil {
		_, err = r.engine.Handoff(t.Context(), got.Conversation, conversation.Actor{}, conversation.ReasonAsked)
	}
	if err != nil {
		t.Fatal(err)
	}
	return got.Conversation
}

func TestStaffSeeTheFilesOfACustomerInOrder(t *testing.T) {
	r := newDeskRig(t, 0)
	id := r.sends(t, "")
	brief := r.thread(t, 1)
	r.slack.until(t, "both files are shared", func() bool { return strings.Count(r.replies(brief.TS), "FILE ") == 2 })
	if _, err := r.engine.Receive(t.Context(), conversation.Inbound{Channel: "telegram", Account: "1", Thread: "6", ExternalID: "6:2", Text: "and now?"}); err != nil {
		t.Fatal(err)
	}
	r.slack.until(t, "the next message", func() bool { return strings.Contains(r.replies(brief.TS), "and now?") })
	got := r.replies(brief.TS)
	at := 0
	for _, want := range []string{"broken &lt;jar&gt;.jpg, a picture, 2.4 MB", "voice.ogg, a recording, 2.4 MB, 1:05", "&lt;!channel&gt; the *lid* broke",
		"desk.example.com/console#/conversations/" + id, "FILE broken <jar>.jpg bytes of image", "FILE voice.ogg bytes of voice", "and now?"} {
		next := strings.Index(got[at:], want)
		if next < 0 {
			t.Fatalf("the thread reads\n%s\nwant %q after what came before", got, want)
		}
		at += next
	}
}

func TestWhatCannotBeSharedLeavesItsLineAndTheThreadGoesOn(t *testing.T) {
	for name, c := range map[string]struct {
		change string
		faults map[string]fault
		shared int
		want   string
	}{
		"no permission": {"", map[string]fault{"files.getUploadURLExternal": {code: "missing_scope"}}, 1, "broken &lt;jar&gt;.jpg"},
		"too large":     {`UPDATE files SET content = convert_to(repeat('x', 11000000), 'UTF8'), bytes = 11000000 WHERE kind = 'image'`, nil, 1, "10.5 MB"},
		"refused":       {`UPDATE files SET state = 'refused', reason = 'archive' WHERE kind = 'image'`, nil, 1, "not used: archives are not opened"},
		"asked to wait": {"", map[string]fault{"files.completeUploadExternal": {status: 429, retry: "1"}}, 2, "voice.ogg"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newDeskRig(t, 0)
			for method, f := range c.faults {
				r.slack.fail(method, f)
			}
			r.sends(t, c.change)
			brief := r.thread(t, 1)
			r.slack.until(t, "the thread is done", func() bool {
				return r.count(t, `SELECT count(*) FROM desk_threads WHERE posted_seq >= 2`) == 1
			})
			got := r.replies(brief.TS)
			if strings.Count(got, "FILE ") != c.shared || strings.Count(got, ":paperclip: broken") != 1 || !strings.Contains(got, c.want) {
				t.Errorf("the thread reads\n%s\nwant %d files, and %q once", got, c.shared, c.want)
			}
		})
	}
}

func TestAFileOfStaffsIsNotLostInSilence(t *testing.T) {
	r := newDeskRig(t, 0)
	r.customer(t, "hello?")
	brief := r.thread(t, 1)
	for i, text := range []string{"see the picture", ""} {
		r.event(t, "EvStaffFile"+text, map[string]any{
			"subtype": "file_share", "user": "U0ANA", "text": text, "ts": "1763900500.00000" + string(rune('1'+i)), "thread_ts": brief.TS,
			"files": []map[string]any{{"id": "F0STAFF01", "name": "a.jpg"}},
		})
		r.slack.until(t, "an answer", func() bool { return r.slack.called("chat.postEphemeral") == i+1 })
		if said := r.slack.form("chat.postEphemeral"); !strings.HasPrefix(said.Get("text"), noFilesYet) || said.Get("user") != "U0ANA" {
			t.Errorf("staff were told %q, want %q", said.Get("text"), noFilesYet)
		}
	}
}
