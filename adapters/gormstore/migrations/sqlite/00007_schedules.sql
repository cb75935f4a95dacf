-- +goose Up
-- Schedules submit intents at the ticks of a calendar expression. next_at is the next tick, due_at when somebody has to look.
CREATE TABLE schedules (
    tenant_id      text NOT NULL,
    id             text NOT NULL,
    owner_id       text NOT NULL,
    session_id     text NOT NULL,
    name           text NOT NULL,
    intent_type    text NOT NULL,
    parameters     text,
    solution_id    text NOT NULL,
    principal      text NOT NULL,
    expression     text NOT NULL,
    zone           text NOT NULL,
    once_at        datetime,
    overlap        text NOT NULL,
    catch_up       text NOT NULL,
    -- catch_window is in microseconds.
    catch_window   bigint NOT NULL,
    catch_limit    integer NOT NULL,
    status         text NOT NULL,
    code           text NOT NULL,
    reason         text NOT NULL,
    next_at        datetime,
    trigger_at     datetime,
    due_at         datetime,
    last_tick      datetime,
    version        integer NOT NULL,
    created_at     datetime,
    updated_at     datetime,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX schedules_due ON schedules (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX schedules_list ON schedules (tenant_id, owner_id, id);

-- What was decided about a tick, once.
CREATE TABLE schedule_runs (
    tenant_id      text NOT NULL,
    schedule_id    text NOT NULL,
    tick           datetime NOT NULL,
    until          datetime,
    manual         boolean NOT NULL,
    outcome        text NOT NULL,
    execution_id   text NOT NULL,
    code           text NOT NULL,
    decided_at     datetime,
    PRIMARY KEY (tenant_id, schedule_id, tick),
    FOREIGN KEY (tenant_id, schedule_id) REFERENCES schedules (tenant_id, id) ON DELETE CASCADE
) WITHOUT ROWID;

-- +goose Down
DROP TABLE schedule_runs;
DROP TABLE schedules;
