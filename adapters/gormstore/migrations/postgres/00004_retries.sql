-- +goose Up
-- The repeats of an execution are found by it.
CREATE INDEX executions_retry ON executions (tenant_id, retry_of) WHERE retry_of <> '';

-- +goose Down
DROP INDEX executions_retry;
