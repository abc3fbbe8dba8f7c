package knowledgedb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"

	"github.com/jackc/pgx/v5"
)

// writeBatch bounds the rows of one statement, so that a book costs no more memory
// than a chapter: the sparse vectors of 500 passages are about a megabyte of text.
const writeBatch = 500

// row is a passage with its analysis.
type row struct {
	knowledge.Passage
	lexemes lexical.Lexemes
	atoms   lexical.Atoms
	forms   []lexical.Form
}

// analyzeAll analyzes the passages of one document. A passage that does not say which
// language it is in is taken for what most of the others are in.
func analyzeAll(ps []knowledge.Passage) []row {
	votes := map[string]int{}
	main := ""
	for _, p := range ps {
		l := p.Lang
		if l == "" {
			l = lexical.Language(p.Title + "\n" + p.Text)
		}
		if l == "" {
			continue
		}
		if votes[l]++; votes[l] > votes[main] {
			main = l
		}
	}
	rows := make([]row, len(ps))
	for i, p := range ps {
		p.Ordinal = i
		if p.ID == "" {
			p.ID = knowledge.NewID()
		}
		rows[i] = row{Passage: p, lexemes: lexical.Index(fieldsOf(p), p.Lang, main)}
		rows[i].atoms, rows[i].forms = lexical.Read(fieldsOf(p), rows[i].lexemes.Lang)
		if p.Lang == "" {
			rows[i].Lang = rows[i].lexemes.Lang
		}
	}
	return rows
}

func fieldsOf(p knowledge.Passage) lexical.Fields {
	return lexical.Fields{
		lexical.Title:   strings.Join(append([]string{p.Title}, p.Alternatives...), "\n"),
		lexical.Heading: p.Heading,
		lexical.Body:    p.Text,
	}
}

// replace holds the document's row first and the lexicon's second, as whoever deletes
// a document does, so that writers queue and never meet crosswise.
func (s *Store) replace(ctx context.Context, tx pgx.Tx, docID string, rows []row) error {
	if err := setAside(ctx, tx, docID); err != nil {
		return err
	}
	avg, err := bakedAverages(ctx, tx, rows)
	if err != nil {
		return err
	}
	for at := 0; at < len(rows); at += writeBatch {
		end := min(at+writeBatch, len(rows))
		if err := insertPassages(ctx, tx, docID, rows[at:end]); err != nil {
			return err
		}
		if err := s.insertLexemes(ctx, tx, rows[at:end], avg); err != nil {
			return err
		}
		if err := insertVocabulary(ctx, tx, rows[at:end]); err != nil {
			return err
		}
		if s.searchable != nil && s.embedder == nil {
			s.searchable(end)
		}
	}
	return dropOld(ctx, tx, docID)
}

// setAside gives a document's passages negative ordinals, until dropOld. It returns
// knowledge.ErrNotFound when there is no such document.
func setAside(ctx context.Context, tx pgx.Tx, docID string) error {
	var found bool
	err := tx.QueryRow(ctx, `SELECT true FROM documents WHERE id = $1 FOR UPDATE`, docID).Scan(&found)
	if errors.Is(err, pgx.ErrNoRows) {
		return knowledge.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("lock document: %w", err)
	}
	if err := lockLexicon(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE passages SET ordinal = -1 - ordinal WHERE document_id = $1`, docID); err != nil {
		return fmt.Errorf("set passages aside: %w", err)
	}
	return nil
}

// dropOld deletes the passages set aside; their terms are counted off in one statement,
// since the trigger behind a cascade fires once for all of its rows. Where a new passage
// has the same text, the vectors of the old, by whatever models, become its own: what did
// not change costs nothing.
func dropOld(ctx context.Context, tx pgx.Tx, docID string) error {
	if err := stayHidden(ctx, tx, docID); err != nil {
		return err
	}
	for _, sql := range []string{
		`INSERT INTO embeddings (passage_id, model_id, e)
		SELECT n.id, e.model_id, e.e FROM passages o
		JOIN passages n ON n.document_id = o.document_id AND n.digest = o.digest AND n.ordinal >= 0 AND NOT n.hidden
		JOIN embeddings e ON e.passage_id = o.id
		WHERE o.document_id = $1 AND o.ordinal < 0
		ON CONFLICT DO NOTHING`,
		`DELETE FROM passages WHERE document_id = $1 AND ordinal < 0`,
	} {
		if _, err := tx.Exec(ctx, sql, docID); err != nil {
			return fmt.Errorf("drop old passages: %w", err)
		}
	}
	return nil
}

// bakedAverages, under the lexicon's lock, returns the averages that weights are baked
// with. The first passages ever are baked with their own.
func bakedAverages(ctx context.Context, tx pgx.Tx, rows []row) (lexical.Lengths, error) {
	var avg lexical.Lengths
	const sql = `SELECT baked_title, baked_heading, baked_body FROM lexicon`
	if err := tx.QueryRow(ctx, sql).Scan(&avg[lexical.Title], &avg[lexical.Heading], &avg[lexical.Body]); err != nil {
		return avg, fmt.Errorf("read lexicon: %w", err)
	}
	own := averagesOf(rows)
	changed := false
	for f := range avg {
		if avg[f] == 0 && own[f] > 0 {
			avg[f], changed = own[f], true
		}
	}
	if !changed {
		return avg, nil
	}
	return avg, setBaked(ctx, tx, avg)
}

func setBaked(ctx context.Context, tx pgx.Tx, avg lexical.Lengths) error {
	const sql = `UPDATE lexicon SET baked_title = @title, baked_heading = @heading, baked_body = @body`
	_, err := tx.Exec(ctx, sql, pgx.NamedArgs{
		"title": avg[lexical.Title], "heading": avg[lexical.Heading], "body": avg[lexical.Body],
	})
	if err != nil {
		return fmt.Errorf("set baked averages: %w", err)
	}
	return nil
}

// averagesOf are the average lengths over the rows where a field is not empty.
func averagesOf(rows []row) lexical.Lengths {
	var avg, n lexical.Lengths
	for _, r := range rows {
		for f, l := range r.lexemes.Lengths {
			if l > 0 {
				avg[f] += float64(l)
				n[f]++
			}
		}
	}
	for f := range avg {
		avg[f] /= math.Max(n[f], 1)
	}
	return avg
}

func insertPassages(ctx context.Context, tx pgx.Tx, docID string, rows []row) error {
	columns := []string{"id", "document_id", "ordinal", "title", "alternatives", "heading", "page", "body", "lang", "url",
		"verbatim", "is_entry", "tokens", "digest", "question_keys", "atoms", "entry_id", "entry_version", "entry_answer", "owner", "review_by"}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"passages"}, columns, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		r := rows[i]
		return []any{r.ID, docID, int32(r.Ordinal), r.Title, orEmpty(r.Alternatives), r.Heading, int32(r.Page), r.Text, r.Lang,
			r.URL, r.Verbatim, r.IsEntry, int32(r.Tokens), digest(r.Passage), questionKeys(r.Passage), []byte(r.atoms),
			orNull(r.Kept.ID), r.Kept.Version, orNull(r.Kept.Answer), r.Kept.Owner, orNull(r.Kept.ReviewBy)}, nil
	}))
	if err != nil {
		return fmt.Errorf("insert passages: %w", err)
	}
	return nil
}

func orEmpty(ss []string) []string {
	if ss == nil {
		return []string{}
	}
	return ss
}

// orNull is null for an empty text.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// questionKeys are the hashes by which an entry is found word for word.
func questionKeys(p knowledge.Passage) []int64 {
	keys := []int64{}
	if !p.IsEntry {
		return keys
	}
	for _, q := range append([]string{p.Title}, p.Alternatives...) {
		if k := lexical.KeyHash(q); k != 0 {
			keys = append(keys, k)
		}
	}
	return keys
}

func (s *Store) insertLexemes(ctx context.Context, tx pgx.Tx, rows []row, avg lexical.Lengths) error {
	const sql = `INSERT INTO lexemes (passage_id, analyzer, dims, weights, title_length, heading_length, body_length)
		SELECT id, @analyzer, dims::int[], weights::sparsevec, title, heading, body
		FROM unnest(@ids::uuid[], @dims::text[], @weights::text[], @titles::int[], @headings::int[], @bodies::int[])
		     AS x (id, dims, weights, title, heading, body)`
	n := len(rows)
	ids, dims, weights := make([]string, n), make([]string, n), make([]string, n)
	var lengths [3][]int32
	for i, r := range rows {
		ids[i] = r.ID
		dims[i] = dimsText(r.lexemes.Dims)
		weights[i] = sparseText(r.lexemes.Dims, s.params.Weights(r.lexemes, avg))
		for f, l := range r.lexemes.Lengths {
			lengths[f] = append(lengths[f], int32(l))
		}
	}
	_, err := tx.Exec(ctx, sql, pgx.NamedArgs{
		"analyzer": lexical.Version, "ids": ids, "dims": dims, "weights": weights,
		"titles": lengths[lexical.Title], "headings": lengths[lexical.Heading], "bodies": lengths[lexical.Body],
	})
	if err != nil {
		return fmt.Errorf("insert lexemes: %w", err)
	}
	return nil
}

// insertEmbeddings leaves out passages that were deleted, hidden or given another
// text meanwhile.
func insertEmbeddings(ctx context.Context, tx pgx.Tx, rows []row, vecs [][]float32, model int32) error {
	const sql = `INSERT INTO embeddings (passage_id, model_id, e)
		SELECT p.id, @model, x.e::halfvec FROM unnest(@ids::uuid[], @vectors::text[]) AS x (id, e)
		JOIN (SELECT q.id FROM passages q JOIN unnest(@ids::uuid[], @digests::bytea[]) AS k (id, digest) ON q.id = k.id AND q.digest = k.digest
			WHERE NOT q.hidden FOR KEY SHARE OF q SKIP LOCKED) p USING (id)
		ON CONFLICT (passage_id, model_id) DO NOTHING`
	ids, texts, digests := make([]string, len(rows)), make([]string, len(rows)), make([][]byte, len(rows))
	for i, r := range rows {
		ids[i], texts[i], digests[i] = r.ID, vectorText(vecs[i]), digest(r.Passage)
	}
	if _, err := tx.Exec(ctx, sql, pgx.NamedArgs{"model": model, "ids": ids, "vectors": texts, "digests": digests}); err != nil {
		return fmt.Errorf("insert embeddings: %w", err)
	}
	return nil
}

// dimsText is an int[] as Postgres reads it.
func dimsText(dims []int32) string {
	b := make([]byte, 0, 11*len(dims)+2)
	b = append(b, '{')
	for i, d := range dims {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(d), 10)
	}
	return string(append(b, '}'))
}

// sparseText is a sparsevec as pgvector reads it. Dims ascend.
func sparseText(dims []int32, weights []float32) string {
	b := make([]byte, 0, 20*len(dims)+16)
	b = append(b, '{')
	for i, d := range dims {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(d), 10)
		b = append(b, ':')
		b = strconv.AppendFloat(b, float64(weights[i]), 'g', 6, 32)
	}
	return string(append(append(b, "}/"...), strconv.Itoa(lexical.Dimensions)...))
}
