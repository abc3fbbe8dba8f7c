-- +goose Up
-- What turns the signals of a search into a confidence, as `frontdesk eval --fit --save`
-- stored it. The newest counts; without any the program's own does.
CREATE TABLE calibrations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    body jsonb NOT NULL
);

-- +goose Down
DROP TABLE calibrations;
