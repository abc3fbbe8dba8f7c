package console

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// Shelves is what staff have at hand.
type Shelves interface {
	Labels(ctx context.Context) ([]conversation.Label, error)
	SaveLabel(ctx context.Context, l conversation.Label) (conversation.Label, error)
	DeleteLabel(ctx context.Context, id string) error
	Teams(ctx context.Context) ([]conversation.Team, error)
	SaveTeam(ctx context.Context, t conversation.Team) (conversation.Team, error)
	DeleteTeam(ctx context.Context, id string) error
	CannedReplies(ctx context.Context) ([]conversation.Canned, error)
	SaveCanned(ctx context.Context, c conversation.Canned) (conversation.Canned, error)
	DeleteCanned(ctx context.Context, id string) error
	RenderCanned(ctx context.Context, id, conversation string, by conversation.Actor) (string, []string, error)
	Preferences(ctx context.Context, me string) ([]byte, error)
	SetPreferences(ctx context.Context, me string, object []byte) error
}

const (
	maxTeamMembers = 500
	// maxPreferences bounds one person's preferences, in bytes.
	maxPreferences = 8 << 10
)

type labelView struct {
	ID    string `json:"id,omitempty"`
	Name  string `json:"name"`
	Color string `json:"color"` // #rrggbb, or empty
	edited
}

type labelsView struct {
	Labels []labelView `json:"labels"`
}

type teamView struct {
	ID      string   `json:"id,omitempty"`
	Name    string   `json:"name"`
	Members []string `json:"members"` // ids of staff
	edited
}

type teamsView struct {
	Teams []teamView `json:"teams"`
}

type cannedView struct {
	ID       string `json:"id,omitempty"`
	Shortcut string `json:"shortcut"`
	Text     string `json:"text"`
	edited
}

type cannedListView struct {
	Canned []cannedView `json:"canned"`
}

type renderRequest struct {
	Conversation string `json:"conversation"`
}

type renderedView struct {
	Text    string   `json:"text"`
	Missing []string `json:"missing"` // variables without a value; nothing stands in their place
}

func viewLabel(l conversation.Label) labelView {
	return labelView{l.ID, l.Name, l.Color, edited{l.Version}}
}

func viewTeam(t conversation.Team) teamView {
	return teamView{t.ID, t.Name, t.Members, edited{t.Version}}
}

func viewCanned(t conversation.Canned) cannedView {
	return cannedView{t.ID, t.Shortcut, t.Text, edited{t.Version}}
}

func (c *Console) listLabels(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	list, err := c.inbox.Labels(r.Context())
	if err != nil {
		return err
	}
	v := labelsView{Labels: make([]labelView, len(list))}
	for i, l := range list {
		v.Labels[i] = viewLabel(l)
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) listTeams(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	list, err := c.inbox.Teams(r.Context())
	if err != nil {
		return err
	}
	v := teamsView{Teams: make([]teamView, len(list))}
	for i, t := range list {
		v.Teams[i] = viewTeam(t)
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) listCanned(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	list, err := c.inbox.CannedReplies(r.Context())
	if err != nil {
		return err
	}
	v := cannedListView{Canned: make([]cannedView, len(list))}
	for i, t := range list {
		v.Canned[i] = viewCanned(t)
	}
	return writeJSON(w, http.StatusOK, v)
}

func saveLabel(c *Console, ctx context.Context, id string, v labelView) (labelView, error) {
	v.Name = line(storable(v.Name))
	switch {
	case v.Name == "" || utf8.RuneCountInString(v.Name) > conversation.MaxLabelRunes:
		return v, badField("name", "a text of up to 60 characters")
	case v.Color != "" && !isColor(v.Color):
		return v, badField("color", "a color such as #2e7d32, or empty")
	}
	l, err := c.inbox.SaveLabel(ctx, conversation.Label{ID: id, Name: v.Name, Color: strings.ToLower(v.Color), Version: v.Version})
	return viewLabel(l), err
}

func isColor(s string) bool {
	return len(s) == 7 && s[0] == '#' && strings.Trim(strings.ToLower(s[1:]), "0123456789abcdef") == ""
}

func saveTeam(c *Console, ctx context.Context, id string, v teamView) (teamView, error) {
	v.Name = line(storable(v.Name))
	switch {
	case v.Name == "" || utf8.RuneCountInString(v.Name) > conversation.MaxTeamRunes:
		return v, badField("name", "a text of up to 80 characters")
	case len(v.Members) > maxTeamMembers:
		return v, badField("members", "a list of up to 500 ids of staff")
	}
	for i, m := range v.Members {
		if v.Members[i] = strings.ToLower(m); !isUUID(v.Members[i]) {
			return v, named(conversation.ErrNoStaff)
		}
	}
	t, err := c.inbox.SaveTeam(ctx, conversation.Team{ID: id, Name: v.Name, Members: v.Members, Version: v.Version})
	if isErr(err, conversation.ErrNoStaff) {
		return v, problem(http.StatusUnprocessableEntity, "unknown_name", "One of the members is no member of staff.")
	}
	return viewTeam(t), err
}

func saveCanned(c *Console, ctx context.Context, id string, v cannedView) (cannedView, error) {
	v.Shortcut, v.Text = strings.TrimPrefix(line(storable(v.Shortcut)), "/"), storable(v.Text)
	switch {
	case v.Shortcut == "" || strings.Contains(v.Shortcut, " ") || utf8.RuneCountInString(v.Shortcut) > conversation.MaxShortcutRunes:
		return v, badField("shortcut", "a word of up to 40 characters")
	case strings.TrimSpace(v.Text) == "":
		return v, conversation.ErrEmpty
	case utf8.RuneCountInString(v.Text) > conversation.MaxTextRunes:
		return v, conversation.ErrTooLong
	}
	t, err := c.inbox.SaveCanned(ctx, conversation.Canned{ID: id, Shortcut: v.Shortcut, Text: v.Text, Version: v.Version})
	return viewCanned(t), err
}

// versioned is a view of a thing that several people may edit.
type versioned[T any] interface {
	*T
	match(r *http.Request)
	version() int64
}

// save serves what adds a thing, or changes the one in the path where it still is the
// version that was read.
func save[T any, V versioned[T]](missing error, do func(c *Console, ctx context.Context, id string, req T) (T, error)) handler {
	return func(c *Console, w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
		id, code := "", http.StatusCreated
		if r.Method == http.MethodPut {
			var err error
			if id, err = pathID(r, missing); err != nil {
				return err
			}
			code = http.StatusOK
		}
		var req T
		if err := readEdited(w, r, V(&req)); err != nil {
			return err
		}
		v, err := do(c, r.Context(), id, req)
		if isErr(err, conversation.ErrVersion) {
			return overtaken(v)
		}
		if err != nil {
			return err
		}
		return writeEdited(w, code, V(&v).version(), v)
	}
}

// remover deletes a thing by its id.
type remover = func(ctx context.Context, id string) error

// drop serves what deletes the thing in the path.
func drop(missing error, by func(c *Console) remover) handler {
	return func(c *Console, w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
		id, err := pathID(r, missing)
		if err == nil {
			err = by(c)(r.Context(), id)
		}
		if err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

func (c *Console) renderCanned(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoCanned)
	if err != nil {
		return err
	}
	var req renderRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if req.Conversation = strings.ToLower(req.Conversation); !isUUID(req.Conversation) {
		return conversation.ErrNotFound
	}
	text, without, err := c.inbox.RenderCanned(r.Context(), id, req.Conversation, actor(who))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, renderedView{Text: text, Missing: append([]string{}, without...)})
}

func (c *Console) getPreferences(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	body, err := c.inbox.Preferences(r.Context(), who.ID)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, json.RawMessage(body))
}

func (c *Console) putPreferences(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	var body json.RawMessage
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	body = bytes.TrimSpace(body)
	switch {
	case len(body) > maxPreferences:
		return problem(http.StatusRequestEntityTooLarge, "too_large", "Preferences may have 8 KB.")
	case len(body) == 0 || body[0] != '{' || bytes.Contains(body, []byte(`\u0000`)):
		return problem(http.StatusUnprocessableEntity, "bad_field", "Preferences are one JSON object.")
	}
	if err := c.inbox.SetPreferences(r.Context(), who.ID, body); err != nil {
		return err
	}
	return c.getPreferences(w, r, who)
}
