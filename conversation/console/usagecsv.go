package console

import (
	"encoding/json"
	"net/http"
	"strconv"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// usageCSV sends the rows of GET /usage as a file, each as the database gives it.
func (c *Console) usageCSV(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	q, err := c.usageQuery(r)
	if err != nil {
		return err
	}
	// The head is sent with the first row, so that what fails before is a problem.
	var sheet *csvSheet
	begin := func() {
		if sheet == nil {
			sheet = newSheet(w, "usage.csv", "day", "model", "purpose", "channel", "outcome", "calls", "failed", "errors", "unpriced",
				"input_tokens", "cached_tokens", "output_tokens", "cost_usd", "p50_ms", "p95_ms")
		}
	}
	err = c.engine.Usage(r.Context(), q, func(u conversation.UsageRow) error {
		begin()
		kinds := ""
		if len(u.Errors) > 0 {
			b, err := json.Marshal(u.Errors)
			if err != nil {
				return err
			}
			kinds = string(b)
		}
		n := func(v int64) string { return strconv.FormatInt(v, 10) }
		return sheet.row(u.Day, u.Model, u.Purpose, u.Channel, u.Outcome, n(u.Calls), n(u.Failed), kinds, n(u.Unpriced),
			n(u.InputTokens), n(u.CachedTokens), n(u.OutputTokens), strconv.FormatFloat(usd(u.CostMicros), 'f', 6, 64), n(u.P50), n(u.P95))
	})
	if err != nil && sheet == nil {
		return err
	}
	begin()
	return sheet.end(err)
}
