package widget

import (
	"errors"
	"net/http"

	"frontdesk/conversation"
)

type handoffRequest struct {
	Cancel bool `json:"cancel"`
}

// postHandoff asks for a person, or with cancel leaves the queue again for the
// bot. Either may be repeated. It answers with the state that came of it.
func (h *Handler) postHandoff(w http.ResponseWriter, r *http.Request) error {
	visitor, err := h.visitor(r)
	if err != nil {
		return err
	}
	if err := h.limit(r, h.actions, visitor); err != nil {
		return err
	}
	var in handoffRequest
	if err := decode(w, r, &in); err != nil {
		return err
	}
	var state conversation.State
	if in.Cancel {
		state, err = h.engine.ChooseBot(r.Context(), visitor.String())
	} else {
		state, err = h.engine.Handoff(r.Context(), visitor.String(), conversation.Actor{}, conversation.ReasonAsked)
	}
	if err != nil {
		return gone(err)
	}
	return reply(w, http.StatusOK, wireState(state))
}

type feedbackRequest struct {
	Seq     int64 `json:"seq"`
	Helpful *bool `json:"helpful"`
}

// postFeedback notes whether an answer helped. Giving it again replaces it.
func (h *Handler) postFeedback(w http.ResponseWriter, r *http.Request) error {
	visitor, err := h.visitor(r)
	if err != nil {
		return err
	}
	if err := h.limit(r, h.actions, visitor); err != nil {
		return err
	}
	var in feedbackRequest
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.Seq < 1 {
		return &fieldError{"seq", "a message's number"}
	}
	if in.Helpful == nil {
		return &fieldError{"helpful", "true or false"}
	}
	err = h.engine.Feedback(r.Context(), visitor.String(), in.Seq, *in.Helpful)
	if errors.Is(err, conversation.ErrNotFound) {
		// Either the message or the whole conversation; only the latter ends
		// the session.
		if _, gone := h.engine.State(r.Context(), visitor.String()); errors.Is(gone, conversation.ErrNotFound) {
			return errGone
		}
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
