package telegram

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"frontdesk/conversation"
)

// strict is a desk that checks what it hears.
type strict struct{ t *testing.T }

func (s strict) check(v conversation.DeskVoice, message bool) {
	if _, err := strconv.Atoi(v.Thread); err != nil || v.Chat != strconv.FormatInt(staffChat, 10) || v.Account == "" || message && (v.ID == "" || v.Sender == "777001") {
		s.t.Errorf("the desk heard %+v, want a person in a thread of the staff chat", v)
	}
}

func (s strict) Said(_ context.Context, v conversation.DeskVoice) (conversation.DeskReply, error) {
	s.check(v, true)
	return conversation.DeskReply{Words: "ok", Undo: "key"}, nil
}

func (s strict) Edited(_ context.Context, v conversation.DeskVoice) (conversation.DeskReply, error) {
	s.check(v, true)
	return conversation.DeskReply{Words: "ok"}, nil
}

func (s strict) Noticed(context.Context, string, string) (bool, error) { return true, nil }

func (s strict) Press(_ context.Context, v conversation.DeskVoice, _ conversation.DeskAction, _ string) (string, error) {
	s.check(v, false)
	return "ok", nil
}

func FuzzNothingInTheStaffChatReachesTheEngine(f *testing.F) {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) == 0 {
		f.Fatal("no payloads")
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"message":{"message_id":3,"from":{"id":7},"text":"/take@ShopHelpBot now","message_thread_id":4,"is_topic_message":true}}`))
	f.Add([]byte(`{"message":{"message_id":3,"from":{"id":7},"text":"// x","reply_to_message":{"message_id":-9}}}`))
	f.Add([]byte(`{"edited_message":{"message_id":3,"from":{"id":7},"text":"x","date":-9223372036854775808,"edit_date":9223372036854775807,"message_thread_id":4}}`))
	f.Add([]byte(`{"callback_query":{"id":"1","from":{"id":7},"data":"desk:undo:x:y","message":{"message_id":5}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var u update
		if json.Unmarshal(raw, &u) != nil {
			return
		}
		e := newFakeEngine()
		b, err := New(Config{Token: token, APIURL: "http://127.0.0.1:1", Engine: e, Threads: fakeThreads{}, StaffChat: staffChat, Desk: strict{t}})
		if err != nil {
			t.Fatal(err)
		}
		b.me.Store(&user{ID: 777001, IsBot: true, Username: "ShopHelpBot"})
		for _, m := range []*message{u.Message, u.Edited} {
			if m == nil {
				continue
			}
			m.Chat.ID, m.MigrateTo = staffChat, 0
			if m.From != nil && m.From.ID == 777001 {
				m.From.IsBot = true
			}
		}
		if u.Callback != nil && u.Callback.Message != nil {
			u.Callback.Message.Chat.ID = staffChat
		}
		about := u.Message != nil || u.Edited != nil || u.Callback != nil && u.Callback.Message != nil
		if took, err := b.staffUpdate(t.Context(), &u); err != nil || took != about {
			t.Errorf("staffUpdate(%q) = %v, %v, want %v", raw, took, err, about)
		}
		if len(e.received()) != 0 || e.done() != "" {
			t.Errorf("%q reached the engine", raw)
		}
	})
}
