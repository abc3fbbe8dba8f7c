package console

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// InboxActs changes what staff note about conversations.
type InboxActs interface {
	MarkRead(ctx context.Context, id, me string, seq int64) error
	MarkUnread(ctx context.Context, id, me string, seq int64) error
	SetLabels(ctx context.Context, id string, by conversation.Actor, names []string) error
	SetPriority(ctx context.Context, id string, by conversation.Actor, priority int) error
	Assign(ctx context.Context, id string, by conversation.Actor, a conversation.Assignment) error
	Snooze(ctx context.Context, id string, by conversation.Actor, until time.Time) error
	Handback(ctx context.Context, id string, by conversation.Actor, seen int64) (conversation.State, error)
	Resolve(ctx context.Context, id string, by conversation.Actor, reason string, seen int64) (conversation.State, error)
	Reopen(ctx context.Context, id string, by conversation.Actor) (conversation.State, error)
}

// Watchers knows who of staff is where.
type Watchers interface {
	Look(conversation string, by conversation.Actor, t conversation.Typing, leaves bool)
}

type readRequest struct {
	Seq int64 `json:"seq"`
}

type labelsRequest struct {
	Labels []string `json:"labels"`
}

type priorityRequest struct {
	Priority int `json:"priority"`
}

// assignRequest names a person, a team, or both; with auto somebody who is online is
// found, in the team if there is one.
type assignRequest struct {
	Staff string `json:"staff,omitempty"`
	Team  string `json:"team,omitempty"`
	Auto  bool   `json:"auto,omitempty"`
	None  bool   `json:"none,omitempty"`
}

type snoozeRequest struct {
	Until *time.Time `json:"until"` // null wakes it
}

// seenRequest says what whoever acts has before them: 409 unseen when the customer has
// written since.
type seenRequest struct {
	Seen int64 `json:"seen_seq,omitempty"`
}

func (q seenRequest) check() error {
	if q.Seen < 0 {
		return badField("seen_seq", "the number of a message")
	}
	return nil
}

type resolveRequest struct {
	seenRequest
	Reason string `json:"reason,omitempty"`
}

type presenceRequest struct {
	Typing conversation.Typing `json:"typing"`
	Leaves bool                `json:"leaves,omitempty"` // gone, at once instead of after 25 s
}

type presentView struct {
	ID     string              `json:"id"`
	Name   string              `json:"name"`
	Typing conversation.Typing `json:"typing"`
}

type presenceView struct {
	Conversation string        `json:"conversation"`
	Staff        []presentView `json:"staff"`
}

func viewPresence(id string, list []conversation.Presence) presenceView {
	v := presenceView{Conversation: id, Staff: make([]presentView, len(list))}
	for i, p := range list {
		v.Staff[i] = presentView{p.StaffID, p.Name, p.Typing}
	}
	return v
}

// mark serves a change of what is noted about a conversation and gives its new row.
func mark[T any](do func(c *Console, ctx context.Context, id string, by conversation.Actor, req T) error) handler {
	return func(c *Console, w http.ResponseWriter, r *http.Request, who staff.Principal) error {
		id, err := pathID(r, conversation.ErrNotFound)
		if err != nil {
			return err
		}
		var req T
		if err := readJSON(w, r, &req); err != nil {
			return err
		}
		if err := do(c, r.Context(), id, actor(who), req); err != nil {
			return err
		}
		row, err := c.inbox.Row(r.Context(), id, who.ID)
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusOK, viewRow(row))
	}
}

func putLabels(c *Console, ctx context.Context, id string, by conversation.Actor, req labelsRequest) error {
	if len(req.Labels) > conversation.MaxLabels {
		return badField("labels", "a list of up to 20 names")
	}
	for i, l := range req.Labels {
		if l = line(storable(l)); l == "" || utf8.RuneCountInString(l) > conversation.MaxLabelRunes {
			return badField("labels", "a list of names of up to 60 characters")
		}
		req.Labels[i] = l
	}
	return named(c.inbox.SetLabels(ctx, id, by, req.Labels))
}

func putPriority(c *Console, ctx context.Context, id string, by conversation.Actor, req priorityRequest) error {
	if req.Priority < conversation.PriorityNone || req.Priority > conversation.PriorityMost {
		return badField("priority", "a number from 0 to 3")
	}
	return c.inbox.SetPriority(ctx, id, by, req.Priority)
}

func putAssignee(c *Console, ctx context.Context, id string, by conversation.Actor, req assignRequest) error {
	a := conversation.Assignment{Staff: strings.ToLower(req.Staff), Team: strings.ToLower(req.Team), Auto: req.Auto, None: req.None}
	switch {
	case a.None && (a.Staff != "" || a.Team != "" || a.Auto), a.Staff != "" && a.Auto, a == conversation.Assignment{}:
		return problem(http.StatusUnprocessableEntity, "bad_field", "Name staff or a team, or ask for auto, or for none.")
	case a.Staff != "" && !isUUID(a.Staff):
		return named(conversation.ErrNoStaff)
	case a.Team != "" && !isUUID(a.Team):
		return named(conversation.ErrNoTeam)
	}
	return named(c.inbox.Assign(ctx, id, by, a))
}

func putSnooze(c *Console, ctx context.Context, id string, by conversation.Actor, req snoozeRequest) error {
	var until time.Time
	if req.Until != nil {
		until = *req.Until
		if now := c.now(); !until.After(now) || until.Sub(now) > conversation.MaxSnooze {
			return badField("until", "a time within the next year, or null")
		}
	}
	return c.inbox.Snooze(ctx, id, by, until)
}

func (c *Console) markRead(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	return markTo(w, r, who, c.inbox.MarkRead)
}

func (c *Console) markUnread(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	return markTo(w, r, who, c.inbox.MarkUnread)
}

// markTo moves the caller's own mark in a conversation.
func markTo(w http.ResponseWriter, r *http.Request, who staff.Principal, move func(ctx context.Context, id, me string, seq int64) error) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	var req readRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if req.Seq < 0 {
		return badField("seq", "a sequence number")
	}
	if err := move(r.Context(), id, who.ID, req.Seq); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *Console) resolve(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	var req resolveRequest
	if err := readAny(w, r, &req); err != nil {
		return err
	}
	if err := req.check(); err != nil {
		return err
	}
	reason := line(storable(req.Reason))
	if utf8.RuneCountInString(reason) > maxReasonRunes {
		return badField("reason", "a text of up to 500 characters")
	}
	s, err := c.inbox.Resolve(r.Context(), id, actor(who), reason, req.Seen)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, viewState(s))
}

func (c *Console) handback(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	var req seenRequest
	if err := readAny(w, r, &req); err != nil {
		return err
	}
	if err := req.check(); err != nil {
		return err
	}
	s, err := c.inbox.Handback(r.Context(), id, actor(who), req.Seen)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, viewState(s))
}

// readAny is readJSON for a body that may be left out.
func readAny(w http.ResponseWriter, r *http.Request, into any) error {
	if r.ContentLength == 0 && r.Header.Get("Content-Type") == "" {
		return nil
	}
	return readJSON(w, r, into)
}

func reopen(c *Console, ctx context.Context, id string, by conversation.Actor) (conversation.State, error) {
	return c.inbox.Reopen(ctx, id, by)
}

func (c *Console) lookAt(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	var req presenceRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if req.Typing == "" {
		req.Typing = conversation.TypingNone
	}
	if !req.Typing.Valid() {
		return badField("typing", "none, reply or note")
	}
	if _, err := c.engine.State(r.Context(), id); err != nil {
		return err
	}
	c.engine.Look(id, actor(who), req.Typing, req.Leaves)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// named tells which of the things a request names does not exist: the address does.
func named(err error) error {
	for _, n := range []struct {
		err    error
		detail string
	}{
		{conversation.ErrNoLabel, "One of the labels does not exist."},
		{conversation.ErrNoTeam, "There is no such team."},
		{conversation.ErrNoStaff, "There is no such member of staff who answers customers."},
	} {
		if isErr(err, n.err) {
			return problem(http.StatusUnprocessableEntity, "unknown_name", n.detail)
		}
	}
	return err
}
