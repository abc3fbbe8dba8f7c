package conversationdb_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"
)

// sighted is a model that takes pictures until it says otherwise.
type sighted struct{ *model }

func (sighted) Sees() bool               { return true }
func (sighted) ImageTokens(_, _ int) int { return 100 }

// reader goes by a file's first word: what kind it is and what is to come of it.
type reader struct {
	mu     sync.Mutex // guards looked
	looked map[string]int
	hold   chan struct{} // a look at "slow" files goes on when it can read from it
	began  chan struct{}
	fail   func(content string, times int) error
}

func (r *reader) Sniff(_ string, content []byte) (conversation.FileKind, string, conversation.Refusal) {
	switch word, _, _ := strings.Cut(string(content), " "); word {
	case "picture", "slow":
		return conversation.FileImage, "image/jpeg", ""
	case "voice":
		return conversation.FileVoice, "audio/ogg", ""
	case "zip":
		return conversation.FileDocument, "", conversation.RefusedArchive
	}
	return conversation.FileDocument, "text/plain", ""
}

func (r *reader) Read(_ context.Context, f conversation.File) (conversation.Reading, error) {
	word, rest, _ := strings.Cut(string(f.Content), " ")
	r.mu.Lock()
	if r.looked == nil {
		r.looked = map[string]int{}
	}
	r.looked[string(f.Content)]++
	times := r.looked[string(f.Content)]
	r.mu.Unlock()
	if r.fail != nil {
		if err := r.fail(string(f.Content), times); err != nil {
			return conversation.Reading{}, err
		}
	}
	kind, mediaType, _ := r.Sniff("", f.Content)
	out := conversation.Reading{Kind: kind, MediaType: mediaType}
	switch word {
	case "slow":
		close(r.began)
		<-r.hold
		fallthrough
	case "picture":
		out.Content, out.Picture, out.Width, out.Height = []byte("ours"), []byte("small "+rest), 10, 10
	case "voice":
		out.Text = rest
		out.Calls = []conversation.Call{{Purpose: "transcribe", Model: "ears", Outcome: "ok", Usage: conversation.Usage{CostMicros: 3}}}
	case "panic":
		panic("a fault in a decoder")
	default:
		out.Text = rest
	}
	return out, nil
}

func (r *reader) times(content string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.looked[content]
}

// storage has files by name.
type storage map[string]string

func (p storage) Fetch(_ context.Context, _, remote string, _ int64) ([]byte, error) {
	content, ok := p[remote]
	switch {
	case remote == "gone":
		return nil, &conversation.FetchError{Permanent: true, Err: errors.New("404")}
	case remote == "down":
		return nil, &conversation.FetchError{Err: errors.New("502")}
	case !ok:
		return nil, conversation.ErrFileTooLarge
	}
	return []byte(content), nil
}

// judge flags texts that hold the word, and cannot judge those that hold "hard".
type judge struct{ word string }

func (j judge) Moderate(_ context.Context, text string) (string, error) {
	if strings.Contains(text, "hard") {
		return "", errors.New("the judge is away")
	}
	if strings.Contains(text, j.word) {
		return "rude", nil
	}
	return "", nil
}

func runDeps(t *testing.T, d conversation.Deps, closed bool) (desk, *conversation.Engine) {
	t.Helper()
	store := conversationdb.New(dbtest.New(t))
	d.Store, d.Counter, d.Log = store, tokens.For("gpt-4o-mini"), slog.New(slog.NewTextHandler(t.Output(), nil))
	if d.Finder == nil {
		d.Finder = passages{returns}
	}
	e, err := conversation.New(conversation.Config{
		Hold: time.Nanosecond, Poll: 20 * time.Millisecond, Lease: 2 * time.Second, ModerateClosed: closed,
		Gather: conversation.Gather{Quiet: 10 * time.Millisecond, Most: 100 * time.Millisecond},
	}, d)
	if err != nil {
		t.Fatal(err)
	}
	e.FetchWith("widget", storage{"a": "voice where is my parcel", "b": "picture of a box", "zip": "zip x", "boom": "panic now"})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { e.Run(ctx, 5*time.Second); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return desk{Engine: e, store: store}, e
}

func (d desk) upload(t *testing.T, id, content string) conversation.InboundFile {
	t.Helper()
	a, err := d.Upload(t.Context(), id, "a file", []byte(content))
	if err != nil {
		t.Fatalf("Upload(%q) = %v", content, err)
	}
	return conversation.InboundFile{Upload: a.ID}
}

func (d desk) send(t *testing.T, id, external, text string, files ...conversation.InboundFile) conversation.Receipt {
	t.Helper()
	r, err := d.Receive(t.Context(), conversation.Inbound{Conversation: id, Channel: "widget", ExternalID: external, Text: text, Attachments: files})
	if err != nil {
		t.Fatalf("Receive(%q with %d files) = %v", text, len(files), err)
	}
	return r
}

func (m *model) requests() []conversation.ModelRequest {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]conversation.ModelRequest(nil), m.asked...)
}

// fromBot returns the newest message of the bot's, and the notes.
func fromBot(ms []conversation.Message) (bot conversation.Message, notes []string) {
	for _, m := range ms {
		if m.Author == conversation.AuthorBot {
			bot = m
		}
		if m.Note {
			notes = append(notes, m.Text)
		}
	}
	return bot, notes
}

func TestPictureWithoutWordsReachesTheModel(t *testing.T) {
	m := &model{reply: says("That lid is broken.")}
	d, _ := runDeps(t, conversation.Deps{Model: sighted{m}, Reader: &reader{}}, false)
	id := d.open(t)
	d.send(t, id, "1", "", d.upload(t, id, "picture of a lid"))
	ms := d.until(t, id, last(conversation.AuthorBot))
	asked := m.requests()
	turn := asked[0].Messages[len(asked[0].Messages)-1]
	if len(turn.Images) != 1 || string(turn.Images[0].Data) != "small of a lid" || turn.Images[0].Tokens != 100 {
		t.Errorf("the model was shown %+v, want the small picture", turn.Images)
	}
	if at := ms[0].Attachments; len(at) != 1 || at[0].State != conversation.FileReady || at[0].Kind != conversation.FileImage {
		t.Errorf("the message has %+v, want one ready picture", at)
	}
	if bot, _ := fromBot(ms); bot.Why == nil || bot.Why.Tokens == nil || bot.Why.Tokens.Images != 100 {
		t.Errorf("why = %+v, want the picture's tokens in it", bot.Why)
	}
	// In the next turn the picture is history, and still shown.
	d.send(t, id, "2", "Can I swap it?")
	d.until(t, id, func(ms []conversation.Message) bool { return len(ms) >= 4 })
	second := m.requests()[1]
	found := 0
	for _, p := range second.Messages[:len(second.Messages)-1] {
		found += len(p.Images)
	}
	if found != 1 {
		t.Errorf("the history shows %d pictures, want 1", found)
	}
}

func TestModelWithoutSightSaysSoAndTellsStaffOnce(t *testing.T) {
	refusing := &model{}
	refusing.reply = func(req conversation.ModelRequest) (conversation.ModelReply, error) {
		for _, p := range req.Messages {
			if len(p.Images) > 0 {
				return conversation.ModelReply{}, &conversation.ModelError{Kind: conversation.ErrNoVision, Err: errors.New("400")}
			}
		}
		return conversation.ModelReply{Text: "Is it the lid?", Model: "test", Finish: "stop"}, nil
	}
	for name, m := range map[string]conversation.Model{"is known to be blind": &model{reply: says("Is it the lid?")}, "refuses pictures": sighted{refusing}} {
		d, _ := runDeps(t, conversation.Deps{Model: m, Reader: &reader{}}, false)
		id := d.open(t)
		for _, external := range []string{"1", "2"} {
			d.send(t, id, external, "The thing on this picture broke", d.upload(t, id, "picture "+external))
			d.until(t, id, func(ms []conversation.Message) bool {
				bots := 0
				for _, m := range ms {
					if m.Author == conversation.AuthorBot {
						bots++
					}
				}
				return external == "1" && bots == 1 || bots == 2
			})
		}
		ms, err := d.Transcript(t.Context(), id, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		bot, notes := fromBot(ms)
		if !strings.HasPrefix(bot.Text, "I can't see pictures here.") || !strings.HasSuffix(bot.Text, "Is it the lid?") {
			t.Errorf("a model that %s: the customer reads %q", name, bot.Text)
		}
		if len(notes) != 1 || !strings.Contains(notes[0], "OPENAI_MODEL") {
			t.Errorf("a model that %s: notes %q, want one", name, notes)
		}
	}
}

func TestVoiceIsFetchedHeardAndAnsweredAsWords(t *testing.T) {
	m := &model{reply: says("It is on its way.")}
	d, _ := runDeps(t, conversation.Deps{Model: m, Reader: &reader{}}, false)
	id := d.open(t)
	sub := d.Subscribe(id)
	defer sub.Close()
	d.send(t, id, "1", "", conversation.InboundFile{Remote: "a", Kind: conversation.FileVoice, Name: "voice.oga"})
	told := false
	ms := d.until(t, id, func(ms []conversation.Message) bool {
		for _, e := range sub.Take() {
			if e.Kind == conversation.EventFiles && e.Seq == 1 && e.Message != nil && e.Message.Attachments[0].Text == "where is my parcel" {
				told = true
			}
		}
		return told && last(conversation.AuthorBot)(ms)
	})
	if ms[0].Text != "" || ms[0].Attachments[0].Text != "where is my parcel" {
		t.Errorf("the message is %q with %+v, want the transcript beside it", ms[0].Text, ms[0].Attachments)
	}
	if turn := m.requests()[0]; !strings.Contains(turn.Messages[len(turn.Messages)-1].Text, "where is my parcel") {
		t.Errorf("the model read %q, want what was said", turn.Messages[len(turn.Messages)-1].Text)
	}
	rows := d.usage(t)
	var paid int64
	for _, r := range rows {
		if r.Purpose == "transcribe" {
			paid += r.CostMicros
		}
	}
	if paid != 3 {
		t.Errorf("transcription cost %d, want 3 recorded once", paid)
	}
}

func TestRetriedTurnPaysForNoFileTwice(t *testing.T) {
	r := &reader{fail: func(content string, times int) error {
		if content == "voice second" && times == 1 {
			return &conversation.ModelError{Kind: conversation.ErrUnavailable, Err: errors.New("503")}
		}
		return nil
	}}
	d, _ := runDeps(t, conversation.Deps{Model: &model{reply: says("Done.")}, Reader: r}, false)
	id := d.open(t)
	d.send(t, id, "1", "", d.upload(t, id, "voice first"), d.upload(t, id, "voice second"))
	d.until(t, id, last(conversation.AuthorBot))
	if a, b := r.times("voice first"), r.times("voice second"); a != 1 || b != 2 {
		t.Errorf("read %d and %d times, want the first once and the second again", a, b)
	}
}

func TestFileReadWhileTheCustomerWritesOnIsKept(t *testing.T) {
	r := &reader{hold: make(chan struct{}), began: make(chan struct{})}
	m := &model{reply: says("I see.")}
	d, _ := runDeps(t, conversation.Deps{Model: sighted{m}, Reader: r}, false)
	id := d.open(t)
	d.send(t, id, "1", "Look:", d.upload(t, id, "slow picture"))
	<-r.began
	d.send(t, id, "2", "it is the lid")
	close(r.hold)
	d.until(t, id, last(conversation.AuthorBot))
	if n := r.times("slow picture"); n != 1 {
		t.Errorf("the picture was read %d times, want once", n)
	}
	asked := m.requests()
	turn := asked[len(asked)-1].Messages[len(asked[len(asked)-1].Messages)-1]
	if len(turn.Images) != 1 || !strings.Contains(turn.Text, "Look:\nit is the lid") {
		t.Errorf("the last question was %q with %d pictures, want both messages and the picture", turn.Text, len(turn.Images))
	}
}

func TestRefusedFilesAreExplainedAndTheWordsAnswered(t *testing.T) {
	e, _ := runDeps(t, conversation.Deps{Model: &model{reply: says("Two days [1].")}, Reader: &reader{}}, false)
	if _, err := e.Upload(t.Context(), e.open(t), "a.ogg", []byte("zip")); !errors.Is(err, conversation.ErrFileType) {
		t.Errorf("Upload of a zip = %v, want ErrFileType", err)
	}
	for remote, want := range map[string]struct {
		text   string
		state  conversation.FileState
		reason conversation.Refusal
	}{
		"zip":  {"I can't open archives", conversation.FileRefused, conversation.RefusedArchive},
		"huge": {"That file is too large", conversation.FileRefused, conversation.RefusedTooLarge},
		"gone": {"I couldn't get the file", conversation.FileRefused, conversation.RefusedGone},
		"boom": {"That file seems to be damaged", conversation.FileRefused, conversation.RefusedDamaged},
		"down": {"I couldn't get the file", conversation.FileFailed, conversation.RefusedGone},
	} {
		t.Run(remote, func(t *testing.T) {
			id := e.open(t)
			e.send(t, id, "1", "How long does it take?", conversation.InboundFile{Remote: remote, Name: "thing"})
			ms := e.until(t, id, last(conversation.AuthorBot))
			bot, notes := fromBot(ms)
			if !strings.HasPrefix(bot.Text, want.text) || !strings.HasSuffix(bot.Text, "\n\nTwo days [1].") {
				t.Errorf("the customer reads %q, want %q and then the answer", bot.Text, want.text)
			}
			if at := ms[0].Attachments[0]; at.State != want.state || at.Reason != want.reason {
				t.Errorf("the file is %s for %q, want %s for %q", at.State, at.Reason, want.state, want.reason)
			}
			if len(notes) != 1 || !strings.Contains(notes[0], "thing") {
				t.Errorf("notes %q, want one about the file", notes)
			}
		})
	}
}

func TestFilesAloneThatCannotBeUsedBringAPersonAtLast(t *testing.T) {
	m := &model{reply: says("not to be asked")}
	d, _ := runDeps(t, conversation.Deps{Model: m, Reader: &reader{}}, false)
	id := d.open(t)
	d.send(t, id, "1", "", conversation.InboundFile{Remote: "gone"})
	ms := d.until(t, id, last(conversation.AuthorBot))
	if bot, _ := fromBot(ms); !strings.HasPrefix(bot.Text, "I couldn't get the file") || bot.Why.Kind != conversation.KindUnread {
		t.Errorf("the customer reads %q (%s)", bot.Text, bot.Why.Kind)
	}
	d.send(t, id, "2", "", conversation.InboundFile{Remote: "gone"})
	d.until(t, id, func(ms []conversation.Message) bool {
		m := ms[len(ms)-1]
		return m.Author == conversation.AuthorSystem && !m.Note
	})
	if st, err := d.State(t.Context(), id); err != nil || st.Owner != conversation.OwnerQueue {
		t.Errorf("owner %s, %v, want the queue", st.Owner, err)
	}
	if n := len(m.requests()); n != 0 {
		t.Errorf("the model was asked %d times, want never", n)
	}
}

func TestFileOpensForItsOwnConversationAndIsFetchedThen(t *testing.T) {
	d, e := runDeps(t, conversation.Deps{Reader: &reader{}}, false)
	id, other := d.open(t), d.open(t)
	if _, err := d.Takeover(t.Context(), id, conversation.Actor{StaffID: "00000000-0000-4000-8000-000000000001", Name: "Ana"}); err != nil {
		t.Fatal(err)
	}
	r := d.send(t, id, "1", "", conversation.InboundFile{Remote: "b", Kind: conversation.FileImage}, conversation.InboundFile{Remote: "a", Kind: conversation.FileVoice})
	picture, voice := r.Attachments[0].ID, r.Attachments[1].ID
	if _, err := e.OpenFile(t.Context(), other, picture); !errors.Is(err, conversation.ErrNoFile) {
		t.Errorf("OpenFile from another conversation = %v, want ErrNoFile", err)
	}
	f, err := e.OpenFile(t.Context(), "", picture)
	if err != nil || string(f.Content) != "ours" || !f.Inline() {
		t.Errorf("OpenFile(picture) = %q inline %v, %v, want it fetched and encoded here", f.Content, f.Inline(), err)
	}
	if f, err = e.OpenFile(t.Context(), id, voice); err != nil || string(f.Content) != "voice where is my parcel" {
		t.Errorf("OpenFile(voice) = %q, %v, want it fetched", f.Content, err)
	}
}

func TestRecordingIsHeardForStaffWhoHoldTheConversation(t *testing.T) {
	d, _ := runDeps(t, conversation.Deps{Reader: &reader{}}, false)
	id := d.open(t)
	if _, err := d.Takeover(t.Context(), id, conversation.Actor{StaffID: "00000000-0000-4000-8000-000000000001", Name: "Ana"}); err != nil {
		t.Fatal(err)
	}
	r := d.send(t, id, "1", "", conversation.InboundFile{Remote: "a", Kind: conversation.FileVoice})
	d.until(t, id, func(ms []conversation.Message) bool {
		m := ms[r.Seq-1]
		return len(m.Attachments) == 1 && m.Attachments[0].Text == "where is my parcel"
	})
}

func TestModerationAnswersInTheModelsPlace(t *testing.T) {
	for _, c := range []struct {
		name, words, reply string
		closed             bool
		starts             string
		asked              int
		kind               conversation.Kind
		notes              int
	}{
		{"rude words", "you are rude", "not to be asked", false, "I can't help with this message.", 0, conversation.KindModerated, 0},
		{"a rude answer", "hello there friend", "that is rude", false, "I'd rather not answer that", 1, conversation.KindModerated, 0},
		{"neither", "hello there friend", "Hi.", false, "Hi.", 1, conversation.KindModel, 0},
		{"no judge, open", "this is hard", "Hi.", false, "Hi.", 1, conversation.KindModel, 1},
		{"no judge, closed", "this is hard", "Hi.", true, "I can't help with this message.", 0, conversation.KindModerated, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &model{reply: says(c.reply)}
			d, _ := runDeps(t, conversation.Deps{Model: m, Reader: &reader{}, Moderator: judge{"rude"}}, c.closed)
			id := d.open(t)
			sub := d.Subscribe(id)
			defer sub.Close()
			d.write(t, id, "1", c.words)
			streamed := ""
			ms := d.until(t, id, func(ms []conversation.Message) bool {
				for _, e := range sub.Take() {
					streamed += e.Text
				}
				bot, _ := fromBot(ms)
				return bot.Text != ""
			})
			bot, notes := fromBot(ms)
			if !strings.HasPrefix(bot.Text, c.starts) || bot.Why.Kind != c.kind || len(m.requests()) != c.asked || len(notes) != c.notes {
				t.Errorf("%q (%s), %d calls, notes %q; want %q (%s), %d calls, %d notes", bot.Text, bot.Why.Kind, len(m.requests()), notes, c.starts, c.kind, c.asked, c.notes)
			}
			if streamed != "" {
				t.Errorf("%q was shown before it was judged", streamed)
			}
			if c.kind == conversation.KindModerated && bot.Why.Flagged == "" {
				t.Error("the trace does not say what was flagged")
			}
		})
	}
}
