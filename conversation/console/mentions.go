package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// Mentions is what staff were named in, and what they have tried again.
type Mentions interface {
	Mentions(ctx context.Context, me string, limit int) ([]conversation.Mention, int, error)
	ReadMentions(ctx context.Context, me string) error
	Redeliver(ctx context.Context, id string, seq int64) (conversation.DeliveryReport, error)
}

// maxMentions is how many mentions are shown; older ones are found by search.
const maxMentions = 100

type mentionView struct {
	Conversation string    `json:"conversation"`
	Seq          int64     `json:"seq"`
	By           Person    `json:"by"`
	Contact      string    `json:"contact,omitempty"`
	At           time.Time `json:"at"`
	Text         string    `json:"text"`
	Read         bool      `json:"read"`
}

type mentionsView struct {
	Mentions []mentionView `json:"mentions"`
	Unread   int           `json:"unread"`
}

// mentionAlert is the event that tells somebody of a note that names them.
type mentionAlert struct {
	Kind         string `json:"kind"`
	Conversation string `json:"conversation"`
	Seq          int64  `json:"seq"`
	Text         string `json:"text"`
}

// deliveryView is how far a message is on its way to the customer.
type deliveryView struct {
	State    conversation.DeliveryState `json:"state"`
	Error    string                     `json:"error,omitempty"` // of the newest attempt that failed
	Attempts int                        `json:"attempts"`
}

type deliveryEvent struct {
	Conversation string        `json:"conversation"`
	Seq          int64         `json:"seq"`
	Delivery     *deliveryView `json:"delivery"`
}

func viewDelivery(r *conversation.DeliveryReport) *deliveryView {
	if r == nil {
		return nil
	}
	return &deliveryView{r.State, strings.TrimPrefix(r.Error, "send: "), r.Attempts}
}

func (c *Console) listMentions(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	list, unread, err := c.inbox.Mentions(r.Context(), who.ID, maxMentions)
	if err != nil {
		return err
	}
	v := mentionsView{Mentions: make([]mentionView, len(list)), Unread: unread}
	for i, m := range list {
		v.Mentions[i] = mentionView{m.Conversation, m.Seq, Person{ID: m.By.ID, Name: m.By.Name}, m.Contact, m.At.UTC(), m.Text, m.Read}
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) readMentions(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	if err := c.inbox.ReadMentions(r.Context(), who.ID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// redeliver has a failed delivery tried again.
func (c *Console) redeliver(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	seq, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	if err != nil {
		return conversation.ErrNoDelivery
	}
	report, err := c.inbox.Redeliver(r.Context(), id, seq)
	if err != nil {
		return err
	}
	audited(r).detail("seq", strconv.FormatInt(seq, 10))
	return writeJSON(w, http.StatusOK, viewDelivery(&report))
}
