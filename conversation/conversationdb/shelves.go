package conversationdb

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/knowledge"
)

// Labels implements conversation.Shelves.
func (s *Store) Labels(ctx context.Context) ([]conversation.Label, error) {
	return collect[conversation.Label](ctx, s, "labels", `SELECT id::text, name, color, version FROM labels ORDER BY lower(name)`)
}

// SaveLabel implements conversation.Shelves.
func (s *Store) SaveLabel(ctx context.Context, l conversation.Label) (conversation.Label, error) {
	args := pgx.NamedArgs{"name": l.Name, "color": l.Color, "version": l.Version}
	var err error
	l.ID, l.Version, err = s.shelve(ctx, l.ID, args, conversation.ErrNoLabel, shelf{
		add:    `INSERT INTO labels (id, name, color) VALUES (@id, @name, @color)`,
		change: `UPDATE labels SET name = @name, color = @color WHERE id = @id` + unchanged,
		now:    `SELECT version FROM labels WHERE id = @id`,
		same:   `SELECT id::text, version FROM labels WHERE name = @name AND color = @color`,
	})
	if errors.Is(err, conversation.ErrVersion) {
		return asItIs(ctx, l.ID, s.Labels, func(l conversation.Label) string { return l.ID }, conversation.ErrNoLabel)
	}
	return l, err
}

// DeleteLabel implements conversation.Shelves.
func (s *Store) DeleteLabel(ctx context.Context, id string) error {
	return s.remove(ctx, `DELETE FROM labels WHERE id = $1`, id, conversation.ErrNoLabel)
}

// Teams implements conversation.Shelves.
func (s *Store) Teams(ctx context.Context) ([]conversation.Team, error) {
	return collect[conversation.Team](ctx, s, "teams", `
		SELECT t.id::text, t.name, coalesce((SELECT array_agg(m.staff_id::text ORDER BY m.staff_id) FROM team_members m WHERE m.team_id = t.id), '{}'), t.version
		FROM teams t ORDER BY lower(t.name)`)
}

// SaveTeam implements conversation.Shelves.
func (s *Store) SaveTeam(ctx context.Context, t conversation.Team) (conversation.Team, error) {
	const members = `
		WITH gone AS (DELETE FROM team_members WHERE team_id = @id AND staff_id <> ALL (@members::uuid[]))
		INSERT INTO team_members (team_id, staff_id) SELECT @id, m FROM unnest(@members::uuid[]) AS m ON CONFLICT DO NOTHING`
	if t.Members == nil {
		t.Members = []string{}
	}
	args := pgx.NamedArgs{"name": t.Name, "members": t.Members, "version": t.Version}
	var err error
	t.ID, t.Version, err = s.shelve(ctx, t.ID, args, conversation.ErrNoTeam, shelf{
		add:    `INSERT INTO teams (id, name) VALUES (@id, @name)`,
		change: `UPDATE teams SET name = @name WHERE id = @id` + unchanged,
		now:    `SELECT version FROM teams WHERE id = @id`,
		same: `SELECT t.id::text, t.version FROM teams t WHERE t.name = @name AND NOT EXISTS (
			SELECT staff_id FROM team_members WHERE team_id = t.id EXCEPT SELECT unnest(@members::uuid[]))
			AND NOT EXISTS (SELECT unnest(@members::uuid[]) EXCEPT SELECT staff_id FROM team_members WHERE team_id = t.id)`,
		then: members,
	})
	if isCode(err, foreignKey) || isCode(err, invalidText) {
		err = conversation.ErrNoStaff
	}
	if errors.Is(err, conversation.ErrVersion) {
		return asItIs(ctx, t.ID, s.Teams, func(t conversation.Team) string { return t.ID }, conversation.ErrNoTeam)
	}
	return t, err
}

// DeleteTeam implements conversation.Shelves.
func (s *Store) DeleteTeam(ctx context.Context, id string) error {
	return s.remove(ctx, `DELETE FROM teams WHERE id = $1`, id, conversation.ErrNoTeam)
}

// CannedReplies implements conversation.Shelves.
func (s *Store) CannedReplies(ctx context.Context) ([]conversation.Canned, error) {
	return collect[conversation.Canned](ctx, s, "canned replies", `SELECT id::text, shortcut, body, version FROM canned_replies ORDER BY lower(shortcut)`)
}

// CannedReply implements conversation.Shelves.
func (s *Store) CannedReply(ctx context.Context, id string) (c conversation.Canned, err error) {
	err = s.pool.QueryRow(ctx, `SELECT id::text, shortcut, body, version FROM canned_replies WHERE id = $1`, id).Scan(&c.ID, &c.Shortcut, &c.Text, &c.Version)
	if err != nil {
		return c, fmt.Errorf("read canned reply %s: %w", id, notThere(err, conversation.ErrNoCanned))
	}
	return c, nil
}

// SaveCanned implements conversation.Shelves.
func (s *Store) SaveCanned(ctx context.Context, c conversation.Canned) (conversation.Canned, error) {
	args := pgx.NamedArgs{"shortcut": c.Shortcut, "body": c.Text, "version": c.Version}
	var err error
	c.ID, c.Version, err = s.shelve(ctx, c.ID, args, conversation.ErrNoCanned, shelf{
		add:    `INSERT INTO canned_replies (id, shortcut, body) VALUES (@id, @shortcut, @body)`,
		change: `UPDATE canned_replies SET shortcut = @shortcut, body = @body WHERE id = @id` + unchanged,
		now:    `SELECT version FROM canned_replies WHERE id = @id`,
		same:   `SELECT id::text, version FROM canned_replies WHERE shortcut = @shortcut AND body = @body`,
	})
	if errors.Is(err, conversation.ErrVersion) {
		if c, err = s.CannedReply(ctx, c.ID); err == nil {
			err = conversation.ErrVersion
		}
	}
	return c, err
}

// DeleteCanned implements conversation.Shelves.
func (s *Store) DeleteCanned(ctx context.Context, id string) error {
	return s.remove(ctx, `DELETE FROM canned_replies WHERE id = $1`, id, conversation.ErrNoCanned)
}

// Preferences implements conversation.Shelves.
func (s *Store) Preferences(ctx context.Context, me string) ([]byte, error) {
	var body []byte
	err := s.pool.QueryRow(ctx, `SELECT body FROM staff_preferences WHERE staff_id = $1`, me).Scan(&body)
	if errors.Is(err, pgx.ErrNoRows) {
		return []byte("{}"), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the preferences of %s: %w", me, err)
	}
	return body, nil
}

// SetPreferences implements conversation.Shelves.
func (s *Store) SetPreferences(ctx context.Context, me string, object []byte) error {
	const q = `INSERT INTO staff_preferences (staff_id, body) VALUES (@me, @body::jsonb)
		ON CONFLICT (staff_id) DO UPDATE SET body = excluded.body`
	if _, err := s.pool.Exec(ctx, q, pgx.NamedArgs{"me": me, "body": string(object)}); err != nil {
		return fmt.Errorf("set the preferences of %s: %w", me, err)
	}
	return nil
}

// foreignKey is Postgres' code for a row that is not there.
const foreignKey = "23503"

// unchanged is the condition of a change: the row still has the version that was read,
// or none was named. Two changes of one row wait for each other, and the second sees
// what the first made of it.
const unchanged = ` AND (@version::bigint = 0 OR version = @version)`

// shelf is how one kind of thing is kept. now reads its version, same finds the very
// thing, then is done in the same transaction after it was kept.
type shelf struct{ add, change, now, same, then string }

// shelve adds a thing, or with an id changes it, and returns its id and version.
// ErrVersion where it was changed since.
func (s *Store) shelve(ctx context.Context, id string, args pgx.NamedArgs, missing error, how shelf) (string, int64, error) {
	isNew := id == ""
	q := how.change
	if isNew {
		id, q = knowledge.NewID(), how.add
	}
	args["id"] = id
	var version int64
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, q, args)
		if err == nil && tag.RowsAffected() == 0 {
			if err = tx.QueryRow(ctx, how.now, args).Scan(&version); err == nil {
				err = conversation.ErrVersion
			}
			return notThere(err, missing)
		}
		if err == nil && how.then != "" {
			_, err = tx.Exec(ctx, how.then, args)
		}
		if err == nil {
			err = tx.QueryRow(ctx, how.now, args).Scan(&version)
		}
		return err
	})
	if isCode(err, uniqueViolation) {
		var there string
		if isNew && s.pool.QueryRow(ctx, how.same, args).Scan(&there, &version) == nil {
			return there, version, nil
		}
		return id, 0, conversation.ErrExists
	}
	if err != nil {
		return id, 0, fmt.Errorf("keep %s: %w", id, err)
	}
	return id, version, nil
}

// asItIs returns ErrVersion with a thing of a short list, or missing where it has gone.
func asItIs[T any](ctx context.Context, id string, list func(context.Context) ([]T, error), idOf func(T) string, missing error) (T, error) {
	var none T
	all, err := list(ctx)
	if err != nil {
		return none, err
	}
	for _, t := range all {
		if idOf(t) == id {
			return t, conversation.ErrVersion
		}
	}
	return none, missing
}

func (s *Store) remove(ctx context.Context, q, id string, missing error) error {
	tag, err := s.pool.Exec(ctx, q, id)
	if err == nil && tag.RowsAffected() == 0 {
		err = missing
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", id, notThere(err, missing))
	}
	return nil
}

func collect[T any](ctx context.Context, s *Store, what, q string) ([]T, error) {
	rows, err := s.pool.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the %s: %w", what, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[T])
	if err != nil {
		return nil, fmt.Errorf("read the %s: %w", what, err)
	}
	return list, nil
}
