-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION webhook_of_budget() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  kind text := CASE NEW.level WHEN 'warn' THEN 'budget.warning' ELSE 'budget.spent' END;
BEGIN
  IF webhook_wanted(kind) THEN
    PERFORM webhook_emit(kind, jsonb_build_object('day', NEW.day, 'limit_usd', NEW.limit_micros / 1e6, 'spent_usd', NEW.spent_micros / 1e6));
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER webhook_budget AFTER INSERT OR UPDATE ON spend_alerts FOR EACH ROW EXECUTE FUNCTION webhook_of_budget();

-- +goose Down
DROP TRIGGER webhook_budget ON spend_alerts;
DROP FUNCTION webhook_of_budget;
