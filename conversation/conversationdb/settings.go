package conversationdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// settingsKept is how many versions of one section are kept.
const settingsKept = 500

// settingsMark tells states of shared_settings apart. It goes by the row's transaction
// as well as its version, so that an edit by hand is noticed too.
const settingsMark = `(SELECT coalesce(string_agg(name || ' ' || version || ' ' || xmin::text, ',' ORDER BY name), '') FROM shared_settings)`

// ReadSettings implements conversation.SettingStore.
func (s *Store) ReadSettings(ctx context.Context, seen string) ([]conversation.StoredSetting, string, bool, error) {
	const q = `
		WITH m AS MATERIALIZED (SELECT 'v' || ` + settingsMark + ` AS mark)
		SELECT m.mark, t.name, t.value, t.version, t.updated_at, v.actor, v.actor_name
		FROM m LEFT JOIN shared_settings t ON m.mark <> @seen
		LEFT JOIN setting_versions v ON v.name = t.name AND v.version = t.version`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"seen": seen})
	if err != nil {
		return nil, seen, false, fmt.Errorf("read settings: %w", err)
	}
	var (
		list                []conversation.StoredSetting
		mark                string
		name, actor, called *string
		value               []byte
		version             *int64
		at                  *time.Time
	)
	_, err = pgx.ForEachRow(rows, []any{&mark, &name, &value, &version, &at, &actor, &called}, func() error {
		if name == nil {
			return nil
		}
		row := conversation.StoredSetting{Name: *name, Value: append([]byte(nil), value...), Version: *version, At: *at}
		if actor != nil {
			row.By = conversation.Actor{StaffID: *actor, Name: *called}
		}
		list = append(list, row)
		return nil
	})
	if err != nil {
		return nil, seen, false, fmt.Errorf("read settings: %w", err)
	}
	return list, mark, mark != seen, nil
}

// PutSetting implements conversation.SettingStore.
func (s *Store) PutSetting(ctx context.Context, c conversation.SettingChange) (conversation.StoredSetting, error) {
	const (
		// Changes come one after the other, whoever makes them, so that each is checked
		// against the state it is stored in. Reading goes on meanwhile.
		lock = `LOCK TABLE shared_settings IN SHARE ROW EXCLUSIVE MODE`
		look = `SELECT 'v' || ` + settingsMark + `, coalesce((SELECT version FROM shared_settings WHERE name = $1), 0)`
		put  = `
			WITH s AS (
				INSERT INTO shared_settings AS s (name, value) VALUES (@name, @value)
				ON CONFLICT (name) DO UPDATE SET value = excluded.value, version = s.version + 1, updated_at = now()
				RETURNING version, updated_at
			), old AS (
				DELETE FROM setting_versions v USING s WHERE v.name = @name AND v.version <= s.version - @kept
			)
			INSERT INTO setting_versions AS v (name, version, value, at, actor, actor_name)
			SELECT @name, version, @value, updated_at, @actor, @called FROM s
			ON CONFLICT (name, version) DO UPDATE SET value = excluded.value, at = excluded.at, actor = excluded.actor, actor_name = excluded.actor_name
			RETURNING version, at`
		// Every episode is to be looked at again: by rounds, after this is committed.
		again = `UPDATE episode_rounds SET conversation_id = DEFAULT, episode = 0`
	)
	out := conversation.StoredSetting{Name: c.Name, Value: c.Value, By: c.By}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lock); err != nil {
			return err
		}
		var mark string
		var version int64
		if err := tx.QueryRow(ctx, look, c.Name).Scan(&mark, &version); err != nil {
			return err
		}
		if version != c.Was {
			return conversation.ErrVersion
		}
		if mark != c.Seen {
			return conversation.ErrSettingsMoved
		}
		err := tx.QueryRow(ctx, put, pgx.NamedArgs{
			"name": c.Name, "value": []byte(c.Value), "actor": c.By.StaffID, "called": c.By.Name, "kept": settingsKept,
		}).Scan(&out.Version, &out.At)
		if err != nil || c.Name != conversation.HandlingSection {
			return err
		}
		_, err = tx.Exec(ctx, again)
		return err
	})
	if err != nil {
		return out, fmt.Errorf("put setting %s: %w", c.Name, err)
	}
	return out, nil
}

const versionColumns = `name, value, version, at, actor, actor_name`

func scanVersion(row pgx.CollectableRow) (v conversation.StoredSetting, err error) {
	var value []byte
	err = row.Scan(&v.Name, &value, &v.Version, &v.At, &v.By.StaffID, &v.By.Name)
	v.Value = value
	return v, err
}

// SettingHistory implements conversation.SettingStore.
func (s *Store) SettingHistory(ctx context.Context, name string, limit int) ([]conversation.StoredSetting, error) {
	const q = `SELECT ` + versionColumns + ` FROM setting_versions WHERE name = @name ORDER BY version DESC LIMIT @limit`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"name": name, "limit": limit})
	if err == nil {
		var list []conversation.StoredSetting
		if list, err = pgx.CollectRows(rows, scanVersion); err == nil {
			return list, nil
		}
	}
	return nil, fmt.Errorf("list versions of setting %s: %w", name, err)
}

// SettingVersion implements conversation.SettingStore.
func (s *Store) SettingVersion(ctx context.Context, name string, version int64) (conversation.StoredSetting, error) {
	const q = `SELECT ` + versionColumns + ` FROM setting_versions WHERE name = @name AND version = @version`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"name": name, "version": version})
	var v conversation.StoredSetting
	if err == nil {
		v, err = pgx.CollectExactlyOneRow(rows, scanVersion)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		err = conversation.ErrNoSection
	}
	if err != nil {
		return v, fmt.Errorf("read version %d of setting %s: %w", version, name, err)
	}
	return v, nil
}
