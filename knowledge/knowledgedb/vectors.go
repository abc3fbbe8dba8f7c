package knowledgedb

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"frontdesk/knowledge"

	"github.com/jackc/pgx/v5"
)

const (
	// efSearch is how many candidates the HNSW scan keeps, twice the depth of the ranking,
	// and efSearchOfMany in a collection of more than manyVectors passages, where that finds
	// too little; docs/BENCHMARKS.md has the figures.
	efSearch       = 2 * depth
	efSearchOfMany = 400
	manyVectors    = 30_000
	// embedBatch is how many passages go to the embedder at once; OpenAI takes 2,048
	// inputs and 300,000 tokens, and a passage of the chunker has some 400 tokens.
	embedBatch = 128
	// queryText bounds in bytes what of a question is embedded: models take 8,191 tokens,
	// and a byte is at most one.
	queryText = 8000
)

// vector is a question's, ready for the statement.
type vector struct {
	model int32
	dims  int
	text  string // as pgvector reads it
	told  string // of the question with its dialogue; empty without one
}

// sql is the dense ranking. The model and its dimensions are literals: only so does
// the planner see that the model's partial index serves.
func (v *vector) sql() string {
	asked := fmt.Sprintf(`@vector::text::halfvec(%d)`, v.dims)
	if v.told != "" { // a subquery is read once and still lets the index serve
		asked = fmt.Sprintf(`(SELECT CASE WHEN share >= @leans_on THEN @told::text ELSE @vector::text END FROM leaning)::halfvec(%d)`, v.dims)
	}
	return fmt.Sprintf(`SELECT z.passage_id, 1 - z.d AS score, row_number() OVER (ORDER BY z.d, z.passage_id) AS place
    FROM (SELECT passage_id, e::halfvec(%[1]d) <=> %[3]s AS d FROM embeddings
          WHERE model_id = %[2]d ORDER BY d LIMIT @depth) z
    WHERE z.d < 'NaN'::float8`, v.dims, v.model, asked)
}

// queryVector embeds a question and, where there is a told, that text of it with its
// dialogue; the ranking chooses between them. It returns nil when there is no embedder,
// nothing embedded yet, or no answer in time.
func (s *Store) queryVector(ctx context.Context, text, told string) *vector {
	if s.embedder == nil || strings.TrimSpace(text) == "" {
		return nil
	}
	model, err := s.knownModel(ctx)
	if err != nil {
		s.log.WarnContext(ctx, "dense ranking left out", "reason", "model", "error", err)
		return nil
	}
	if model == 0 {
		return nil
	}
	asked := []string{strings.ToValidUTF8(clip(text, queryText), "")}
	if told != "" {
		asked = append(asked, strings.ToValidUTF8(clip(told, queryText), ""))
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	vecs, err := s.embedder.Embed(ctx, asked)
	if err == nil {
		err = checkVectors(vecs, len(asked), s.embedder.Dimensions())
	}
	if err != nil {
		s.log.WarnContext(ctx, "dense ranking left out", "reason", "embedder", "error", err)
		return nil
	}
	v := &vector{model: model, dims: s.embedder.Dimensions(), text: vectorText(vecs[0])}
	if told != "" {
		v.told = vectorText(vecs[1])
	}
	return v
}

// knownModel returns the id of the embedder's model, 0 when nothing was embedded by it.
func (s *Store) knownModel(ctx context.Context) (int32, error) {
	if id := s.modelID.Load(); id != 0 {
		return id, nil
	}
	const sql = `SELECT id FROM embedding_models WHERE name = @name AND dimensions = @dimensions`
	var id int32
	err := s.pool.QueryRow(ctx, sql, pgx.NamedArgs{"name": s.embedder.Model(), "dimensions": s.embedder.Dimensions()}).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look up embedding model: %w", err)
	}
	s.modelID.Store(id)
	return id, nil
}

// registerModel is knownModel that makes the row when there is none.
func (s *Store) registerModel(ctx context.Context) (int32, error) {
	if id, err := s.knownModel(ctx); id != 0 || err != nil {
		return id, err
	}
	const sql = `INSERT INTO embedding_models (name, dimensions) VALUES (@name, @dimensions) ON CONFLICT DO NOTHING`
	if _, err := s.pool.Exec(ctx, sql, pgx.NamedArgs{"name": s.embedder.Model(), "dimensions": s.embedder.Dimensions()}); err != nil {
		return 0, fmt.Errorf("register embedding model: %w", err)
	}
	return s.knownModel(ctx)
}

// embedText is what of a passage is embedded: all that tells what it is about.
func embedText(p knowledge.Passage) string {
	parts := make([]string, 0, 3+len(p.Alternatives))
	for _, t := range append([]string{p.Heading, p.Title}, p.Alternatives...) {
		if t != "" {
			parts = append(parts, t)
		}
	}
	return strings.Join(append(parts, p.Text), "\n")
}

func digest(p knowledge.Passage) []byte {
	d := sha256.Sum256([]byte(embedText(p)))
	return d[:]
}

// checkVectors holds an embedder to its word: a server that is merely compatible may
// answer with fewer vectors, others' dimensions, or numbers that are none.
func checkVectors(vecs [][]float32, n, dims int) error {
	if len(vecs) != n {
		return fmt.Errorf("embedder gave %d vectors for %d texts", len(vecs), n)
	}
	for _, v := range vecs {
		if len(v) != dims {
			return fmt.Errorf("embedder gave %d dimensions, want %d", len(v), dims)
		}
		for _, x := range v {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) || math.Abs(float64(x)) > maxHalf {
				return errors.New("embedder gave a number out of range")
			}
		}
	}
	return nil
}

// maxHalf is the greatest number a halfvec holds.
const maxHalf = 65504

func vectorText(v []float32) string {
	b := make([]byte, 0, 12*len(v))
	b = append(b, '[')
	for i, x := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(b, float64(x), 'g', -1, 32)
	}
	return string(append(b, ']'))
}
