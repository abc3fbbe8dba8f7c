// Package conversationdb keeps conversations, their turns and deliveries, staff
// and usage in Postgres. Each method is one statement where that is possible,
// so that what it promises holds at any crash and between replicas.
package conversationdb

import (
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"frontdesk/conversation"
)

// Store implements conversation.Store and what the console reads beside it.
type Store struct {
	pool     *pgxpool.Pool
	presence *presence
}

// New returns a store over pool, whose database migrations.Apply has prepared.
func New(pool *pgxpool.Pool) *Store { return &Store{pool: pool, presence: newPresence()} }

// widgetChannel is the one channel whose customers read the log themselves;
// every other gets a row in deliveries for each message that is to leave.
const widgetChannel = "widget"

// stateColumns are what scanState reads, of conversations as c.
const stateColumns = `c.id, c.channel, c.owner, c.status, coalesce(c.staff_id::text, ''), c.staff_name,
	c.epoch, c.episode, c.seq, c.locale, c.waiting_since`

type stateScan struct {
	conversation.State
	waitingSince *time.Time
}

func (s *stateScan) targets() []any {
	return []any{&s.Conversation, &s.Channel, &s.Owner, &s.Status, &s.StaffID, &s.StaffName,
		&s.Epoch, &s.Episode, &s.Seq, &s.Locale, &s.waitingSince}
}

func (s *stateScan) state() conversation.State {
	if s.waitingSince != nil {
		s.WaitingSince = *s.waitingSince
	}
	return s.State
}

// messageColumns are what scanMessage reads, of messages as m.
const messageColumns = `m.conversation_id, m.seq, coalesce(m.external_id, ''), m.author,
	coalesce(m.staff_id::text, ''), m.name, m.body, m.note, m.sources, m.options, m.helpful,
	coalesce(m.turn::text, ''), m.episode, m.created_at, ` + filesOfMessage

func scanMessage(row pgx.CollectableRow) (m conversation.Message, err error) {
	err = row.Scan(messageTargets(&m)...)
	return m, err
}

func messageTargets(m *conversation.Message) []any {
	return []any{&m.Conversation, &m.Seq, &m.ExternalID, &m.Author, &m.StaffID, &m.Name,
		&m.Text, &m.Note, &m.Sources, &m.Options, &m.Helpful, &m.Turn, &m.Episode, &m.At, (*fileList)(&m.Attachments)}
}

func seconds(d time.Duration) float64 { return d.Seconds() }

// fail wraps err with what was being done, turning the absence of a row, and an
// id that is no UUID, into conversation.ErrNotFound.
func fail(verb, id string, err error) error {
	var pg *pgconn.PgError
	if errors.Is(err, pgx.ErrNoRows) || errors.As(err, &pg) && pg.Code == invalidText {
		err = conversation.ErrNotFound
	}
	return fmt.Errorf("%s conversation %s: %w", verb, id, err)
}

// Postgres error codes that mean something here.
const (
	uniqueViolation = "23505"
	invalidText     = "22P02" // such as a malformed UUID
	deadlock        = "40P01"
	serialization   = "40001"
)

func isCode(err error, code string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == code
}
