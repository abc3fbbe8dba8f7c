package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
	"frontdesk/migrations/localpg"
)

// What a client may take and send. The streams set deadlines of their own.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10
)

// gcPercent lets garbage grow to twice what is in use. A fifth of an answer's
// processor time went to collecting at 50; an idle server is as small at either.
const gcPercent = 200

// memoryTarget is where the collector begins to work harder. An idle server is
// far below it; it keeps bursts of uploads from leaving the heap large.
const memoryTarget = 384 << 20

var serveCommand = command{
	name: "serve", summary: "Serve the widget, the console and the API (what frontdesk does without a command)",
	help: `Without DATABASE_URL it runs a private Postgres under DATA_DIR, which it starts and
stops itself. Without OPENAI_API_KEY it answers by quoting the documents.
The first signal (Ctrl-C, SIGTERM) lets it finish; the second ends it at once.

  frontdesk
  frontdesk serve --listen-addr 127.0.0.1:9000`,
	setup: func(*flag.FlagSet) func(context.Context, *app, []string) error {
		return func(ctx context.Context, a *app, args []string) error {
			if len(args) > 0 {
				return usageError("serve takes no arguments")
			}
			return serve(ctx, a)
		}
	},
}

// serve runs the server until ctx ends, and then stops it in good order.
func serve(ctx context.Context, a *app) (err error) {
	began := time.Now()
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryTarget)

	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", a.cfg.ListenAddr)
	if err != nil {
		return explainListen(ctx, a, err)
	}
	defer ln.Close()
	// Bundling takes about as long as Postgres does to start, so it goes beside.
	script, faces := bundleScript(), bundleConsole()
	var bundling sync.WaitGroup
	bundling.Go(func() {
		if _, err := script(); err != nil {
			a.log.Error("widget cannot be served", "error", err)
		}
		if _, err := faces(); err != nil {
			a.log.Error("console cannot be served", "error", err)
		}
	})
	defer bundling.Wait()
	db, err := openToServe(ctx, &a.cfg, a.log)
	if err != nil {
		return err
	}
	defer db.close()
	opened := time.Since(began)

	accounts := staff.New(conversationdb.NewStaffStore(db.pool), nil)
	if err := firstAdmin(ctx, a, accounts); err != nil {
		return err
	}
	m := newMetrics()
	a.cfg.serving = true
	k, err := newKnowledge(&a.cfg, db.pool, a.log)
	if err != nil {
		return err
	}
	engine, err := newDesk(&a.cfg, db.pool, k, m, a.log)
	if err != nil {
		return err
	}
	if err := engine.LoadSettings(ctx); err != nil { // before any document is embedded
		return err
	}
	gaps, err := newGaps(&a.cfg, engine, k, m, a.log)
	if err != nil {
		return err
	}
	if err := k.startJobs(ctx); err != nil {
		return err
	}
	defer k.stopJobs(a.log)
	if err := loadSample(ctx, db.pool, k, a.log); err != nil {
		return err
	}
	channels := newChannels(&a.cfg, engine, m, a.log)
	s := &server{a: a, health: &health{pool: db.pool, queues: &queues{pool: db.pool}, channels: channels.states}, engine: engine, gaps: gaps, inbox: conversation.NewInbox(engine.Engine, engine.store), accounts: accounts, channels: channels, ln: ln, metrics: m}
	if s.webhooks, err = newWebhooks(ctx, &a.cfg, db.pool, engine, a.log); err != nil {
		return err
	}
	m.watchDatabase(db.pool, s.health.queues)
	m.watchReranking(k.store.Reranks)
	if err := s.route(ctx, db.pool, k, accounts, script, faces); err != nil {
		return err
	}
	var chosen conversation.ModelSettings
	for _, f := range append(examineChosen(ctx, db.pool, &chosen), examineModel(&a.cfg, chosen, began)...) {
		if f.Verdict == verdictWarning {
			a.log.Warn("settings", "about", f.Check, "detail", f.Detail, "advice", f.Advice)
		}
	}
	a.log.Info("serving", "address", ln.Addr().String(), "database_took", opened, "rest_took", time.Since(began)-opened)
	fmt.Fprintf(a.stdout, "Frontdesk is ready.\n  Demo page  %[1]s/\n  Console    %[1]s/console\n", s.baseURL())
	var tidying sync.WaitGroup
	tidying.Go(func() { bundling.Wait(); tidy(ctx) })
	defer tidying.Wait()
	return s.run(ctx)
}

// settled is how long the first looks of the background workers take.
const settled = 3 * time.Second

// tidy gives back what starting has taken, which is many times an idle server's
// memory: bundling, at the first start the admin's hash, and the first looks of
// the background workers.
func tidy(ctx context.Context) {
	for range 3 {
		debug.FreeOSMemory()
		forgetCode()
		select {
		case <-ctx.Done():
			return
		case <-time.After(settled):
		}
	}
}

// explainListen names the usual cause of an address in use: a second start.
func explainListen(ctx context.Context, a *app, err error) error {
	if !a.cfg.DatabaseURL.Set() {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, running := localpg.Attach(ctx, privateDir(&a.cfg)); running == nil {
			return fmt.Errorf("listen on %s: %s; it seems that %w: %s", a.cfg.ListenAddr, reason(err), localpg.ErrInUse, privateDir(&a.cfg))
		}
	}
	return fmt.Errorf("listen on %s: %s; choose another with LISTEN_ADDR", a.cfg.ListenAddr, reason(err))
}

// firstAdmin makes the first account of an installation. A password made here
// is shown at once, and never again.
func firstAdmin(ctx context.Context, a *app, accounts *staff.Service) error {
	password := a.cfg.AdminPassword.Reveal()
	made := password == ""
	if made {
		password = staff.GeneratePassword()
	}
	account, err := accounts.AddFirst(ctx, a.cfg.AdminEmail, password)
	if errors.Is(err, staff.ErrExists) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the first admin: %w", err)
	}
	if err := auditCommand(ctx, accounts, "first admin", account.ID, map[string]string{"email": account.Email}); err != nil {
		a.log.Error("first admin is not in the audit log", "error", err) // the password below must still be shown
	}
	if made {
		fmt.Fprintf(a.stdout, "First start. Sign in to the console as %s with the password %s\nIt is shown only now.\n\n", account.Email, password)
	}
	return nil
}

// server is what serves and how it stops.
type server struct {
	a        *app
	health   *health
	metrics  *metrics
	engine   *desk
	gaps     *conversation.Gaps
	inbox    *conversation.Inbox
	accounts *staff.Service
	channels *channels
	webhooks *conversation.Webhooks
	ln       net.Listener
	handler  http.Handler
	// endStreams ends the open event streams, which would otherwise outlast
	// every wait.
	endStreams func(context.Context)
}

// run serves until ctx ends or serving fails.
func (s *server) run(ctx context.Context) error {
	srv := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(s.a.log.Handler(), slog.LevelDebug),
	}
	working, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	grace := s.a.cfg.ShutdownTimeout / 2
	var wg sync.WaitGroup
	wg.Go(func() { s.engine.Run(working, grace) })
	wg.Go(func() { s.gaps.Run(working) })
	wg.Go(func() { s.inbox.Run(working) })
	wg.Go(func() { s.webhooks.Run(working) })
	wg.Go(func() { forgetAudit(working, s.accounts, s.a.cfg.AuditDays, s.a.log) })
	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSending()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		s.channels.run(sending)
	}()
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(s.ln) }()

	var err error
	select {
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.health.stopping.Store(true)
	began := time.Now()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.a.cfg.ShutdownTimeout)
	defer cancel()
	s.a.log.Info("stopping", "within", s.a.cfg.ShutdownTimeout)

	// No new connections from here on; those open may finish what they ask.
	closed := make(chan error, 1)
	go func() { closed <- srv.Shutdown(stop) }()
	// Turns at work finish while those who wait for them still listen.
	stopWork()
	wg.Wait()
	stopSending()
	s.endStreams(stop)
	if e := <-closed; e != nil {
		s.a.log.Warn("connections were cut", "error", e)
		srv.Close()
	}
	select {
	case <-sent:
	case <-stop.Done():
		// A delivery that is cut is tried again by whoever serves next.
		s.a.log.Warn("deliveries did not end in time")
	}
	s.a.log.Info("stopped serving", "took", time.Since(began))
	return err
}

// baseURL is where a person on this machine finds the server.
func (s *server) baseURL() string {
	if s.a.cfg.PublicURL != "" {
		return s.a.cfg.PublicURL
	}
	host, port, err := net.SplitHostPort(s.ln.Addr().String())
	if err != nil {
		return "http://" + s.ln.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// publicURL is PUBLIC_URL parsed, which the settings' check has proved possible.
func publicURL(cfg *Config) *url.URL {
	if strings.TrimSpace(cfg.PublicURL) == "" {
		return nil
	}
	u, err := url.Parse(cfg.PublicURL)
	if err != nil {
		return nil
	}
	return u
}
