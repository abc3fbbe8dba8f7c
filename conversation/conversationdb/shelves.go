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
	return collect[conversation.Label](ctx, s, "labels", `SELECT id::text, name, color FROM labels ORDER BY lower(name)`)
}

// SaveLabel implements conversation.Shelves.
func (s *Store) SaveLabel(ctx context.Context, l conversation.Label) (conversation.Label, error) {
	args := pgx.NamedArgs{"name": l.Name, "color": l.Color}
	id, err := s.shelve(ctx, l.ID, args, conversation.ErrNoLabel, shelf{
		add:    `INSERT INTO labels (id, name, color) VALUES (@id, @name, @color)`,
		change: `UPDATE labels SET name = @name, color = @color WHERE id = @id`,
		same:   `SELECT id::text FROM labels WHERE name = @name AND color = @color`,
	})
	l.ID = id
	return l, err
}

// DeleteLabel implements conversation.Shelves.
func (s *Store) DeleteLabel(ctx context.Context, id string) error {
	return s.remove(ctx, `DELETE FROM labels WHERE id = $1`, id, conversation.ErrNoLabel)
}

// Teams implements conversation.Shelves.
func (s *Store) Teams(ctx context.Context) ([]conversation.Team, error) {
	return collect[conversation.Team](ctx, s, "teams", `
		SELECT t.id::text, t.name, coalesce((SELECT array_agg(m.staff_id::text ORDER BY m.staff_id) FROM team_members m WHERE m.team_id = t.id), '{}')
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
	args := pgx.NamedArgs{"name": t.Name, "members": t.Members}
	id, err := s.shelve(ctx, t.ID, args, conversation.ErrNoTeam, shelf{
		add:    `INSERT INTO teams (id, name) VALUES (@id, @name)`,
		change: `UPDATE teams SET name = @name WHERE id = @id`,
		same: `SELECT t.id::text FROM teams t WHERE t.name = @name AND NOT EXISTS (
			SELECT staff_id FROM team_members WHERE team_id = t.id EXCEPT SELECT unnest(@members::uuid[]))
			AND NOT EXISTS (SELECT unnest(@members::uuid[]) EXCEPT SELECT staff_id FROM team_members WHERE team_id = t.id)`,
		then: members,
	})
	if isCode(err, foreignKey) || isCode(err, invalidText) {
		err = conversation.ErrNoStaff
	}
	t.ID = id
	return t, err
}

// DeleteTeam implements conversation.Shelves.
func (s *Store) DeleteTeam(ctx context.Context, id string) error {
	return s.remove(ctx, `DELETE FROM teams WHERE id = $1`, id, conversation.ErrNoTeam)
}

// CannedReplies implements conversation.Shelves.
func (s *Store) CannedReplies(ctx context.Context) ([]conversation.Canned, error) {
	return collect[conversation.Canned](ctx, s, "canned replies", `SELECT id::text, shortcut, body FROM canned_replies ORDER BY lower(shortcut)`)
}

// CannedReply implements conversation.Shelves.
func (s *Store) CannedReply(ctx context.Context, id string) (c conversation.Canned, err error) {
	err = s.pool.QueryRow(ctx, `SELECT id::text, shortcut, body FROM canned_replies WHERE id = $1`, id).Scan(&c.ID, &c.Shortcut, &c.Text)
	if err != nil {
		return c, fmt.Errorf("read canned reply %s: %w", id, notThere(err, conversation.ErrNoCanned))
	}
	return c, nil
}

// SaveCanned implements conversation.Shelves.
func (s *Store) SaveCanned(ctx context.Context, c conversation.Canned) (conversation.Canned, error) {
	args := pgx.NamedArgs{"shortcut": c.Shortcut, "body": c.Text}
	id, err := s.shelve(ctx, c.ID, args, conversation.ErrNoCanned, shelf{
		add:    `INSERT INTO canned_replies (id, shortcut, body) VALUES (@id, @shortcut, @body)`,
		change: `UPDATE canned_replies SET shortcut = @shortcut, body = @body WHERE id = @id`,
		same:   `SELECT id::text FROM canned_replies WHERE shortcut = @shortcut AND body = @body`,
	})
	c.ID = id
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

// shelf is how one kind of thing is kept. same finds the very thing, then is done
// in the same transaction after it was kept.
type shelf struct{ add, change, same, then string }

// shelve adds a thing, or with an id changes it, and returns its id.
func (s *Store) shelve(ctx context.Context, id string, args pgx.NamedArgs, missing error, how shelf) (string, error) {
	isNew := id == ""
	q := how.change
	if isNew {
		id, q = knowledge.NewID(), how.add
	}
	args["id"] = id
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, q, args)
		if err == nil && tag.RowsAffected() == 0 {
			err = pgx.ErrNoRows
		}
		if err == nil && how.then != "" {
			_, err = tx.Exec(ctx, how.then, args)
		}
		return err
	})
	if isCode(err, uniqueViolation) {
		var there string
		if isNew && s.pool.QueryRow(ctx, how.same, args).Scan(&there) == nil {
			return there, nil
		}
		return id, conversation.ErrExists
	}
	if errors.Is(err, pgx.ErrNoRows) {
		err = missing
	}
	if err != nil {
		return id, fmt.Errorf("keep %s: %w", id, err)
	}
	return id, nil
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
