package conversationdb

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/knowledge"
)

// giveBack puts what an account holds back in the queue, by the word of the one with the
// id doer. What is resolved stays as it is; who comes back there is given to nobody who is
// gone. The account's row must be locked, so that it cannot take anything meanwhile.
func giveBack(ctx context.Context, tx pgx.Tx, account, doer string) error {
	const held = `SELECT ` + stateColumns + ` FROM conversations c
		WHERE c.staff_id = @account AND c.owner = 'staff' AND c.status <> 'resolved' ORDER BY c.id FOR UPDATE`
	const unassign = `UPDATE conversations SET assignee_id = NULL WHERE assignee_id = @account AND status <> 'resolved'`
	args := pgx.NamedArgs{"account": account}
	rows, err := tx.Query(ctx, held, args)
	if err != nil {
		return fmt.Errorf("find what %s holds: %w", account, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (conversation.State, error) {
		var st stateScan
		err := row.Scan(st.targets()...)
		return st.state(), err
	})
	if err != nil {
		return fmt.Errorf("find what %s holds: %w", account, err)
	}
	hints := map[string]int64{}
	for _, st := range list {
		next, _, err := change(ctx, tx, st.Conversation, conversation.Returned(st, doer))
		if err != nil {
			return err
		}
		hints[st.Conversation] = next.Epoch
	}
	if _, err := tx.Exec(ctx, unassign, args); err != nil {
		return fmt.Errorf("take assignments from %s: %w", account, err)
	}
	for len(hints) > 0 {
		n := note{Hints: map[string]int64{}}
		for id, epoch := range hints {
			if len(n.Hints) == maxHints {
				break
			}
			n.Hints[id] = epoch
			delete(hints, id)
		}
		if err := tell(ctx, tx, n); err != nil {
			return err
		}
	}
	return nil
}

// tellEnded has every replica look whether the streams of an account or token may go on.
func tellEnded(ctx context.Context, db execer, id string) error {
	return tell(ctx, db, note{Event: conversation.Event{Kind: conversation.EventAccess, Staff: strings.ToLower(id)}})
}

// tell sends a hint to all replicas, this one too, once db's transaction is committed.
// It is for what is rare and may come from a command, which has no notifier.
func tell(ctx context.Context, db execer, n note) error {
	n.From, n.Leaves = knowledge.NewID(), true // no replica, to be expected again
	payload, err := json.Marshal(n)
	if err == nil {
		_, err = db.Exec(ctx, "SELECT pg_notify($1, $2)", notifyChannel, string(payload))
	}
	if err != nil {
		return fmt.Errorf("tell replicas: %w", err)
	}
	return nil
}
