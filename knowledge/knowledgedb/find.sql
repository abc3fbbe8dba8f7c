-- @dims, @words, @weights, @said, @tiers: the query's terms, one row a term; a word's
-- terms share its number. @said is what a word counts as part of the dialogue. Tier 0 is the message's own words, 1 its history's, 2 those that
-- choose no passages while there are others.
WITH q AS MATERIALIZED (
    SELECT u.dim, u.word, u.weight, u.said, u.tier, t.df AS own, max(t.df) OVER (PARTITION BY u.word) AS df
    FROM unnest(@dims::int[], @words::int[], @weights::float8[], @said::float8[], @tiers::int[]) AS u (dim, word, weight, said, tier)
    JOIN terms t USING (dim)
), kept AS MATERIALIZED ( -- the rarest words, so that a pasted page costs what a long question does
    SELECT z.*, l.passages AS n, ln(1 + (greatest(l.passages - z.df, 0) + .5) / (z.df + .5)) * z.weight AS w
    FROM (SELECT q.*, dense_rank() OVER (PARTITION BY q.tier = 1 ORDER BY q.tier, q.df, q.word) AS place FROM q) z, lexicon l
    WHERE z.place <= @max_words
), choosing AS MATERIALIZED ( -- rare words choose, commoner ones only while those choose few
    SELECT array_agg(z.dim) AS dims
    FROM (SELECT k.dim, k.tier, k.df, k.n, min(k.tier) OVER () AS first,
                 coalesce(sum(k.own) OVER (PARTITION BY k.tier = 1 ORDER BY k.tier, k.df, k.word, k.dim ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
          FROM kept k) z
    WHERE (z.tier < 2 OR z.first = 2 OR z.n <= @enough::int)
      AND (z.df <= @rare::float8 * z.n AND (z.tier <> 1 OR z.before < @enough::int) OR z.before < @depth
           OR z.tier <> 1 AND z.before < @enough::int AND z.df <= greatest(@common::float8 * z.n, @few::int))
), query AS MATERIALIZED (
    SELECT ('{' || string_agg(z.dim || ':' || z.w::real, ',' ORDER BY z.dim) || '}/1000000000')::sparsevec AS weights
    FROM (SELECT dim, sum(w) AS w FROM kept WHERE tier <> 1 GROUP BY dim) z
)/*dialogue*/, lexical AS MATERIALIZED (
    SELECT z.passage_id, z.score, z.said, row_number() OVER (ORDER BY z.score DESC, z.passage_id) AS place
    FROM (/*ranked*/
          ORDER BY score DESC, passage_id
          LIMIT @depth) z
    WHERE z.score > 0
), dense AS MATERIALIZED (
    /*dense*/
), exact AS MATERIALIZED (
    SELECT id AS passage_id FROM passages
    WHERE question_keys @> ARRAY[@key::bigint] AND is_entry AND @key::bigint <> 0
    ORDER BY id LIMIT @depth
), found AS MATERIALIZED ( -- by either ranking, to be looked at again and fused in Go
    SELECT passage_id, coalesce(l.place, 0) AS lexical_place, coalesce(l.score, 0) AS lexical_score, coalesce(l.said, 0) AS history_score,
           coalesce(v.place, 0) AS dense_place, coalesce(v.score, 0) AS dense_score,
           e.passage_id IS NOT NULL AS exact, row_number() OVER () AS at
    FROM lexical l FULL JOIN dense v USING (passage_id) FULL JOIN exact e USING (passage_id)
    WHERE l.place <= @listed::int OR v.place IS NOT NULL OR e.passage_id IS NOT NULL
), terms_seen AS (
    SELECT array_agg(dim ORDER BY dim, word) AS dims, array_agg(own ORDER BY dim, word) AS dfs, max(n) AS n FROM kept
)
SELECT p.id::text, p.document_id::text, p.ordinal, d.name, p.title, p.alternatives, p.heading, p.page, p.body,
       p.lang, CASE WHEN p.url = '' THEN d.url ELSE p.url END, p.verbatim, p.is_entry, p.tokens,
       f.lexical_place::int, f.lexical_score, f.history_score, f.dense_place::int, f.dense_score, f.exact,
       CASE WHEN f.lexical_place BETWEEN 1 AND @again::int THEN p.atoms END,
       CASE WHEN f.at = 1 THEN s.dims END, CASE WHEN f.at = 1 THEN s.dfs END, s.n, /*leaning*/,
       coalesce((SELECT max(id) FROM calibrations), 0)
FROM found f
JOIN passages p ON p.id = f.passage_id
JOIN documents d ON d.id = p.document_id
CROSS JOIN terms_seen s
