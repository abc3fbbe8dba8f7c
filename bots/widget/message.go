package widget

import (
	"encoding/json"
	"net/http"

	"frontdesk/conversation"
)

type messageRequest struct {
	ID          string            `json:"id"`
	Text        string            `json:"text"`
	Attachments []json.RawMessage `json:"attachments"`
}

type messageReply struct {
	Seq int64 `json:"seq"`
}

// postMessage stores a customer's message. It answers only once the message
// survives a crash; the same id again gives the same number again.
func (h *Handler) postMessage(w http.ResponseWriter, r *http.Request) error {
	visitor, err := h.visitor(r)
	if err != nil {
		return err
	}
	if err := h.limit(r, h.messages, visitor); err != nil {
		return err
	}
	var in messageRequest
	if err := decode(w, r, &in); err != nil {
		return err
	}
	id, ok := parseUUID(in.ID)
	if !ok {
		return &fieldError{"id", "a UUID"}
	}
	if len(in.Attachments) > 0 {
		return errAttachments
	}
	receipt, err := h.engine.Receive(r.Context(), conversation.Inbound{
		Conversation: visitor.String(),
		Channel:      Channel,
		ExternalID:   id.String(),
		Text:         in.Text,
	})
	if err != nil {
		return gone(err)
	}
	return reply(w, http.StatusAccepted, messageReply{receipt.Seq})
}
