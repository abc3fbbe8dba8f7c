package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	// maxBodyBytes is far above any event: Slack cuts a message at 40,000
	// characters, which come as text and as blocks.
	maxBodyBytes = 1 << 20
	// storeTimeout bounds what an event may wait for the engine. Slack gives up
	// after three seconds and sends the event again; what was stored by then is
	// recognised.
	storeTimeout = 2500 * time.Millisecond
)

// errMalformed is returned for a verified body that is not what Slack sends.
var errMalformed = errors.New("slack: malformed payload")

// serve verifies a request on its raw body before anything reads that.
func (b *Bot) serve(do func(context.Context, http.ResponseWriter, []byte) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		body, err := b.verified(w, r)
		if err == nil {
			ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
			defer cancel()
			err = do(ctx, w, body)
		}
		b.answer(w, r, err)
	}
}

func (b *Bot) verified(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	sig, err := claim(r.Header, b.cfg.SigningSecret, b.now())
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if err != nil {
		return nil, err
	}
	if !sig.matches(body, b.cfg.SigningSecret) {
		return nil, errUnverified
	}
	return body, nil
}

// answer maps errors to what Slack understands: what it should send again is 503.
func (b *Bot) answer(w http.ResponseWriter, r *http.Request, err error) {
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
	case errors.Is(err, errUnverified):
		b.cfg.Count("refused")
		w.WriteHeader(http.StatusUnauthorized)
	case errors.As(err, &tooLarge):
		b.cfg.Count("refused")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	case errors.Is(err, errMalformed):
		b.cfg.Count("malformed")
		w.WriteHeader(http.StatusBadRequest)
	default:
		if r.Context().Err() == nil {
			b.log.Error("slack event not stored; slack will send it again", "path", r.URL.Path, "err", err)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// serveEvent answers the Events API.
func (b *Bot) serveEvent(ctx context.Context, w http.ResponseWriter, body []byte) error {
	var env envelope
	if err := decode(body, &env); err != nil {
		return err
	}
	if env.Type == "url_verification" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, err := io.WriteString(w, env.Challenge)
		return err
	}
	return b.event(ctx, env)
}

// serveInteraction answers clicks, which come as a form with JSON in it.
func (b *Bot) serveInteraction(ctx context.Context, _ http.ResponseWriter, body []byte) error {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return errMalformed
	}
	var act interaction
	if err := decode([]byte(form.Get("payload")), &act); err != nil {
		return err
	}
	return b.interact(ctx, act)
}

// decode reads JSON whose shape may change in parts that are not used here: a
// field of another type is left empty rather than costing the whole event.
func decode(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var other *json.UnmarshalTypeError
	if err != nil && (!errors.As(err, &other) || other.Field == "") {
		return errMalformed
	}
	return nil
}
