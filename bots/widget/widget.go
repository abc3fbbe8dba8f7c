// Package widget serves the chat that customers meet on a web page: the script
// a site embeds, the JSON API behind it and its event stream.
//
// A visitor is known by a signed token that names one conversation and nothing
// else; there is no cookie, so pages of any origin may call the API and none
// can act for a visitor whose token it does not hold.
package widget

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"frontdesk/bots"
	"frontdesk/conversation"
)

// Channel is the name under which the engine knows this channel.
const Channel = "widget"

// callTimeout bounds what one request may wait for the engine.
const callTimeout = 10 * time.Second

// Engine is what the widget needs of the conversation engine.
type Engine interface {
	bots.Receiver
	Open(ctx context.Context, o conversation.Opening) (conversation.State, error)
	// Describe keeps what a page says about its visitor.
	Describe(ctx context.Context, id string, p conversation.Profile) error
	Handoff(ctx context.Context, id string, by conversation.Actor, r conversation.Reason) (conversation.State, error)
	ChooseBot(ctx context.Context, id string) (conversation.State, error)
	Feedback(ctx context.Context, id string, seq int64, helpful bool) error
	State(ctx context.Context, id string) (conversation.State, error)
	// Messages returns the log after a sequence number, oldest first, without
	// the notes of staff.
	Messages(ctx context.Context, id string, after int64, limit int) ([]conversation.Message, error)
	Subscribe(id string) *conversation.Subscription
	Visits
	// Upload stores a file for a message that is to come.
	Upload(ctx context.Context, conversation, name string, content []byte) (conversation.Attachment, error)
	// OpenFile returns a file of the conversation with its bytes.
	OpenFile(ctx context.Context, conversation, id string) (conversation.File, error)
}

// Config is what a Handler is made of.
type Config struct {
	Engine Engine
	// Key signs the visitors' tokens; changing it signs every visitor out.
	Key []byte
	// Script returns the browser code to serve. It is asked on every request.
	Script func() (*Script, error)
	// RateLimit is the number of messages a minute from one visitor and, times
	// ten, from one address. Zero lifts every limit that counts by address or
	// time, for load tests.
	RateLimit int
	// TrustedProxies are those whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// AllowedOrigins are the sites that may call the API; nil means any.
	AllowedOrigins []string
	// Look is asked on every request; nil leaves all to the widget. It must return at once.
	Look   func() Look
	Logger *slog.Logger
	Now    func() time.Time
}

// keyBytes is the least a signing key must have: as many as the signature.
const keyBytes = 32

// Handler serves the widget's endpoints. It is safe for concurrent use.
type Handler struct {
	engine    Engine
	tokens    tokens
	script    func() (*Script, error)
	look      func() Look
	dressed   dressed
	addresses addresses
	origins   origins
	log       *slog.Logger
	now       func() time.Time
	beat      time.Duration

	messages *limiter[uuid]       // per visitor
	signs    *limiter[uuid]       // per visitor: typing and having read
	actions  *limiter[uuid]       // per visitor: what is not a message
	posts    *limiter[addressKey] // per address: everything written
	connects *limiter[addressKey] // per address: event streams opened
	streams  *registry

	uploads   *limiter[uuid] // per visitor: files sent
	downloads *limiter[uuid] // per visitor: files fetched
	uploading chan struct{}  // one slot for each file on its way in
	fetching  chan struct{}  // and out
}

// New returns a handler. It panics on a short key or a missing part, since both
// are faults of the wiring.
func New(c Config) *Handler {
	if len(c.Key) < keyBytes {
		panic("widget: signing key shorter than 32 bytes")
	}
	if c.Engine == nil || c.Script == nil {
		panic("widget: engine and script are required")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	perAddress := streamsPerAddress
	if c.RateLimit == 0 {
		perAddress = maxStreams
	}
	return &Handler{
		engine:    c.Engine,
		tokens:    tokens{key: c.Key, now: c.Now},
		script:    c.Script,
		look:      c.Look,
		addresses: addresses{trusted: c.TrustedProxies},
		origins:   newOrigins(c.AllowedOrigins),
		log:       c.Logger,
		now:       c.Now,
		beat:      heartbeatEvery,
		messages:  newLimiter[uuid](c.RateLimit),
		actions:   newLimiter[uuid](c.RateLimit),
		signs:     newLimiter[uuid](signsPerMessage * c.RateLimit),
		uploads:   newLimiter[uuid](c.RateLimit),
		downloads: newLimiter[uuid](10 * c.RateLimit), // a page shows a conversation's pictures at once
		uploading: make(chan struct{}, uploadsAtOnce),
		fetching:  make(chan struct{}, fetchesAtOnce),
		posts:     newLimiter[addressKey](10 * c.RateLimit),
		connects:  newLimiter[addressKey](10 * c.RateLimit),
		streams:   newRegistry(perAddress),
	}
}

// Routes registers the script and the API on mux.
func (h *Handler) Routes(mux *http.ServeMux) {
	mux.Handle("/widget.js", h.serve(http.MethodGet, h.getScript))
	mux.Handle("/widget/part.js", h.serve(http.MethodGet, h.getPart))
	mux.Handle("/widget/care.js", h.serve(http.MethodGet, h.getCare))
	mux.Handle("/widget/v1/words", h.serve(http.MethodGet, h.getWords))
	mux.Handle("/widget/v1/sessions", h.serve(http.MethodPost, timed(h.postSession)))
	mux.Handle("/widget/v1/messages", h.serve(http.MethodPost, timed(h.postMessage)))
	mux.Handle("/widget/v1/files", h.serve(http.MethodPost, h.postFile))
	mux.Handle("/widget/v1/files/{id}", h.serve(http.MethodGet, timed(h.getFile)))
	mux.Handle("/widget/v1/events", h.serve(http.MethodGet, h.getEvents))
	mux.Handle("/widget/v1/handoff", h.serve(http.MethodPost, timed(h.postHandoff)))
	mux.Handle("/widget/v1/feedback", h.serve(http.MethodPost, timed(h.postFeedback)))
	mux.Handle("/widget/v1/email", h.serve(http.MethodPost, timed(h.postEmail)))
	mux.Handle("/widget/v1/rating", h.serve(http.MethodPost, timed(h.postRating)))
	mux.Handle("/widget/v1/typing", h.serve(http.MethodPost, timed(h.postTyping)))
	mux.Handle("/widget/v1/seen", h.serve(http.MethodPost, timed(h.postSeen)))
	mux.Handle("/widget/", h.serve("", func(http.ResponseWriter, *http.Request) error {
		return errNoEndpoint
	}))
}

// Shutdown ends every event stream, after which the browsers connect again by
// themselves, and waits until they have ended or ctx is done. No stream can be
// opened afterwards.
func (h *Handler) Shutdown(ctx context.Context) error {
	return h.streams.shutdown(ctx)
}

// Streams returns how many event streams are open.
func (h *Handler) Streams() int { return h.streams.open() }

// endpoint answers one method at one path. What it returns becomes a problem.
type endpoint func(http.ResponseWriter, *http.Request) error

// timed bounds what an endpoint may wait for the engine.
func timed(e endpoint) endpoint {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
		defer cancel()
		return e(w, r.WithContext(ctx))
	}
}

// serve answers CORS and the wrong methods, and renders errors.
func (h *Handler) serve(method string, e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		err := h.origins.admit(w.Header(), r)
		switch {
		case err != nil:
		case r.Method == http.MethodOptions:
			preflight(w, method)
			return
		case method != "" && r.Method != method && !(method == http.MethodGet && r.Method == http.MethodHead):
			w.Header().Set("Allow", allowed(method))
			err = errMethod
		default:
			err = e(w, r)
		}
		if err != nil {
			h.fail(w, r, err)
		}
	})
}

// fail renders err, and logs it when it is the server's own fault.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := status(err)
	if p.Status >= http.StatusInternalServerError && !errors.Is(err, errShuttingDown) && r.Context().Err() == nil {
		h.log.Error("widget request failed", "method", r.Method, "path", r.URL.Path, "status", p.Status, "error", err)
	}
	p.write(w)
}
