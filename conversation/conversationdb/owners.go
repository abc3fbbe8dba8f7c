package conversationdb

import (
	"context"
	_ "embed"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

//go:embed change.sql
var changeSQL string

// lockToChange locks what changeSQL decides by. The account comes before the conversation:
// whoever is being disabled has either got it by then, and loses it with all they hold, or
// never does. Tokens are no accounts. It is a statement of its own so that a customer's
// message it has waited for is seen.
const lockToChange = `
	WITH who AS (SELECT FROM staff_accounts WHERE id = @staff::uuid FOR KEY SHARE)
	SELECT FROM conversations WHERE id = @id AND (SELECT count(*) FROM who) >= 0 FOR UPDATE`

// Change implements conversation.Owners.
func (s *Store) Change(ctx context.Context, id string, c conversation.Change) (conversation.State, []conversation.Message, error) {
	state, ms, err := s.changeWithFiles(ctx, id, c)
	if isCode(err, uniqueViolation) {
		return s.repeated(ctx, id, c.Messages)
	}
	// What came through before somebody else took the conversation has come through.
	if _, taken := errors.AsType[*conversation.TakenError](err); taken && named(c.Messages) {
		if st, had, err := s.repeated(ctx, id, c.Messages); err != nil || len(had) > 0 {
			return st, had, err
		}
	}
	return state, ms, err
}

// changeWithFiles is change with the files of what it says, all or nothing.
func (s *Store) changeWithFiles(ctx context.Context, id string, c conversation.Change) (state conversation.State, ms []conversation.Message, err error) {
	if !slices.ContainsFunc(c.Messages, func(m conversation.NewMessage) bool { return len(m.Files) > 0 }) {
		return change(ctx, s.pool, id, c)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if state, ms, err = change(ctx, tx, id, c); err != nil {
			return err
		}
		for i := range ms {
			if err := sendFiles(ctx, tx, &ms[i], c.Messages[i].Files); err != nil {
				return err
			}
		}
		return nil
	})
	return state, ms, err
}

// named reports whether one of them would be known again.
func named(ms []conversation.NewMessage) bool {
	return slices.ContainsFunc(ms, func(m conversation.NewMessage) bool { return m.ExternalID != "" })
}

// change is Change on db, where a message that is in the log already fails.
func change(ctx context.Context, db batcher, id string, c conversation.Change) (conversation.State, []conversation.Message, error) {
	actor := c.By.StaffID
	if actor == "" {
		actor = "customer"
	}
	if c.Doer != "" {
		actor = c.Doer
	}
	staff := null(c.By.StaffID)
	if c.To != conversation.OwnerStaff {
		staff = nil
	}
	args := pgx.NamedArgs{
		"id": id, "to": c.To, "from": c.From, "staff": staff, "staff_name": c.By.Name, "status": c.Status,
		"reason": c.Reason, "actor": actor, "clean": c.CleanContext, "answer_now": c.AnswerNow,
		"n": len(c.Messages), "always": c.Always, "widget": widgetChannel, "was": c.Was, "holder": c.Holder, "detail": c.Detail,
	}
	if c.System {
		args["actor"] = "system"
	}
	args["at_epoch"], args["seen"], args["answers"], args["replied"] = c.AtEpoch, c.Seen, c.Answers, replies(c.Messages)
	if err := jsonArgs(args, c.Messages, nil); err != nil {
		return conversation.State{}, nil, fail("change", id, err)
	}
	delete(args, "calls")
	var (
		st      stateScan
		verdict string
	)
	err := afterLock(ctx, db, lockToChange, changeSQL, args, append(st.targets(), &verdict)...)
	if err != nil {
		return conversation.State{}, nil, fail("change", id, err)
	}
	state := st.state()
	switch verdict {
	case "changed":
		return state, appended(state, c.Messages, ""), nil
	case "same":
		return state, nil, nil
	case "unseen":
		return state, nil, conversation.ErrUnseen
	}
	if state.Owner == conversation.OwnerStaff && c.By.StaffID != "" && state.StaffID != c.By.StaffID {
		return state, nil, &conversation.TakenError{StaffID: state.StaffID, Name: state.StaffName}
	}
	return state, nil, conversation.ErrNotCurrent
}

// replies reports whether a person says something to the customer.
func replies(ms []conversation.NewMessage) bool {
	return slices.ContainsFunc(ms, func(m conversation.NewMessage) bool { return m.Author == conversation.AuthorStaff && !m.Note })
}

// repeated returns the messages that a change sent before has left in the log.
func (s *Store) repeated(ctx context.Context, id string, news []conversation.NewMessage) (conversation.State, []conversation.Message, error) {
	const q = `SELECT ` + messageColumns + ` FROM messages m
		WHERE m.conversation_id = @id AND m.external_id = ANY (@externals::text[]) ORDER BY m.seq`
	var externals []string
	for _, n := range news {
		if n.ExternalID != "" {
			externals = append(externals, n.ExternalID)
		}
	}
	state, err := s.State(ctx, id)
	if err != nil {
		return state, nil, err
	}
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"id": id, "externals": externals})
	if err != nil {
		return state, nil, fail("read a repeat in", id, err)
	}
	ms, err := pgx.CollectRows(rows, scanMessage)
	if err != nil {
		return state, nil, fail("read a repeat in", id, err)
	}
	return state, ms, nil
}
