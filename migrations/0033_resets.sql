-- +goose Up
-- Links by which somebody who cannot sign in chooses another password: one at a time
-- for each account, gone once used.
CREATE TABLE staff_resets (
  account_id  uuid        PRIMARY KEY REFERENCES staff_accounts ON DELETE CASCADE,
  secret_hash bytea       NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
  expires_at  timestamptz NOT NULL
);

-- +goose Down
DROP TABLE staff_resets;
