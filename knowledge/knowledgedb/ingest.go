package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Content returns a document and its bytes, or knowledge.ErrNotFound.
func (d *Documents) Content(ctx context.Context, id string) (knowledge.Document, []byte, error) {
	doc, err := d.Document(ctx, id)
	if err != nil {
		return doc, nil, err
	}
	const sql = `SELECT coalesce(content, '') FROM documents WHERE id = @id`
	var data []byte
	err = d.pool.QueryRow(ctx, sql, pgx.NamedArgs{"id": id}).Scan(&data)
	if errors.Is(err, pgx.ErrNoRows) {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return doc, nil, fmt.Errorf("read content of document %s: %w", id, err)
	}
	return doc, data, nil
}

// SetStatus moves a document to status, with a reason for an admin.
func (s *Store) SetStatus(ctx context.Context, id string, status knowledge.Status, reason string) error {
	const sql = `UPDATE documents SET status = @status, error = @reason, stage_done = 0, stage_total = 0, updated_at = now() WHERE id = @id`
	tag, err := s.pool.Exec(ctx, sql, pgx.NamedArgs{"id": id, "status": status, "reason": reason})
	if err == nil && tag.RowsAffected() == 0 {
		err = knowledge.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("set document %s %s: %w", id, status, err)
	}
	return nil
}

// Publish makes ps the document's passages, with the warnings about them, and
// names it, in one transaction: a search sees all of the old ones or all of the
// new ones. The document is then
// ready, or embedding when the store has an embedder; a passage keeps the
// vectors that the same text had in this document. IDs are made where ps has
// none, and those given are new; ordinals are the order of ps. It returns
// knowledge.ErrNotFound when the document is gone.
//
// Once that is committed it sees to the index (see Maintain), which may take a
// while after a large load and whose failure is only logged.
func (s *Store) Publish(ctx context.Context, id, name string, ps []knowledge.Passage, warnings ...string) error {
	// The clock and not now(), which is when the transaction began: watchers ask for what changed lately.
	const sql = `UPDATE documents SET name = @name, status = @status, error = '', stage_done = 0, stage_total = 0, lang = @lang, review_by = @review_by,
		passages = @passages - (SELECT count(*) FROM passages WHERE document_id = @id AND hidden), warnings = @warnings, compare_due = compare_due OR @entries, updated_at = clock_timestamp() WHERE id = @id`
	status := knowledge.StatusReady
	if s.embedder != nil {
		status = knowledge.StatusEmbedding
	}
	rows := analyzeAll(ps)
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.replace(ctx, tx, id, rows); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sql, pgx.NamedArgs{"id": id, "name": name, "status": status, "passages": len(rows), "warnings": orEmpty(warnings),
			"lang": mainLang(rows), "review_by": orNull(firstReview(ps)),
			"entries": slices.ContainsFunc(ps, func(p knowledge.Passage) bool { return p.IsEntry && p.Kept.ID != "" })})
		return err
	})
	if err != nil {
		return fmt.Errorf("publish document %s: %w", id, err)
	}
	s.maintain(ctx)
	return nil
}

// mainLang is the language of most rows.
func mainLang(rows []row) string {
	n, main := map[string]int{}, ""
	for _, r := range rows {
		if r.Lang == "" {
			continue
		}
		if n[r.Lang]++; n[r.Lang] > n[main] {
			main = r.Lang
		}
	}
	return main
}

// firstReview is the first day that one of the entries is to be reviewed by.
func firstReview(ps []knowledge.Passage) string {
	first := ""
	for _, p := range ps {
		if day := p.Kept.ReviewBy; day != "" && (first == "" || day < first) {
			first = day
		}
	}
	return first
}

// maintain sees to the index once much may have changed; searches are right
// without it and only slower or a little less well ordered.
func (s *Store) maintain(ctx context.Context) {
	if err := s.Maintain(ctx); err != nil {
		s.log.WarnContext(ctx, "search index not maintained", "error", err)
	}
}

// Embed gives the document's passages the vectors of the embedder's model that
// they lack, a batch at a time, each kept once it is here; then the document
// is ready. Without an embedder there is nothing to wait for. A passage that the
// embedder refuses is marked with the reason and gone without.
func (s *Store) Embed(ctx context.Context, id string) error {
	for after, n, done := math.MinInt32, 0, 0; s.embedder != nil; {
		model, err := s.registerModel(ctx)
		if err != nil {
			return err
		}
		after, n, err = s.embedNext(ctx, id, model, after)
		if err != nil {
			return err
		}
		if done += n; n == embedBatch {
			if err := s.embedded(ctx, id, done); err != nil {
				return err
			}
		}
		if n == 0 {
			s.maintain(ctx)
			break
		}
		if s.searchable != nil {
			s.searchable(done)
		}
	}
	return s.embeddedAll(ctx, id)
}

// embeddedAll makes the document ready, with a word on passages that were refused. It stays
// on its way while passages of it wait for a batch.
func (s *Store) embeddedAll(ctx context.Context, id string) error {
	const sql = `SELECT count(*), coalesce(min(embed_error), '') FROM passages WHERE document_id = @id AND embed_error <> ''`
	var refused int
	var why string
	if err := s.pool.QueryRow(ctx, sql, pgx.NamedArgs{"id": id}).Scan(&refused, &why); err != nil {
		return fmt.Errorf("count refused passages: %w", err)
	}
	if s.embedder != nil {
		lacks, waits, err := s.lacksVectors(ctx, id)
		switch {
		case err != nil:
			return err
		case waits != "":
			return s.SetStatus(ctx, id, knowledge.StatusEmbedding, waits)
		case lacks: // their batch has just ended: the sweep comes back to them
			return s.SetStatus(ctx, id, knowledge.StatusEmbedding, "")
		}
	}
	reason := ""
	if refused > 0 {
		reason = fmt.Sprintf("%d passages are found by their words only: the embedding model refuses them (%s). They can be tried again.", refused, why)
	}
	if err := s.SetStatus(ctx, id, knowledge.StatusReady, reason); err != nil {
		return err
	}
	s.tellChanged(ctx)
	return nil
}

// lacksVectors reports whether passages of the document that are not refused have no vector, and
// the word on it where such wait for a batch, which may wait for the budget itself.
func (s *Store) lacksVectors(ctx context.Context, id string) (lacks bool, waits string, err error) {
	const sql = `SELECT count(*) > 0, CASE WHEN NOT coalesce(bool_or(` + claimed + `), false) THEN ''
			WHEN EXISTS (SELECT FROM embedding_claims c JOIN embedding_batches b ON b.id = c.batch_id JOIN passages q ON q.id = c.passage_id
				WHERE q.document_id = @id AND c.model_id = @model AND NOT c.released AND c.digest = q.digest AND b.reason = @broke) THEN @broke
			ELSE @usual END
		FROM passages p
		WHERE p.document_id = @id AND p.embed_error = '' AND NOT p.hidden
		AND NOT EXISTS (SELECT FROM embeddings e WHERE e.passage_id = p.id AND e.model_id = @model)`
	model, err := s.registerModel(ctx)
	if err == nil {
		args := pgx.NamedArgs{"id": id, "model": model, "broke": knowledge.BudgetNote, "usual": bulkNote}
		err = s.pool.QueryRow(ctx, sql, args).Scan(&lacks, &waits)
	}
	if err != nil {
		return false, "", fmt.Errorf("look for passages to embed: %w", err)
	}
	return lacks, waits, nil
}

// embedNext embeds some passages without a vector that come after an ordinal, and
// returns the last one's and how many there were.
func (s *Store) embedNext(ctx context.Context, id string, model int32, after int) (last, n int, err error) {
	const sql = `SELECT p.id::text, p.ordinal, p.title, p.alternatives, p.heading, p.body FROM passages p
		WHERE p.document_id = @document AND p.ordinal > @after AND p.embed_error = '' AND NOT p.hidden AND NOT ` + claimed + `
		  AND NOT EXISTS (SELECT FROM embeddings e WHERE e.passage_id = p.id AND e.model_id = @model)
		ORDER BY p.ordinal LIMIT @limit`
	got, err := s.pool.Query(ctx, sql, pgx.NamedArgs{"document": id, "model": model, "after": after, "limit": embedBatch})
	if err != nil {
		return after, 0, fmt.Errorf("read passages to embed: %w", err)
	}
	rows, err := pgx.CollectRows(got, func(r pgx.CollectableRow) (row, error) {
		var p knowledge.Passage
		err := r.Scan(&p.ID, &p.Ordinal, &p.Title, &p.Alternatives, &p.Heading, &p.Text)
		return row{Passage: p}, err
	})
	if err != nil {
		return after, 0, fmt.Errorf("read passages to embed: %w", err)
	}
	if len(rows) == 0 {
		return after, 0, nil
	}
	texts := make([]string, len(rows))
	for i, r := range rows {
		texts[i] = embedText(r.Passage)
	}
	vecs, refusals, err := s.embedAll(ctx, texts)
	if err != nil {
		return after, 0, fmt.Errorf("embed passages: %w", err)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		kept, keptVecs := rows[:0:0], vecs[:0:0]
		for i, r := range rows {
			if vecs[i] != nil {
				kept, keptVecs = append(kept, r), append(keptVecs, vecs[i])
				continue
			}
			s.log.WarnContext(ctx, "passage refused by the embedding model", "document", id, "passage", r.ID, "error", refusals[i])
			if _, err := tx.Exec(ctx, `UPDATE passages SET embed_error = @why WHERE id = @id`,
				pgx.NamedArgs{"id": r.ID, "why": refusals[i].Error()}); err != nil {
				return fmt.Errorf("mark refused passage: %w", err)
			}
		}
		if len(kept) == 0 {
			return nil
		}
		return insertEmbeddings(ctx, tx, kept, keptVecs, model)
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23503" { // foreign_key_violation: deleted meanwhile
		return after, 0, knowledge.ErrNotFound
	}
	return rows[len(rows)-1].Ordinal, len(rows), err
}

// embedded says how many of the document's passages were embedded since it
// was taken up, of how many.
func (s *Store) embedded(ctx context.Context, id string, done int) error {
	const sql = `UPDATE documents SET stage_done = least(@done, passages), stage_total = passages, updated_at = clock_timestamp() WHERE id = @id`
	if _, err := s.pool.Exec(ctx, sql, pgx.NamedArgs{"id": id, "done": done}); err != nil {
		return fmt.Errorf("set progress of document %s: %w", id, err)
	}
	return nil
}

// embedAll embeds texts of which some may be such that the embedder refuses
// them: those have no vector but a reason. A refusal of several is looked into
// by halves.
func (s *Store) embedAll(ctx context.Context, texts []string) (vecs [][]float32, refusals []error, err error) {
	vecs, err = s.embedder.Embed(ctx, texts)
	switch {
	case err == nil:
		return vecs, make([]error, len(texts)), checkVectors(vecs, len(texts), s.embedder.Dimensions())
	case !errors.Is(err, knowledge.ErrUnembeddable):
		return nil, nil, err
	case len(texts) == 1:
		// Is it the text, or does it refuse everything, as one that is set up wrongly does?
		if _, e := s.embedder.Embed(ctx, []string{harmless}); e != nil {
			return nil, nil, err
		}
		return [][]float32{nil}, []error{err}, nil
	}
	half := len(texts) / 2
	vecs, refusals, err = s.embedAll(ctx, texts[:half])
	if err != nil {
		return nil, nil, err
	}
	v, r, err := s.embedAll(ctx, texts[half:])
	return append(vecs, v...), append(refusals, r...), err
}

// harmless is a text that no embedding model has a reason to refuse.
const harmless = "opening hours"
