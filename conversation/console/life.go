package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// Life is who is there and what becomes of conversations.
type Life interface {
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

// unusable puts what is wrong with a setting in words.
func unusable(err error) error {
	var wrong *conversation.SettingError
	switch {
	case errors.As(err, &wrong):
		p := problem(http.StatusUnprocessableEntity, "bad_setting", strings.TrimSpace(wrong.Field+" "+wrong.Text)+".")
		p.Field = wrong.Field
		return p
	case errors.Is(err, conversation.ErrNoSection):
		return problem(http.StatusNotFound, "not_found", "There is no such setting, or no such version of it.")
	case errors.Is(err, conversation.ErrSettingsMoved):
		return problem(http.StatusConflict, "version_changed", "Other settings change all the time just now. Try again.")
	}
	return err
}
