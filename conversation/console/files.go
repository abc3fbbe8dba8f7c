package console

import (
	"net/http"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// maxFilesOut bounds the customers' files that stand in memory on their way out.
const maxFilesOut = 8

// fileTimeout is how long a file may take to leave.
const fileTimeout = 2 * time.Minute

// attachmentView is a message's file as staff see it.
type attachmentView struct {
	ID        string                 `json:"id"`
	Kind      conversation.FileKind  `json:"kind"`
	Name      string                 `json:"name"`
	MediaType string                 `json:"media_type"`
	Bytes     int64                  `json:"bytes"`
	State     conversation.FileState `json:"state"`
	Reason    conversation.Refusal   `json:"reason,omitempty"`
	Seconds   float64                `json:"seconds,omitempty"`
	Text      string                 `json:"text,omitempty"` // what was said in it, or its text, cut
	URL       string                 `json:"url"`
}

// filesView is the event that tells how a message's files stand now.
type filesView struct {
	Conversation string           `json:"conversation"`
	Seq          int64            `json:"seq"`
	Attachments  []attachmentView `json:"attachments"`
}

func viewFiles(list []conversation.Attachment) []attachmentView {
	var out []attachmentView
	for _, a := range list {
		out = append(out, attachmentView{ID: a.ID, Kind: a.Kind, Name: a.Name, MediaType: a.MediaType, Bytes: a.Bytes, State: a.State,
			Reason: a.Reason, Seconds: a.Duration.Seconds(), Text: a.Text, URL: "/api/v1/files/" + a.ID})
	}
	return out
}

// getFile gives a message's file.
func (c *Console) getFile(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoFile)
	if err != nil {
		return err
	}
	select {
	case c.filesOut <- struct{}{}:
		defer func() { <-c.filesOut }()
	case <-r.Context().Done():
		return r.Context().Err()
	}
	f, err := c.engine.OpenFile(r.Context(), "", id)
	if err != nil {
		return err
	}
	if f.Content == nil {
		return conversation.ErrNoFile
	}
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(fileTimeout)) // not every writer can
	for name, value := range f.Headers() {
		w.Header().Set(name, value)
	}
	w.Write(f.Content) // a caller who went away needs no answer
	return nil
}
