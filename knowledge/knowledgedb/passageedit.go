package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"

	"github.com/jackc/pgx/v5"
)

// changeWithin is how long a change of a passage waits for whoever works on the
// document: less than a request may take.
const changeWithin = 10 * time.Second

// ChangePassage implements knowledge.EditStore. Hiding needs nobody's leave and
// waits for nobody but a transaction under way; what makes a passage searchable
// anew holds the document, so that no worker embeds what it said before.
func (d *Documents) ChangePassage(ctx context.Context, id string, version int, c knowledge.PassageChange) (knowledge.ShelvedPassage, error) {
	old, err := shelvedPassage(ctx, d.pool, id, "")
	if err != nil {
		return old, fmt.Errorf("change passage %.40q: %w", id, err)
	}
	if c.Text != nil && old.Kept.ID != "" && *c.Text != old.Text {
		return old, fmt.Errorf("change passage %s: %w", id, knowledge.ErrNotEditable)
	}
	if c.Text != nil || c.Hidden != nil && !*c.Hidden {
		waiting, cancel := context.WithTimeoutCause(ctx, changeWithin, errBusy)
		defer cancel()
		held, err := d.holdSoon(waiting, old.DocumentID)
		if err != nil {
			return old, fmt.Errorf("change passage %s: %w", id, err)
		}
		defer held.release(ctx)
	}
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error { return d.changePassage(ctx, tx, &old, version, c) })
	if err != nil {
		return old, fmt.Errorf("change passage %s: %w", id, err)
	}
	d.tellChanged(ctx)
	now, err := shelvedPassage(ctx, d.pool, id, "")
	if err != nil {
		return now, fmt.Errorf("read changed passage %s: %w", id, err)
	}
	return now, nil
}

// changePassage takes the document's row first and the lexicon's second, as
// replace does.
func (d *Documents) changePassage(ctx context.Context, tx pgx.Tx, p *knowledge.ShelvedPassage, version int, c knowledge.PassageChange) error {
	var status knowledge.Status
	err := tx.QueryRow(ctx, `SELECT status FROM documents WHERE id = $1 FOR UPDATE`, p.DocumentID).Scan(&status)
	if errors.Is(err, pgx.ErrNoRows) {
		return knowledge.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("lock document: %w", err)
	}
	if err := lockLexicon(ctx, tx); err != nil {
		return err
	}
	// Whoever stores a vector holds the row's key: it is waited for, and whoever comes later sees what is written here.
	if *p, err = shelvedPassage(ctx, tx, p.ID, "FOR UPDATE OF p"); err != nil {
		return err
	}
	text, hidden := p.Text, p.Hidden
	if c.Text != nil {
		text = *c.Text
	}
	if c.Hidden != nil {
		hidden = *c.Hidden
	}
	switch {
	case text == p.Text && hidden == p.Hidden:
		return nil // said again, or wanted already
	case version != p.Version:
		return knowledge.ErrVersion
	case text != p.Text || !hidden:
		if status != knowledge.StatusReady && status != knowledge.StatusEmbedding {
			return errBusy
		}
	}
	if err := d.writePassage(ctx, tx, *p, text, hidden, c.Tokens); err != nil {
		return err
	}
	if hidden {
		return nil
	}
	return d.reindexPassage(ctx, tx, p.ID)
}

func (d *Documents) writePassage(ctx context.Context, tx pgx.Tx, p knowledge.ShelvedPassage, text string, hidden bool, tokens int) error {
	const (
		write = `UPDATE passages SET body = @text, hidden = @hidden, version = version + 1, digest = @digest, embed_error = '',
				tokens = CASE WHEN body = @text THEN tokens ELSE @tokens END,
				question_keys = CASE WHEN @hidden THEN '{}' ELSE question_keys END,
				original = CASE WHEN @text = coalesce(original, body) THEN NULL ELSE coalesce(original, body) END,
				cut_digest = CASE WHEN @text = coalesce(original, body) THEN NULL ELSE coalesce(cut_digest, digest) END,
				edited_at = CASE WHEN @text = coalesce(original, body) THEN NULL WHEN body = @text THEN edited_at ELSE now() END,
				edited_by = CASE WHEN @text = coalesce(original, body) THEN '' WHEN body = @text THEN edited_by ELSE @by END,
				edited_by_name = CASE WHEN @text = coalesce(original, body) THEN '' WHEN body = @text THEN edited_by_name ELSE @by_name END
			WHERE id = @id`
		count = `UPDATE documents SET passages = passages + @more, updated_at = clock_timestamp() WHERE id = @document`
	)
	by := knowledge.PersonOf(ctx)
	next := p.Passage
	next.Text = text
	_, err := tx.Exec(ctx, write, pgx.NamedArgs{"id": p.ID, "text": text, "hidden": hidden, "digest": digest(next), "tokens": tokens,
		"by": by.ID, "by_name": by.Name})
	if err != nil {
		return fmt.Errorf("write passage: %w", err)
	}
	for _, sql := range []string{`DELETE FROM lexemes WHERE passage_id = $1`, `DELETE FROM embeddings WHERE passage_id = $1`} {
		if _, err := tx.Exec(ctx, sql, p.ID); err != nil {
			return fmt.Errorf("take passage out of the index: %w", err)
		}
	}
	more := 0
	switch {
	case hidden && !p.Hidden:
		more = -1
	case p.Hidden && !hidden:
		more = 1
	}
	if _, err := tx.Exec(ctx, count, pgx.NamedArgs{"document": p.DocumentID, "more": more}); err != nil {
		return fmt.Errorf("count passages: %w", err)
	}
	return nil
}

// reindexPassage analyzes a passage as it is now and, where there is an embedder,
// queues the job that embeds it.
func (d *Documents) reindexPassage(ctx context.Context, tx pgx.Tx, id string) error {
	const (
		keys  = `UPDATE passages SET question_keys = @keys, atoms = @atoms WHERE id = @id`
		embed = `UPDATE documents SET status = 'embedding', error = '', stage_done = 0, stage_total = 0, updated_at = clock_timestamp() WHERE id = @id`
	)
	p, err := shelvedPassage(ctx, tx, id, "")
	if err != nil {
		return err
	}
	r := row{Passage: p.Passage, lexemes: lexical.Index(fieldsOf(p.Passage), p.Lang, "")}
	r.atoms, r.forms = lexical.Read(fieldsOf(p.Passage), r.lexemes.Lang)
	if _, err := tx.Exec(ctx, keys, pgx.NamedArgs{"id": id, "keys": questionKeys(p.Passage), "atoms": []byte(r.atoms)}); err != nil {
		return fmt.Errorf("write keys of passage: %w", err)
	}
	avg, err := bakedAverages(ctx, tx, []row{r})
	if err != nil {
		return err
	}
	if err := d.insertLexemes(ctx, tx, []row{r}, avg); err != nil {
		return err
	}
	if err := insertVocabulary(ctx, tx, []row{r}); err != nil {
		return err
	}
	if d.embedder == nil {
		return nil
	}
	if _, err := tx.Exec(ctx, embed, pgx.NamedArgs{"id": p.DocumentID}); err != nil {
		return fmt.Errorf("have passage embedded: %w", err)
	}
	_, err = d.queue.InsertTx(ctx, tx, ingestArgs{Document: p.DocumentID}, nil)
	return err
}

// stayHidden hides what of a document's new passages came out the same as one
// that is hidden; see dropOld.
func stayHidden(ctx context.Context, tx pgx.Tx, docID string) error {
	const (
		hide = `UPDATE passages n SET hidden = true, question_keys = '{}' WHERE n.document_id = $1 AND n.ordinal >= 0 AND EXISTS (
			SELECT FROM passages o WHERE o.document_id = $1 AND o.ordinal < 0 AND o.hidden AND coalesce(o.cut_digest, o.digest) = n.digest)`
		unlist = `DELETE FROM lexemes WHERE passage_id IN (SELECT id FROM passages WHERE document_id = $1 AND ordinal >= 0 AND hidden)`
	)
	tag, err := tx.Exec(ctx, hide, docID)
	if err == nil && tag.RowsAffected() > 0 {
		_, err = tx.Exec(ctx, unlist, docID)
	}
	if err != nil {
		return fmt.Errorf("keep passages hidden: %w", err)
	}
	return nil
}
