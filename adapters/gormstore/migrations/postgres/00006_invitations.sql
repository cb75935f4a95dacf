-- +goose Up
CREATE TABLE invitations (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id  text COLLATE "C" NOT NULL,
    email      text NOT NULL,
    email_key  text NOT NULL,
    role       text NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    invited_by text COLLATE "C" NOT NULL,
    created_at timestamptz,
    expires_at timestamptz,
    used_at    timestamptz,
    used_by    text COLLATE "C" NOT NULL
);
CREATE INDEX invitations_list ON invitations (tenant_id, id DESC);

-- +goose Down
DROP TABLE invitations;
