package console

import (
	"context"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// Health knows how the server is. What it returns is at most a few seconds old for the
// database, a minute for findings, holds no secret and may be asked for at any rate.
type Health interface {
	Health(ctx context.Context) (HealthReport, error)
	// RetryJob has a background job tried again now. conversation.ErrNoJob.
	RetryJob(ctx context.Context, id int64) error
	Channels(ctx context.Context) ([]ChannelReport, error)
	// TestChannel asks the platform whether its settings work and, with to, sends a
	// message there, to a thread as the channel names them. What goes wrong with that
	// is in the answer; ErrNoChannel.
	TestChannel(ctx context.Context, name, to string) (ChannelTest, error)
}

// HealthReport is how the server is.
type HealthReport struct {
	conversation.Vitals
	Version  string    `json:"version"`
	Go       string    `json:"go"`
	Findings []Finding `json:"findings"`
	At       time.Time `json:"at"` // when it was looked
}

// Finding is one thing that frontdesk doctor looks at.
type Finding struct {
	Check   string `json:"check"`
	Verdict string `json:"verdict"` // ok, note, warning or missing
	Detail  string `json:"detail"`
	Advice  string `json:"advice,omitempty"`
}

// States of a channel.
const (
	ChannelOff    = "off"    // not configured
	ChannelOK     = "ok"     // works
	ChannelFailed = "failed" // does not
)

// ChannelReport is how a channel stands on the replica that answers.
type ChannelReport struct {
	Name        string     `json:"name"`
	Enabled     bool       `json:"enabled"`
	Account     string     `json:"account,omitempty"` // how it stands, in words
	State       string     `json:"state"`             // off, ok or failed
	LastEventAt *time.Time `json:"last_event_at,omitempty"`
	LastError   string     `json:"last_error,omitempty"`
	LastErrorAt *time.Time `json:"last_error_at,omitempty"`
	Undelivered int        `json:"undelivered"`
}

// ChannelTest is what a test has shown.
type ChannelTest struct {
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

type channelsView struct {
	Channels []ChannelReport `json:"channels"`
}

type channelTestRequest struct {
	To string `json:"to,omitempty"`
}

// maxChannelTo bounds the place of a test message, in bytes.
const maxChannelTo = 200

// ErrNoChannel is returned for a channel that does not exist.
var ErrNoChannel = problem(http.StatusNotFound, "not_found", "There is no such channel.")

func healthRoutes() []route {
	return []route{
		{"GET", "/api/v1/health", staff.RoleAdmin, (*Console).getHealth, "How the server is: queues, what failed, versions, sizes by estimate, and what frontdesk doctor finds.", nil, nil, false, HealthReport{}, 200, false},
		{"POST", "/api/v1/health/jobs/{id}/retry", staff.RoleAdmin, (*Console).retryJob, "Have a background job that failed tried again now.", nil, nil, false, nil, 204, false},
		{"GET", "/api/v1/channels", staff.RoleViewer, (*Console).listChannels, "How the channels stand on the replica that answers.", nil, nil, false, channelsView{}, 200, false},
		{"POST", "/api/v1/channels/{name}/test", staff.RoleAdmin, (*Console).testChannel, "Ask a platform whether its settings work and, with to, send a test message there: a Slack channel's id, a Telegram chat's number.", nil, channelTestRequest{}, false, ChannelTest{}, 200, false},
	}
}

func (c *Console) getHealth(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	h, err := c.health.Health(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, h)
}

func (c *Console) retryJob(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		return conversation.ErrNoJob
	}
	if err := c.health.RetryJob(r.Context(), id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (c *Console) listChannels(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	list, err := c.health.Channels(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, channelsView{list})
}

func (c *Console) testChannel(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	var req channelTestRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if len(req.To) > maxChannelTo || !utf8.ValidString(req.To) {
		return badField("to", "a place of up to "+strconv.Itoa(maxChannelTo)+" bytes")
	}
	name := r.PathValue("name")
	got, err := c.health.TestChannel(r.Context(), name, storable(req.To))
	if err != nil {
		return err
	}
	audited(r).about(name).detail("ok", strconv.FormatBool(got.OK)).detail("sent", strconv.FormatBool(req.To != ""))
	return writeJSON(w, http.StatusOK, got)
}
