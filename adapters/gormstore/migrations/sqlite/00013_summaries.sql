-- +goose Up
-- What is left of the messages of a conversation that are over its bounds.
ALTER TABLE conversations ADD COLUMN summary TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE conversations DROP COLUMN summary;
