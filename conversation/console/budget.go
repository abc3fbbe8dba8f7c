package console

import (
	"net/http"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

type budgetView struct {
	Day          dayBudgetView `json:"day"`
	Conversation *float64      `json:"conversation_limit_usd"`
	Visitor      *float64      `json:"visitor_limit_usd"`
}

type dayBudgetView struct {
	Spent    float64                 `json:"spent_usd"`
	Reserved float64                 `json:"reserved_usd"` // by calls under way
	Limit    *float64                `json:"limit_usd"`
	Level    conversation.SpendLevel `json:"level"` // ok, warn, spent
	Resets   time.Time               `json:"resets_at"`
}

func (c *Console) budget(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	s, l, err := c.engine.Budget(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, budgetView{
		Day:          dayBudgetView{usd(s.Micros), usd(s.Reserved), usdOrNull(l.DayMicros), s.Level(l), s.Resets.UTC()},
		Conversation: usdOrNull(l.ConversationMicros), Visitor: usdOrNull(l.VisitorMicros),
	})
}

func usdOrNull(micros *int64) *float64 {
	if micros == nil {
		return nil
	}
	v := usd(*micros)
	return &v
}

type modelView struct {
	Name       string                   `json:"name"`
	Tasks      []string                 `json:"tasks"` // it is configured for
	Known      bool                     `json:"known"` // its prices are
	Input      float64                  `json:"input"` // US dollars per million tokens, as the next two
	Cached     float64                  `json:"cached"`
	Output     float64                  `json:"output"`
	Overridden bool                     `json:"overridden"`
	Listed     *conversation.ModelPrice `json:"listed,omitempty"` // the known prices that are overridden
	Context    int                      `json:"context"`          // tokens; 0: not known
	Shutdown   string                   `json:"shutdown,omitempty"`
	DaysLeft   *int                     `json:"days_left,omitempty"` // negative once it has passed
	Successor  string                   `json:"successor,omitempty"`
}

type modelsView struct {
	Models []modelView `json:"models"`
}

func (c *Console) listModels(w http.ResponseWriter, _ *http.Request, _ staff.Principal) error {
	v := modelsView{Models: []modelView{}}
	if c.models != nil {
		today := c.now().UTC().Truncate(24 * time.Hour)
		for _, m := range c.models() {
			out := modelView{Name: m.Name, Tasks: m.Tasks, Known: m.Known, Input: m.Input, Cached: m.Cached, Output: m.Output,
				Overridden: m.Overridden, Listed: m.Listed, Context: m.Context, Successor: m.Successor}
			if out.Tasks == nil {
				out.Tasks = []string{}
			}
			if !m.Shutdown.IsZero() {
				left := int(m.Shutdown.UTC().Sub(today) / (24 * time.Hour))
				out.Shutdown, out.DaysLeft = m.Shutdown.Format(time.DateOnly), &left
			}
			v.Models = append(v.Models, out)
		}
	}
	return writeJSON(w, http.StatusOK, v)
}
