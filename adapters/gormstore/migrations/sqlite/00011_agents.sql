-- +goose Up
-- What tenants have set about their agents, the tools as they were approved, and what agents have used up.
CREATE TABLE agent_settings (
    tenant_id  text NOT NULL,
    -- subject is "posture", or "agent:" with an agent's id.
    subject    text NOT NULL,
    body       text NOT NULL,
    version    integer NOT NULL,
    updated_by text NOT NULL,
    updated_at datetime,
    PRIMARY KEY (tenant_id, subject)
) WITHOUT ROWID;

CREATE TABLE tool_pins (
    tenant_id   text NOT NULL,
    tool        text NOT NULL,
    fingerprint text NOT NULL,
    -- pinned_by is who approved it; empty for the first use.
    pinned_by   text NOT NULL,
    pinned_at   datetime,
    PRIMARY KEY (tenant_id, tool)
) WITHOUT ROWID;

CREATE TABLE agent_ledger (
    tenant_id   text NOT NULL,
    -- subject is a turn, a session or a day.
    subject     text NOT NULL,
    tokens      integer NOT NULL,
    cost        integer NOT NULL,
    model_calls integer NOT NULL,
    tool_calls  integer NOT NULL,
    micros      integer NOT NULL,
    granted     integer NOT NULL,
    updated_at  datetime,
    PRIMARY KEY (tenant_id, subject)
) WITHOUT ROWID;
CREATE INDEX agent_ledger_idle ON agent_ledger (updated_at);

-- +goose Down
DROP TABLE agent_ledger;
DROP TABLE tool_pins;
DROP TABLE agent_settings;
