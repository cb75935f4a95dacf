-- +goose Up
-- Schedules submit intents at the ticks of a calendar expression. next_at is the next tick, due_at when somebody has to look.
CREATE TABLE schedules (
    tenant_id      text COLLATE "C" NOT NULL,
    id             text COLLATE "C" NOT NULL,
    owner_id       text COLLATE "C" NOT NULL,
    session_id     text COLLATE "C" NOT NULL,
    name           text NOT NULL,
    intent_type    text NOT NULL,
    parameters     json,
    solution_id    text NOT NULL,
    principal      json NOT NULL,
    expression     text NOT NULL,
    zone           text NOT NULL,
    once_at        timestamptz,
    overlap        text NOT NULL,
    catch_up       text NOT NULL,
    -- catch_window is in microseconds.
    catch_window   bigint NOT NULL,
    catch_limit    integer NOT NULL,
    status         text NOT NULL,
    code           text NOT NULL,
    reason         text NOT NULL,
    next_at        timestamptz,
    trigger_at     timestamptz,
    due_at         timestamptz,
    last_tick      timestamptz,
    version        integer NOT NULL,
    created_at     timestamptz,
    updated_at     timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX schedules_due ON schedules (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX schedules_list ON schedules (tenant_id, owner_id, id);

-- What was decided about a tick, once.
CREATE TABLE schedule_runs (
    tenant_id      text COLLATE "C" NOT NULL,
    schedule_id    text COLLATE "C" NOT NULL,
    tick           timestamptz NOT NULL,
    until          timestamptz,
    manual         boolean NOT NULL,
    outcome        text NOT NULL,
    execution_id   text COLLATE "C" NOT NULL,
    code           text NOT NULL,
    decided_at     timestamptz,
    PRIMARY KEY (tenant_id, schedule_id, tick),
    FOREIGN KEY (tenant_id, schedule_id) REFERENCES schedules (tenant_id, id) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE schedule_runs;
DROP TABLE schedules;
