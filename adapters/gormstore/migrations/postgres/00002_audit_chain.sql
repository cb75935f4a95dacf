-- +goose Up
-- Audit records are chained per tenant: each is sealed once, behind the hash of the one before. They are appended unsealed, so that
-- nobody who records something waits for the tenant's head.
DROP TRIGGER audit_records_append_only ON audit_records;
ALTER TABLE audit_records ADD COLUMN chain_position bigint, ADD COLUMN chain_previous bytea, ADD COLUMN chain_hash bytea;
CREATE INDEX audit_records_unsealed ON audit_records (tenant_id, id) WHERE chain_position IS NULL;
CREATE UNIQUE INDEX audit_records_chain ON audit_records (tenant_id, chain_position) WHERE chain_position IS NOT NULL;
CREATE TABLE audit_heads (
    tenant_id text COLLATE "C" NOT NULL PRIMARY KEY,
    position  bigint NOT NULL CHECK (position >= 0),
    hash      bytea NOT NULL
);

CREATE TRIGGER audit_records_append_only BEFORE UPDATE ON audit_records FOR EACH ROW
    WHEN (NOT (OLD.chain_position IS NULL AND OLD.chain_previous IS NULL AND OLD.chain_hash IS NULL
    AND NEW.chain_position IS NOT NULL AND NEW.chain_previous IS NOT NULL AND NEW.chain_hash IS NOT NULL
    AND NEW.tenant_id IS NOT DISTINCT FROM OLD.tenant_id AND NEW.id IS NOT DISTINCT FROM OLD.id
    AND NEW.actor IS NOT DISTINCT FROM OLD.actor AND NEW.on_behalf_of IS NOT DISTINCT FROM OLD.on_behalf_of
    AND NEW.action IS NOT DISTINCT FROM OLD.action AND NEW.target IS NOT DISTINCT FROM OLD.target
    AND NEW.intent_type IS NOT DISTINCT FROM OLD.intent_type AND NEW.arguments_hash IS NOT DISTINCT FROM OLD.arguments_hash
    AND NEW.policy_version IS NOT DISTINCT FROM OLD.policy_version AND NEW.result IS NOT DISTINCT FROM OLD.result
    AND NEW.detail::text IS NOT DISTINCT FROM OLD.detail::text AND NEW.trace_id IS NOT DISTINCT FROM OLD.trace_id
    AND NEW.at IS NOT DISTINCT FROM OLD.at))
    EXECUTE FUNCTION refuse_change('audit records are append-only');
CREATE TRIGGER audit_records_kept BEFORE DELETE ON audit_records FOR EACH ROW
    EXECUTE FUNCTION refuse_change('audit records are append-only');
CREATE TRIGGER audit_records_not_emptied BEFORE TRUNCATE ON audit_records FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_change('audit records are append-only');
CREATE TRIGGER audit_heads_forward BEFORE UPDATE ON audit_heads FOR EACH ROW
    WHEN (NEW.tenant_id <> OLD.tenant_id OR NEW.position <= OLD.position)
    EXECUTE FUNCTION refuse_change('the head of an audit chain only moves forward');
CREATE TRIGGER audit_heads_kept BEFORE DELETE ON audit_heads FOR EACH ROW
    EXECUTE FUNCTION refuse_change('the head of an audit chain only moves forward');
CREATE TRIGGER audit_heads_not_emptied BEFORE TRUNCATE ON audit_heads FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_change('the head of an audit chain only moves forward');

-- +goose Down
DROP TABLE audit_heads;
DROP TRIGGER audit_records_not_emptied ON audit_records;
DROP TRIGGER audit_records_kept ON audit_records;
DROP TRIGGER audit_records_append_only ON audit_records;
DROP INDEX audit_records_chain;
DROP INDEX audit_records_unsealed;
ALTER TABLE audit_records DROP COLUMN chain_hash, DROP COLUMN chain_previous, DROP COLUMN chain_position;
CREATE TRIGGER audit_records_append_only BEFORE UPDATE ON audit_records FOR EACH ROW
    EXECUTE FUNCTION refuse_change('audit records are append-only');
