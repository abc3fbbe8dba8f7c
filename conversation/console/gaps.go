package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// Bounds of what is published for a gap, in characters: those of an entry that a
// chat can show.
const (
	maxGapsPage     = 100
	maxEntryTitle   = 500
	maxEntryAnswer  = 20_000
	maxEntryOthers  = 100
	maxEntryLangLen = 35 // RFC 5646, 4.4.1
)

// Gaps is what the bot could not answer, and what admins do about it.
type Gaps interface {
	GapList
	GapEditor
}

// GapList reads gaps.
type GapList interface {
	List(ctx context.Context, state conversation.GapState, cursor string, limit int) ([]conversation.Gap, string, error)
	Gap(ctx context.Context, id string) (conversation.Gap, []conversation.GapQuestion, error)
}

// GapEditor changes gaps.
type GapEditor interface {
	Draft(ctx context.Context, id string) (conversation.Gap, error)
	Publish(ctx context.Context, id string, e knowledge.Entry) (conversation.Gap, error)
	Dismiss(ctx context.Context, id string) (conversation.Gap, error)
	Reopen(ctx context.Context, id string) (conversation.Gap, error)
	Merge(ctx context.Context, to, from string) (conversation.Gap, error)
}

type gapView struct {
	ID            string                   `json:"id"`
	State         conversation.GapState    `json:"state"`
	StateAt       time.Time                `json:"state_at"`
	Question      string                   `json:"question"`
	Lang          string                   `json:"lang,omitempty"`
	Questions     int                      `json:"questions"`
	Customers     int                      `json:"customers"`
	Conversations int                      `json:"conversations"`
	Score         float64                  `json:"score"`
	FirstAt       time.Time                `json:"first_at"`
	LastAt        time.Time                `json:"last_at"`
	Channels      []string                 `json:"channels"`
	Languages     []string                 `json:"languages"`
	Reasons       []conversation.GapReason `json:"reasons"`
	Draft         *gapEntryView            `json:"draft,omitempty"`
	Document      string                   `json:"document,omitempty"`
	Outcome       string                   `json:"outcome,omitempty"`
}

// gapEntryView is an entry as drafted and as published.
type gapEntryView struct {
	Question     string   `json:"question"`
	Answer       string   `json:"answer"`
	Alternatives []string `json:"alternatives"`
	Lang         string   `json:"lang,omitempty"`
	Verbatim     bool     `json:"verbatim,omitempty"`
}

type gapsView struct {
	Gaps []gapView `json:"gaps"`
	Next string    `json:"next,omitempty"`
}

type gapDetailView struct {
	gapView
	Asked []gapQuestionView `json:"asked"` // the newest first
}

type gapQuestionView struct {
	Conversation string                 `json:"conversation"`
	Seq          int64                  `json:"seq"`
	Text         string                 `json:"text"`
	Query        string                 `json:"query,omitempty"` // as searched, where that is not the text
	Channel      string                 `json:"channel"`
	Lang         string                 `json:"lang,omitempty"`
	Reason       conversation.GapReason `json:"reason"`
	Confidence   float64                `json:"confidence"`
	At           time.Time              `json:"at"`
	Answered     *bool                  `json:"answered,omitempty"` // when it was asked again
}

type mergeRequest struct {
	From string `json:"from"`
}

var gapStates = []conversation.GapState{conversation.GapOpen, conversation.GapDrafted, conversation.GapPublishing, conversation.GapClosed, conversation.GapDismissed}

func (c *Console) viewGap(g conversation.Gap) gapView {
	v := gapView{ID: g.ID, State: g.State, StateAt: g.StateAt.UTC(), Question: g.Question, Lang: g.Lang, Questions: g.Questions,
		Customers: g.Customers, Conversations: g.Talks, Score: g.Score(c.now()), FirstAt: g.FirstAt.UTC(), LastAt: g.LastAt.UTC(),
		Channels: g.Channels, Languages: g.Languages, Reasons: g.Reasons, Document: g.DocumentID, Outcome: g.Outcome}
	if d := g.Draft; d != nil {
		v.Draft = &gapEntryView{Question: d.Question, Answer: d.Answer, Alternatives: slices.Concat([]string{}, d.Alternatives), Lang: d.Lang, Verbatim: d.Verbatim}
	}
	return v
}

func (c *Console) listGaps(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	limit, err := intParam(r, "limit", 50, 1, maxGapsPage)
	if err != nil {
		return err
	}
	cursor, err := cursorParam(r)
	if err != nil {
		return err
	}
	state := conversation.GapState(r.URL.Query().Get("state"))
	if state == "" {
		state = conversation.GapOpen
	}
	if !slices.Contains(gapStates, state) {
		return problem(http.StatusUnprocessableEntity, "bad_parameter", "The parameter state is open, drafted, publishing, closed or dismissed.")
	}
	list, next, err := c.gaps.List(r.Context(), state, cursor, int(limit))
	if err != nil {
		return err
	}
	v := gapsView{Gaps: make([]gapView, len(list)), Next: next}
	for i, g := range list {
		v.Gaps[i] = c.viewGap(g)
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) getGap(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoGap)
	if err != nil {
		return err
	}
	g, qs, err := c.gaps.Gap(r.Context(), id)
	if err != nil {
		return err
	}
	v := gapDetailView{gapView: c.viewGap(g), Asked: make([]gapQuestionView, len(qs))}
	for i, q := range qs {
		v.Asked[i] = gapQuestionView{Conversation: q.Conversation, Seq: q.Seq, Text: q.Text, Channel: q.Channel, Lang: q.Lang,
			Reason: q.Reason, Confidence: q.Confidence, At: q.At.UTC(), Answered: q.Answered}
		if q.Query != q.Text {
			v.Asked[i].Query = q.Query
		}
	}
	return writeJSON(w, http.StatusOK, v)
}

// onGap serves what changes a gap and takes nothing beside its id.
func onGap(do func(Gaps, context.Context, string) (conversation.Gap, error)) handler {
	return func(c *Console, w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
		id, err := pathID(r, conversation.ErrNoGap)
		if err != nil {
			return err
		}
		g, err := do(c.gaps, r.Context(), id)
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusOK, c.viewGap(g))
	}
}

func (c *Console) publishGap(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoGap)
	if err != nil {
		return err
	}
	var req gapEntryView
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	e, err := req.entry()
	if err != nil {
		return err
	}
	g, err := c.gaps.Publish(r.Context(), id, e)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusAccepted, c.viewGap(g))
}

// entry checks what was sent.
func (v gapEntryView) entry() (knowledge.Entry, error) {
	e := knowledge.Entry{Question: strings.TrimSpace(storable(v.Question)), Answer: strings.TrimSpace(storable(v.Answer)), Lang: strings.TrimSpace(storable(v.Lang)), Verbatim: v.Verbatim}
	for _, a := range v.Alternatives {
		if a = strings.TrimSpace(storable(a)); a != "" {
			e.Alternatives = append(e.Alternatives, a)
		}
		if utf8.RuneCountInString(a) > maxEntryTitle {
			return e, problem(http.StatusUnprocessableEntity, "too_long", "A question may have 500 characters.")
		}
	}
	switch {
	case e.Question == "" || e.Answer == "":
		return e, problem(http.StatusUnprocessableEntity, "empty", "An entry needs a question and an answer.")
	case utf8.RuneCountInString(e.Question) > maxEntryTitle || utf8.RuneCountInString(e.Answer) > maxEntryAnswer:
		return e, problem(http.StatusUnprocessableEntity, "too_long", "A question may have 500 characters and an answer 20,000.")
	case len(e.Alternatives) > maxEntryOthers:
		return e, problem(http.StatusUnprocessableEntity, "too_many", "An entry may have 100 alternatives.")
	case len(e.Lang) > maxEntryLangLen:
		return e, problem(http.StatusUnprocessableEntity, "bad_field", "The member \"lang\" is a language's code such as en or pt-BR.")
	}
	return e, nil
}

func (c *Console) mergeGap(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoGap)
	if err != nil {
		return err
	}
	var req mergeRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	other := &http.Request{}
	other.SetPathValue("id", req.From)
	from, err := pathID(other, conversation.ErrNoGap)
	if err != nil {
		return err
	}
	if from == id {
		return problem(http.StatusUnprocessableEntity, "bad_field", "A gap cannot be merged with itself.")
	}
	g, err := c.gaps.Merge(r.Context(), id, from)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, c.viewGap(g))
}
