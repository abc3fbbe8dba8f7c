-- +goose Up
-- What people sign in with, and what they did.

-- An account without a password (its hash is empty) signs in elsewhere.
ALTER TABLE staff_accounts
    ADD status      text    NOT NULL DEFAULT 'online' CHECK (status IN ('online', 'away')), -- as they chose
    ADD credentials int     NOT NULL DEFAULT 0,     -- raised when what they sign in with changes
    ADD totp_secret bytea,                          -- encrypted; null: no second factor
    ADD totp_on     boolean NOT NULL DEFAULT false, -- its owner has shown a code of it
    ADD totp_step   bigint  NOT NULL DEFAULT 0,     -- of the newest code accepted: none is taken twice
    ADD CHECK (NOT totp_on OR totp_secret IS NOT NULL);

ALTER TABLE staff_sessions
    ADD id           uuid        NOT NULL DEFAULT gen_random_uuid() UNIQUE, -- names it, opens nothing
    ADD last_used_at timestamptz NOT NULL DEFAULT now(),                    -- exact to a minute
    ADD ip           text        NOT NULL DEFAULT '',
    ADD agent        text        NOT NULL DEFAULT '';

-- Codes that stand in for the second factor, each once.
CREATE TABLE staff_recovery_codes (
    account_id uuid  NOT NULL REFERENCES staff_accounts ON DELETE CASCADE,
    code_hash  bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    used_at    timestamptz,
    PRIMARY KEY (account_id, code_hash)
);

-- Who somebody is where they sign in elsewhere. One subject of an issuer for each
-- account: an address that was given to somebody else does not open it.
CREATE TABLE staff_identities (
    issuer     text NOT NULL,
    subject    text NOT NULL,
    account_id uuid NOT NULL REFERENCES staff_accounts ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (issuer, subject),
    UNIQUE (account_id, issuer)
);

CREATE TABLE staff_invitations (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    secret_hash bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
    email       text NOT NULL CHECK (email = lower(email)),
    role        text NOT NULL CHECK (role IN ('viewer', 'agent', 'admin')),
    invited_by  text NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz, -- accepted, taken back, or replaced by a newer one
    account_id  uuid REFERENCES staff_accounts ON DELETE SET NULL -- who accepted
);
CREATE UNIQUE INDEX staff_invitations_email ON staff_invitations (email) WHERE ended_at IS NULL;

-- How many conversations each person holds.
CREATE INDEX conversations_held ON conversations (staff_id) WHERE owner = 'staff' AND status <> 'resolved';

-- What people, tokens and commands changed. Nothing refers to other tables, so that
-- an entry outlives whatever it names; it has no secret and no customer's words.
CREATE TABLE audit_entries (
    id         uuid PRIMARY KEY,
    at         timestamptz NOT NULL,
    actor_kind text  NOT NULL CHECK (actor_kind IN ('staff', 'token', 'command', 'visitor')),
    actor_id   text  NOT NULL DEFAULT '',
    actor_name text  NOT NULL DEFAULT '',
    action     text  NOT NULL,            -- method and path pattern, or the command
    target     text  NOT NULL DEFAULT '', -- the id it was about
    detail     jsonb NOT NULL DEFAULT '{}',
    ip         text  NOT NULL DEFAULT ''
);
CREATE INDEX audit_entries_newest ON audit_entries (at DESC, id DESC);
CREATE INDEX audit_entries_actor ON audit_entries (actor_id, at DESC, id DESC);
CREATE INDEX audit_entries_target ON audit_entries (target, at DESC, id DESC);
CREATE INDEX audit_entries_action ON audit_entries (action, at DESC, id DESC);

-- Entries are never changed, and deleted only by retention, which says so within
-- its transaction and may take none younger than 30 days.
-- +goose StatementBegin
CREATE FUNCTION audit_entries_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('frontdesk.audit_retention', true) = 'on' AND OLD.at < now() - interval '30 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'audit_entries is append-only' USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_entries_rows BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_entries_keep();
CREATE TRIGGER audit_entries_whole BEFORE TRUNCATE ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_keep();

-- +goose Down
DROP TABLE audit_entries, staff_invitations, staff_identities, staff_recovery_codes;
DROP FUNCTION audit_entries_keep;
DROP INDEX conversations_held;
ALTER TABLE staff_sessions DROP id, DROP last_used_at, DROP ip, DROP agent;
ALTER TABLE staff_accounts DROP status, DROP credentials, DROP totp_secret, DROP totp_on, DROP totp_step;
