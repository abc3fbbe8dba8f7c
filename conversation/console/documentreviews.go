package console

import (
	"encoding/json"
	"net/http"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// documentRequest says when a document is to be reviewed. The day has to be said, be it
// as null for none: a request that forgot it takes nothing away.
type documentRequest struct {
	ReviewBy json.RawMessage `json:"review_by"` // 2027-01-31
}

// patchDocument changes what staff note about a document as a whole.
func (c *Console) patchDocument(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, knowledge.ErrNotFound)
	if err != nil {
		return err
	}
	var req documentRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	bad := problem(http.StatusUnprocessableEntity, "bad_date", "The member review_by is a day such as 2026-01-31, or null.")
	var day *string
	if req.ReviewBy == nil || json.Unmarshal(req.ReviewBy, &day) != nil {
		return bad
	}
	by := ""
	if day != nil {
		by = *day
		if _, err := time.Parse(time.DateOnly, by); err != nil {
			return bad
		}
	}
	d, err := c.curation.SetReview(r.Context(), id, by)
	if err != nil {
		return err
	}
	audited(r).detail("review_by", by)
	return writeJSON(w, http.StatusOK, c.viewShelved(d))
}
