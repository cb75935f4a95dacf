-- +goose Up
-- What tenants have set about their agents, the tools as they were approved, and what agents have used up.
CREATE TABLE agent_settings (
    tenant_id  text COLLATE "C" NOT NULL,
    -- subject is "posture", or "agent:" with an agent's id.
    subject    text COLLATE "C" NOT NULL,
    body       json NOT NULL,
    version    bigint NOT NULL,
    updated_by text NOT NULL,
    updated_at timestamptz,
    PRIMARY KEY (tenant_id, subject)
);

CREATE TABLE tool_pins (
    tenant_id   text COLLATE "C" NOT NULL,
    tool        text COLLATE "C" NOT NULL,
    fingerprint text NOT NULL,
    -- pinned_by is who approved it; empty for the first use.
    pinned_by   text NOT NULL,
    pinned_at   timestamptz,
    PRIMARY KEY (tenant_id, tool)
);

CREATE TABLE agent_ledger (
    tenant_id   text COLLATE "C" NOT NULL,
    -- subject is a turn, a session or a day.
    subject     text COLLATE "C" NOT NULL,
    tokens      bigint NOT NULL,
    cost        bigint NOT NULL,
    model_calls bigint NOT NULL,
    tool_calls  bigint NOT NULL,
    micros      bigint NOT NULL,
    granted     bigint NOT NULL,
    updated_at  timestamptz,
    PRIMARY KEY (tenant_id, subject)
);
CREATE INDEX agent_ledger_idle ON agent_ledger (updated_at);
ALTER TABLE agent_settings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON agent_settings USING ((SELECT current_setting('symphainy.tenant', true)) IN (tenant_id, '*'));
ALTER TABLE tool_pins ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON tool_pins USING ((SELECT current_setting('symphainy.tenant', true)) IN (tenant_id, '*'));
ALTER TABLE agent_ledger ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON agent_ledger USING ((SELECT current_setting('symphainy.tenant', true)) IN (tenant_id, '*'));

-- +goose Down
DROP TABLE agent_ledger;
DROP TABLE tool_pins;
DROP TABLE agent_settings;
