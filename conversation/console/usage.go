package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// Bounds of GET /api/v1/usage.
const (
	usageDefault = 30 * 24 * time.Hour
	usageMost    = 400 * 24 * time.Hour
	// maxUsageRows bounds what one answer holds; a CSV file has no bound.
	maxUsageRows = 10_000
)

// Books is what the engine knows of what models cost.
type Books interface {
	// Usage passes sums of model calls to each.
	Usage(ctx context.Context, q conversation.UsageQuery, each func(conversation.UsageRow) error) error
	UsageTotal(ctx context.Context, from, to time.Time) (conversation.UsageTotal, error)
	// ConversationUsage returns ErrNotFound for an unknown id.
	ConversationUsage(ctx context.Context, id string) ([]conversation.BookedCall, conversation.UsageSum, error)
	Budget(ctx context.Context) (conversation.Spent, conversation.Spending, error)
}

type usageView struct {
	From   time.Time   `json:"from"`
	To     time.Time   `json:"to"`
	Rows   []usageRow  `json:"rows"`
	Totals usageTotals `json:"totals"`
	Total  usageSum    `json:"total"` // the sums among the totals, under their older name
}

type usageRow struct {
	Day     string `json:"day,omitempty"` // UTC, YYYY-MM-DD
	Model   string `json:"model,omitempty"`
	Purpose string `json:"purpose,omitempty"`
	Channel string `json:"channel,omitempty"`
	Outcome string `json:"outcome,omitempty"`
	usageSum
}

type usageSum struct {
	Calls        int64            `json:"calls"`
	Failed       int64            `json:"failed"`
	Errors       map[string]int64 `json:"errors"`   // the failed ones by kind
	Unpriced     int64            `json:"unpriced"` // whose price is not known: they count as 0
	InputTokens  int64            `json:"input_tokens"`
	CachedTokens int64            `json:"cached_tokens"`
	OutputTokens int64            `json:"output_tokens"`
	CostUSD      float64          `json:"cost_usd"`
	P50          int64            `json:"p50_ms"`
	P95          int64            `json:"p95_ms"`
}

type usageTotals struct {
	usageSum
	Conversations int64    `json:"conversations"` // whose customer wrote
	Resolved      int64    `json:"resolved"`      // of them
	PerTalk       *float64 `json:"cost_per_conversation_usd"`
	PerResolved   *float64 `json:"cost_per_resolved_usd"`
	CachedShare   float64  `json:"cached_share"` // of the input tokens
}

func viewSum(u conversation.UsageSum) usageSum {
	if u.Errors == nil {
		u.Errors = map[string]int64{}
	}
	return usageSum{Calls: u.Calls, Failed: u.Failed, Errors: u.Errors, Unpriced: u.Unpriced, InputTokens: u.InputTokens,
		CachedTokens: u.CachedTokens, OutputTokens: u.OutputTokens, CostUSD: usd(u.CostMicros), P50: u.P50, P95: u.P95}
}

// usd is an amount in dollars; multiplied and rounded it is the same number of
// millionths again.
func usd(micros int64) float64 { return float64(micros) / 1e6 }

func perPiece(micros, pieces int64) *float64 {
	if pieces == 0 {
		return nil
	}
	each := usd(micros) / float64(pieces)
	return &each
}

var errManyRows = problem(http.StatusUnprocessableEntity, "too_many_rows", "That is more than 10,000 rows. Choose fewer groups or days, or take the CSV file.")

func (c *Console) usage(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	q, err := c.usageQuery(r)
	if err != nil {
		return err
	}
	v := usageView{From: q.From, To: q.To, Rows: []usageRow{}}
	err = c.engine.Usage(r.Context(), q, func(u conversation.UsageRow) error {
		if len(v.Rows) == maxUsageRows {
			return errManyRows
		}
		v.Rows = append(v.Rows, usageRow{u.Day, u.Model, u.Purpose, u.Channel, u.Outcome, viewSum(u.UsageSum)})
		return nil
	})
	if err != nil {
		return err
	}
	t, err := c.engine.UsageTotal(r.Context(), q.From, q.To)
	if err != nil {
		return err
	}
	v.Total = viewSum(t.UsageSum)
	v.Totals = usageTotals{usageSum: v.Total, Conversations: t.Conversations, Resolved: t.Resolved,
		PerTalk: perPiece(t.TalkMicros, t.Conversations), PerResolved: perPiece(t.TalkMicros, t.Resolved)}
	if t.InputTokens > 0 {
		v.Totals.CachedShare = float64(t.CachedTokens) / float64(t.InputTokens)
	}
	return writeJSON(w, http.StatusOK, v)
}

// usageGroups are the names of what usage is grouped by.
var usageGroups = map[string]conversation.UsageGroup{
	"day": conversation.ByDay, "model": conversation.ByModel, "purpose": conversation.ByPurpose,
	"channel": conversation.ByChannel, "outcome": conversation.ByOutcome,
}

func (c *Console) usageQuery(r *http.Request) (q conversation.UsageQuery, err error) {
	if q.To, err = dayParam(r, "to", c.now().UTC().Add(24*time.Hour).Truncate(24*time.Hour)); err != nil {
		return q, err
	}
	if q.From, err = dayParam(r, "from", q.To.Add(-usageDefault)); err != nil {
		return q, err
	}
	if !q.From.Before(q.To) || q.To.Sub(q.From) > usageMost {
		return q, problem(http.StatusUnprocessableEntity, "bad_range", "The range from–to is empty or longer than 400 days.")
	}
	names := "day,model,purpose"
	if r.URL.Query().Has("group") {
		names = r.URL.Query().Get("group")
	}
	for name := range strings.SplitSeq(names, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		g, ok := usageGroups[name]
		if !ok {
			return q, problem(http.StatusUnprocessableEntity, "bad_parameter", "The parameter group lists any of day, model, purpose, channel and outcome, with commas.")
		}
		if !slices.Contains(q.Groups, g) {
			q.Groups = append(q.Groups, g)
		}
	}
	return q, nil
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

type callView struct {
	At           time.Time `json:"at"`
	Turn         string    `json:"turn,omitempty"`
	Purpose      string    `json:"purpose"`
	Model        string    `json:"model"`
	Outcome      string    `json:"outcome"`
	InputTokens  int       `json:"input_tokens"`
	CachedTokens int       `json:"cached_tokens"`
	OutputTokens int       `json:"output_tokens"`
	CostUSD      float64   `json:"cost_usd"`
	Known        bool      `json:"known"`     // the model's price is
	Estimated    bool      `json:"estimated"` // the server sent no counts
	Took         int64     `json:"took_ms"`
}

type callsView struct {
	Calls []callView `json:"calls"`
	Total usageSum   `json:"total"`
}

func (c *Console) conversationUsage(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	calls, total, err := c.engine.ConversationUsage(r.Context(), id)
	if err != nil {
		return err
	}
	v := callsView{Calls: make([]callView, len(calls)), Total: viewSum(total)}
	for i, b := range calls {
		u := b.Usage
		v.Calls[i] = callView{At: b.At.UTC(), Turn: b.Turn, Purpose: b.Purpose, Model: b.Model, Outcome: b.Outcome,
			InputTokens: u.InputTokens, CachedTokens: u.CachedTokens, OutputTokens: u.OutputTokens,
			CostUSD: usd(u.CostMicros), Known: !u.Unpriced, Estimated: u.Estimated, Took: b.Duration.Milliseconds()}
	}
	return writeJSON(w, http.StatusOK, v)
}
