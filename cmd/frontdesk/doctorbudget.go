package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/knowledge"
)

// examineContents looks at what an installed database holds, and reads into chosen which
// models are to be asked.
func examineContents(ctx context.Context, conn *pgx.Conn, now time.Time, chosen *conversation.ModelSettings) []finding {
	f := append(examineEntries(ctx, conn, now), examineBudget(ctx, conn)...)
	return append(f, examineChosen(ctx, conn, chosen)...)
}

// examineBudget tells of documents that wait for the budget for models; none is no finding.
func examineBudget(ctx context.Context, conn *pgx.Conn) []finding {
	const sql = `SELECT count(*) FROM documents WHERE status = 'embedding' AND error = @note`
	var waiting int
	if err := conn.QueryRow(ctx, sql, pgx.NamedArgs{"note": knowledge.BudgetNote}).Scan(&waiting); err != nil {
		return []finding{{"budget", verdictNote, "what waits for it cannot be counted: " + reason(err), ""}}
	}
	if waiting == 0 {
		return nil
	}
	return []finding{{"budget", verdictWarning, fmt.Sprintf("documents that wait for the day's budget for models to be found by meaning, too: %d", waiting),
		"Raise it (Settings › Spending), or wait until midnight UTC: they go on by themselves."}}
}
