package widget

import (
	"context"
	"net/http"
	"time"
	"unicode/utf8"

	"frontdesk/conversation"
)

// signsPerMessage is how many signs of typing and reading a visitor may give for each
// message they may write: one every few seconds while they do.
const signsPerMessage = 4

// Visits is what a visitor does beside writing.
type Visits interface {
	// LeaveEmail keeps where the visitor can be reached; nobody verifies it.
	LeaveEmail(ctx context.Context, id, email string) error
	// RateEpisode stores a score of 1 to 5 for what was closed last. ErrNotCurrent
	// while nothing was, or when a day has passed since the first rating.
	RateEpisode(ctx context.Context, id string, score int, comment string) error
	CustomerTypes(id string)
	// Seen notes that the visitor has read up to a message.
	Seen(ctx context.Context, id string, seq int64) error
}

// expectation is what a visitor may expect of people, as part of their state.
type expectation struct {
	Open        bool       `json:"open"` // by the business hours
	OpensAt     *time.Time `json:"opens_at,omitempty"`
	TypicalWait int64      `json:"typical_wait_s,omitempty"` // while waiting, in seconds
	StaffOnline int        `json:"staff_online"`
	Away        bool       `json:"away,omitempty"`           // nobody is there to answer
	AskEmail    bool       `json:"ask_email,omitempty"`      // while waiting for nobody: where they can be reached
	SeenSeq     int64      `json:"seen_seq,omitempty"`       // how far the visitor has read
	StaffSeen   int64      `json:"staff_seen_seq,omitempty"` // how far somebody of ours has
}

func expect(s conversation.State) expectation {
	x := expectation{Open: true, SeenSeq: s.Seen, StaffSeen: s.SeenByStaff}
	if o := s.Outlook; o != nil {
		x.Open, x.TypicalWait, x.StaffOnline = o.Open, int64(o.TypicalWait/time.Second), o.StaffOnline
		x.Away, x.AskEmail = o.Away, o.AskEmail
		if !o.OpensAt.IsZero() {
			at := o.OpensAt.UTC()
			x.OpensAt = &at
		}
	}
	return x
}

// from reads who acts and what they send, within their limit.
func (h *Handler) from(w http.ResponseWriter, r *http.Request, limit *limiter[uuid], in any) (string, error) {
	visitor, err := h.visitor(r)
	if err != nil {
		return "", err
	}
	if err := h.limit(r, limit, visitor); err != nil {
		return "", err
	}
	return visitor.String(), decode(w, r, in)
}

type emailRequest struct {
	Email string `json:"email"`
}

// postEmail keeps where a visitor can be reached when they have left.
func (h *Handler) postEmail(w http.ResponseWriter, r *http.Request) error {
	var in emailRequest
	id, err := h.from(w, r, h.actions, &in)
	if err != nil {
		return err
	}
	if in.Email == "" || len(in.Email) > maxEmailBytes || !emailPattern.MatchString(in.Email) {
		return &fieldError{"email", "an e-mail address"}
	}
	return done(w, h.engine.LeaveEmail(r.Context(), id, in.Email))
}

type ratingRequest struct {
	Score   int    `json:"score"`
	Comment string `json:"comment"`
}

// postRating takes what a visitor thinks of what was closed. Giving it again within a
// day replaces it.
func (h *Handler) postRating(w http.ResponseWriter, r *http.Request) error {
	var in ratingRequest
	id, err := h.from(w, r, h.actions, &in)
	if err != nil {
		return err
	}
	if in.Score < 1 || in.Score > 5 {
		return &fieldError{"score", "a number from 1 to 5"}
	}
	if utf8.RuneCountInString(in.Comment) > conversation.MaxCommentRunes {
		return &fieldError{"comment", "up to 2000 characters"}
	}
	return done(w, h.engine.RateEpisode(r.Context(), id, in.Score, in.Comment))
}

// postTyping tells staff that a visitor is writing; to be sent every few seconds.
func (h *Handler) postTyping(w http.ResponseWriter, r *http.Request) error {
	id, err := h.from(w, r, h.signs, &struct{}{})
	if err != nil {
		return err
	}
	h.engine.CustomerTypes(id)
	return done(w, nil)
}

type seenRequest struct {
	Seq int64 `json:"seq"`
}

// postSeen notes how far a visitor has read.
func (h *Handler) postSeen(w http.ResponseWriter, r *http.Request) error {
	var in seenRequest
	id, err := h.from(w, r, h.signs, &in)
	if err != nil {
		return err
	}
	if in.Seq < 1 {
		return &fieldError{"seq", "a message's number"}
	}
	return done(w, h.engine.Seen(r.Context(), id, in.Seq))
}

func done(w http.ResponseWriter, err error) error {
	if err != nil {
		return gone(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
