package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// Life is when people answer, who is there and what becomes of conversations.
type Life interface {
	Hours(ctx context.Context) (conversation.Hours, error)
	// PutHours stores h where the stored version is still h's; else
	// conversation.ErrVersion.
	PutHours(ctx context.Context, h conversation.Hours) (conversation.Hours, error)
	Handling(ctx context.Context) (conversation.Handling, error)
	PutHandling(ctx context.Context, h conversation.Handling) (conversation.Handling, error)
	// StaffHere is a sign of life of one open event stream, to be given every
	// heartbeat; StaffGone ends it.
	StaffHere(ctx context.Context, stream, staffID string) error
	StaffGone(ctx context.Context, stream string) error
	Zone(ctx context.Context) (*time.Location, error)
	Report(ctx context.Context, q conversation.ReportQuery) (conversation.Report, error)
	Reported(ctx context.Context, q conversation.ReportQuery, figure, cursor string, limit int) ([]conversation.Summary, string, error)
}

// OutlookView is what a customer can expect now, as part of a state.
type OutlookView struct {
	Open        bool       `json:"open"`
	OpensAt     *time.Time `json:"opens_at,omitempty"`
	TypicalWait int64      `json:"typical_wait_s,omitempty"`
	StaffOnline int        `json:"staff_online"`
}

func viewOutlook(o *conversation.Outlook) *OutlookView {
	if o == nil {
		return nil
	}
	return &OutlookView{Open: o.Open, OpensAt: when(o.OpensAt), TypicalWait: int64(o.TypicalWait / time.Second), StaffOnline: o.StaffOnline}
}

type alertView struct {
	Conversation string                 `json:"conversation"`
	Kind         conversation.AlertKind `json:"kind"`
	Text         string                 `json:"text"`
}

type seenView struct {
	Conversation string `json:"conversation"`
	Seq          int64  `json:"seq"`
}

// presence shows for as long as a stream is open that whoever opened it is there. A
// program with a token is nobody.
func (c *Console) presence(who staff.Principal) *presence {
	p := &presence{c: c, stream: knowledge.NewID(), staff: who.ID}
	if who.Token {
		p.staff = ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), presenceTimeout)
	defer cancel()
	p.beat(ctx)
	return p
}

type presence struct {
	c             *Console
	stream, staff string
}

// presenceTimeout bounds the end of a sign of life, whose request may be over.
const presenceTimeout = 5 * time.Second

func (p *presence) beat(ctx context.Context) {
	if p.staff == "" {
		return
	}
	if err := p.c.engine.StaffHere(ctx, p.stream, p.staff); err != nil && ctx.Err() == nil {
		p.c.log.Warn("presence not noted", "error", err)
	}
}

func (p *presence) end() {
	if p.staff == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), presenceTimeout)
	defer cancel()
	if err := p.c.engine.StaffGone(ctx, p.stream); err != nil {
		p.c.log.Warn("presence not ended; it will run out", "error", err)
	}
}

func (c *Console) getHours(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	h, err := c.engine.Hours(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, h)
}

func (c *Console) putHours(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	var h conversation.Hours
	if err := readJSON(w, r, &h); err != nil {
		return err
	}
	h, err := c.engine.PutHours(r.Context(), h)
	if err != nil {
		return unusable(err)
	}
	return writeJSON(w, http.StatusOK, h)
}

func (c *Console) getHandling(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	h, err := c.engine.Handling(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, h)
}

func (c *Console) putHandling(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	var h conversation.Handling
	if err := readJSON(w, r, &h); err != nil {
		return err
	}
	h, err := c.engine.PutHandling(r.Context(), h)
	if err != nil {
		return unusable(err)
	}
	return writeJSON(w, http.StatusOK, h)
}

// unusable puts what is wrong with a setting, or that somebody was first, in words.
func unusable(err error) error {
	switch {
	case errors.Is(err, conversation.ErrVersion):
		return problem(http.StatusConflict, "version_changed", "Somebody changed this since you read it. Read it again; nothing of yours was stored.")
	case errors.Is(err, conversation.ErrSetting):
		return problem(http.StatusUnprocessableEntity, "bad_setting", err.Error())
	}
	return err
}
