package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// Engine is what staff do to conversations.
type Engine interface {
	Takeover(ctx context.Context, id string, by conversation.Actor) (conversation.State, error)
	// SendReply sends words and files to the customer and takes the conversation over.
	// The same ExternalID again stores nothing new.
	SendReply(ctx context.Context, id string, r conversation.NewReply) (conversation.Message, error)
	// StaffUpload stores a file for a reply that is to come.
	StaffUpload(ctx context.Context, conversation, name string, content []byte) (conversation.Attachment, error)
	// WriteNote appends a private note and tells those it names; it repeats as Reply does.
	WriteNote(ctx context.Context, id string, n conversation.NewNote) (conversation.Message, error)

	State(ctx context.Context, id string) (conversation.State, error)
	// Draft returns what the bot is writing; turn is empty when it writes nothing.
	Draft(id string) (turn, text string)
	// Transcript returns messages after a sequence number, notes included.
	Transcript(ctx context.Context, id string, after int64, limit int) ([]conversation.Message, error)
	// Message returns one message with its files. ErrNotFound.
	Message(ctx context.Context, conversation string, seq int64) (conversation.Message, error)
	// OpenFile returns a message's file with its bytes; ErrNoFile.
	OpenFile(ctx context.Context, conversation, id string) (conversation.File, error)
	Books
	Life
	Settings
	Helper
	Watchers
}

const (
	maxConversationsPage = 200
	maxMessagesPage      = 500
	// maxCursorBytes bounds what is handed to the store as a cursor.
	maxCursorBytes = 200
	// maxExternalID bounds the id a client gives a reply.
	maxExternalID = 100
)

type stateView struct {
	Conversation string              `json:"conversation"`
	Owner        conversation.Owner  `json:"owner"`
	Status       conversation.Status `json:"status"`
	Staff        *Person             `json:"staff,omitempty"`
	Epoch        int64               `json:"epoch"`
	Episode      int                 `json:"episode"`
	Seq          int64               `json:"seq"`
	Locale       string              `json:"locale,omitempty"`
	WaitingSince *time.Time          `json:"waiting_since,omitempty"`
	Position     int                 `json:"position,omitempty"`
	SeenSeq      int64               `json:"seen_seq,omitempty"` // how far the customer has read
	*OutlookView
}

type summaryView struct {
	ID string `json:"id"`
	stateView
	Channel    string              `json:"channel"`
	Contact    string              `json:"contact,omitempty"`
	Email      string              `json:"email,omitempty"`
	Preview    string              `json:"preview"`
	PreviewBy  conversation.Author `json:"preview_author,omitempty"`
	CreatedAt  time.Time           `json:"created_at"`
	UpdatedAt  time.Time           `json:"updated_at"`
	CustomerAt *time.Time          `json:"customer_at,omitempty"`
	rowView
	Draft *draftView `json:"draft,omitempty"` // of one conversation: what the bot is writing
}

type draftView struct {
	Turn string `json:"turn"`
	Text string `json:"text"`
}

type conversationsView struct {
	Conversations []summaryView `json:"conversations"`
	Next          string        `json:"next,omitempty"`
}

type messageView struct {
	Conversation string                `json:"conversation"`
	Seq          int64                 `json:"seq"`
	ExternalID   string                `json:"external_id,omitempty"`
	Author       conversation.Author   `json:"author"`
	Staff        *Person               `json:"staff,omitempty"`
	Name         string                `json:"name,omitempty"`
	Text         string                `json:"text"`
	Note         bool                  `json:"note"`
	Sources      []conversation.Source `json:"sources,omitempty"`
	Options      []conversation.Option `json:"options,omitempty"` // what the customer could choose from
	Helpful      *bool                 `json:"helpful,omitempty"`
	Turn         string                `json:"turn,omitempty"`
	Episode      int                   `json:"episode"`
	At           time.Time             `json:"at"`
	Why          *conversation.Trace   `json:"why,omitempty"` // of the bot's messages, where the log is read
	Attachments  []attachmentView      `json:"attachments,omitempty"`
	Delivery     *deliveryView         `json:"delivery,omitempty"` // of what leaves through a channel's own API
}

type messagesView struct {
	Messages []messageView `json:"messages"`
}

type textRequest struct {
	Text string `json:"text"`
	// ID makes sending again safe: the same id stores one message.
	ID string `json:"id,omitempty"`
	// Mentions are the ids of colleagues whom a note is brought to the eyes of.
	Mentions []string `json:"mentions,omitempty"`
}

// replyRequest may be without text where it has files.
type replyRequest struct {
	textRequest
	// Attachments are the ids of files that were uploaded for this conversation.
	Attachments []string `json:"attachments,omitempty"`
}

func viewState(s conversation.State) stateView {
	v := stateView{Conversation: s.Conversation, Owner: s.Owner, Status: s.Status, Epoch: s.Epoch, Episode: s.Episode,
		Seq: s.Seq, Locale: s.Locale, WaitingSince: when(s.WaitingSince), Position: s.Position, SeenSeq: s.Seen, OutlookView: viewOutlook(s.Outlook)}
	if s.StaffID != "" {
		v.Staff = &Person{ID: s.StaffID, Name: s.StaffName}
	}
	return v
}

func viewSummary(s conversation.Summary) summaryView {
	return summaryView{ID: s.State.Conversation, stateView: viewState(s.State), Channel: s.State.Channel, Contact: s.Contact,
		Email: s.Email, Preview: s.Preview, PreviewBy: s.PreviewBy, CreatedAt: s.CreatedAt.UTC(), UpdatedAt: s.UpdatedAt.UTC(),
		CustomerAt: when(s.CustomerAt)}
}

func viewMessage(m conversation.Message) messageView {
	v := messageView{Conversation: m.Conversation, Seq: m.Seq, ExternalID: m.ExternalID, Author: m.Author, Name: m.Name,
		Text: m.Text, Note: m.Note, Sources: m.Sources, Options: m.Options, Helpful: m.Helpful, Turn: m.Turn, Episode: m.Episode, At: m.At.UTC(), Why: m.Why,
		Attachments: viewFiles(m.Attachments), Delivery: viewDelivery(m.Delivery)}
	if m.StaffID != "" {
		v.Staff = &Person{ID: m.StaffID, Name: m.Name}
	}
	return v
}

// when is a time for JSON, where a zero one is left out.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func cursorParam(r *http.Request) (string, error) {
	s := r.URL.Query().Get("cursor")
	if len(s) > maxCursorBytes || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return "", conversation.ErrBadCursor
	}
	return s, nil
}

func (c *Console) getConversation(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	row, err := c.inbox.Row(r.Context(), id, who.ID)
	if err != nil {
		return err
	}
	if row.State, err = c.engine.State(r.Context(), id); err != nil { // with the place in the queue and what can be expected
		return err
	}
	v := viewRow(row)
	if turn, text := c.engine.Draft(id); turn != "" {
		v.Draft = &draftView{turn, text}
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) listMessages(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	after, err := intParam(r, "after", 0, 0, 1<<62)
	if err != nil {
		return err
	}
	limit, err := intParam(r, "limit", 200, 1, maxMessagesPage)
	if err != nil {
		return err
	}
	list, err := c.engine.Transcript(r.Context(), id, after, int(limit))
	if err != nil {
		return err
	}
	v := messagesView{Messages: make([]messageView, len(list))}
	for i, m := range list {
		v.Messages[i] = viewMessage(m)
	}
	return writeJSON(w, http.StatusOK, v)
}

// act serves a change of owner or status.
func act(do func(c *Console, ctx context.Context, id string, by conversation.Actor) (conversation.State, error)) handler {
	return func(c *Console, w http.ResponseWriter, r *http.Request, who staff.Principal) error {
		id, err := pathID(r, conversation.ErrNotFound)
		if err != nil {
			return err
		}
		s, err := do(c, r.Context(), id, actor(who))
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusOK, viewState(s))
	}
}

// say serves what writes a message: a reply, or a note, which has no files.
func say(do func(Engine, context.Context, string, conversation.Actor, replyRequest) (conversation.Message, error)) handler {
	return func(c *Console, w http.ResponseWriter, r *http.Request, who staff.Principal) error {
		id, err := pathID(r, conversation.ErrNotFound)
		if err != nil {
			return err
		}
		var req replyRequest
		if err := readJSON(w, r, &req); err != nil {
			return err
		}
		req.Text, req.ID = storable(req.Text), storable(req.ID)
		if strings.TrimSpace(req.Text) == "" && len(req.Attachments) == 0 {
			return conversation.ErrEmpty
		}
		if utf8.RuneCountInString(req.Text) > conversation.MaxTextRunes {
			return conversation.ErrTooLong
		}
		if len(req.ID) > maxExternalID {
			return problem(http.StatusUnprocessableEntity, "bad_id", "The id is longer than 100 bytes.")
		}
		if len(req.Mentions) > conversation.MaxMentions || slices.ContainsFunc(req.Mentions, func(id string) bool { return !isUUID(strings.ToLower(id)) }) {
			return badField("mentions", "a list of up to 20 ids of staff")
		}
		for i, f := range req.Attachments {
			if req.Attachments[i] = strings.ToLower(f); !isUUID(req.Attachments[i]) {
				return badField("attachments", "a list of the ids of uploaded files")
			}
		}
		m, err := do(c.engine, r.Context(), id, actor(who), req)
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusCreated, viewMessage(m))
	}
}

// actor is how a principal appears in a conversation. A token acts as a member
// of staff with the token's name.
func actor(p staff.Principal) conversation.Actor {
	return conversation.Actor{StaffID: p.ID, Name: p.Name}
}
