package console

import (
	"net/http"
	"time"

	"frontdesk/conversation/staff"
)

// Bounds of GET /api/v1/usage.
const (
	usageDefault = 30 * 24 * time.Hour
	usageMost    = 400 * 24 * time.Hour
)

type usageView struct {
	From  time.Time  `json:"from"`
	To    time.Time  `json:"to"`
	Rows  []usageRow `json:"rows"`
	Total usageTotal `json:"total"`
}

type usageRow struct {
	Day     string `json:"day"` // UTC, YYYY-MM-DD
	Model   string `json:"model"`
	Purpose string `json:"purpose,omitempty"`
	usageTotal
}

type usageTotal struct {
	Calls        int64   `json:"calls"`
	Failed       int64   `json:"failed"`
	InputTokens  int64   `json:"input_tokens"`
	CachedTokens int64   `json:"cached_tokens"`
	OutputTokens int64   `json:"output_tokens"`
	CostUSD      float64 `json:"cost_usd"`
}

func (c *Console) usage(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	to, err := dayParam(r, "to", c.now().UTC().Add(24*time.Hour).Truncate(24*time.Hour))
	if err != nil {
		return err
	}
	from, err := dayParam(r, "from", to.Add(-usageDefault))
	if err != nil {
		return err
	}
	if !from.Before(to) || to.Sub(from) > usageMost {
		return problem(http.StatusUnprocessableEntity, "bad_range", "The range from–to is empty or longer than 400 days.")
	}
	rows, err := c.engine.Usage(r.Context(), from, to)
	if err != nil {
		return err
	}
	v := usageView{From: from, To: to, Rows: make([]usageRow, len(rows))}
	var micros int64
	for i, u := range rows {
		t := usageTotal{Calls: u.Calls, Failed: u.Failed, InputTokens: u.InputTokens, CachedTokens: u.CachedTokens,
			OutputTokens: u.OutputTokens, CostUSD: float64(u.CostMicros) / 1e6}
		v.Rows[i] = usageRow{Day: u.Day.UTC().Format(time.DateOnly), Model: u.Model, Purpose: u.Purpose, usageTotal: t}
		v.Total.Calls += t.Calls
		v.Total.Failed += t.Failed
		v.Total.InputTokens += t.InputTokens
		v.Total.CachedTokens += t.CachedTokens
		v.Total.OutputTokens += t.OutputTokens
		micros += u.CostMicros
	}
	v.Total.CostUSD = float64(micros) / 1e6
	return writeJSON(w, http.StatusOK, v)
}

// dayParam reads a day or an instant. A day means its beginning in UTC.
func dayParam(r *http.Request, name string, absent time.Time) (time.Time, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return absent, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 2000 && t.Year() < 3000 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, problem(http.StatusUnprocessableEntity, "bad_parameter", "The parameter "+name+" is a day such as 2026-11-22 or an RFC 3339 time.")
}
