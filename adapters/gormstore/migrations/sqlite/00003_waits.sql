-- +goose Up
-- Executions wait without a worker, have children, and can be undone.
ALTER TABLE executions ADD COLUMN waiting_for text NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN pause_requested boolean NOT NULL DEFAULT false;
-- ending is the terminal state that follows when the undos have run.
ALTER TABLE executions ADD COLUMN ending text NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN child_key text NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN retry_of text NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN start_by datetime;
-- deadline_left is what is left of a deadline that stands still, in microseconds.
ALTER TABLE executions ADD COLUMN deadline_left bigint NOT NULL DEFAULT 0;
ALTER TABLE steps ADD COLUMN undo text NOT NULL DEFAULT '';
DROP INDEX executions_due;
CREATE INDEX executions_due ON executions (due_at) WHERE state IN ('accepted', 'retrying', 'waiting');
CREATE UNIQUE INDEX executions_child ON executions (tenant_id, parent_id, child_key) WHERE parent_id <> '' AND child_key <> '';
CREATE INDEX executions_live_child ON executions (parent_id)
    WHERE parent_id <> '' AND state IN ('accepted', 'running', 'waiting', 'retrying', 'paused');
CREATE INDEX executions_decision ON executions (tenant_id, updated_at, id) WHERE waiting_for = 'decision' AND state = 'waiting';
CREATE INDEX executions_deadline ON executions (deadline)
    WHERE state IN ('accepted', 'running', 'waiting', 'retrying', 'paused') AND deadline IS NOT NULL;
CREATE INDEX executions_start ON executions (start_by) WHERE state = 'accepted' AND start_by IS NOT NULL;

CREATE TABLE signals (
    tenant_id    text NOT NULL,
    execution_id text NOT NULL,
    id           text NOT NULL,
    name         text NOT NULL,
    payload      text,
    sent_by      text NOT NULL,
    sent_at      datetime,
    -- taken_by is the wait that has it; empty while none has.
    taken_by     text NOT NULL,
    PRIMARY KEY (tenant_id, execution_id, id),
    FOREIGN KEY (tenant_id, execution_id) REFERENCES executions (tenant_id, id) ON UPDATE CASCADE
) WITHOUT ROWID;

-- +goose Down
DROP TABLE signals;
DROP INDEX executions_start;
DROP INDEX executions_deadline;
DROP INDEX executions_decision;
DROP INDEX executions_live_child;
DROP INDEX executions_child;
DROP INDEX executions_due;
CREATE INDEX executions_due ON executions (due_at) WHERE state IN ('accepted', 'retrying');
ALTER TABLE steps DROP COLUMN undo;
ALTER TABLE executions DROP COLUMN deadline_left;
ALTER TABLE executions DROP COLUMN start_by;
ALTER TABLE executions DROP COLUMN retry_of;
ALTER TABLE executions DROP COLUMN child_key;
ALTER TABLE executions DROP COLUMN ending;
ALTER TABLE executions DROP COLUMN pause_requested;
ALTER TABLE executions DROP COLUMN waiting_for;
