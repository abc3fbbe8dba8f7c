package conversation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Model streams one completion. Implementations are safe for concurrent use.
type Model interface {
	// Stream calls emit with each piece of the answer as it arrives, from one
	// goroutine, and returns the whole. After the first emit it never retries:
	// a stream that breaks is a *ModelError of kind ErrCut. It returns soon after
	// ctx ends.
	Stream(ctx context.Context, req ModelRequest, emit func(delta string)) (ModelReply, error)
}

// Role is who a prompt message speaks for.
type Role string

// The roles every compatible server knows.
const (
	RoleSystem    Role = "system"
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
)

// PromptMessage is one message of a prompt.
type PromptMessage struct {
	Role   Role
	Text   string
	Images []Image // of the customer's
}

// Tool is a typed action the model may call instead of, or after, answering.
type Tool struct {
	Name        string
	Description string
	Parameters  json.RawMessage // JSON schema of the arguments
}

// ToolCall is one call of a Tool, with the arguments as the model wrote them:
// they are data from outside and are to be checked before use.
type ToolCall struct {
	Name      string
	Arguments json.RawMessage
}

// ModelRequest is one completion asked for.
type ModelRequest struct {
	Messages  []PromptMessage // in order; the first is the system prompt
	Tools     []Tool
	MaxTokens int    // room for the answer
	User      string // opaque and stable per conversation; never an e-mail or a name

	Models      []string // tried in order when one is gone; empty: the implementation's own list
	Temperature *float64 // 0 to 2; nil: the server's own
}

// ModelReply is a completion that ended properly.
type ModelReply struct {
	Text   string
	Calls  []ToolCall
	Model  string // the model that answered, which may not be the first of the list
	Finish string // stop, length, tool_calls or content_filter
	Usage  Usage
}

// Usage is what a call consumed.
type Usage struct {
	InputTokens  int
	CachedTokens int // of InputTokens, those the provider had cached
	OutputTokens int
	CostMicros   int64 // millionths of a US dollar; 0 when the model's price is unknown
	Estimated    bool  // counted here because the server sent no usage
	Unpriced     bool  `json:",omitempty"` // the model's price is not known, so that CostMicros says nothing
}

// ErrorKind sorts what can go wrong with a model by what a turn should do next.
type ErrorKind string

// Every kind ends in an answer from passages or a person; the kind is for the
// log, the metrics and the decision whether to try again.
const (
	ErrRateLimited   ErrorKind = "rate_limited"
	ErrUnavailable   ErrorKind = "unavailable" // 5xx, refused connection, open circuit
	ErrTimeout       ErrorKind = "timeout"
	ErrCut           ErrorKind = "cut" // the stream ended before the answer did
	ErrAuth          ErrorKind = "auth"
	ErrQuota         ErrorKind = "quota" // spent; waiting does not help
	ErrGone          ErrorKind = "gone"  // no model of the list exists any more
	ErrBadRequest    ErrorKind = "bad_request"
	ErrContentFilter ErrorKind = "content_filter"
	ErrNoVision      ErrorKind = "no_vision" // no model of the list takes pictures; without them it may answer
)

// ModelError is the only error a Model returns, except for ctx's own. Its text
// is for operators and never holds a key; customers do not see it.
type ModelError struct {
	Kind       ErrorKind
	RetryAfter time.Duration // 0 when the server did not say
	Err        error
}

func (e *ModelError) Error() string { return fmt.Sprintf("model %s: %v", e.Kind, e.Err) }

// Unwrap returns the cause.
func (e *ModelError) Unwrap() error { return e.Err }
