-- The gap nearest to a question by words: the cosine of idf-weighted stems, the
-- gap's being the sum of its questions'. Few gaps share a rare word, so the rare
-- ones bring up the candidates; a word that very many gaps have brings up none
-- past the bound. As long as few questions are known every word counts alike:
-- a hundred are taken for granted.
WITH asked AS MATERIALIZED (
    SELECT a.dim, a.weight::float8 AS weight,
        ln(1 + (n.n - coalesce(w.df, 1) + .5) / (greatest(coalesce(w.df, 1), 1) + .5)) AS idf
    FROM unnest(@dims::int[], @weights::real[]) AS a(dim, weight)
    CROSS JOIN (SELECT 100 + coalesce((SELECT df FROM gap_words WHERE dim = 0), 0)::float8 AS n) n
    LEFT JOIN gap_words w ON w.dim = a.dim
), candidate AS MATERIALIZED (
    SELECT t.gap_id FROM asked a
    CROSS JOIN LATERAL (SELECT gap_id, weight FROM gap_terms WHERE dim = a.dim LIMIT @postings) t
    GROUP BY t.gap_id ORDER BY sum(t.weight * a.weight * a.idf * a.idf) DESC, t.gap_id LIMIT @candidates
), compared AS (
    SELECT t.gap_id, sum(t.weight * a.weight * i.idf * i.idf) AS product, sqrt(sum((t.weight * i.idf) ^ 2)) AS length
    FROM candidate c JOIN gap_terms t USING (gap_id)
    CROSS JOIN (SELECT 100 + coalesce((SELECT df FROM gap_words WHERE dim = 0), 0)::float8 AS n) n
    JOIN gap_words w ON w.dim = t.dim
    CROSS JOIN LATERAL (SELECT ln(1 + (n.n - w.df + .5) / (w.df + .5)) AS idf) i
    LEFT JOIN asked a ON a.dim = t.dim
    GROUP BY t.gap_id
)
SELECT g.id::text, least(1, c.product / (c.length * (SELECT sqrt(sum((weight * idf) ^ 2)) FROM asked))) AS similarity,
    @vector AND g.embedding_model = @model AND g.embedding IS NOT NULL
FROM compared c JOIN gaps g ON g.id = c.gap_id
WHERE c.product > 0
ORDER BY similarity DESC, g.last_at DESC, g.id LIMIT 1
