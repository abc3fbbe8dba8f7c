package knowledgedb

import (
	"context"
	"fmt"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

// maxConflicts bounds one page of a list of conflicts.
const maxConflicts = 100

// openConflict holds for a pair both of whose entries still say what was
// compared and that nobody has dismissed.
const openConflict = `FROM entry_conflicts c
	JOIN passages p ON p.entry_id = c.one AND p.is_entry AND p.digest = c.one_digest AND NOT p.hidden JOIN documents d ON d.id = p.document_id
	JOIN passages q ON q.entry_id = c.other AND q.is_entry AND q.digest = c.other_digest AND NOT q.hidden JOIN documents e ON e.id = q.document_id
	WHERE c.dismissed_at IS NULL`

// Conflicts lists the open pairs, those found last first, and a cursor for the
// next page, which is empty after the last. A cursor that is not one of these
// begins anew.
func (s *Store) Conflicts(ctx context.Context, cursor string, limit int) ([]knowledge.Conflict, string, error) {
	const sql = `SELECT c.id::text, c.kind, c.why, c.similarity::float8, c.found_at, ` + entryColumns + `,
			q.entry_id::text, q.entry_version, q.title, q.alternatives, q.body, q.lang, q.url, q.verbatim,
			q.owner, coalesce(q.review_by::text, ''), e.id::text, e.name, e.status
		` + openConflict + ` AND (@cursor = '' OR c.id < nullif(@cursor, '')::uuid)
		ORDER BY c.id DESC LIMIT @limit`
	if limit <= 0 || limit > maxConflicts {
		limit = maxConflicts
	}
	rows, err := s.pool.Query(ctx, sql, pgx.NamedArgs{"cursor": cursor, "limit": limit + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list conflicts: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c knowledge.Conflict, err error) {
		to := []any{&c.ID, &c.Kind, &c.Why, &c.Similarity, &c.FoundAt}
		for i := range c.Entries {
			e := &c.Entries[i]
			to = append(to, &e.ID, &e.Version, &e.Question, &e.Alternatives, &e.Answer, &e.Lang, &e.URL, &e.Verbatim,
				&e.Owner, &e.ReviewBy, &e.Document.ID, &e.Document.Name, &e.Status)
		}
		return c, row.Scan(to...)
	})
	if malformed(err) {
		return s.Conflicts(ctx, "", limit)
	}
	if err != nil {
		return nil, "", fmt.Errorf("list conflicts: %w", err)
	}
	if len(list) <= limit {
		return list, "", nil
	}
	return list[:limit], list[limit-1].ID, nil
}

// DismissConflict closes a pair for as long as both of its texts stay as they
// are; by is who says so. One that is dismissed stays so. It returns
// knowledge.ErrNotFound when there is none with the id.
func (s *Store) DismissConflict(ctx context.Context, id, by string) error {
	const sql = `UPDATE entry_conflicts SET dismissed_at = coalesce(dismissed_at, now()),
			dismissed_by = CASE WHEN dismissed_at IS NULL THEN @by ELSE dismissed_by END
		WHERE id = @id::text::uuid`
	tag, err := s.pool.Exec(ctx, sql, pgx.NamedArgs{"id": id, "by": by})
	if err == nil && tag.RowsAffected() == 0 || malformed(err) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("dismiss conflict %.40q: %w", id, err)
	}
	return nil
}
