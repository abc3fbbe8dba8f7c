package conversation

import (
	"context"
	"slices"
	"strings"
)

// Bounds of what staff keep at hand, in characters.
const (
	MaxLabelRunes    = 60
	MaxTeamRunes     = 80
	MaxShortcutRunes = 40
	// MaxLabels is how many labels one conversation has at most.
	MaxLabels = 20
)

// Label marks conversations of a kind.
type Label struct {
	ID, Name, Color string
	Version         int64
}

// Team is a group of staff that conversations are given to.
type Team struct {
	ID, Name string
	Members  []string // ids of staff
	Version  int64
}

// Canned is a reply kept for use, with variables such as {{contact.name}}.
type Canned struct {
	ID, Shortcut, Text string
	Version            int64
}

// Shelves keeps what staff have at hand. A new thing is given its id; one with an id
// that is unknown is an error: ErrNoLabel, ErrNoTeam, ErrNoCanned. A name that another
// has is ErrExists, but a new thing that is there already is that one. A thing with a
// version is changed where it still is that version; ErrVersion comes with the thing as
// it is. Without one it is changed whatever it is.
type Shelves interface {
	Labels(ctx context.Context) ([]Label, error)
	SaveLabel(ctx context.Context, l Label) (Label, error)
	// DeleteLabel takes it off every conversation.
	DeleteLabel(ctx context.Context, id string) error

	Teams(ctx context.Context) ([]Team, error)
	// SaveTeam returns ErrNoStaff for a member who does not exist.
	SaveTeam(ctx context.Context, t Team) (Team, error)
	DeleteTeam(ctx context.Context, id string) error

	CannedReplies(ctx context.Context) ([]Canned, error)
	// CannedReply returns one.
	CannedReply(ctx context.Context, id string) (Canned, error)
	SaveCanned(ctx context.Context, c Canned) (Canned, error)
	DeleteCanned(ctx context.Context, id string) error

	// Preferences returns a JSON object, {} when none was set.
	Preferences(ctx context.Context, me string) ([]byte, error)
	SetPreferences(ctx context.Context, me string, object []byte) error
}

// RenderCanned returns a canned reply as it would be sent in a conversation, and the
// variables that have no value there: in their place stands nothing. ErrNoCanned,
// ErrNotFound.
func (in *Inbox) RenderCanned(ctx context.Context, id, conversation string, by Actor) (text string, missing []string, err error) {
	c, err := in.CannedReply(ctx, id)
	if err != nil {
		return "", nil, err
	}
	row, err := in.Row(ctx, conversation, by.StaffID)
	if err != nil {
		return "", nil, err
	}
	contact, err := in.Contact(ctx, row.ContactID)
	if err != nil {
		return "", nil, err
	}
	values := map[string]string{
		"contact.name": contact.Name, "contact.first_name": firstName(contact.Name), "contact.email": contact.Email,
		"staff.name": by.Name, "staff.first_name": firstName(by.Name),
		"conversation.id": conversation, "conversation.channel": row.State.Channel, "team.name": row.Team.Name,
	}
	for k, v := range contact.Attributes {
		values["contact."+strings.ToLower(k)] = v
	}
	text, missing = fillVariables(c.Text, values)
	return text, missing, nil
}

// fillVariables puts values in the place of {{name}}. What was put in is never
// looked at again, so that a customer's name cannot hold a variable.
func fillVariables(text string, values map[string]string) (string, []string) {
	var (
		out     strings.Builder
		missing []string
	)
	for {
		before, rest, found := strings.Cut(text, "{{")
		name, after, closed := strings.Cut(rest, "}}")
		if !found || !closed {
			out.WriteString(text)
			return out.String(), missing
		}
		out.WriteString(before)
		name = strings.ToLower(strings.TrimSpace(name))
		if v := values[name]; v != "" {
			out.WriteString(v)
		} else if !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
		text = after
	}
}

func firstName(name string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(name), " ")
	return first
}
