-- +goose Up
CREATE TABLE staff_accounts (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email         text NOT NULL UNIQUE CHECK (email = lower(email)),
    name          text NOT NULL,
    role          text NOT NULL CHECK (role IN ('viewer', 'agent', 'admin')),
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    disabled_at   timestamptz
);

-- Only the SHA-256 of a session's secret is kept: a copy of this table opens nothing.
CREATE TABLE staff_sessions (
    secret_hash bytea PRIMARY KEY CHECK (octet_length(secret_hash) = 32),
    account_id  uuid NOT NULL REFERENCES staff_accounts ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    ends_at     timestamptz NOT NULL
);
CREATE INDEX staff_sessions_account ON staff_sessions (account_id);
CREATE INDEX staff_sessions_ends ON staff_sessions (ends_at);

-- Revoked tokens stay, since what they did still names them.
CREATE TABLE staff_tokens (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    secret_hash  bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
    name         text NOT NULL,
    role         text NOT NULL CHECK (role IN ('viewer', 'agent', 'admin')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at   timestamptz
);

-- +goose Down
DROP TABLE staff_tokens, staff_sessions, staff_accounts;
