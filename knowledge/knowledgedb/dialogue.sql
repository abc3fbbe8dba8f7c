, earlier AS MATERIALIZED ( -- the history's words: the customer's alone, and all that was said
    SELECT coalesce('{' || string_agg(z.dim || ':' || z.w::real, ',' ORDER BY z.dim) FILTER (WHERE z.w > 0) || '}', '{}') AS weights,
           coalesce('{' || string_agg(z.dim || ':' || z.said::real, ',' ORDER BY z.dim) FILTER (WHERE z.said > 0) || '}', '{}') AS said
    FROM (SELECT k.dim, sum(k.w) AS w, sum(k.said * ln(1 + (greatest(k.n - k.df, 0) + .5) / (k.df + .5))) AS said
          FROM kept k WHERE k.tier = 1 GROUP BY k.dim) z
), vectors AS MATERIALIZED (
    SELECT coalesce((SELECT weights FROM query), '{}/1000000000'::sparsevec) AS own,
           (weights || '/1000000000')::sparsevec AS earlier, (said || '/1000000000')::sparsevec AS said FROM earlier
), scored AS MATERIALIZED (
    SELECT x.passage_id, -(x.weights <#> (SELECT own FROM vectors)) AS own, -(x.weights <#> (SELECT earlier FROM vectors)) AS earlier,
           -(x.weights <#> (SELECT said FROM vectors)) AS said
    FROM lexemes x
    WHERE x.dims && (SELECT dims FROM choosing)
), asked AS ( -- what the message's own words could come to
    SELECT coalesce(sum(z.weight * ln(1 + (greatest(l.passages - z.df, 0) + .5) / (z.df + .5))), 0)
           + greatest(@asked::float8 - coalesce(sum(z.weight), 0), 0) * ln(1 + (l.passages + .5) / .5) AS mass
    FROM lexicon l LEFT JOIN (SELECT DISTINCT word, weight, df FROM q WHERE tier <> 1) z ON true
    GROUP BY l.passages
), own AS ( -- how well they do: what the best comes to, and how near to it the next are
    SELECT max(z.own) AS best, coalesce(avg(z.own) FILTER (WHERE z.place > 1) / nullif(max(z.own), 0), 0) AS near
    FROM (SELECT s.own, row_number() OVER (ORDER BY s.own DESC) AS place FROM scored s WHERE s.own > 0 ORDER BY s.own DESC LIMIT @tied) z
), most AS (
    SELECT max(s.own + s.earlier) AS best, max(s.said) AS said FROM scored s
), leaning AS MATERIALIZED (
    SELECT f.factor, coalesce(f.factor * m.said / nullif(m.best, 0), 0) AS share
    FROM most m, own o, asked a, LATERAL (
        SELECT CASE WHEN o.best IS NULL THEN 1
                    ELSE @lean::float8 * o.near * (1 - least(1, o.best / nullif(a.mass * @max_weight::float8, 0))) END AS doubt) d, LATERAL (
        SELECT CASE WHEN m.said > 0 THEN least(1, d.doubt ^ 2 * m.best / m.said) ELSE 0 END AS factor) f
)
