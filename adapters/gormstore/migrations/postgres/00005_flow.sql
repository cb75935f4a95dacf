-- +goose Up
-- Identical work of a session is one execution while it lives, and a tenant's waiting work is found by tenant.
ALTER TABLE executions ADD COLUMN same_key text COLLATE "C" NOT NULL DEFAULT '';
CREATE UNIQUE INDEX executions_same ON executions (tenant_id, session_id, same_key)
    WHERE same_key <> '' AND state IN ('accepted', 'running', 'waiting', 'retrying', 'paused');
CREATE INDEX executions_queued ON executions (tenant_id, due_at) WHERE state IN ('accepted', 'retrying');
CREATE INDEX executions_paused ON executions (tenant_id) WHERE state = 'paused';

-- +goose Down
DROP INDEX executions_paused;
DROP INDEX executions_queued;
DROP INDEX executions_same;
ALTER TABLE executions DROP COLUMN same_key;
