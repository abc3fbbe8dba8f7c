package conversationdb_test

import (
	"errors"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

var roomy = conversation.Quota{Bytes: 1 << 20, DayBytes: 1 << 20, DayFiles: 10}

func opened(t *testing.T, s *conversationdb.Store) string {
	t.Helper()
	st, err := s.Open(t.Context(), conversation.Opening{Channel: "widget", Account: "default", Locale: "en"})
	if err != nil {
		t.Fatal(err)
	}
	return st.Conversation
}

func uploaded(t *testing.T, s *conversationdb.Store, conv string, content string) string {
	t.Helper()
	f := conversation.File{Content: []byte(content), Attachment: conversation.Attachment{ID: knowledge.NewID(), Kind: conversation.FileImage, Name: "a.png", MediaType: "image/png"}}
	if err := s.AddFile(t.Context(), conv, f, roomy); err != nil {
		t.Fatalf("AddFile = %v", err)
	}
	return f.ID
}

func with(conv, external string, files ...conversation.InboundFile) conversation.Inbound {
	return conversation.Inbound{Conversation: conv, Channel: "widget", ExternalID: external, Attachments: files}
}

func TestUploadsBecomeTheMessagesOwn(t *testing.T) {
	s := conversationdb.New(dbtest.New(t))
	mine, other := opened(t, s), opened(t, s)
	a, b, foreign := uploaded(t, s, mine, "one"), uploaded(t, s, mine, "two"), uploaded(t, s, other, "three")

	for name, in := range map[string]conversation.Inbound{
		"another conversation's": with(mine, "x", conversation.InboundFile{Upload: a}, conversation.InboundFile{Upload: foreign}),
		"an unknown one":         with(mine, "x", conversation.InboundFile{Upload: knowledge.NewID()}),
		"one named twice":        with(mine, "x", conversation.InboundFile{Upload: a}, conversation.InboundFile{Upload: a}),
		"no UUID":                with(mine, "x", conversation.InboundFile{Upload: "1; --"}),
	} {
		if _, err := s.Receive(t.Context(), in, conversation.Gather{}); !errors.Is(err, conversation.ErrNoFile) {
			t.Errorf("Receive with %s = %v, want ErrNoFile", name, err)
		}
	}
	if ms, err := s.Messages(t.Context(), mine, 0, 10, true); err != nil || len(ms) != 0 {
		t.Fatalf("%d messages were stored with files they may not have, %v, want none", len(ms), err)
	}

	in := with(mine, "m", conversation.InboundFile{Upload: b}, conversation.InboundFile{Upload: a})
	r, err := s.Receive(t.Context(), in, conversation.Gather{})
	if err != nil || len(r.Attachments) != 2 || r.Attachments[0].ID != b || r.Attachments[1].ID != a {
		t.Fatalf("Receive = %+v, %v, want both files in the order given", r.Attachments, err)
	}
	again, err := s.Receive(t.Context(), in, conversation.Gather{})
	if err != nil || !again.Repeat || again.Seq != r.Seq || len(again.Attachments) != 2 {
		t.Errorf("the same message again = %+v, %v, want a repeat with its files", again, err)
	}
	if _, err := s.Receive(t.Context(), with(mine, "m", conversation.InboundFile{Upload: a}), conversation.Gather{}); !errors.Is(err, conversation.ErrConflict) {
		t.Errorf("the same id with other files = %v, want ErrConflict", err)
	}
	if _, err := s.Receive(t.Context(), with(mine, "n", conversation.InboundFile{Upload: a}), conversation.Gather{}); !errors.Is(err, conversation.ErrNoFile) {
		t.Errorf("a file sent before = %v, want ErrNoFile", err)
	}
	ms, err := s.Messages(t.Context(), mine, 0, 10, false)
	if err != nil || len(ms) != 1 || len(ms[0].Attachments) != 2 || ms[0].Attachments[0].State != conversation.FilePending {
		t.Errorf("Messages = %+v, %v, want one with two pending files", ms, err)
	}
	turn, ok, err := s.Claim(t.Context(), mine, time.Minute)
	if err != nil || !ok || len(turn.Messages) != 1 || len(turn.Messages[0].Attachments) != 2 {
		t.Errorf("Claim = %+v, %v, %v, want the files with their message", turn.Messages, ok, err)
	}
}

func TestNamedFileIsStoredWithItsMessageAndFetchedOnce(t *testing.T) {
	s := conversationdb.New(dbtest.New(t))
	in := conversation.Inbound{Channel: "telegram", Account: "bot", Thread: "7", Sender: "9", ExternalID: "1", Attachments: []conversation.InboundFile{
		{Remote: "AgAC", Kind: conversation.FileVoice, Name: "voice.oga", MediaType: "audio/ogg", Bytes: 900, Duration: 1500 * time.Millisecond},
	}}
	r, err := s.Receive(t.Context(), in, conversation.Gather{})
	if err != nil || len(r.Attachments) != 1 {
		t.Fatalf("Receive = %+v, %v", r, err)
	}
	if again, err := s.Receive(t.Context(), in, conversation.Gather{}); err != nil || !again.Repeat || len(again.Attachments) != 1 {
		t.Fatalf("the same event again = %+v, %v, want one file", again.Attachments, err)
	}
	id := r.Attachments[0].ID
	f, err := s.File(t.Context(), id)
	if err != nil || f.Remote != "AgAC" || f.Channel != "telegram" || f.Account != "bot" || f.Seq != 1 || f.Content != nil || f.Duration != 1500*time.Millisecond {
		t.Fatalf("File = %+v, %v, want what the platform said", f, err)
	}
	if err := s.FileFetched(t.Context(), id, []byte("sound"), conversation.Quota{Bytes: 2, DayBytes: 9, DayFiles: 9}); !errors.Is(err, conversation.ErrFileQuota) {
		t.Errorf("FileFetched beyond the quota = %v, want ErrFileQuota", err)
	}
	for range 2 {
		if err := s.FileFetched(t.Context(), id, []byte("sound"), roomy); err != nil {
			t.Errorf("FileFetched = %v", err)
		}
	}
	at, first, err := s.SettleFile(t.Context(), id, conversation.Reading{Kind: conversation.FileVoice, MediaType: "audio/ogg", Text: "hello", Duration: 2 * time.Second}, conversation.FileReady)
	if err != nil || !first || at.Text != "hello" || at.State != conversation.FileReady || at.Bytes != 5 {
		t.Errorf("SettleFile = %+v, %v, %v", at, first, err)
	}
	at, first, err = s.SettleFile(t.Context(), id, conversation.Reading{Text: "another"}, conversation.FileRefused)
	if err != nil || first || at.Text != "hello" {
		t.Errorf("SettleFile again = %+v, %v, %v, want the first to stand", at, first, err)
	}
	if _, err := s.File(t.Context(), knowledge.NewID()); !errors.Is(err, conversation.ErrNoFile) {
		t.Errorf("File(unknown) = %v, want ErrNoFile", err)
	}
}

func TestQuotaBoundsWhatAConversationTakesIn(t *testing.T) {
	pool := dbtest.New(t)
	s := conversationdb.New(pool)
	conv := opened(t, s)
	add := func(size int, q conversation.Quota) error {
		return s.AddFile(t.Context(), conv, conversation.File{Content: make([]byte, size), Attachment: conversation.Attachment{ID: knowledge.NewID(), Kind: conversation.FileImage}}, q)
	}
	if err := add(60, conversation.Quota{Bytes: 200, DayBytes: 100, DayFiles: 3}); err != nil {
		t.Fatalf("AddFile = %v", err)
	}
	for name, q := range map[string]conversation.Quota{
		"a day's bytes": {Bytes: 200, DayBytes: 100, DayFiles: 3}, "all bytes": {Bytes: 100, DayBytes: 200, DayFiles: 3}, "a day's files": {Bytes: 200, DayBytes: 200, DayFiles: 1},
	} {
		if err := add(60, q); !errors.Is(err, conversation.ErrFileQuota) {
			t.Errorf("AddFile beyond %s = %v, want ErrFileQuota", name, err)
		}
	}
	if err := add(40, conversation.Quota{Bytes: 100, DayBytes: 100, DayFiles: 2}); err != nil {
		t.Errorf("AddFile up to the quota = %v", err)
	}
	err := s.AddFile(t.Context(), knowledge.NewID(), conversation.File{Content: []byte("x"), Attachment: conversation.Attachment{ID: knowledge.NewID(), Kind: conversation.FileImage}}, roomy)
	if !errors.Is(err, conversation.ErrNotFound) {
		t.Errorf("AddFile to no conversation = %v, want ErrNotFound", err)
	}
}

func TestUnsentUploadsAreDroppedAfterTheirTime(t *testing.T) {
	pool := dbtest.New(t)
	s := conversationdb.New(pool)
	conv := opened(t, s)
	old, sent, fresh := uploaded(t, s, conv, "a"), uploaded(t, s, conv, "b"), uploaded(t, s, conv, "c")
	if _, err := s.Receive(t.Context(), with(conv, "m", conversation.InboundFile{Upload: sent}), conversation.Gather{}); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE files SET created_at = now() - interval '25 hours' WHERE id <> $1`, fresh); err != nil {
		t.Fatal(err)
	}
	if n, err := s.DropUnsent(t.Context(), 24*time.Hour); err != nil || n != 1 {
		t.Errorf("DropUnsent = %d, %v, want 1", n, err)
	}
	for id, there := range map[string]bool{old: false, sent: true, fresh: true} {
		if _, err := s.File(t.Context(), id); (err == nil) != there {
			t.Errorf("File after DropUnsent = %v, want it there: %v", err, there)
		}
	}
}

func TestRemarkIsMadeOnce(t *testing.T) {
	s := conversationdb.New(dbtest.New(t))
	conv := opened(t, s)
	m, first, err := s.Remark(t.Context(), conv, "file:1", "Have a look.")
	if err != nil || !first || !m.Note || m.Author != conversation.AuthorSystem || m.Seq != 1 {
		t.Fatalf("Remark = %+v, %v, %v, want a note", m, first, err)
	}
	if _, first, err := s.Remark(t.Context(), conv, "file:1", "Have a look."); err != nil || first {
		t.Errorf("Remark again = %v, %v, want nothing said", first, err)
	}
	if st, err := s.State(t.Context(), conv); err != nil || st.Seq != 1 || st.Epoch != 0 {
		t.Errorf("State = %+v, %v, want one message and the epoch as it was", st, err)
	}
	if ms, err := s.Messages(t.Context(), conv, 0, 10, false); err != nil || len(ms) != 0 {
		t.Errorf("the customer reads %d notes, %v, want none", len(ms), err)
	}
}
