-- +goose Up
-- How often each thing that staff edit was changed, by whomever and however: of two who
-- edit the same one at the same time the second is told, instead of undoing the first.
-- What changes by itself beside what they edit (who is online, failures of a webhook)
-- is none of it.
ALTER TABLE labels         ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE teams          ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE canned_replies ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE contacts       ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE webhooks       ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE tests          ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE staff_accounts ADD COLUMN version bigint NOT NULL DEFAULT 1;

-- +goose StatementBegin
CREATE FUNCTION next_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER next_version BEFORE UPDATE ON labels FOR EACH ROW
  WHEN ((OLD.name, OLD.color) IS DISTINCT FROM (NEW.name, NEW.color)) EXECUTE FUNCTION next_version();
CREATE TRIGGER next_version BEFORE UPDATE ON teams FOR EACH ROW
  WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION next_version();
CREATE TRIGGER next_version BEFORE UPDATE ON canned_replies FOR EACH ROW
  WHEN ((OLD.shortcut, OLD.body) IS DISTINCT FROM (NEW.shortcut, NEW.body)) EXECUTE FUNCTION next_version();
CREATE TRIGGER next_version BEFORE UPDATE ON contacts FOR EACH ROW
  WHEN ((OLD.name, OLD.email, OLD.attributes) IS DISTINCT FROM (NEW.name, NEW.email, NEW.attributes)) EXECUTE FUNCTION next_version();
CREATE TRIGGER next_version BEFORE UPDATE ON webhooks FOR EACH ROW
  WHEN ((OLD.url, OLD.events, OLD.active) IS DISTINCT FROM (NEW.url, NEW.events, NEW.active)) EXECUTE FUNCTION next_version();
CREATE TRIGGER next_version BEFORE UPDATE ON tests FOR EACH ROW
  WHEN ((OLD.question, OLD.history, OLD.documents, OLD.passages, OLD.answer, OLD.answerable)
    IS DISTINCT FROM (NEW.question, NEW.history, NEW.documents, NEW.passages, NEW.answer, NEW.answerable)) EXECUTE FUNCTION next_version();
CREATE TRIGGER next_version BEFORE UPDATE ON staff_accounts FOR EACH ROW
  WHEN ((OLD.name, OLD.role, OLD.disabled_at) IS DISTINCT FROM (NEW.name, NEW.role, NEW.disabled_at)) EXECUTE FUNCTION next_version();

-- A team is its members too.
-- +goose StatementBegin
CREATE FUNCTION team_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE teams SET version = version + 1 WHERE id IN (SELECT team_id FROM changed);
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER team_joined AFTER INSERT ON team_members REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION team_changed();
CREATE TRIGGER team_left AFTER DELETE ON team_members REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION team_changed();

-- +goose Down
DROP TRIGGER team_left ON team_members;
DROP TRIGGER team_joined ON team_members;
DROP TRIGGER next_version ON staff_accounts;
DROP TRIGGER next_version ON tests;
DROP TRIGGER next_version ON webhooks;
DROP TRIGGER next_version ON contacts;
DROP TRIGGER next_version ON canned_replies;
DROP TRIGGER next_version ON teams;
DROP TRIGGER next_version ON labels;
DROP FUNCTION team_changed;
DROP FUNCTION next_version;
ALTER TABLE staff_accounts DROP COLUMN version;
ALTER TABLE tests          DROP COLUMN version;
ALTER TABLE webhooks       DROP COLUMN version;
ALTER TABLE contacts       DROP COLUMN version;
ALTER TABLE canned_replies DROP COLUMN version;
ALTER TABLE teams          DROP COLUMN version;
ALTER TABLE labels         DROP COLUMN version;
