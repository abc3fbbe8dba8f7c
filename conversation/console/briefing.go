package console

import (
	"context"
	"net/http"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// Briefings reads what there is to know at a takeover.
type Briefings interface {
	Briefing(ctx context.Context, id string) (conversation.Briefing, error)
}

type briefingView struct {
	Summary string              `json:"summary,omitempty"`
	Source  string              `json:"source,omitempty"` // of the summary: handover, or running
	Reason  conversation.Reason `json:"reason,omitempty"` // why the bot gave it up
	Asked   []string            `json:"asked"`            // the customer's newest messages of the episode, each up to 300 characters
	Said    int                 `json:"said"`             // how many there are
	Tried   []string            `json:"tried"`            // titles of what the bot found last
}

func (c *Console) brief(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	b, err := c.inbox.Briefing(r.Context(), id)
	if err != nil {
		return err
	}
	v := briefingView{Summary: b.Summary, Reason: b.Reason, Said: b.Said, Asked: append([]string{}, b.Asked...), Tried: append([]string{}, b.Tried...)}
	switch {
	case b.Handover:
		v.Source = "handover"
	case b.Summary != "":
		v.Source = "running"
	}
	return writeJSON(w, http.StatusOK, v)
}
