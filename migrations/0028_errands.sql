-- +goose Up
-- How many tokens a batch has at most, once they are counted: so much is reserved
-- before it is handed in.
ALTER TABLE embedding_batches ADD COLUMN tokens_most bigint;

-- As before, but that a reservation can be asked for again, and then takes its own place;
-- and that one for much at once is refused quietly: smaller calls may still have room, so
-- that nobody is told that the budget is spent. A default, since servers of the former
-- version go on asking without it.
DROP FUNCTION spend_reserve(uuid, uuid, bigint, float8, bigint, bigint, bigint, float8);
-- +goose StatementBegin
CREATE FUNCTION spend_reserve(
  want uuid, talk uuid, cost bigint, lapse float8,
  day_limit bigint, talk_limit bigint, visitor_limit bigint, warn float8, quiet boolean DEFAULT false,
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
    coalesce((SELECT sum(h.micros) FROM spend_holds h WHERE h.until > clock_timestamp() AND h.id <> want), 0),
    coalesce((SELECT c.micros FROM spend_conversations c WHERE c.conversation_id = talk), 0)
      + coalesce((SELECT sum(h.micros) FROM spend_holds h WHERE h.conversation_id = talk AND h.until > clock_timestamp() AND h.id <> want), 0),
    coalesce((SELECT v.micros FROM spend_visitors v WHERE v.contact_id = visitor AND v.day = today), 0)
      + coalesce((SELECT sum(h.micros) FROM spend_holds h WHERE h.contact_id = visitor AND h.until > clock_timestamp() AND h.id <> want), 0)
  INTO spent, held, talk_used, visitor_used;
  refused := CASE
    WHEN spent + held + cost > day_limit THEN 'day'
    WHEN talk IS NOT NULL AND talk_used + cost > talk_limit THEN 'conversation'
    WHEN visitor IS NOT NULL AND visitor_used + cost > visitor_limit THEN 'visitor'
    ELSE '' END;
  told := '';
  IF refused = '' THEN
    INSERT INTO spend_holds (id, conversation_id, contact_id, micros, until)
    VALUES (want, talk, visitor, cost, clock_timestamp() + make_interval(secs => lapse))
    ON CONFLICT (id) DO UPDATE SET micros = excluded.micros, until = excluded.until;
    IF spent + held + cost >= warn * day_limit THEN
      INSERT INTO spend_alerts (day, level, limit_micros, spent_micros) VALUES (today, 'warn', day_limit, spent)
      ON CONFLICT DO NOTHING RETURNING level INTO told;
    END IF;
  ELSIF refused = 'day' AND spent + cost > day_limit AND NOT quiet THEN
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
DROP FUNCTION spend_reserve(uuid, uuid, bigint, float8, bigint, bigint, bigint, float8, boolean);
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
ALTER TABLE embedding_batches DROP COLUMN tokens_most;
