-- +goose Up
-- file_space holds the bytes that the files of a tenant have taken; those that are there already have taken theirs.
CREATE TABLE file_space (
    tenant_id text NOT NULL,
    file_id   text NOT NULL,
    bytes     bigint NOT NULL,
    PRIMARY KEY (tenant_id, file_id)
);
INSERT INTO file_space (tenant_id, file_id, bytes)
    SELECT tenant_id, id, size FROM artifacts WHERE type = 'file' AND state <> 'DELETED';

-- +goose Down
DROP TABLE file_space;
