package widget

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"frontdesk/conversation"
)

// heartbeat is the comment line that keeps proxies from closing a quiet stream.
const heartbeat = ":\n\n"

// stateEvent is a conversation's state as its customer may see it.
type stateEvent struct {
	Owner    conversation.Owner  `json:"owner"`
	Status   conversation.Status `json:"status"`
	Name     string              `json:"name,omitempty"`     // of who answers, while that is a person
	Position int                 `json:"position,omitempty"` // in the queue, from 1
	Seq      int64               `json:"seq"`                // of the newest message; staff's notes count too
	expectation
}

type messageEvent struct {
	Seq     int64                 `json:"seq"`
	Author  conversation.Author   `json:"author"`
	Text    string                `json:"text"`
	Name    string                `json:"name,omitempty"`
	ID      string                `json:"id,omitempty"` // the customer's own, as posted
	Turn    string                `json:"turn,omitempty"`
	Sources []conversation.Source `json:"sources,omitempty"`
	Options []option              `json:"options,omitempty"`
	Helpful *bool                 `json:"helpful,omitempty"`
	At      time.Time             `json:"at"`

	Attachments []attachmentView `json:"attachments,omitempty"`
}

// filesEvent says how a message's files stand now that they were looked into.
type filesEvent struct {
	Seq         int64            `json:"seq"`
	Attachments []attachmentView `json:"attachments"`
}

// option is what the customer can answer with one press: its text is then their message.
type option struct {
	Text string `json:"text"`
}

type deltaEvent struct {
	Turn string `json:"turn"`
	Text string `json:"text"`
}

type discardEvent struct {
	Turn string `json:"turn"`
}

type typingEvent struct {
	Name string `json:"name"`
}

func wireState(s conversation.State) stateEvent {
	return stateEvent{Owner: s.Owner, Status: s.Status, Name: s.StaffName, Position: s.Position, Seq: s.Seq, expectation: expect(s)}
}

func wireMessage(m conversation.Message) messageEvent {
	e := messageEvent{
		Seq: m.Seq, Author: m.Author, Text: m.Text, Name: m.Name, Turn: m.Turn,
		Sources: m.Sources, Helpful: m.Helpful, At: m.At.UTC().Truncate(time.Millisecond),
		Attachments: wireFiles(m.Attachments),
	}
	for _, o := range m.Options {
		e.Options = append(e.Options, option{o.Text})
	}
	if m.Author == conversation.AuthorCustomer {
		e.ID = m.ExternalID
	}
	return e
}

// appendFrame appends one event of the stream. JSON has no bare line breaks, so
// its data is always one line. A seq above zero becomes the event's id.
func appendFrame(b []byte, kind conversation.EventKind, seq int64, data any) ([]byte, error) {
	body, err := json.Marshal(data)
	if err != nil {
		return b, fmt.Errorf("encode %s event: %w", kind, err)
	}
	if seq > 0 {
		b = append(b, "id: "...)
		b = strconv.AppendInt(b, seq, 10)
		b = append(b, '\n')
	}
	b = append(b, "event: "...)
	b = append(b, kind...)
	b = append(b, "\ndata: "...)
	b = append(b, body...)
	return append(b, "\n\n"...), nil
}
