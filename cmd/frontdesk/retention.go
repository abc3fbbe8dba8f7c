package main

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge/knowledgedb"

	"github.com/jackc/pgx/v5/pgxpool"
)

// retention deletes, once a day, what is older than its limits say.
type retention struct {
	store *conversationdb.Store
	audit *staff.Service
	log   *slog.Logger
	// limits is read when the work begins; until it is set, all is kept.
	limits func() conversation.Retention
	// erase removes deleted documents that can come back no longer.
	erase func(context.Context) (int64, error)
}

func newRetention(pool *pgxpool.Pool, docs *knowledgedb.Documents, log *slog.Logger) *retention {
	return &retention{
		store: conversationdb.New(pool), audit: staff.New(conversationdb.NewStaffStore(pool), nil), log: log,
		limits: func() conversation.Retention { return conversation.Retention{} },
		erase:  docs.EraseOld,
	}
}

func (r *retention) work() knowledgedb.Retention {
	return knowledgedb.Retention{Due: conversationdb.RetentionDue, Do: r.do}
}

// do deletes until nothing is left to delete or ctx ends. What was deleted is in the
// audit log, as numbers.
func (r *retention) do(ctx context.Context) (err error) {
	limits := r.limits()
	var all conversation.Forgotten
	began := time.Now()
	for more := true; more && err == nil && ctx.Err() == nil; {
		var step conversation.Forgotten
		step, more, err = r.store.Forget(ctx, limits)
		all.Add(step)
	}
	documents, failed := r.erase(ctx)
	err = errors.Join(err, failed)
	if all == (conversation.Forgotten{}) && documents == 0 {
		return err
	}
	r.log.Info("deleted what was too old", "conversations", all.Conversations, "never_begun", all.Unsaid, "contacts", all.Contacts, "files", all.Files, "calls", all.Calls, "documents", documents, "took", time.Since(began))
	entry := staff.AuditEntry{Actor: staff.Actor{Kind: staff.ActorCommand, Name: "retention"}, Action: "retention", Detail: map[string]string{
		"conversations": strconv.FormatInt(all.Conversations, 10), "never_begun": strconv.FormatInt(all.Unsaid, 10), "contacts": strconv.FormatInt(all.Contacts, 10),
		"files": strconv.FormatInt(all.Files, 10), "calls": strconv.FormatInt(all.Calls, 10), "documents": strconv.FormatInt(documents, 10),
	}}
	keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
	defer cancel()
	if e := r.audit.Record(keep, entry); e != nil {
		r.log.Error("retention is not in the audit log", "error", e)
	}
	return err
}
