package console

import (
	"errors"
	"net/http"
	"strconv"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// replyFileTooLarge is said of a file that no reply may have.
var replyFileTooLarge = "A picture may have " + strconv.Itoa(conversation.MaxImageBytes>>20) + " MB, any other file " + strconv.Itoa(conversation.MaxFileBytes>>20) + " MB."

// postReplyFile stores a file for a reply that is to come.
func (c *Console) postReplyFile(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	leave, err := c.enter(r)
	if err != nil {
		return err
	}
	defer leave()
	name, content, err := formFile(w, r, conversation.MaxFileBytes, replyFileTooLarge)
	if err != nil {
		if errors.Is(err, knowledge.ErrTooLarge) { // the form as a whole
			err = conversation.ErrFileTooLarge
		}
		return err
	}
	at, err := c.engine.StaffUpload(r.Context(), id, name, content)
	if err != nil {
		return err
	}
	audited(r).detail("file", at.ID)
	return writeJSON(w, http.StatusCreated, viewFiles([]conversation.Attachment{at})[0])
}
