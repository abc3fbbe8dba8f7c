package widget

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"frontdesk/conversation"
)

// What a request can be refused for before the engine is asked.
var (
	errNoEndpoint   = errors.New("widget: no such endpoint")
	errMethod       = errors.New("widget: method not allowed")
	errOrigin       = errors.New("widget: origin not allowed")
	errToken        = errors.New("widget: token missing, malformed or expired")
	errGone         = errors.New("widget: the token's conversation is gone")
	errContentType  = errors.New("widget: body is not application/json")
	errBodyTooLarge = errors.New("widget: body too large")
	errMalformed    = errors.New("widget: body is not valid JSON in UTF-8")
	errShuttingDown = errors.New("widget: shutting down")
	errTooManyTabs  = errors.New("widget: too many event streams")
	errFull         = errors.New("widget: event streams exhausted")
)

// fieldError names the field of a body that has an unusable value.
type fieldError struct{ field, want string }

func (e *fieldError) Error() string { return "widget: field " + e.field + ": want " + e.want }

// limitError tells how long to wait before trying again.
type limitError struct{ wait time.Duration }

func (e *limitError) Error() string { return fmt.Sprintf("widget: rate limit, wait %v", e.wait) }

// problem is an error as RFC 9457 puts it on the wire. Its words may be read by
// a customer.
type problem struct {
	Type   string        `json:"type"`
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Detail string        `json:"detail"`
	retry  time.Duration // Retry-After, when positive
}

func (p problem) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if p.retry > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((p.retry+time.Second-1)/time.Second), 10))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(p.Status)
	// An error means the visitor has left; there is nobody to tell.
	_ = json.NewEncoder(w).Encode(p)
}

// status is the one place where an error becomes a status and words.
func status(err error) problem {
	var field *fieldError
	var limit *limitError
	var taken *conversation.TakenError
	switch {
	case errors.As(err, &limit):
		p := describe(http.StatusTooManyRequests, "rate-limit", "Too many requests", "That was a lot at once. Please wait a moment and try again.")
		p.retry = max(limit.wait, time.Second)
		return p
	case errors.As(err, &field):
		return describe(http.StatusUnprocessableEntity, "field", "Unusable value", "The field “"+field.field+"” must be "+field.want+".")
	case errors.Is(err, conversation.ErrEmpty):
		return describe(http.StatusUnprocessableEntity, "empty", "Empty message", "The message has no text.")
	case errors.Is(err, conversation.ErrNoFile):
		return describe(http.StatusNotFound, "no-file", "No such file", "There is no such file in this conversation, or it was sent already.")
	case errors.Is(err, conversation.ErrTooManyFiles):
		return describe(http.StatusUnprocessableEntity, "too-many-files", "Too many files", fmt.Sprintf("A message may have up to %d files.", conversation.MaxAttachments))
	case errors.Is(err, conversation.ErrFileTooLarge):
		return describe(http.StatusRequestEntityTooLarge, "file-too-large", "File too large",
			fmt.Sprintf("Pictures may have up to %d MB, other files up to %d MB.", conversation.MaxImageBytes>>20, conversation.MaxFileBytes>>20))
	case errors.Is(err, conversation.ErrFileType):
		return describe(http.StatusUnsupportedMediaType, "file-type", "File type not taken", "Files of this type cannot be opened here. Pictures, voice messages, videos, PDF, Word and text files can.")
	case errors.Is(err, conversation.ErrFileEmpty), errors.Is(err, errNoFile):
		return describe(http.StatusUnprocessableEntity, "no-content", "No file", "The form holds no file called “file” with anything in it.")
	case errors.Is(err, conversation.ErrFileQuota):
		p := describe(http.StatusTooManyRequests, "file-quota", "Too many files", "You have sent a lot of files. Please describe what they show.")
		p.retry = time.Hour
		return p
	case errors.Is(err, errForm):
		return describe(http.StatusUnsupportedMediaType, "content-type", "Unsupported content type", "Send multipart/form-data with one file.")
	case errors.Is(err, errUploads):
		p := describe(http.StatusServiceUnavailable, "busy", "Busy", "Other files are just being taken in. Please try again in a moment.")
		p.retry = 2 * time.Second
		return p
	case errors.Is(err, conversation.ErrTooLong):
		return describe(http.StatusRequestEntityTooLarge, "too-long", "Message too long", fmt.Sprintf("A message may have up to %d characters.", conversation.MaxTextRunes))
	case errors.Is(err, errBodyTooLarge):
		return describe(http.StatusRequestEntityTooLarge, "too-large", "Request too large", fmt.Sprintf("A request may have up to %d bytes.", maxBodyBytes))
	case errors.Is(err, conversation.ErrConflict):
		return describe(http.StatusConflict, "conflict", "Message id already used", "This id belongs to another message.")
	case errors.Is(err, conversation.ErrNotCurrent), errors.As(err, &taken):
		return describe(http.StatusConflict, "not-current", "Not possible now", "The conversation has moved on, so this is no longer possible.")
	case errors.Is(err, errToken), errors.Is(err, errGone):
		return describe(http.StatusUnauthorized, "session", "Session needed", "The session is missing or has ended. Please start a new one.")
	case errors.Is(err, conversation.ErrNotFound):
		return describe(http.StatusNotFound, "not-found", "Not found", "There is no such message in this conversation.")
	case errors.Is(err, errNoEndpoint):
		return describe(http.StatusNotFound, "no-endpoint", "Not found", "There is nothing at this address.")
	case errors.Is(err, errMethod):
		return describe(http.StatusMethodNotAllowed, "method", "Method not allowed", "This address does not take that method.")
	case errors.Is(err, errOrigin):
		return describe(http.StatusForbidden, "origin", "Site not allowed", "This site may not use the chat.")
	case errors.Is(err, errContentType):
		return describe(http.StatusUnsupportedMediaType, "content-type", "Unsupported content type", "Send application/json.")
	case errors.Is(err, errMalformed):
		return describe(http.StatusBadRequest, "malformed", "Malformed request", "The body must be one JSON object in UTF-8.")
	case errors.Is(err, errTooManyTabs):
		p := describe(http.StatusTooManyRequests, "streams", "Too many open chats", "The chat is open in too many places. Please close one.")
		p.retry = 30 * time.Second
		return p
	case errors.Is(err, errShuttingDown), errors.Is(err, errFull), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		p := describe(http.StatusServiceUnavailable, "busy", "Busy", "The service is busy. Please try again in a moment.")
		p.retry = 2 * time.Second
		return p
	default:
		return describe(http.StatusInternalServerError, "internal", "Something went wrong", "Something went wrong on our side. Please try again.")
	}
}

func describe(code int, kind, title, detail string) problem {
	return problem{Type: "urn:frontdesk:problem:" + kind, Title: title, Status: code, Detail: detail}
}
