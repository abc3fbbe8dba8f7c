package widget

import (
	"net/http"

	"frontdesk/conversation"
)

type messageRequest struct {
	ID          string   `json:"id"`
	Text        string   `json:"text"`
	Attachments []string `json:"attachments"` // ids of uploaded files
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
	files := make([]conversation.InboundFile, len(in.Attachments))
	for i, f := range in.Attachments {
		file, ok := parseUUID(f)
		if !ok {
			return &fieldError{"attachments", "a list of the ids of uploaded files"}
		}
		files[i].Upload = file.String()
	}
	receipt, err := h.engine.Receive(r.Context(), conversation.Inbound{
		Conversation: visitor.String(),
		Channel:      Channel,
		ExternalID:   id.String(),
		Text:         in.Text,
		Attachments:  files,
	})
	if err != nil {
		return gone(err)
	}
	return reply(w, http.StatusAccepted, messageReply{receipt.Seq})
}
