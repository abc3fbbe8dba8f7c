package conversationdb

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// Conditions on episodes as e, which counting and listing share so that a figure and
// the conversations behind it cannot differ.
const (
	byBot = `(e.resolved_at IS NOT NULL AND e.handed_at IS NULL AND e.bot_at IS NOT NULL
		AND e.helpful IS DISTINCT FROM false AND coalesce(e.rating, 3) > 2)`
	cameBack  = `(e.reopened_at IS NOT NULL AND e.reopened_at < e.resolved_at + interval '7 days')`
	said      = `(e.helpful IS NOT DISTINCT FROM true OR e.thanked OR coalesce(e.rating, 0) >= 4)`
	confirmed = `(` + byBot + ` AND NOT ` + cameBack + ` AND ` + said + `)`
	assumed   = `(` + byBot + ` AND NOT ` + cameBack + ` AND NOT ` + said + ` AND e.resolved_for = 'customer_silent')`
	undone    = `(` + byBot + ` AND ` + cameBack + ` AND (` + said + ` OR e.resolved_for = 'customer_silent'))`
)

// figures are what a list of conversations can be asked for by name.
var figures = map[string]string{
	"conversations":  `true`,
	"bot_resolved":   `(` + confirmed + ` OR ` + assumed + `)`,
	"bot_confirmed":  confirmed,
	"bot_assumed":    assumed,
	"bot_reopened":   undone,
	"handed_over":    `e.handed_at IS NOT NULL`,
	"resolved":       `e.resolved_at IS NOT NULL`,
	"rated":          `e.rating IS NOT NULL`,
	"rated_good":     `e.rating >= 4`,
	"bot_answered":   `e.bot_at IS NOT NULL`,
	"staff_answered": `e.staff_at IS NOT NULL`,
	"waited":         `EXISTS (SELECT FROM waits w WHERE w.conversation_id = e.conversation_id AND w.episode = e.episode)`,
}

// handedFor begins the figures of one reason each.
const handedFor = "handed_over:"

// labelled is the condition on a label.
const labelled = ` AND EXISTS (SELECT FROM conversation_labels cl JOIN labels l ON l.id = cl.label_id
	WHERE cl.conversation_id = e.conversation_id AND lower(l.name) = lower(@label))`

// episodesOf are the rows a report is of, from @first on.
func episodesOf(q conversation.ReportQuery) string {
	where := `e.started_at >= @first AND e.started_at < @to AND (@channel = '' OR e.channel = @channel)
		AND (@staff::uuid IS NULL OR e.staff_id = @staff)`
	if q.Label != "" {
		where += labelled
	}
	return where
}

func reportArgs(q conversation.ReportQuery) pgx.NamedArgs {
	zone := "UTC"
	if q.Zone != nil {
		zone = q.Zone.String()
	}
	args := pgx.NamedArgs{"first": q.Before(), "from": q.From, "to": q.To, "channel": q.Channel, "staff": null(q.Staff), "zone": zone}
	if q.Label != "" {
		args["label"] = q.Label
	}
	return args
}

const (
	countColumns = `count(*), count(*) FILTER (WHERE confirmed), count(*) FILTER (WHERE assumed), count(*) FILTER (WHERE undone),
		count(*) FILTER (WHERE handed), count(*) FILTER (WHERE resolved), count(rating), count(*) FILTER (WHERE rating >= 4), avg(rating)::float8`
	spreadColumns = `percentile_cont(ARRAY[.5, .9]) WITHIN GROUP (ORDER BY bot_first), percentile_cont(ARRAY[.5, .9]) WITHIN GROUP (ORDER BY staff_first),
		percentile_cont(ARRAY[.5, .9]) WITHIN GROUP (ORDER BY bot_took), percentile_cont(ARRAY[.5, .9]) WITHIN GROUP (ORDER BY staff_took)`
	noSpreads = `NULL::float8[], NULL::float8[], NULL::float8[], NULL::float8[]`
)

// Report implements conversation.Figures: one pass over the episodes of both ranges, one
// over their waits, and one over what was said beside scores.
func (s *Store) Report(ctx context.Context, q conversation.ReportQuery) (conversation.Report, error) {
	var r conversation.Report
	sql := `
		WITH e AS MATERIALIZED (
			SELECT e.conversation_id, e.started_at >= @from AS now, e.channel, e.staff_id, e.handed_for, e.rating,
				(e.started_at AT TIME ZONE @zone)::date AS day,
				` + confirmed + ` AS confirmed, ` + assumed + ` AS assumed, ` + undone + ` AS undone,
				e.handed_at IS NOT NULL AS handed, e.resolved_at IS NOT NULL AS resolved,
				extract(epoch FROM e.bot_at - e.started_at)::float8 AS bot_first,
				extract(epoch FROM e.staff_at - coalesce(e.handed_at, e.started_at))::float8 AS staff_first,
				CASE WHEN ` + confirmed + ` OR ` + assumed + ` THEN extract(epoch FROM e.settled_at - e.started_at)::float8 END AS bot_took,
				CASE WHEN e.staff_at IS NOT NULL THEN extract(epoch FROM e.settled_at - e.started_at)::float8 END AS staff_took
			FROM episodes e WHERE ` + episodesOf(q) + `
		)
		SELECT CASE WHEN now THEN 'total' ELSE 'previous' END, '', '', ` + countColumns + `, ` + spreadColumns + ` FROM e GROUP BY now
		UNION ALL SELECT 'channel', channel, '', ` + countColumns + `, ` + spreadColumns + ` FROM e WHERE now GROUP BY channel
		UNION ALL SELECT 'staff', e.staff_id::text, coalesce(max(a.name), max(t.name), ''), ` + countColumns + `, ` + spreadColumns + `
			FROM e LEFT JOIN staff_accounts a ON a.id = e.staff_id LEFT JOIN staff_tokens t ON t.id = e.staff_id
			WHERE now AND e.staff_id IS NOT NULL GROUP BY e.staff_id
		UNION ALL SELECT 'day', day::text, '', ` + countColumns + `, ` + noSpreads + ` FROM e WHERE now GROUP BY day
		UNION ALL SELECT 'reason', handed_for, '', ` + countColumns + `, ` + noSpreads + ` FROM e WHERE now AND handed GROUP BY handed_for
		UNION ALL SELECT 'label', l.name, '', ` + countColumns + `, ` + noSpreads + `
			FROM e JOIN conversation_labels cl USING (conversation_id) JOIN labels l ON l.id = cl.label_id WHERE now GROUP BY l.name
		ORDER BY 1, 2`
	rows, err := s.pool.Query(ctx, sql, reportArgs(q))
	if err != nil {
		return r, fmt.Errorf("report: %w", err)
	}
	var (
		kind                   string
		g                      conversation.Group
		first, reply, bot, own []float64
	)
	targets := []any{&kind, &g.Key, &g.Name, &g.Conversations, &g.BotConfirmed, &g.BotAssumed, &g.BotReopened,
		&g.Handed, &g.Resolved, &g.Rated, &g.RatedGood, &g.CSAT, &first, &reply, &bot, &own}
	_, err = pgx.ForEachRow(rows, targets, func() error {
		g.BotFirst, g.StaffFirst, g.BotTook, g.StaffTook = spread(first), spread(reply), spread(bot), spread(own)
		switch kind {
		case "total":
			r.Total = g.Tally
		case "previous":
			r.Previous = g.Tally
		case "channel":
			r.Channels = append(r.Channels, g)
		case "staff":
			r.Staff = append(r.Staff, g)
		case "day":
			r.Days = append(r.Days, g)
		case "reason":
			r.Reasons = append(r.Reasons, g)
		case "label":
			r.Labels = append(r.Labels, g)
		}
		g.CSAT = nil
		return nil
	})
	if err != nil {
		return r, fmt.Errorf("report: %w", err)
	}
	if err := s.reportWaits(ctx, q, &r); err != nil {
		return r, err
	}
	r.Comments, err = s.reportComments(ctx, q)
	return r, err
}

func spread(at []float64) conversation.Spread {
	if len(at) != 2 {
		return conversation.Spread{}
	}
	return conversation.Spread{Median: &at[0], P90: &at[1]}
}

func (s *Store) reportWaits(ctx context.Context, q conversation.ReportQuery, r *conversation.Report) error {
	sql := `
		SELECT e.started_at >= @from, count(*), count(w.typical_s),
			count(*) FILTER (WHERE w.outcome = 'replied' AND w.ended_at <= w.since + make_interval(secs => w.typical_s)),
			percentile_cont(.5) WITHIN GROUP (ORDER BY w.typical_s),
			percentile_cont(.5) WITHIN GROUP (ORDER BY extract(epoch FROM w.ended_at - w.since)::float8) FILTER (WHERE w.outcome = 'replied')
		FROM episodes e JOIN waits w ON w.conversation_id = e.conversation_id AND w.episode = e.episode
		WHERE ` + episodesOf(q) + ` GROUP BY 1`
	rows, err := s.pool.Query(ctx, sql, reportArgs(q))
	if err != nil {
		return fmt.Errorf("report waits: %w", err)
	}
	var (
		now bool
		w   conversation.WaitReport
	)
	_, err = pgx.ForEachRow(rows, []any{&now, &w.Waits, &w.Told, &w.Kept, &w.Promised, &w.Actual}, func() error {
		if now {
			r.Waits = w
		} else {
			r.WaitsPrevious = w
		}
		w = conversation.WaitReport{}
		return nil
	})
	if err != nil {
		return fmt.Errorf("report waits: %w", err)
	}
	return nil
}

// Reported implements conversation.Figures.
func (s *Store) Reported(ctx context.Context, q conversation.ReportQuery, figure, cursor string, limit int) ([]conversation.Summary, string, error) {
	condition, ok := figures[figure]
	reason, byReason := strings.CutPrefix(figure, handedFor)
	switch {
	case byReason:
		condition = `e.handed_at IS NOT NULL AND e.handed_for = @reason`
	case !ok:
		return nil, "", conversation.ErrNoFigure
	}
	at, id, err := openCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	sql := summaryQuery + `
		WHERE c.seq > 0 AND (@all OR (c.updated_at, c.id) < (@at, @id::uuid))
		AND EXISTS (SELECT FROM episodes e WHERE e.conversation_id = c.id AND ` + episodesOf(q) + ` AND ` + condition + `)
		ORDER BY c.updated_at DESC, c.id DESC LIMIT @limit`
	args := reportArgs(q)
	args["first"] = q.From
	delete(args, "from")
	delete(args, "zone")
	if byReason {
		args["reason"] = reason
	}
	args["all"], args["at"], args["id"], args["limit"], args["preview"] = cursor == "", at, null(id), limit, maxPreview
	rows, err := s.pool.Query(ctx, sql, args)
	if err != nil {
		return nil, "", fmt.Errorf("list a figure's conversations: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanSummary)
	if err != nil {
		return nil, "", fmt.Errorf("list a figure's conversations: %w", err)
	}
	return list, nextCursor(list, limit), nil
}

// nextCursor is what openCursor reads, empty after a page that is not full.
func nextCursor(list []conversation.Summary, limit int) string {
	if len(list) < limit || limit <= 0 {
		return ""
	}
	last := list[len(list)-1]
	return base64.RawURLEncoding.EncodeToString([]byte(last.UpdatedAt.UTC().Format(time.RFC3339Nano) + " " + last.State.Conversation))
}
