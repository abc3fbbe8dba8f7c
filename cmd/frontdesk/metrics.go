package main

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/console"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics is what /metrics shows. It is the engine's Observer.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	received *prometheus.CounterVec
	events   *prometheus.CounterVec
	turns    *prometheus.HistogramVec
	calls    *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	tokens   *prometheus.CounterVec
	cost     *prometheus.CounterVec
	finding  prometheus.Histogram
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "frontdesk_http_request_seconds", Help: "Requests by route, method and status class. Event streams are not timed.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"route", "method", "status"}),
		received: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "frontdesk_messages_received_total", Help: "Customer messages stored, by channel."}, []string{"channel"}),
		events:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "frontdesk_channel_events_total", Help: "What platforms sent, by channel and what became of it."}, []string{"channel", "outcome"}),
		turns: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "frontdesk_turn_seconds", Help: "Turns by channel and outcome.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}}, []string{"channel", "outcome"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "frontdesk_model_calls_total", Help: "Model calls by model, purpose and outcome: ok, discarded or the kind of error."}, []string{"model", "purpose", "outcome"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "frontdesk_model_call_seconds", Help: "Model calls by model and purpose.",
			Buckets: []float64{.1, .25, .5, 1, 2.5, 5, 10, 20, 60}}, []string{"model", "purpose"}),
		tokens:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "frontdesk_model_tokens_total", Help: "Tokens by model and kind; cached ones are part of the input."}, []string{"model", "kind"}),
		cost:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "frontdesk_model_cost_dollars_total", Help: "Cost of model calls where the price is known."}, []string{"model"}),
		finding: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "frontdesk_find_seconds", Help: "Searches for a turn's passages.", Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}}),
	}
	m.registry.MustRegister(m.requests, m.received, m.events, m.turns, m.calls, m.latency, m.tokens, m.cost, m.finding,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// request counts one request. Routes are patterns and methods known ones, so
// that nobody can make up new series from outside.
func (m *metrics) request(r *http.Request, status int, took time.Duration) {
	route := r.Pattern
	if _, path, ok := strings.Cut(route, " "); ok {
		route = path
	}
	if route == "" {
		route = "none"
	}
	if isStream(route) {
		took = 0
	}
	method := r.Method
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodPatch:
	default:
		method = "other"
	}
	m.requests.WithLabelValues(route, method, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

// isStream tells the routes whose answers last as long as somebody watches.
func isStream(route string) bool {
	return strings.HasSuffix(route, "/events") && !strings.HasPrefix(route, "/slack")
}

// watchStreams adds a gauge of the open event streams of one kind.
func (m *metrics) watchStreams(kind string, open func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "frontdesk_event_streams", Help: "Open event streams, by whose they are.",
		ConstLabels: prometheus.Labels{"kind": kind}}, func() float64 { return float64(open()) }))
}

// Received counts a customer's message.
func (m *metrics) Received(channel string) { m.received.WithLabelValues(channel).Inc() }

// Turned counts a turn by how it ended.
func (m *metrics) Turned(channel, outcome string, took time.Duration) {
	m.turns.WithLabelValues(channel, outcome).Observe(took.Seconds())
}

// Called counts a model call.
func (m *metrics) Called(c conversation.Call) {
	m.calls.WithLabelValues(c.Model, c.Purpose, c.Outcome).Inc()
	m.latency.WithLabelValues(c.Model, c.Purpose).Observe(c.Duration.Seconds())
	m.tokens.WithLabelValues(c.Model, "input").Add(float64(c.Usage.InputTokens))
	m.tokens.WithLabelValues(c.Model, "cached").Add(float64(c.Usage.CachedTokens))
	m.tokens.WithLabelValues(c.Model, "output").Add(float64(c.Usage.OutputTokens))
	m.cost.WithLabelValues(c.Model).Add(float64(c.Usage.CostMicros) / 1e6)
}

// Found times a search.
func (m *metrics) Found(took time.Duration) { m.finding.Observe(took.Seconds()) }

// watchReranking shows what became of the reranker's calls, as counts tells.
func (m *metrics) watchReranking(counts func() (done, failed int64)) {
	for outcome, value := range map[string]func() float64{
		"ok":     func() float64 { done, _ := counts(); return float64(done) },
		"failed": func() float64 { _, failed := counts(); return float64(failed) },
	} {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "frontdesk_rerank_total",
			Help: "Searches by what became of reranking; a failed one kept the fused order.", ConstLabels: prometheus.Labels{"outcome": outcome}}, value))
	}
}

// watchDatabase adds the pool's figures and the queues' ages.
func (m *metrics) watchDatabase(pool *pgxpool.Pool, q *queues) {
	stat := func(name, help string, value func(*pgxpool.Stat) float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "frontdesk_db_" + name, Help: help},
			func() float64 { return value(pool.Stat()) }))
	}
	stat("connections", "Database connections open.", func(s *pgxpool.Stat) float64 { return float64(s.TotalConns()) })
	stat("connections_used", "Database connections at work.", func(s *pgxpool.Stat) float64 { return float64(s.AcquiredConns()) })
	stat("connections_max", "Database connections allowed.", func(s *pgxpool.Stat) float64 { return float64(s.MaxConns()) })
	stat("wait_seconds_total", "Time spent waiting for a connection.", func(s *pgxpool.Stat) float64 { return s.AcquireDuration().Seconds() })
	m.registry.MustRegister(queueCollector{q})
}

// queueCollector asks the database when it is scraped.
type queueCollector struct{ q *queues }

var (
	turnAgeDesc = prometheus.NewDesc("frontdesk_turn_queue_age_seconds", "How overdue the oldest turn is.", nil, nil)
	turnsDesc   = prometheus.NewDesc("frontdesk_turn_queue", "Turns that are due and not finished.", nil, nil)
	jobAgeDesc  = prometheus.NewDesc("frontdesk_job_queue_age_seconds", "How overdue the oldest background job is.", nil, nil)
	jobsDesc    = prometheus.NewDesc("frontdesk_job_queue", "Background jobs that are due and not started.", nil, nil)
)

func (c queueCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{turnAgeDesc, turnsDesc, jobAgeDesc, jobsDesc} {
		ch <- d
	}
}

func (c queueCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	q, err := c.q.look(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(turnAgeDesc, err)
		return
	}
	ch <- prometheus.MustNewConstMetric(turnAgeDesc, prometheus.GaugeValue, q.TurnAge)
	ch <- prometheus.MustNewConstMetric(turnsDesc, prometheus.GaugeValue, float64(q.Turns))
	ch <- prometheus.MustNewConstMetric(jobAgeDesc, prometheus.GaugeValue, q.JobAge)
	ch <- prometheus.MustNewConstMetric(jobsDesc, prometheus.GaugeValue, float64(q.Jobs))
}

// handler serves /metrics to this machine, and to whoever has the token.
func (m *metrics) handler(token Secret, p proxies) http.Handler {
	serve := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.local(r) && !bears(r, token) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="metrics"`)
			console.WriteProblem(w, console.Problem{Status: http.StatusUnauthorized, Code: "metrics_token", Detail: "Metrics are for this machine, or for the bearer of METRICS_TOKEN."})
			return
		}
		serve.ServeHTTP(w, r)
	})
}

func bears(r *http.Request, token Secret) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && token.Set() && subtle.ConstantTimeCompare([]byte(given), []byte(token.Reveal())) == 1
}
