-- +goose Up
-- After the rules of handling have changed every open episode is looked at anew, some at a
-- time, whoever saved them and whatever becomes of that server. The round is under way
-- while episode is not null, and has come as far as this.
CREATE TABLE episode_rounds (
  singleton       boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  conversation_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  episode         integer
);
INSERT INTO episode_rounds DEFAULT VALUES;

-- +goose Down
DROP TABLE episode_rounds;
