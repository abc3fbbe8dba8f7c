package knowledgedb

import (
	"context"
	"fmt"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

// SetReview has a document as a whole reviewed by a day, as Entry.ReviewBy, or with ""
// by none but its entries'. It returns knowledge.ErrNotFound.
func (d *Documents) SetReview(ctx context.Context, id, day string) (knowledge.Shelved, error) {
	const sql = `UPDATE documents SET own_review_by = @day::text::date,
		review_by = least(@day::text::date, (SELECT min(p.review_by) FROM passages p WHERE p.document_id = documents.id))
		WHERE id = @id::text::uuid`
	tag, err := d.afterLock(ctx, sql, pgx.NamedArgs{"id": id, "day": orNull(day)})
	if malformed(err) || err == nil && tag.RowsAffected() == 0 {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return knowledge.Shelved{}, fmt.Errorf("set the review of document %.40q: %w", id, err)
	}
	return d.Shelved(ctx, id)
}
