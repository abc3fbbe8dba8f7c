package staff

import (
	"context"
	"errors"
	"regexp"
	"time"
)

// Link says that a person on a platform is a member of staff, who may then answer
// from there as from the console.
type Link struct {
	Channel    string // "slack" or "telegram"
	Account    string // the workspace; empty: any, since a platform's ids are its own
	ExternalID string // the platform's id of the person
	Staff      Account
	Disabled   bool // the account is, so the link opens nothing
	CreatedAt  time.Time
}

// ErrLink is returned for what cannot be somebody's id on a platform.
var ErrLink = errors.New("staff: not a person's id on that platform")

// externalIDs are what a person's id looks like on each platform.
// https://docs.slack.dev/reference/objects/user-object,
// https://core.telegram.org/bots/api#user
var externalIDs = map[string]*regexp.Regexp{
	"slack":    regexp.MustCompile(`^[UW][A-Z0-9]{2,30}$`),
	"telegram": regexp.MustCompile(`^[1-9][0-9]{0,15}$`),
}

var workspace = regexp.MustCompile(`^[A-Z0-9]{0,30}$`)

// Links keeps who staff are on platforms.
type Links interface {
	// SetLink links a person to the enabled account of an address, whoever they were
	// linked to before. ErrNotFound.
	SetLink(ctx context.Context, l Link, email string) (Link, error)
	// DeleteLink returns ErrNotFound where there is none.
	DeleteLink(ctx context.Context, l Link) error
	// AllLinks lists them by address.
	AllLinks(ctx context.Context) ([]Link, error)
}

// valid reports whether l can name anybody.
func (l Link) valid() bool {
	form := externalIDs[l.Channel]
	return form != nil && form.MatchString(l.ExternalID) && workspace.MatchString(l.Account)
}

// Link makes a person on a platform a member of staff, from their next message or
// click on. It returns ErrEmail, ErrLink, or ErrNotFound for an unknown or disabled
// account.
func (s *Service) Link(ctx context.Context, l Link, email string) (Link, error) {
	email, err := NormalizeEmail(email)
	if err != nil {
		return Link{}, err
	}
	if !l.valid() {
		return Link{}, ErrLink
	}
	return s.store.SetLink(ctx, l, email)
}

// Unlink ends a link at once. It returns ErrLink or ErrNotFound.
func (s *Service) Unlink(ctx context.Context, l Link) error {
	if !l.valid() {
		return ErrLink
	}
	return s.store.DeleteLink(ctx, l)
}

// Links lists who is linked, by e-mail address.
func (s *Service) Links(ctx context.Context) ([]Link, error) { return s.store.AllLinks(ctx) }
