-- +goose Up
-- Audit records are chained per tenant: each is sealed once, behind the hash of the one before. They are appended unsealed, so that
-- nobody who records something waits for the tenant's head.
DROP TRIGGER audit_records_append_only;
ALTER TABLE audit_records ADD COLUMN chain_position bigint;
ALTER TABLE audit_records ADD COLUMN chain_previous blob;
ALTER TABLE audit_records ADD COLUMN chain_hash blob;
CREATE INDEX audit_records_unsealed ON audit_records (tenant_id, id) WHERE chain_position IS NULL;
CREATE UNIQUE INDEX audit_records_chain ON audit_records (tenant_id, chain_position) WHERE chain_position IS NOT NULL;
CREATE TABLE audit_heads (
    tenant_id text NOT NULL PRIMARY KEY,
    position  bigint NOT NULL CHECK (position >= 0),
    hash      blob NOT NULL
) WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER audit_records_append_only BEFORE UPDATE ON audit_records
WHEN NOT (OLD.chain_position IS NULL AND OLD.chain_previous IS NULL AND OLD.chain_hash IS NULL
    AND NEW.chain_position IS NOT NULL AND NEW.chain_previous IS NOT NULL AND NEW.chain_hash IS NOT NULL
    AND NEW.tenant_id IS OLD.tenant_id AND NEW.id IS OLD.id AND NEW.actor IS OLD.actor AND NEW.on_behalf_of IS OLD.on_behalf_of
    AND NEW.action IS OLD.action AND NEW.target IS OLD.target AND NEW.intent_type IS OLD.intent_type
    AND NEW.arguments_hash IS OLD.arguments_hash AND NEW.policy_version IS OLD.policy_version AND NEW.result IS OLD.result
    AND NEW.detail IS OLD.detail AND NEW.trace_id IS OLD.trace_id AND NEW.at IS OLD.at)
BEGIN
    SELECT RAISE(ABORT, 'audit records are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_records_kept BEFORE DELETE ON audit_records
BEGIN
    SELECT RAISE(ABORT, 'audit records are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_heads_forward BEFORE UPDATE ON audit_heads
WHEN NEW.tenant_id IS NOT OLD.tenant_id OR NEW.position <= OLD.position
BEGIN
    SELECT RAISE(ABORT, 'the head of an audit chain only moves forward');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_heads_kept BEFORE DELETE ON audit_heads
BEGIN
    SELECT RAISE(ABORT, 'the head of an audit chain only moves forward');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE audit_heads;
DROP TRIGGER audit_records_kept;
DROP TRIGGER audit_records_append_only;
DROP INDEX audit_records_chain;
DROP INDEX audit_records_unsealed;
ALTER TABLE audit_records DROP COLUMN chain_hash;
ALTER TABLE audit_records DROP COLUMN chain_previous;
ALTER TABLE audit_records DROP COLUMN chain_position;
-- +goose StatementBegin
CREATE TRIGGER audit_records_append_only BEFORE UPDATE ON audit_records
BEGIN
    SELECT RAISE(ABORT, 'audit records are append-only');
END;
-- +goose StatementEnd
