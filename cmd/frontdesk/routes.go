package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"frontdesk/bots/widget"
	"frontdesk/conversation"
	"frontdesk/conversation/console"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"

	"github.com/jackc/pgx/v5/pgxpool"
)

// How long an ordinary request may take to arrive and its answer to leave. An
// event stream has no end, and an upload asks for more time itself.
const (
	readTimeout  = 30 * time.Second
	writeTimeout = time.Minute
)

// route puts together all that is served. Every route of the program is
// registered here, by its package or by name.
func (s *server) route(ctx context.Context, pool *pgxpool.Pool, k *knowledgeParts, accounts *staff.Service, script func() (*widget.Script, error), faces func() (*console.Pages, error)) error {
	cfg := &s.a.cfg
	from := proxies{trusted: cfg.proxies, public: publicURL(cfg)}
	key, err := conversationdb.Key(ctx, pool, "widget_token_key")
	if err != nil {
		return err
	}
	previews := conversation.NewPreviewer(s.engine.store, k, conversation.DefaultThresholds())
	previews.Settings = s.engine.settings
	pages, err := console.New(console.Options{
		Staff: accounts, Documents: k, Entries: k, FAQ: k, Conflicts: k.docs, Curation: k, Previews: previews, Sites: k, Gaps: s.gaps, Inbox: s.inbox, Finder: k.purse.Finder(k.store, conversation.Account{}), Engine: s.engine, Events: s.engine, Log: s.a.log,
		Asks: s.engine, Tests: testFiles{k.tests}, Webhooks: s.webhooks, Health: newVitals(cfg, s.engine.store, k.jobs, s.channels),
		ClientIP: from.clientIP, Secure: from.secure, Origin: cfg.PublicURL,
		SignOn: newSignOn(cfg), SignOnRole: cfg.OIDCDefaultRole,
		Pages: faces, Environment: cfg.environment(), Models: func() []conversation.ModelFact { return modelFacts(cfg, s.engine.settings()) },
	})
	if err != nil {
		return fmt.Errorf("PUBLIC_URL: %w", err)
	}
	chat := widget.New(widget.Config{
		Engine: s.engine, Key: key, Script: script, RateLimit: cfg.WidgetRateLimit, TrustedProxies: cfg.proxies, Logger: s.a.log, Look: s.engine.look,
	})

	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health.live)
	mux.HandleFunc("GET /readyz", s.health.ready)
	mux.Handle("GET /metrics", s.metrics.handler(cfg.MetricsToken, from))
	pages.Register(mux)
	chat.Routes(mux)
	widget.DemoRoutes(mux)
	s.channels.routes(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		console.WriteProblem(w, console.Problem{Status: http.StatusNotFound, Code: "no_route", Detail: "There is nothing at this address."})
	})

	s.handler = &rim{next: deadlines(mux), log: s.a.log, metrics: s.metrics}
	s.metrics.watchStreams("customers", chat.Streams)
	s.metrics.watchStreams("staff", pages.Streams)
	s.endStreams = func(ctx context.Context) {
		pages.Stop()
		if err := chat.Shutdown(ctx); err != nil {
			s.a.log.Warn("event streams did not end in time", "error", err)
		}
	}
	return nil
}

// deadlines bounds how long a client may take over an ordinary request.
func deadlines(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		if isStream(r.URL.Path) {
			rc.SetWriteDeadline(time.Time{}) // the connection may carry an earlier request's
		} else {
			now := time.Now()
			rc.SetReadDeadline(now.Add(readTimeout))
			rc.SetWriteDeadline(now.Add(writeTimeout))
		}
		next.ServeHTTP(w, r)
	})
}
