-- +goose Up
-- Events up to trimmed_seq were removed by retention.
ALTER TABLE executions ADD COLUMN trimmed_seq bigint NOT NULL DEFAULT 0;
CREATE INDEX executions_trim ON executions (completed_at) WHERE completed_at IS NOT NULL AND trimmed_seq < last_seq;
-- Open decisions are read by tenant in the order of their ids.
DROP INDEX executions_decision;
CREATE INDEX executions_decision ON executions (tenant_id, id) WHERE waiting_for = 'decision' AND state = 'waiting';

-- +goose Down
DROP INDEX executions_decision;
CREATE INDEX executions_decision ON executions (tenant_id, updated_at, id) WHERE waiting_for = 'decision' AND state = 'waiting';
DROP INDEX executions_trim;
ALTER TABLE executions DROP COLUMN trimmed_seq;
