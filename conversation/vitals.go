package conversation

import (
	"errors"
	"time"
)

// ErrNoJob is returned for an unknown background job.
var ErrNoJob = errors.New("conversation: no such job")

// Vitals is how the server and its database are, for whoever looks after them. It names
// conversations by id alone.
type Vitals struct {
	Queues        []QueueState  `json:"queues"`
	StuckTurns    []StuckTurn   `json:"stuck_turns"`       // the longest overdue first, 50 at most
	Failed        []FailedSend  `json:"failed_deliveries"` // the newest first, 100 at most
	Jobs          []FailedJob   `json:"jobs"`              // that failed or try again, the newest first, 100 at most
	Postgres      string        `json:"postgres"`
	PGVector      string        `json:"pgvector"`
	DatabaseBytes int64         `json:"database_bytes"`
	Tables        []TableSize   `json:"tables"` // the largest
	Replicas      int           `json:"replicas"`
	Backup        Backup        `json:"backup"`
	OffWebhooks   []WebhookFail `json:"failing_webhooks"`
}

// QueueState is how much of one kind of work is due and not done.
type QueueState struct {
	Name    string  `json:"name"`
	Waiting int64   `json:"waiting"` // 10,000 at most
	OldestS float64 `json:"oldest_s"`
}

// StuckTurn is a turn that is long overdue.
type StuckTurn struct {
	Conversation string    `json:"conversation"`
	DueAt        time.Time `json:"due_at"`
	Attempts     int       `json:"attempts"`
}

// FailedSend is a message that was given up.
type FailedSend struct {
	Conversation string    `json:"conversation"`
	Seq          int64     `json:"seq"`
	Channel      string    `json:"channel"`
	Error        string    `json:"error"`
	At           time.Time `json:"at"`
}

// FailedJob is a background job that has failed at least once and is not done.
type FailedJob struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	State   string    `json:"state"`
	Attempt int       `json:"attempt"`
	Error   string    `json:"error"`
	At      time.Time `json:"at"`
}

// TableSize is an estimate by Postgres' own statistics.
type TableSize struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"` // with indexes and what is stored out of line
	Rows  int64  `json:"rows"`
}

// Backup is what the database shows of its being backed up.
type Backup struct {
	Hint    string     `json:"hint"`
	LastWAL *time.Time `json:"last_wal,omitempty"` // when the newest piece of the log was archived
}

// WebhookFail is a webhook that takes nothing, or was switched off for that.
type WebhookFail struct {
	ID    string    `json:"id"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
	Off   string    `json:"off,omitempty"` // why it was switched off
}

// ChannelVitals is what the database knows of a channel.
type ChannelVitals struct {
	LastEventAt time.Time // when a customer last wrote there, among the newest conversations; zero: not seen
	LastError   string    // why the newest message that was given up was
	LastErrorAt time.Time
	Undelivered int // messages that wait or were given up, 1,000 at most
}
