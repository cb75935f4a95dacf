-- +goose Up
-- file_space holds the bytes that the files of a tenant have taken; those that are there already have taken theirs.
CREATE TABLE file_space (
    tenant_id text COLLATE "C" NOT NULL,
    file_id   text COLLATE "C" NOT NULL,
    bytes     bigint NOT NULL,
    PRIMARY KEY (tenant_id, file_id)
);
SELECT set_config('symphainy.tenant', '*', true);
INSERT INTO file_space (tenant_id, file_id, bytes)
    SELECT tenant_id, id, size FROM artifacts WHERE type = 'file' AND state <> 'DELETED';
ALTER TABLE file_space ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON file_space USING ((SELECT current_setting('symphainy.tenant', true)) IN (tenant_id, '*'));

-- +goose Down
DROP TABLE file_space;
