package knowledgedb

import (
	"context"
	"errors"
	"fmt"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"

	"github.com/jackc/pgx/v5"
)

// Alone runs do while no other process does under the name, and keeps a
// connection for that long. It returns knowledge.ErrBusy when one does.
func (d *Documents) Alone(ctx context.Context, name string, do func(context.Context) error) error {
	held, err := d.hold(ctx, "import "+name) // no document's id is like it
	if err != nil {
		return err
	}
	if held == nil {
		return fmt.Errorf("%w: a file of this name is being imported", knowledge.ErrBusy)
	}
	defer held.release(ctx)
	return do(ctx)
}

// DocumentNamed returns the newest document of that name which is no page of
// a site, or knowledge.ErrNotFound.
func (d *Documents) DocumentNamed(ctx context.Context, name string) (knowledge.DocumentRef, error) {
	const sql = `SELECT id::text, name FROM documents WHERE name = @name AND site_id IS NULL ORDER BY created_at DESC, id DESC LIMIT 1`
	var ref knowledge.DocumentRef
	err := d.pool.QueryRow(ctx, sql, pgx.NamedArgs{"name": name}).Scan(&ref.ID, &ref.Name)
	if errors.Is(err, pgx.ErrNoRows) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return ref, fmt.Errorf("find document by its name: %w", err)
	}
	return ref, nil
}

// EachAsking calls each with the entries that may ask one of the questions, by
// the hashes of their keys, and with all of the document, as they come from the
// one query: no more than one of them is in memory. Keys are joined by hashing,
// since an array of thousands of them is slow to look up in an index of arrays.
func (d *Documents) EachAsking(ctx context.Context, questions []string, document string, each func(knowledge.StoredEntry)) error {
	const sql = `WITH asked AS MATERIALIZED (SELECT DISTINCT key FROM unnest(@keys::bigint[]) key),
		found AS MATERIALIZED (
			SELECT p.id FROM passages p CROSS JOIN LATERAL unnest(p.question_keys) has JOIN asked ON asked.key = has
			WHERE p.is_entry
			UNION
			SELECT id FROM passages WHERE document_id = nullif(@document, '')::uuid AND is_entry)
		SELECT d.id::text, d.name, p.title, p.alternatives, p.body, p.lang, p.url, p.verbatim,
			p.owner, coalesce(p.review_by::text, '')
		FROM found JOIN passages p USING (id) JOIN documents d ON d.id = p.document_id
		ORDER BY d.created_at, d.id, p.ordinal`
	keys := make([]int64, 0, len(questions))
	for _, q := range questions {
		if k := lexical.KeyHash(q); k != 0 {
			keys = append(keys, k)
		}
	}
	rows, err := d.pool.Query(ctx, sql, pgx.NamedArgs{"keys": keys, "document": document})
	if err != nil {
		return fmt.Errorf("compare entries: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s knowledge.StoredEntry
		if err := rows.Scan(&s.Document.ID, &s.Document.Name, &s.Question, &s.Alternatives, &s.Answer, &s.Lang, &s.URL, &s.Verbatim,
			&s.Owner, &s.ReviewBy); err != nil {
			return fmt.Errorf("compare entries: %w", err)
		}
		each(s)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("compare entries: %w", err)
	}
	return nil
}
