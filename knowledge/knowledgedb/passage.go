package knowledgedb

import (
	"context"
	"errors"
	"fmt"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

// Passage returns a passage that can be found, by its id, or knowledge.ErrNotFound.
func (s *Store) Passage(ctx context.Context, id string) (knowledge.Passage, error) {
	const q = `
		SELECT p.id::text, p.document_id::text, p.ordinal, d.name, p.title, p.alternatives, p.heading, p.page, p.body,
			p.lang, CASE WHEN p.url = '' THEN d.url ELSE p.url END, p.verbatim, p.is_entry, p.tokens
		FROM passages p JOIN documents d ON d.id = p.document_id
		WHERE p.id = @id::text::uuid`
	var p knowledge.Passage
	err := s.pool.QueryRow(ctx, q, pgx.NamedArgs{"id": id}).Scan(&p.ID, &p.DocumentID, &p.Ordinal, &p.Document, &p.Title,
		&p.Alternatives, &p.Heading, &p.Page, &p.Text, &p.Lang, &p.URL, &p.Verbatim, &p.IsEntry, &p.Tokens)
	if errors.Is(err, pgx.ErrNoRows) || malformed(err) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("read passage %s: %w", id, err)
	}
	return p, nil
}
