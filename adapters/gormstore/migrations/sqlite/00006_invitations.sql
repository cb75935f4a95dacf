-- +goose Up
CREATE TABLE invitations (
    id         text NOT NULL PRIMARY KEY,
    tenant_id  text NOT NULL,
    email      text NOT NULL,
    email_key  text NOT NULL,
    role       text NOT NULL,
    token_hash blob NOT NULL UNIQUE,
    invited_by text NOT NULL,
    created_at datetime,
    expires_at datetime,
    used_at    datetime,
    used_by    text NOT NULL
);
CREATE INDEX invitations_list ON invitations (tenant_id, id DESC);

-- +goose Down
DROP TABLE invitations;
