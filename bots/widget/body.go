package widget

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// maxBodyBytes bounds one request: MaxTextRunes of four bytes each, twice
	// over for JSON's escapes.
	maxBodyBytes = 64 << 10
	// bodyTimeout bounds how slowly a visitor may send it.
	bodyTimeout = 10 * time.Second
)

// decode reads the request's JSON object into v. An empty body is errMalformed.
func decode(w http.ResponseWriter, r *http.Request, v any) error {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" || params["charset"] != "" && !isUTF8(params["charset"]) {
		return errContentType
	}
	if r.ContentLength > maxBodyBytes {
		return errBodyTooLarge
	}
	// Not every ResponseWriter can do this; the server's own can.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errBodyTooLarge
	case err != nil:
		return fmt.Errorf("%w: read: %w", errMalformed, err)
	case !utf8.Valid(body):
		return errMalformed
	}
	// A bare null would leave v as it was and pass for an empty object.
	if err := json.Unmarshal(body, v); err != nil || !startsObject(body) {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) && kind.Field != "" {
			return &fieldError{kind.Field, "of another type"}
		}
		return errMalformed
	}
	return nil
}

func isUTF8(charset string) bool { return strings.EqualFold(charset, "utf-8") }

func startsObject(body []byte) bool {
	for _, c := range body {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == '{'
		}
	}
	return false
}

// reply writes v as JSON.
func reply(w http.ResponseWriter, code int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode reply: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	// An error means the visitor has left; there is nobody to tell.
	_, _ = w.Write(append(body, '\n'))
	return nil
}
