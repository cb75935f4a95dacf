-- +goose Up
-- Sessions that never had an owner, by when they ended: what is left of them is removed.
CREATE INDEX sessions_visitors ON sessions (expires_at) WHERE owner_user_id IS NULL;

-- +goose Down
DROP INDEX sessions_visitors;
