package openai

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"frontdesk/conversation"
)

// Faults that have no answer from the server to go by.
var (
	errFirstByte = errors.New("the server did not begin to answer in time")
	errIdle      = errors.New("the server fell silent in the middle of its answer")
	errTotal     = errors.New("the answer took too long in all")
	errCut       = errors.New("the stream ended before the answer did")
	errNotStream = errors.New("the server answered a streaming request with something else")
	errTooLong   = errors.New("the server's answer exceeds the size limit")
	errMalformed = errors.New("the server's answer is not what the protocol says")
)

// apiError is an error the server stated, cleaned: its fields are safe to log.
type apiError struct {
	Status     int // 0 for an error event in a stream
	Code       string
	Type       string
	Param      string
	Message    string
	retryAfter time.Duration

	raw string // the message as it came, for recognising refused parameters; never shown
}

func (e *apiError) Error() string {
	var b strings.Builder
	if e.Status != 0 {
		fmt.Fprintf(&b, "%d %s", e.Status, http.StatusText(e.Status))
	} else {
		b.WriteString("error in the stream")
	}
	for _, f := range [...]struct{ name, value string }{{"code", e.Code}, {"type", e.Type}, {"param", e.Param}} {
		if f.value != "" {
			fmt.Fprintf(&b, ", %s %q", f.name, f.value)
		}
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	return b.String()
}

// maxMessage is how many bytes of a server's message are kept.
const maxMessage = 300

// newAPIError reads the body of an error answer, or the data of an error event, in any of the shapes
// seen: {"error":{…}}, {"error":"text"}, {"message":…,"code":…} (vLLM), {"detail":…} (FastAPI), and
// plain text. A page of HTML is not quoted.
func newAPIError(status int, body []byte, scrub func(string) string) *apiError {
	type fields struct {
		Message, Detail, Code, Type, Param any
	}
	var outer struct {
		fields
		Error json.RawMessage
	}
	e := &apiError{Status: status}
	if err := json.Unmarshal(body, &outer); err != nil {
		if text := strings.TrimSpace(string(body)); !strings.HasPrefix(text, "<") {
			e.raw = text
		}
	} else {
		f := outer.fields
		var inner fields
		var text string
		switch {
		case json.Unmarshal(outer.Error, &text) == nil:
			e.raw = text
		case json.Unmarshal(outer.Error, &inner) == nil:
			f = inner
		}
		if e.raw == "" {
			e.raw = plain(f.Message)
		}
		if e.raw == "" {
			e.raw = plain(f.Detail)
		}
		e.Code, e.Type, e.Param = scrub(plain(f.Code)), scrub(plain(f.Type)), scrub(plain(f.Param))
	}
	// Only of these is the message kept: about other faults some servers quote the request's own text,
	// which is a customer's.
	switch status {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests:
		e.Message = scrub(e.raw)
	}
	return e
}

// plain returns v as short text: strings and numbers as they are, anything else as JSON.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// keyLike matches what a server may quote of a credential.
var keyLike = regexp.MustCompile(`(?i)(?:bearer\s+|\b(?:sk|rk|pk|sess)-)[A-Za-z0-9_*.\-]+`)

// scrubber returns a function that makes a server's words fit for a log: one line, short, no key.
func scrubber(key string) func(string) string {
	return func(s string) string {
		if len(key) >= 4 {
			s = strings.ReplaceAll(s, key, "[key]")
		}
		s = keyLike.ReplaceAllString(s, "[key]")
		s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
		if len(s) > maxMessage {
			s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
		}
		return s
	}
}

// says reports whether any of the words is in the error's code, type or message.
func (e *apiError) says(words ...string) bool {
	text := strings.ToLower(e.Code + " " + e.Type + " " + e.raw)
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// kind sorts what the server said. The order matters: a spent quota is also a 429, a model that does
// not exist may be a 400, 403 or 404.
func (e *apiError) kind() conversation.ErrorKind {
	switch {
	case e.says("insufficient_quota", "billing_hard_limit", "billing_not_active") || e.Status == http.StatusPaymentRequired:
		return conversation.ErrQuota
	case e.says("model_not_found", "model_deprecated", "deploymentnotfound") ||
		e.Status == http.StatusNotFound || e.Status == http.StatusGone ||
		e.Status == http.StatusBadRequest && e.says("model does not exist", "invalid model", "unknown model", "no such model"):
		return conversation.ErrGone
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden || e.says("invalid_api_key"):
		return conversation.ErrAuth
	case e.Status == http.StatusTooManyRequests || e.says("rate_limit", "too many requests"):
		return conversation.ErrRateLimited
	case e.says("content_filter", "content_policy_violation", "responsibleaipolicyviolation"):
		return conversation.ErrContentFilter
	case e.Status == http.StatusRequestTimeout || e.Status == http.StatusConflict || e.Status >= 500:
		return conversation.ErrUnavailable
	case e.Status >= 400 || e.says("invalid_request", "context_length", "badrequest"):
		return conversation.ErrBadRequest
	}
	return conversation.ErrUnavailable
}

// modelError sorts any failure of an attempt.
func modelError(err error, scrub func(string) string) *conversation.ModelError {
	var known *conversation.ModelError
	var api *apiError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &api):
		return &conversation.ModelError{Kind: api.kind(), RetryAfter: api.retryAfter, Err: api}
	case errors.Is(err, errFirstByte), errors.Is(err, errIdle), errors.Is(err, errTotal):
		return &conversation.ModelError{Kind: conversation.ErrTimeout, Err: err}
	case errors.Is(err, errCut):
		return &conversation.ModelError{Kind: conversation.ErrCut, Err: err}
	case errors.Is(err, errNotStream), errors.Is(err, errMalformed), errors.Is(err, errTooLong):
		return &conversation.ModelError{Kind: conversation.ErrUnavailable, Err: err}
	}
	// What is left comes from the network or the SDK, and may name an address with secrets in it.
	return &conversation.ModelError{Kind: conversation.ErrUnavailable, Err: errors.New(scrub(err.Error()))}
}

// retryAfter reads how long the server asks to be left alone: retry-after-ms, or retry-after in
// seconds or as a date. Nonsense and the past are 0.
func retryAfter(h http.Header, now time.Time) time.Duration {
	const most = 24 * time.Hour
	read := func(name string, unit time.Duration) (time.Duration, bool) {
		n, err := strconv.ParseFloat(strings.TrimSpace(h.Get(name)), 64)
		if err != nil || !(n >= 0) {
			return 0, false
		}
		return time.Duration(min(n*float64(unit), float64(most))), true
	}
	if d, ok := read("Retry-After-Ms", time.Millisecond); ok {
		return d
	}
	if d, ok := read("Retry-After", time.Second); ok {
		return d
	}
	if at, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		return min(max(at.Sub(now), 0), most)
	}
	return 0
}
