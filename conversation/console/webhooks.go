package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// Webhooks are programs elsewhere that are told what happens; conversation.Webhooks is it.
type Webhooks interface {
	conversation.WebhookBook
	Add(ctx context.Context, url string, events []conversation.EventName, active bool) (conversation.Webhook, string, error)
	Edit(ctx context.Context, w conversation.Webhook) (conversation.Webhook, error)
	Rotate(ctx context.Context, id string) (conversation.Webhook, string, error)
	Test(ctx context.Context, id string) (conversation.WebhookResult, error)
}

// Deliveries of a webhook on a page.
const (
	deliveriesPage    = 50
	maxDeliveriesPage = 200
)

// webhookRequest leaves active out for true.
type webhookRequest struct {
	URL    string                   `json:"url"`
	Events []conversation.EventName `json:"events"`
	Active *bool                    `json:"active,omitempty"`
	edited
}

func (q webhookRequest) active() bool { return q.Active == nil || *q.Active }

type webhookView struct {
	ID           string                   `json:"id"`
	URL          string                   `json:"url"`
	Events       []conversation.EventName `json:"events"`
	Active       bool                     `json:"active"`
	FailingSince *time.Time               `json:"failing_since,omitempty"`
	OffAt        *time.Time               `json:"off_at,omitempty"`  // when it was switched off for failing
	OffFor       string                   `json:"off_for,omitempty"` // failing or gone
	Waiting      int                      `json:"waiting"`
	SecretAt     *time.Time               `json:"secret_at,omitempty"` // when it got its present secret, if not its first
	CreatedAt    time.Time                `json:"created_at"`
	UpdatedAt    time.Time                `json:"updated_at"`
	edited
}

type newWebhookView struct {
	webhookView
	Secret string `json:"secret"`
}

type webhooksView struct {
	Webhooks []webhookView            `json:"webhooks"`
	Events   []conversation.EventName `json:"events"` // all there are
}

type secretView struct {
	Secret string `json:"secret"`
}

type webhookTestView struct {
	OK     bool   `json:"ok"`
	Status int    `json:"status"` // 0: there was no answer
	TookMS int64  `json:"took_ms"`
	Error  string `json:"error,omitempty"`
}

type webhookDeliveryView struct {
	ID       string                    `json:"id"`
	At       time.Time                 `json:"at"`
	Event    conversation.EventName    `json:"event"`
	EventID  string                    `json:"event_id"` // sent as webhook-id
	State    conversation.WebhookState `json:"state"`
	Status   int                       `json:"status"`
	Attempts int                       `json:"attempts"`
	TookMS   int64                     `json:"took_ms"`
	Error    string                    `json:"error,omitempty"`
	NextAt   *time.Time                `json:"next_at,omitempty"`
}

type webhookDeliveriesView struct {
	Deliveries []webhookDeliveryView `json:"deliveries"`
	Next       string                `json:"next,omitempty"`
}

func webhookRoutes() []route {
	return []route{
		{"GET", "/api/v1/webhooks", staff.RoleAdmin, (*Console).listWebhooks, "Webhooks, the oldest first, and the events they can want.", nil, nil, false, webhooksView{}, 200, false},
		{"POST", "/api/v1/webhooks", staff.RoleAdmin, (*Console).addWebhook, "Have an address told of events (Standard Webhooks). The secret is shown once.", nil, webhookRequest{}, false, newWebhookView{}, 201, false},
		{"PUT", "/api/v1/webhooks/{id}", staff.RoleAdmin, (*Console).putWebhook, "Change a webhook. Switching it on forgets what went wrong. version, or If-Match, may name the version that was read: 409 version_changed with current when somebody was first.", nil, webhookRequest{}, false, webhookView{}, 200, false},
		{"DELETE", "/api/v1/webhooks/{id}", staff.RoleAdmin, drop(conversation.ErrNoWebhook, func(c *Console) remover { return c.webhooks.DeleteWebhook }), "Delete a webhook with its log; what waits is not sent.", nil, nil, false, nil, 204, false},
		{"POST", "/api/v1/webhooks/{id}/secret", staff.RoleAdmin, (*Console).rotateWebhook, "Make a new secret, which is shown once. The one before still signs beside it for a day.", nil, nil, false, secretView{}, 200, false},
		{"POST", "/api/v1/webhooks/{id}/test", staff.RoleAdmin, (*Console).testWebhook, "Send webhook.test now, once, and say how it was answered.", nil, nil, false, webhookTestView{}, 200, false},
		{"GET", "/api/v1/webhooks/{id}/deliveries", staff.RoleAdmin, (*Console).listWebhookDeliveries, "What was and is to be sent to it, the newest first: 30 days and 10,000 at most.", pageParams, nil, false, webhookDeliveriesView{}, 200, false},
		{"POST", "/api/v1/webhooks/deliveries/{id}/retry", staff.RoleAdmin, (*Console).retryWebhookDelivery, "Send a delivery again now, with the id it had.", nil, nil, false, webhookDeliveryView{}, 202, false},
	}
}

func viewWebhook(w conversation.Webhook) webhookView {
	return webhookView{
		ID: w.ID, URL: w.URL, Events: append([]conversation.EventName{}, w.Events...), Active: w.Active,
		FailingSince: orNull(w.FailingSince), OffAt: orNull(w.OffAt), OffFor: w.OffFor, Waiting: w.Waiting, SecretAt: orNull(w.RotatedAt),
		CreatedAt: w.CreatedAt.UTC(), UpdatedAt: w.UpdatedAt.UTC(), edited: edited{w.Version},
	}
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func viewWebhookDelivery(d conversation.WebhookDelivery) webhookDeliveryView {
	return webhookDeliveryView{
		ID: d.ID, At: d.At.UTC(), Event: d.Event, EventID: d.EventID, State: d.State, Status: d.Status, Attempts: d.Attempts,
		TookMS: d.Took.Milliseconds(), Error: d.Error, NextAt: orNull(d.NextAt),
	}
}

// webhookError says in this API's words what is wrong with a webhook.
func webhookError(err error) error {
	var bad *conversation.WebhookError
	switch {
	case errors.As(err, &bad) && bad.Field == "url":
		p := problem(http.StatusUnprocessableEntity, "bad_url", "The url of a webhook has a fault: "+bad.Why+".")
		p.Field = "url"
		return p
	case errors.As(err, &bad):
		return problem(http.StatusUnprocessableEntity, "bad_field", "The member "+strconv.Quote(bad.Field)+" has a fault: "+bad.Why+". GET /api/v1/webhooks lists what there is.")
	}
	return err
}

func (c *Console) listWebhooks(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	list, err := c.webhooks.Webhooks(r.Context())
	if err != nil {
		return err
	}
	v := webhooksView{Webhooks: make([]webhookView, len(list)), Events: conversation.EventNames}
	for i, h := range list {
		v.Webhooks[i] = viewWebhook(h)
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) addWebhook(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	var req webhookRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	h, secret, err := c.webhooks.Add(r.Context(), storable(req.URL), req.Events, req.active())
	if err != nil {
		return webhookError(err)
	}
	audited(r).about(h.ID).detail("events", strconv.Itoa(len(h.Events)))
	return writeJSON(w, http.StatusCreated, newWebhookView{viewWebhook(h), secret})
}

func (c *Console) putWebhook(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoWebhook)
	if err != nil {
		return err
	}
	var req webhookRequest
	if err := readEdited(w, r, &req); err != nil {
		return err
	}
	h, err := c.webhooks.Edit(r.Context(), conversation.Webhook{ID: id, URL: storable(req.URL), Events: req.Events, Active: req.active(), Version: req.Version})
	if isErr(err, conversation.ErrVersion) {
		return overtaken(viewWebhook(h))
	}
	if err != nil {
		return webhookError(err)
	}
	audited(r).detail("active", strconv.FormatBool(h.Active))
	return writeEdited(w, http.StatusOK, h.Version, viewWebhook(h))
}

func (c *Console) rotateWebhook(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoWebhook)
	if err != nil {
		return err
	}
	_, secret, err := c.webhooks.Rotate(r.Context(), id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, secretView{secret})
}

func (c *Console) testWebhook(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoWebhook)
	if err != nil {
		return err
	}
	got, err := c.webhooks.Test(r.Context(), id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, webhookTestView{OK: got.Error == "", Status: got.Status, TookMS: got.Took.Milliseconds(), Error: got.Error})
}

func (c *Console) listWebhookDeliveries(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoWebhook)
	if err != nil {
		return err
	}
	limit, err := intParam(r, "limit", deliveriesPage, 1, maxDeliveriesPage)
	if err != nil {
		return err
	}
	list, next, err := c.webhooks.WebhookLog(r.Context(), id, r.URL.Query().Get("cursor"), int(limit))
	if err != nil {
		return err
	}
	v := webhookDeliveriesView{Deliveries: make([]webhookDeliveryView, len(list)), Next: next}
	for i, d := range list {
		v.Deliveries[i] = viewWebhookDelivery(d)
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) retryWebhookDelivery(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoWebhookDelivery)
	if err != nil {
		return err
	}
	d, err := c.webhooks.RetryWebhook(r.Context(), id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusAccepted, viewWebhookDelivery(d))
}
