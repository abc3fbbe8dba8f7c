package widget

import (
	"errors"
	"net/http"
	"regexp"
	"unicode/utf8"

	"frontdesk/conversation"
)

// What a page may say about its visitor is shown to staff, so it is kept to
// what one line each can show.
const (
	maxNameRunes    = 120
	maxEmailBytes   = 254 // RFC 5321, a path without its brackets
	maxContextItems = 20
	maxContextRunes = 300
)

var (
	siteKeyPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{0,64}$`)
	localePattern  = regexp.MustCompile(`^([A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,4})?$`)
	// Only what is certainly no address is refused; the rest is never trusted.
	emailPattern = regexp.MustCompile(`^([^\s@<>]+@[^\s@<>]+)?$`)
)

type sessionRequest struct {
	Key      string `json:"key"`
	Locale   string `json:"locale"`
	Identity struct {
		Name  string `json:"name"`
		Email string `json:"email"`
	} `json:"identity"`
	Context map[string]string `json:"context"`
}

type sessionReply struct {
	Token        string `json:"token"`
	Conversation string `json:"conversation"`
	Look         Look   `json:"look"`
}

// postSession opens a conversation and issues its token. With the token of an
// existing conversation it renews that instead.
func (h *Handler) postSession(w http.ResponseWriter, r *http.Request) error {
	if err := h.posts.take(h.addresses.of(r), h.now()); err != nil {
		return err
	}
	var in sessionRequest
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := in.check(); err != nil {
		return err
	}
	state, err := h.openOrRenew(r, in)
	if err != nil {
		return err
	}
	profile := conversation.Profile{Name: in.Identity.Name, Email: in.Identity.Email, Context: in.Context}
	if !profile.Empty() {
		if err := h.engine.Describe(r.Context(), state.Conversation, profile); err != nil {
			return err
		}
	}
	token, err := h.tokens.issue(state.Conversation)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, sessionReply{token, state.Conversation, h.lookNow()})
}

func (h *Handler) openOrRenew(r *http.Request, in sessionRequest) (conversation.State, error) {
	if r.Header.Get("Authorization") == "" {
		return h.engine.Open(r.Context(), conversation.Opening{
			Channel: Channel,
			Account: in.Key,
			Locale:  in.Locale,
		})
	}
	visitor, err := h.visitor(r)
	if err != nil {
		return conversation.State{}, err
	}
	state, err := h.engine.State(r.Context(), visitor.String())
	return state, gone(err)
}

func (in sessionRequest) check() error {
	switch {
	case !siteKeyPattern.MatchString(in.Key):
		return &fieldError{"key", "up to 64 letters, digits, dots, dashes or underscores"}
	case !localePattern.MatchString(in.Locale):
		return &fieldError{"locale", "a language tag such as en or zh-Hant"}
	case utf8.RuneCountInString(in.Identity.Name) > maxNameRunes:
		return &fieldError{"identity.name", "up to 120 characters"}
	case len(in.Identity.Email) > maxEmailBytes || !emailPattern.MatchString(in.Identity.Email):
		return &fieldError{"identity.email", "an e-mail address"}
	case len(in.Context) > maxContextItems:
		return &fieldError{"context", "up to 20 entries"}
	}
	for k, v := range in.Context {
		if utf8.RuneCountInString(k) > maxContextRunes || utf8.RuneCountInString(v) > maxContextRunes {
			return &fieldError{"context", "entries of up to 300 characters"}
		}
	}
	return nil
}

// gone turns the loss of a token's conversation (its time to be kept is over)
// into the end of the session, which has the browser open a new one.
func gone(err error) error {
	if errors.Is(err, conversation.ErrNotFound) {
		return errGone
	}
	return err
}
