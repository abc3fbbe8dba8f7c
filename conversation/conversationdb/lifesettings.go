package conversationdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// LifeSettings implements conversation.Settings.
func (s *Store) LifeSettings(ctx context.Context) (conversation.LifeSettings, error) {
	const q = `SELECT name, value, version FROM shared_settings WHERE name = ANY ($1)`
	out := conversation.LifeSettings{Handling: conversation.DefaultHandling}
	rows, err := s.pool.Query(ctx, q, []string{hoursSetting, handlingSetting})
	if err != nil {
		return out, fmt.Errorf("read settings: %w", err)
	}
	var (
		name    string
		value   []byte
		version int64
	)
	_, err = pgx.ForEachRow(rows, []any{&name, &value, &version}, func() error {
		switch name {
		case hoursSetting:
			err := json.Unmarshal(value, &out.Hours)
			out.Hours.Version = version
			return err
		case handlingSetting:
			err := json.Unmarshal(value, &out.Handling)
			out.Handling.Version = version
			return err
		}
		return nil
	})
	if err == nil {
		out.Hours, err = out.Hours.Check()
	}
	if err != nil {
		return out, fmt.Errorf("read settings: %w", err)
	}
	return out, nil
}

// PutHours implements conversation.Settings.
func (s *Store) PutHours(ctx context.Context, h conversation.Hours) (conversation.Hours, error) {
	version, err := s.putSetting(ctx, s.pool, hoursSetting, h, h.Version)
	if errors.Is(err, conversation.ErrVersion) {
		stored, failed := s.LifeSettings(ctx)
		return stored.Hours, errors.Join(err, failed)
	}
	h.Version = version
	return h, err
}

// PutHandling implements conversation.Settings.
func (s *Store) PutHandling(ctx context.Context, h conversation.Handling) (conversation.Handling, error) {
	// Spread over a minute, so that no replica has to look at everything at once.
	const again = `UPDATE episodes SET due_at = now() + random() * interval '1 minute', wakes = wakes + 1 WHERE due_at > now() + interval '1 minute'`
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		version, err := s.putSetting(ctx, tx, handlingSetting, h, h.Version)
		if err != nil {
			return err
		}
		h.Version = version
		if _, err := tx.Exec(ctx, again); err != nil {
			return fmt.Errorf("look at open conversations again: %w", err)
		}
		return nil
	})
	if errors.Is(err, conversation.ErrVersion) {
		stored, failed := s.LifeSettings(ctx)
		return stored.Handling, errors.Join(err, failed)
	}
	return h, err
}

// putSetting stores a setting where its version is still was, 0 standing for none, and
// returns its new version.
func (s *Store) putSetting(ctx context.Context, db querier, name string, value any, was int64) (int64, error) {
	const q = `
		INSERT INTO shared_settings AS s (name, value) SELECT @name, @value WHERE @was = 0
			OR EXISTS (SELECT FROM shared_settings WHERE name = @name)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, version = s.version + 1, updated_at = now() WHERE s.version = @was
		RETURNING version`
	data, err := json.Marshal(value)
	if err != nil {
		return 0, fmt.Errorf("put setting %s: %w", name, err)
	}
	var version int64
	err = db.QueryRow(ctx, q, pgx.NamedArgs{"name": name, "value": data, "was": was}).Scan(&version)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, conversation.ErrVersion
	}
	if err != nil {
		return 0, fmt.Errorf("put setting %s: %w", name, err)
	}
	return version, nil
}
