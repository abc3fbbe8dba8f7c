// Package console is what staff and admins use: the HTTP API under /api/v1,
// its event stream, and the pages under /console that stand on it.
package console

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// callTimeout bounds what one request may wait for the database and the model
// that embeds a search.
const callTimeout = 20 * time.Second

// Options is what a Console stands on. All but the last four are needed.
type Options struct {
	Staff     *staff.Service
	Documents Documents
	Entries   Entries
	FAQ       FAQ
	Conflicts Conflicts
	Curation  Curation
	Previews  Previews
	Sites     Sites
	Gaps      Gaps
	Inbox     Inbox
	Finder    Finder
	Engine    Engine
	Events    Events
	// Models lists the models that are configured, and others whose prices are known.
	// May be nil.
	Models   func() []conversation.ModelFact
	Asks     Asks
	Tests    Tests
	Webhooks Webhooks
	Health   Health
	Log      *slog.Logger
	// Pages makes what the browser loads, the first time somebody asks for it.
	Pages func() (*Pages, error)

	// ClientIP names the caller's address; the connection's when nil.
	ClientIP func(*http.Request) string
	// Secure reports whether the caller's browser speaks TLS, if need be to a
	// proxy in front; nil means TLS that ends here.
	Secure func(*http.Request) bool
	// Origin is where browsers reach the console (scheme://host[:port]), when a
	// proxy in front changes the Host header. May be empty.
	Origin string
	// SignOn lets people sign in elsewhere; nil when there is no such place.
	SignOn SignOn
	// SignOnRole is what somebody becomes whom SignOn names and nobody knows; empty:
	// they are turned away.
	SignOnRole staff.Role
	// Now is the clock; the wall clock when nil.
	Now func() time.Time
	// Environment is what the program was started with.
	Environment []Variable
}

// Console serves the API and the pages. It is safe for concurrent use.
type Console struct {
	staff     *staff.Service
	documents Documents
	entries   Entries
	faq       FAQ
	conflicts Conflicts
	curation  Curation
	previews  Previews
	sites     Sites
	gaps      Gaps
	inbox     Inbox
	finder    Finder
	engine    Engine
	hub       Events
	asks      Asks
	tests     Tests
	webhooks  Webhooks
	health    Health
	log       *slog.Logger
	clientIP  func(*http.Request) string
	secure    func(*http.Request) bool
	now       func() time.Time
	models    func() []conversation.ModelFact
	signOn    SignOn
	newcomer  staff.Role
	origin    string

	watchers    watchers
	crossOrigin *http.CrossOriginProtection
	streams     chan struct{} // one slot for each open event stream
	asking      chan struct{} // one slot for each question of staff's being answered
	large       chan struct{} // one slot for each large file on its way in
	filesOut    chan struct{} // one slot for each customer's file on its way out
	stopping    chan struct{} // closed by Stop
	stopOnce    sync.Once
	shelf       *shelf         // what changes in the knowledge
	feed        *feed          // what changes in the inbox
	api         *http.ServeMux // the routes alone, to tell which methods a path takes
	pages       func() (*Pages, error)
	openAPI     func() []byte
	environment []Variable
	imports     chan struct{} // one slot for each file of entries being imported
	beat        time.Duration // heartbeat; tests cannot wait for it
}

// New returns a Console, or an error when o.Origin is no origin.
func New(o Options) (*Console, error) {
	c := &Console{
		staff: o.Staff, documents: o.Documents, entries: o.Entries, faq: o.FAQ, conflicts: o.Conflicts, curation: o.Curation, previews: o.Previews, sites: o.Sites, gaps: o.Gaps, inbox: o.Inbox, finder: o.Finder, engine: o.Engine, hub: o.Events, log: o.Log,
		webhooks: o.Webhooks, health: o.Health,
		clientIP: o.ClientIP, secure: o.Secure, now: o.Now, models: o.Models,
		signOn: o.SignOn, newcomer: o.SignOnRole, origin: o.Origin,
		crossOrigin: http.NewCrossOriginProtection(),
		streams:     make(chan struct{}, maxStreams),
		asking:      make(chan struct{}, maxAsks),
		asks:        o.Asks,
		tests:       o.Tests,
		large:       make(chan struct{}, maxLarge),
		filesOut:    make(chan struct{}, maxFilesOut),
		stopping:    make(chan struct{}),
		api:         http.NewServeMux(),
		pages:       o.Pages,
		environment: o.Environment,
		beat:        heartbeat,
		imports:     make(chan struct{}, maxImports),
		openAPI:     sync.OnceValue(describe),
	}
	c.shelf = newShelf(o.Documents, o.Log, shelfEvery)
	c.feed = newFeed(o.Events, o.Inbox, o.Log, feedEvery)
	if o.Origin != "" {
		if err := c.crossOrigin.AddTrustedOrigin(o.Origin); err != nil {
			return nil, fmt.Errorf("console origin: %w", err)
		}
	}
	if c.models == nil {
		c.models = func() []conversation.ModelFact { return nil }
	}
	if c.clientIP == nil {
		c.clientIP = remoteIP
	}
	if c.secure == nil {
		c.secure = func(r *http.Request) bool { return r.TLS != nil }
	}
	if c.now == nil {
		c.now = time.Now
	}
	return c, nil
}

// Stop ends the open event streams, so that the server can shut down. Requests
// that come later are still served.
func (c *Console) Stop() { c.stopOnce.Do(func() { close(c.stopping); c.shelf.stop(); c.feed.stop() }) }

// Streams returns how many event streams are open.
func (c *Console) Streams() int { return len(c.streams) }

// Register adds every route to mux. It is called once.
func (c *Console) Register(mux *http.ServeMux) {
	for _, rt := range routes {
		serve := func(w http.ResponseWriter, r *http.Request) { c.serve(rt, w, r) }
		mux.HandleFunc(rt.method+" "+rt.path, serve)
		c.api.HandleFunc(rt.method+" "+rt.path, serve)
	}
	mux.HandleFunc("/api/", c.unknown)
	c.registerPages(mux)
}

// serve authorises the caller and renders what the handler returns.
func (c *Console) serve(rt route, w http.ResponseWriter, r *http.Request) {
	var who staff.Principal
	var err error
	if rt.least != anyone {
		who, err = c.authenticate(r)
		if err == nil && !who.Role.Allows(rt.least) {
			err = problem(http.StatusForbidden, "forbidden", "Your role does not allow this. It takes the role "+string(rt.least)+".")
		}
	}
	if err == nil && !rt.stream {
		within := callTimeout
		if rt.file {
			within += uploadTimeout
		}
		ctx, cancel := context.WithTimeout(r.Context(), within)
		defer cancel()
		err = c.handle(rt, w, r.WithContext(ctx), who)
	} else if err == nil {
		err = rt.handle(c, w, r, who)
	}
	if err != nil {
		c.fail(rt, w, r, err)
	}
}

func (c *Console) fail(rt route, w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody waits for the answer
	}
	p, internal := status(err)
	if internal {
		c.log.ErrorContext(r.Context(), "console request failed", "route", rt.method+" "+rt.path, "error", err)
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="frontdesk"`)
	}
	WriteProblem(w, p)
}

// unknown answers for what is under /api/ but in no route: it tells a wrong
// method from a wrong path.
func (c *Console) unknown(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if _, pattern := c.api.Handler(&http.Request{Method: m, URL: r.URL, Host: r.Host}); pattern != "" {
			allowed = append(allowed, m)
		}
	}
	if len(allowed) == 0 {
		WriteProblem(w, *problem(http.StatusNotFound, "no_route", "There is nothing at this address."))
		return
	}
	for _, m := range allowed {
		w.Header().Add("Allow", m)
	}
	WriteProblem(w, *problem(http.StatusMethodNotAllowed, "method", "This address does not take "+r.Method+"."))
}
