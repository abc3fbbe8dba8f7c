-- +goose Up
-- What models cost, as running totals: a message's path reads a few rows of these and
-- never sums model_calls. They are kept by a trigger on model_calls, so that they hold
-- whoever books a call, to the millionth of a dollar.
ALTER TABLE model_calls
  ADD COLUMN hold     uuid,                           -- the reservation it settles
  ADD COLUMN unpriced boolean NOT NULL DEFAULT false; -- its model's price is not known, so that it counts 0

-- A day's total in parts by connection: turns that end at the same time would
-- otherwise wait for one row, and with it for each other's commit.
CREATE TABLE spend_days (
  day    date     NOT NULL,                           -- UTC
  shard  smallint NOT NULL,
  micros bigint   NOT NULL,                           -- millionths of a US dollar
  PRIMARY KEY (day, shard)
) WITH (fillfactor = 50);

CREATE TABLE spend_conversations (
  conversation_id uuid   PRIMARY KEY REFERENCES conversations ON DELETE CASCADE,
  micros          bigint NOT NULL
);

-- Of the newest day only: a limit looks no further back.
CREATE TABLE spend_visitors (
  contact_id uuid   PRIMARY KEY REFERENCES contacts ON DELETE CASCADE,
  day        date   NOT NULL,
  micros     bigint NOT NULL
);

-- What calls under way may cost at most. As many rows as there are such calls; what
-- booking does not take away lapses.
CREATE TABLE spend_holds (
  id              uuid PRIMARY KEY,
  conversation_id uuid,
  contact_id      uuid,
  micros          bigint NOT NULL,
  until           timestamptz NOT NULL
);
CREATE INDEX spend_holds_until ON spend_holds (until);

-- That staff were told: of the warning once a day, of a spent budget once per limit.
CREATE TABLE spend_alerts (
  day          date   NOT NULL,
  level        text   NOT NULL CHECK (level IN ('warn', 'spent')),
  limit_micros bigint NOT NULL,
  spent_micros bigint NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (day, level)
);

INSERT INTO spend_days (day, shard, micros)
SELECT (created_at AT TIME ZONE 'UTC')::date, 0, sum(cost_micros) FROM model_calls WHERE cost_micros > 0 GROUP BY 1;
INSERT INTO spend_conversations (conversation_id, micros)
SELECT conversation_id, sum(cost_micros) FROM model_calls WHERE cost_micros > 0 AND conversation_id IS NOT NULL GROUP BY 1;
INSERT INTO spend_visitors (contact_id, day, micros)
SELECT c.contact_id, (now() AT TIME ZONE 'UTC')::date, sum(m.cost_micros)
FROM model_calls m JOIN conversations c ON c.id = m.conversation_id
WHERE m.cost_micros > 0 AND m.created_at >= date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' GROUP BY 1;

-- +goose StatementBegin
CREATE FUNCTION spend_booked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM fresh) THEN
    RETURN NULL;
  END IF;
  -- Always in this order and each by key, so that no two wait for each other.
  INSERT INTO spend_days AS s (day, shard, micros)
  SELECT (f.created_at AT TIME ZONE 'UTC')::date, pg_backend_pid() % 16, sum(f.cost_micros)
  FROM fresh f WHERE f.cost_micros > 0 GROUP BY 1 ORDER BY 1
  ON CONFLICT (day, shard) DO UPDATE SET micros = s.micros + excluded.micros;

  INSERT INTO spend_conversations AS s (conversation_id, micros)
  SELECT f.conversation_id, sum(f.cost_micros)
  FROM fresh f WHERE f.cost_micros > 0 AND f.conversation_id IS NOT NULL GROUP BY 1 ORDER BY 1
  ON CONFLICT (conversation_id) DO UPDATE SET micros = s.micros + excluded.micros;

  INSERT INTO spend_visitors AS s (contact_id, day, micros)
  SELECT c.contact_id, max((f.created_at AT TIME ZONE 'UTC')::date), sum(f.cost_micros)
  FROM fresh f JOIN conversations c ON c.id = f.conversation_id
  WHERE f.cost_micros > 0 GROUP BY 1 ORDER BY 1
  ON CONFLICT (contact_id) DO UPDATE SET
    micros = CASE WHEN s.day >= excluded.day THEN s.micros ELSE 0 END + CASE WHEN s.day > excluded.day THEN 0 ELSE excluded.micros END,
    day = greatest(s.day, excluded.day);

  DELETE FROM spend_holds h USING fresh f WHERE h.id = f.hold;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER spend_booked AFTER INSERT ON model_calls REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION spend_booked();

-- Reserves what a call may cost at most, or says which limit stands against it. One
-- after the other on all replicas, by a lock that lasts a few reads: a function,
-- because its second statement has to see what was committed while it waited for the
-- lock. Whoever books a call moves its cost from spend_holds to the totals in one
-- commit, so that the one statement that reads both misses and doubles nothing.
-- +goose StatementBegin
CREATE FUNCTION spend_reserve(
  want uuid, talk uuid, cost bigint, lapse float8,
  day_limit bigint, talk_limit bigint, visitor_limit bigint, warn float8,
  OUT refused text, OUT spent bigint, OUT told text
) LANGUAGE plpgsql AS $$
DECLARE
  today   date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
  visitor uuid;
  held bigint; talk_used bigint; visitor_used bigint;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  SELECT contact_id INTO visitor FROM conversations WHERE id = talk;
  PERFORM pg_advisory_xact_lock(x'66645f7370656e64'::bigint);
  DELETE FROM spend_holds WHERE id IN (
    SELECT id FROM spend_holds WHERE until <= clock_timestamp() FOR UPDATE SKIP LOCKED);
  SELECT
    coalesce((SELECT sum(d.micros) FROM spend_days d WHERE d.day = today), 0),
    coalesce((SELECT sum(h.micros) FROM spend_holds h WHERE h.until > clock_timestamp()), 0),
    coalesce((SELECT c.micros FROM spend_conversations c WHERE c.conversation_id = talk), 0)
      + coalesce((SELECT sum(h.micros) FROM spend_holds h WHERE h.conversation_id = talk AND h.until > clock_timestamp()), 0),
    coalesce((SELECT v.micros FROM spend_visitors v WHERE v.contact_id = visitor AND v.day = today), 0)
      + coalesce((SELECT sum(h.micros) FROM spend_holds h WHERE h.contact_id = visitor AND h.until > clock_timestamp()), 0)
  INTO spent, held, talk_used, visitor_used;
  refused := CASE
    WHEN spent + held + cost > day_limit THEN 'day'
    WHEN talk IS NOT NULL AND talk_used + cost > talk_limit THEN 'conversation'
    WHEN visitor IS NOT NULL AND visitor_used + cost > visitor_limit THEN 'visitor'
    ELSE '' END;
  told := '';
  IF refused = '' THEN
    INSERT INTO spend_holds (id, conversation_id, contact_id, micros, until)
    VALUES (want, talk, visitor, cost, clock_timestamp() + make_interval(secs => lapse));
    IF spent + held + cost >= warn * day_limit THEN
      INSERT INTO spend_alerts (day, level, limit_micros, spent_micros) VALUES (today, 'warn', day_limit, spent)
      ON CONFLICT DO NOTHING RETURNING level INTO told;
    END IF;
  ELSIF refused = 'day' AND spent + cost > day_limit THEN
    -- Not merely because of calls under way, which may turn out cheaper.
    INSERT INTO spend_alerts AS a (day, level, limit_micros, spent_micros) VALUES (today, 'spent', day_limit, spent)
    ON CONFLICT (day, level) DO UPDATE SET limit_micros = excluded.limit_micros, spent_micros = excluded.spent_micros, created_at = excluded.created_at
      WHERE a.limit_micros <> excluded.limit_micros
    RETURNING level INTO told;
  END IF;
  told := coalesce(told, '');
END $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION spend_reserve;
DROP TRIGGER spend_booked ON model_calls;
DROP FUNCTION spend_booked;
DROP TABLE spend_alerts, spend_holds, spend_visitors, spend_conversations, spend_days;
ALTER TABLE model_calls DROP COLUMN hold, DROP COLUMN unpriced;
