package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// examineEntries counts what an admin should look at in the knowledge; nothing
// to look at is no finding.
func examineEntries(ctx context.Context, conn *pgx.Conn, now time.Time) []finding {
	const sql = `SELECT
		(SELECT count(*) FROM passages WHERE review_by < @today::text::date AND (is_entry OR entry_answer IS NOT NULL)),
		(SELECT count(*) FROM entry_conflicts c
			JOIN passages p ON p.entry_id = c.one AND p.is_entry AND p.digest = c.one_digest
			JOIN passages q ON q.entry_id = c.other AND q.is_entry AND q.digest = c.other_digest
			WHERE c.dismissed_at IS NULL)`
	var stale, pairs int
	if err := conn.QueryRow(ctx, sql, pgx.NamedArgs{"today": now.UTC().Format(time.DateOnly)}).Scan(&stale, &pairs); err != nil {
		return []finding{{"entries", verdictNote, "cannot be counted: " + reason(err), ""}}
	}
	if stale == 0 && pairs == 0 {
		return nil
	}
	return []finding{{"entries", verdictNote, fmt.Sprintf("%d are past their review date, %d pairs nearly repeat or may contradict each other", stale, pairs),
		"GET /api/v1/entries?stale=true and GET /api/v1/conflicts list them."}}
}
