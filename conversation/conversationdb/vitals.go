package conversationdb

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

//go:embed vitals.sql
var vitalsSQL string

// vitalsWithin bounds what the database may take over it.
const vitalsWithin = 5 * time.Second

// Vitals looks at the whole database without counting any large table. stuck is how
// overdue a turn is that nobody takes.
func (s *Store) Vitals(ctx context.Context, stuck time.Duration) (v conversation.Vitals, err error) {
	ctx, cancel := context.WithTimeout(ctx, vitalsWithin)
	defer cancel()
	var raw []byte
	err = s.pool.QueryRow(ctx, vitalsSQL, pgx.NamedArgs{"stuck": seconds(stuck), "presence": int64(presenceClass), "self": int64(s.presence.key)}).Scan(&raw)
	if err == nil {
		err = json.Unmarshal(raw, &v)
	}
	if err != nil {
		return v, fmt.Errorf("read vitals: %w", err)
	}
	for i, w := range v.OffWebhooks {
		u, err := url.Parse(w.Host)
		if err != nil {
			u = &url.URL{}
		}
		v.OffWebhooks[i].Host = u.Hostname() // the rest may hold a key
	}
	return v, nil
}

// recentTalks is how many conversations are looked through for a channel's newest event.
const recentTalks = 2000

// Channels returns what there is to know of each channel, by name.
func (s *Store) Channels(ctx context.Context, names []string) (map[string]conversation.ChannelVitals, error) {
	const q = `
		WITH recent AS MATERIALIZED (
			SELECT channel, customer_at FROM conversations WHERE seq > 0 ORDER BY updated_at DESC LIMIT @recent
		)
		SELECT n.name, (SELECT max(customer_at) FROM recent WHERE channel = n.name), coalesce(f.error, ''), f.due_at,
			(SELECT count(*) FROM (
				(SELECT FROM deliveries d WHERE d.channel = n.name AND d.state = 'pending' LIMIT 1000)
				UNION ALL (SELECT FROM deliveries d WHERE d.channel = n.name AND d.state = 'failed' LIMIT 1000) LIMIT 1000) u)
		FROM unnest(@names::text[]) AS n(name)
		LEFT JOIN LATERAL (
			SELECT d.error, d.due_at FROM deliveries d WHERE d.channel = n.name AND d.state = 'failed' ORDER BY d.due_at DESC LIMIT 1
		) f ON true`
	ctx, cancel := context.WithTimeout(ctx, vitalsWithin)
	defer cancel()
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"names": names, "recent": recentTalks})
	if err != nil {
		return nil, fmt.Errorf("read channels: %w", err)
	}
	out := map[string]conversation.ChannelVitals{}
	var (
		name      string
		v         conversation.ChannelVitals
		event, at *time.Time
	)
	_, err = pgx.ForEachRow(rows, []any{&name, &event, &v.LastError, &at, &v.Undelivered}, func() error {
		v.LastEventAt, v.LastErrorAt = orZero(event), orZero(at)
		out[name] = v
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read channels: %w", err)
	}
	return out, nil
}
