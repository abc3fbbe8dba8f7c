package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// Bounds of a report.
const (
	reportDefault = 30 // days
	reportMost    = 400
)

// figureView is one number of a report. Absent: there is nothing to take it from.
type figureView struct {
	Value    *float64 `json:"value,omitempty"`
	Previous *float64 `json:"previous,omitempty"` // of the range before; in totals only
	Query    string   `json:"query"`              // lists the conversations behind it, below /api/v1
}

type groupView struct {
	Key     string                `json:"key"`
	Name    string                `json:"name,omitempty"`
	Figures map[string]figureView `json:"figures"`
}

type reportView struct {
	From     string                `json:"from"`
	To       string                `json:"to"` // the day after the last
	Timezone string                `json:"timezone"`
	Totals   map[string]figureView `json:"totals"`
	Days     []groupView           `json:"days"`
	Reasons  []groupView           `json:"reasons"` // of handing over
	Channels []groupView           `json:"channels"`
	Staff    []groupView           `json:"staff"`
	Labels   []groupView           `json:"labels"`
	Comments []commentView         `json:"comments"` // beside scores, the newest 100
}

// commentView is what a customer said beside the score of an episode.
type commentView struct {
	Conversation string    `json:"conversation"`
	Contact      string    `json:"contact,omitempty"`
	Score        int       `json:"score"` // 1 to 5
	Comment      string    `json:"comment"`
	At           time.Time `json:"at"` // when the episode was first rated
}

// figure is a number of a Tally by its name, with the figure whose conversations are
// behind it.
type figure struct {
	name, behind string
	of           func(conversation.Tally) *float64
}

func number(n int64) *float64 { f := float64(n); return &f }

// share is n of m, in the range from 0 to 1.
func share(n, m int64) *float64 {
	if m == 0 {
		return nil
	}
	f := float64(n) / float64(m)
	return &f
}

var reportFigures = []figure{
	{"conversations", "conversations", func(c conversation.Tally) *float64 { return number(c.Conversations) }},
	{"resolved", "resolved", func(c conversation.Tally) *float64 { return number(c.Resolved) }},
	{"bot_resolved", "bot_resolved", func(c conversation.Tally) *float64 { return number(c.BotConfirmed + c.BotAssumed) }},
	{"bot_confirmed", "bot_confirmed", func(c conversation.Tally) *float64 { return number(c.BotConfirmed) }},
	{"bot_assumed", "bot_assumed", func(c conversation.Tally) *float64 { return number(c.BotAssumed) }},
	{"bot_reopened", "bot_reopened", func(c conversation.Tally) *float64 { return number(c.BotReopened) }},
	{"bot_resolved_rate", "bot_resolved", func(c conversation.Tally) *float64 { return share(c.BotConfirmed+c.BotAssumed, c.Conversations) }},
	{"handed_over", "handed_over", func(c conversation.Tally) *float64 { return number(c.Handed) }},
	{"handoff_rate", "handed_over", func(c conversation.Tally) *float64 { return share(c.Handed, c.Conversations) }},
	{"rated", "rated", func(c conversation.Tally) *float64 { return number(c.Rated) }},
	{"csat_average", "rated", func(c conversation.Tally) *float64 { return c.CSAT }},
	{"csat_good_rate", "rated_good", func(c conversation.Tally) *float64 { return share(c.RatedGood, c.Rated) }},
	{"bot_first_response_median_s", "bot_answered", func(c conversation.Tally) *float64 { return c.BotFirst.Median }},
	{"bot_first_response_p90_s", "bot_answered", func(c conversation.Tally) *float64 { return c.BotFirst.P90 }},
	{"staff_first_response_median_s", "staff_answered", func(c conversation.Tally) *float64 { return c.StaffFirst.Median }},
	{"staff_first_response_p90_s", "staff_answered", func(c conversation.Tally) *float64 { return c.StaffFirst.P90 }},
	{"bot_resolution_median_s", "bot_resolved", func(c conversation.Tally) *float64 { return c.BotTook.Median }},
	{"bot_resolution_p90_s", "bot_resolved", func(c conversation.Tally) *float64 { return c.BotTook.P90 }},
	{"staff_resolution_median_s", "staff_answered", func(c conversation.Tally) *float64 { return c.StaffTook.Median }},
	{"staff_resolution_p90_s", "staff_answered", func(c conversation.Tally) *float64 { return c.StaffTook.P90 }},
}

// waitFigures compare what was said of waits with what they took.
var waitFigures = []struct {
	name string
	of   func(conversation.WaitReport) *float64
}{
	{"waits", func(w conversation.WaitReport) *float64 { return number(w.Waits) }},
	{"waits_promised_median_s", func(w conversation.WaitReport) *float64 { return w.Promised }},
	{"waits_actual_median_s", func(w conversation.WaitReport) *float64 { return w.Actual }},
	{"waits_kept_rate", func(w conversation.WaitReport) *float64 { return share(w.Kept, w.Told) }},
}

func (c *Console) report(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	v, err := c.readReport(r)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) readReport(r *http.Request) (reportView, error) {
	q, err := c.reportQuery(r)
	if err != nil {
		return reportView{}, err
	}
	rep, err := c.engine.Report(r.Context(), q)
	if err != nil {
		return reportView{}, err
	}
	v := reportView{From: q.From.Format(time.DateOnly), To: q.To.Format(time.DateOnly), Timezone: q.Zone.String(), Totals: map[string]figureView{}}
	for _, f := range reportFigures {
		v.Totals[f.name] = figureView{f.of(rep.Total), f.of(rep.Previous), behind(q, f.behind)}
	}
	for _, f := range waitFigures {
		v.Totals[f.name] = figureView{f.of(rep.Waits), f.of(rep.WaitsPrevious), behind(q, "waited")}
	}
	v.Days = viewGroups(rep.Days, func(g conversation.Group, figure string) string {
		day := q
		if from, err := time.ParseInLocation(time.DateOnly, g.Key, q.Zone); err == nil {
			day.From, day.To = from, from.AddDate(0, 0, 1)
		}
		return behind(day, figure)
	})
	v.Reasons = viewGroups(rep.Reasons, func(g conversation.Group, figure string) string {
		return behind(q, "handed_over:"+g.Key)
	})
	v.Channels = viewGroups(rep.Channels, func(g conversation.Group, figure string) string {
		of := q
		of.Channel = g.Key
		return behind(of, figure)
	})
	v.Staff = viewGroups(rep.Staff, func(g conversation.Group, figure string) string {
		of := q
		of.Staff = g.Key
		return behind(of, figure)
	})
	v.Labels = viewGroups(rep.Labels, func(g conversation.Group, figure string) string {
		of := q
		of.Label = g.Key
		return behind(of, figure)
	})
	v.Comments = make([]commentView, len(rep.Comments))
	for i, m := range rep.Comments {
		v.Comments[i] = commentView{m.Conversation, m.Contact, m.Score, m.Text, m.At.UTC()}
	}
	return v, nil
}

// viewGroups leaves out what a group has nothing of.
func viewGroups(groups []conversation.Group, query func(conversation.Group, string) string) []groupView {
	out := make([]groupView, len(groups))
	for i, g := range groups {
		out[i] = groupView{Key: g.Key, Name: g.Name, Figures: map[string]figureView{}}
		for _, f := range reportFigures {
			if value := f.of(g.Tally); value != nil {
				out[i].Figures[f.name] = figureView{Value: value, Query: query(g, f.behind)}
			}
		}
	}
	return out
}

// behind is the query for the conversations of a figure.
func behind(q conversation.ReportQuery, figure string) string {
	p := url.Values{"figure": {figure}, "from": {q.From.Format(time.DateOnly)}, "to": {q.To.Format(time.DateOnly)}}
	for name, value := range map[string]string{"channel": q.Channel, "label": q.Label, "staff": q.Staff} {
		if value != "" {
			p.Set(name, value)
		}
	}
	return "/conversations?" + p.Encode()
}

// listFigure lists the conversations behind a figure of a report, as rows of the inbox.
func (c *Console) listFigure(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	q, err := c.reportQuery(r)
	if err != nil {
		return err
	}
	limit, err := intParam(r, "limit", 50, 1, maxConversationsPage)
	if err != nil {
		return err
	}
	cursor, err := cursorParam(r)
	if err != nil {
		return err
	}
	list, next, err := c.engine.Reported(r.Context(), q, storable(r.URL.Query().Get("figure")), cursor, int(limit))
	if err != nil {
		return err
	}
	ids := make([]string, len(list))
	for i, s := range list {
		ids[i] = s.State.Conversation
	}
	rows, unread, err := c.inbox.RowsOf(r.Context(), ids, []string{who.ID})
	if err != nil {
		return err
	}
	at := make(map[string]conversation.Row, len(rows))
	for _, row := range rows {
		row.Unread = unread[[2]string{row.State.Conversation, who.ID}]
		at[row.State.Conversation] = row
	}
	v := conversationsView{Conversations: []summaryView{}, Next: next}
	for _, id := range ids {
		if row, there := at[id]; there { // else it was erased meanwhile
			v.Conversations = append(v.Conversations, viewRow(row))
		}
	}
	return writeJSON(w, http.StatusOK, v)
}

// reportQuery reads a range of days in the time zone of the business hours, and what
// it is narrowed to.
func (c *Console) reportQuery(r *http.Request) (conversation.ReportQuery, error) {
	zone, err := c.engine.Zone(r.Context())
	if err != nil {
		return conversation.ReportQuery{}, err
	}
	p := r.URL.Query()
	q := conversation.ReportQuery{Zone: zone, Channel: storable(p.Get("channel")), Label: storable(p.Get("label")), Staff: strings.ToLower(p.Get("staff"))}
	if q.Staff != "" && !isUUID(q.Staff) {
		return q, problem(http.StatusUnprocessableEntity, "bad_parameter", "The parameter staff is the id of a member of staff.")
	}
	y, m, d := c.now().In(zone).Date()
	if q.To, err = localDay(r, "to", time.Date(y, m, d+1, 0, 0, 0, 0, zone)); err != nil {
		return q, err
	}
	if q.From, err = localDay(r, "from", q.To.AddDate(0, 0, -reportDefault)); err != nil {
		return q, err
	}
	if !q.From.Before(q.To) || q.To.After(q.From.AddDate(0, 0, reportMost)) {
		return q, problem(http.StatusUnprocessableEntity, "bad_range", "The range from–to is empty or longer than 400 days.")
	}
	return q, nil
}

// localDay reads a day, which begins at midnight in the zone of absent.
func localDay(r *http.Request, name string, absent time.Time) (time.Time, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return absent, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, s, absent.Location())
	if err != nil || t.Year() < 2000 || t.Year() >= 3000 {
		return t, problem(http.StatusUnprocessableEntity, "bad_parameter", "The parameter "+name+" is a day such as 2026-11-22.")
	}
	return t, nil
}

func (c *Console) reportCSV(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	v, err := c.readReport(r)
	if err != nil {
		return err
	}
	out := newSheet(w, "report-"+v.From+"-to-"+v.To+".csv", "section", "key", "name", "figure", "value", "previous", "query")
	row := func(section string, g groupView, name string, f figureView) {
		out.row(section, g.Key, g.Name, name, decimal(f.Value), decimal(f.Previous), f.Query) // an error stays until the end
	}
	for _, f := range reportFigures {
		row("total", groupView{}, f.name, v.Totals[f.name])
	}
	for _, f := range waitFigures {
		row("total", groupView{}, f.name, v.Totals[f.name])
	}
	for _, part := range []struct {
		name   string
		groups []groupView
	}{{"day", v.Days}, {"reason", v.Reasons}, {"channel", v.Channels}, {"staff", v.Staff}, {"label", v.Labels}} {
		for _, g := range part.groups {
			for _, f := range reportFigures {
				if value, ok := g.Figures[f.name]; ok {
					row(part.name, g, f.name, value)
				}
			}
		}
	}
	for _, m := range v.Comments {
		score := float64(m.Score)
		row("comment", groupView{Key: m.Conversation, Name: m.Comment}, "score", figureView{Value: &score, Query: "/conversations/" + m.Conversation})
	}
	return out.end(nil)
}

func decimal(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', -1, 64)
}
