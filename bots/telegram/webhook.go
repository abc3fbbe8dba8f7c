package telegram

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// maxUpdate bounds an update in bytes. A message of the greatest length with all
// its formatting and the message it replies to is a tenth of it.
const maxUpdate = 1 << 20

// ServeHTTP takes one update from Telegram. The secret is compared before
// anything of the body is read; the answer is 200 only once the update is stored,
// and Telegram sends again what got another.
func (b *Bot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !b.proven(r.Header.Get("X-Telegram-Bot-Api-Secret-Token")) {
		b.cfg.Observe("unproven")
		problem(w, http.StatusUnauthorized, "secret", "The secret token is missing or wrong.")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		problem(w, http.StatusRequestEntityTooLarge, "too_large", "An update is at most a megabyte.")
		return
	case err != nil:
		problem(w, http.StatusBadRequest, "unreadable", "The body did not arrive whole.")
		return
	case !json.Valid(body):
		b.cfg.Observe("unreadable")
		problem(w, http.StatusBadRequest, "not_json", "The body is not JSON.")
		return
	}
	if err := b.handle(r.Context(), body); err != nil {
		b.log.WarnContext(r.Context(), "telegram update not stored; it will come again", "err", err)
		problem(w, http.StatusServiceUnavailable, "not_stored", "The update could not be stored. Send it again.")
		return
	}
	w.WriteHeader(http.StatusOK)
}

// proven compares digests, which have one length, in constant time. Without a
// secret of ours nothing is proven.
func (b *Bot) proven(given string) bool {
	want, got := sha256.Sum256([]byte(b.cfg.Secret)), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1 && b.cfg.Secret != ""
}

// problem answers as RFC 9457 says.
func problem(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	// A caller who went away needs no answer.
	json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "code": code, "detail": detail})
}
