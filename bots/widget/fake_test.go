package widget

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"frontdesk/conversation"
)

// fakeEngine keeps conversations in memory. What it does after a message is up
// to the test, by onMessage.
type fakeEngine struct {
	hub       *conversation.Hub
	onMessage func(id string, m conversation.Message)

	mu       sync.Mutex // guards what follows
	rooms    map[string]*room
	profiles map[string]conversation.Profile
	opened   []conversation.Opening
	files    map[string]conversation.File
	visits   visits
	fail     error // returned by every call while set
}

type room struct {
	state    conversation.State
	log      []conversation.Message
	feedback map[int64]bool
}

func newFakeEngine() *fakeEngine {
	return &fakeEngine{hub: conversation.NewHub(), rooms: map[string]*room{}, profiles: map[string]conversation.Profile{}, files: map[string]conversation.File{}}
}

func randomUUID() string {
	var u uuid
	_, _ = rand.Read(u[:]) // never fails
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return u.String()
}

// with calls f with a room while nothing else happens.
func (f *fakeEngine) with(id string, do func(*room) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	r := f.rooms[id]
	if r == nil {
		return conversation.ErrNotFound
	}
	return do(r)
}

func (f *fakeEngine) setFail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

func (f *fakeEngine) Open(_ context.Context, o conversation.Opening) (conversation.State, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return conversation.State{}, f.fail
	}
	s := conversation.State{Conversation: randomUUID(), Owner: conversation.OwnerBot, Status: conversation.StatusOpen, Locale: o.Locale}
	f.rooms[s.Conversation] = &room{state: s, feedback: map[int64]bool{}}
	f.opened = append(f.opened, o)
	return s, nil
}

func (f *fakeEngine) Receive(_ context.Context, in conversation.Inbound) (conversation.Receipt, error) {
	var receipt conversation.Receipt
	var stored conversation.Message
	err := f.with(in.Conversation, func(r *room) error {
		switch {
		case strings.TrimSpace(in.Text) == "" && len(in.Attachments) == 0:
			return conversation.ErrEmpty
		case utf8.RuneCountInString(in.Text) > conversation.MaxTextRunes:
			return conversation.ErrTooLong
		}
		for _, m := range r.log {
			if m.ExternalID == in.ExternalID {
				if m.Text != in.Text {
					return conversation.ErrConflict
				}
				receipt = conversation.Receipt{Conversation: in.Conversation, Seq: m.Seq, Repeat: true, State: r.state}
				return nil
			}
		}
		var files []conversation.Attachment
		for _, a := range in.Attachments {
			file, ok := f.files[a.Upload]
			if !ok || file.Conversation != in.Conversation || file.Seq != 0 {
				return conversation.ErrNoFile
			}
			file.Seq = r.state.Seq + 1
			f.files[a.Upload] = file
			files = append(files, file.Attachment)
		}
		stored = f.append(r, conversation.Message{Author: conversation.AuthorCustomer, ExternalID: in.ExternalID, Text: in.Text, Attachments: files})
		receipt = conversation.Receipt{Conversation: in.Conversation, Seq: stored.Seq, State: r.state}
		return nil
	})
	if err == nil && !receipt.Repeat && f.onMessage != nil {
		f.onMessage(in.Conversation, stored)
	}
	return receipt, err
}

// append stores m and tells the watchers. The lock must be held.
func (f *fakeEngine) append(r *room, m conversation.Message) conversation.Message {
	r.state.Seq++
	m.Conversation, m.Seq = r.state.Conversation, r.state.Seq
	m.At = time.Date(2026, 11, 22, 12, 0, int(m.Seq), 0, time.UTC)
	r.log = append(r.log, m)
	f.hub.Publish(conversation.Event{Kind: conversation.EventMessage, Conversation: m.Conversation, Message: &m})
	return m
}

// say stores a message that is not the customer's.
func (f *fakeEngine) say(t testing.TB, id string, m conversation.Message) conversation.Message {
	t.Helper()
	err := f.with(id, func(r *room) error {
		m = f.append(r, m)
		return nil
	})
	if err != nil {
		t.Fatalf("say in %s: %v", id, err)
	}
	return m
}

func (f *fakeEngine) delta(id, turn, text string) {
	f.hub.Publish(conversation.Event{Kind: conversation.EventDelta, Conversation: id, Turn: turn, Text: text})
}

func (f *fakeEngine) discard(id, turn string) {
	f.hub.Publish(conversation.Event{Kind: conversation.EventDiscard, Conversation: id, Turn: turn})
}

func (f *fakeEngine) typing(id, name string) {
	f.hub.Publish(conversation.Event{Kind: conversation.EventTyping, Conversation: id, Name: name})
}

// change sets the state and tells the watchers.
func (f *fakeEngine) change(id string, to func(*conversation.State)) (s conversation.State, err error) {
	err = f.with(id, func(r *room) error {
		to(&r.state)
		s = r.state
		f.hub.Publish(conversation.Event{Kind: conversation.EventState, Conversation: id, State: &s})
		return nil
	})
	return s, err
}

func (f *fakeEngine) Handoff(_ context.Context, id string, _ conversation.Actor, _ conversation.Reason) (conversation.State, error) {
	return f.change(id, func(s *conversation.State) { s.Owner, s.Position = conversation.OwnerQueue, 2 })
}

func (f *fakeEngine) ChooseBot(_ context.Context, id string) (conversation.State, error) {
	return f.change(id, func(s *conversation.State) { s.Owner, s.Position = conversation.OwnerBot, 0 })
}

func (f *fakeEngine) takeOver(t testing.TB, id, name string) {
	t.Helper()
	_, err := f.change(id, func(s *conversation.State) {
		s.Owner, s.StaffID, s.StaffName, s.Position = conversation.OwnerStaff, "7", name, 0
	})
	if err != nil {
		t.Fatalf("take over %s: %v", id, err)
	}
}

func (f *fakeEngine) handBack(t testing.TB, id string) {
	t.Helper()
	_, err := f.change(id, func(s *conversation.State) { s.Owner, s.StaffID, s.StaffName = conversation.OwnerBot, "", "" })
	if err != nil {
		t.Fatalf("hand back %s: %v", id, err)
	}
}

func (f *fakeEngine) Feedback(_ context.Context, id string, seq int64, helpful bool) error {
	return f.with(id, func(r *room) error {
		if seq > r.state.Seq {
			return conversation.ErrNotFound
		}
		r.feedback[seq] = helpful
		return nil
	})
}

func (f *fakeEngine) State(_ context.Context, id string) (s conversation.State, err error) {
	err = f.with(id, func(r *room) error {
		s = r.state
		return nil
	})
	return s, err
}

func (f *fakeEngine) Messages(_ context.Context, id string, after int64, limit int) (out []conversation.Message, err error) {
	err = f.with(id, func(r *room) error {
		for _, m := range r.log {
			if m.Seq > after && !m.Note && len(out) < limit {
				out = append(out, m)
			}
		}
		return nil
	})
	return out, err
}

func (f *fakeEngine) Subscribe(id string) *conversation.Subscription { return f.hub.Subscribe(id) }

func (f *fakeEngine) Describe(_ context.Context, id string, p conversation.Profile) error {
	return f.with(id, func(*room) error {
		f.profiles[id] = p
		return nil
	})
}

// only returns the one conversation there is.
func (f *fakeEngine) only(t testing.TB) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.rooms) != 1 {
		t.Fatalf("%d conversations, want 1", len(f.rooms))
	}
	for id := range f.rooms {
		return id
	}
	return ""
}

// texts returns what customers wrote in a conversation, in order.
func (f *fakeEngine) texts(t testing.TB, id string) (texts []string) {
	t.Helper()
	err := f.with(id, func(r *room) error {
		for _, m := range r.log {
			if m.Author == conversation.AuthorCustomer {
				texts = append(texts, m.Text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("texts of %s: %v", id, err)
	}
	return texts
}

// Upload takes what begins as a picture, sound, PDF or page; the rest is of no
// known type.
func (f *fakeEngine) Upload(_ context.Context, id, name string, content []byte) (a conversation.Attachment, err error) {
	err = f.with(id, func(*room) error {
		a = conversation.Attachment{ID: randomUUID(), Name: name, Bytes: int64(len(content)), State: conversation.FilePending}
		switch {
		case len(content) == 0:
			return conversation.ErrFileEmpty
		case strings.HasPrefix(string(content), "\xff\xd8\xff"):
			a.Kind, a.MediaType = conversation.FileImage, "image/jpeg"
		case strings.HasPrefix(string(content), "\x89PNG"):
			a.Kind, a.MediaType = conversation.FileImage, "image/png"
		case strings.HasPrefix(string(content), "\x1a\x45\xdf\xa3"):
			a.Kind, a.MediaType = conversation.FileVoice, "audio/webm"
		case strings.HasPrefix(string(content), "RIFF"):
			a.Kind, a.MediaType = conversation.FileVoice, "audio/wav"
		case strings.HasPrefix(string(content), "%PDF-"):
			a.Kind, a.MediaType = conversation.FileDocument, "application/pdf"
		case strings.HasPrefix(string(content), "OggS"):
			a.Kind, a.MediaType = conversation.FileVoice, "audio/ogg"
		case strings.HasPrefix(string(content), "<html>"):
			a.Kind, a.MediaType = conversation.FileDocument, "text/html"
		default:
			return conversation.ErrFileType
		}
		f.files[a.ID] = conversation.File{Attachment: a, Conversation: id, Content: content}
		return nil
	})
	return a, err
}

func (f *fakeEngine) OpenFile(_ context.Context, id, file string) (conversation.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	got, ok := f.files[file]
	if !ok || got.Conversation != id {
		return conversation.File{}, conversation.ErrNoFile
	}
	return got, nil
}

// filed stores a file that somebody else sends.
func (f *fakeEngine) filed(t testing.TB, id, name string, content []byte, to func(*conversation.Attachment)) conversation.Attachment {
	t.Helper()
	a, err := f.Upload(t.Context(), id, name, content)
	if err != nil {
		t.Fatalf("file %s: %v", name, err)
	}
	a.State = conversation.FileReady
	if to != nil {
		to(&a)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files[a.ID] = conversation.File{Attachment: a, Conversation: id, Content: content, Seq: 1}
	return a
}

// settle says how the files of a message stand now, in the log and to the watchers.
func (f *fakeEngine) settle(t testing.TB, id string, seq int64, to func(*conversation.Attachment)) {
	t.Helper()
	err := f.with(id, func(r *room) error {
		for i := range r.log {
			if r.log[i].Seq != seq {
				continue
			}
			m := r.log[i]
			m.Attachments = slices.Clone(m.Attachments)
			for k := range m.Attachments {
				to(&m.Attachments[k])
			}
			r.log[i] = m
			f.hub.Publish(conversation.Event{Kind: conversation.EventFiles, Conversation: id, Seq: seq, Message: &m})
		}
		return nil
	})
	if err != nil {
		t.Fatalf("settle %s: %v", id, err)
	}
}

// sent returns the customer's messages, once there are n of them.
func (f *fakeEngine) sent(t testing.TB, n int) (list []conversation.Message) {
	t.Helper()
	id := f.only(t)
	waitUntil(t, "the customer's messages", func() bool {
		list = nil
		_ = f.with(id, func(r *room) error {
			for _, m := range r.log {
				if m.Author == conversation.AuthorCustomer {
					list = append(list, m)
				}
			}
			return nil
		})
		return len(list) >= n
	})
	return list
}
