-- +goose Up
-- Every version of every setting, so that each can be read and restored. shared_settings
-- holds the newest of each; a row there is only ever written together with one here.
CREATE TABLE setting_versions (
  name       text NOT NULL,
  version    bigint NOT NULL,
  value      jsonb NOT NULL,
  at         timestamptz NOT NULL DEFAULT now(),
  actor      text NOT NULL DEFAULT '',         -- id of an account or a token; empty: a command
  actor_name text NOT NULL DEFAULT '',         -- as they were called then
  PRIMARY KEY (name, version)
);
INSERT INTO setting_versions (name, version, value, at) SELECT name, version, value, updated_at FROM shared_settings;

-- +goose Down
DROP TABLE setting_versions;
