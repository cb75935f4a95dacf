-- +goose Up
CREATE TABLE users (
    id            text COLLATE "C" NOT NULL PRIMARY KEY,
    email         text NOT NULL,
    email_key     text NOT NULL UNIQUE,
    name          text NOT NULL,
    password_hash text NOT NULL,
    disabled      boolean NOT NULL,
    operator      boolean NOT NULL,
    failed_logins integer NOT NULL,
    version       integer NOT NULL,
    created_at    timestamptz,
    updated_at    timestamptz
);

CREATE TABLE tenants (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    name       text NOT NULL,
    suspended  boolean NOT NULL,
    version    integer NOT NULL,
    created_at timestamptz
);

CREATE TABLE memberships (
    tenant_id  text COLLATE "C" NOT NULL,
    user_id    text COLLATE "C" NOT NULL,
    role       text NOT NULL,
    created_at timestamptz,
    PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id, created_at);

CREATE TABLE sessions (
    id               text COLLATE "C" NOT NULL PRIMARY KEY,
    state            text NOT NULL,
    owner_user_id    text COLLATE "C",
    tenant_id        text COLLATE "C",
    epoch            integer NOT NULL,
    anon_secret_hash bytea,
    created_ip_hash  bytea,
    metadata         json,
    version          integer NOT NULL,
    created_at       timestamptz,
    updated_at       timestamptz,
    last_seen_at     timestamptz,
    expires_at       timestamptz,
    upgraded_at      timestamptz,
    CHECK ((owner_user_id IS NULL) = (tenant_id IS NULL))
);
CREATE INDEX sessions_owned ON sessions (tenant_id, owner_user_id, created_at DESC, id DESC) WHERE owner_user_id IS NOT NULL;
CREATE INDEX sessions_secret ON sessions (anon_secret_hash) WHERE anon_secret_hash IS NOT NULL;

CREATE TABLE logins (
    session_id  text COLLATE "C" NOT NULL PRIMARY KEY,
    user_id     text COLLATE "C" NOT NULL,
    tenant_id   text COLLATE "C" NOT NULL,
    mac_key     bytea,
    counter     integer NOT NULL,
    rotated_at  timestamptz,
    cookie_hash bytea,
    auth_time   timestamptz,
    idle_until  timestamptz,
    ends_at     timestamptz,
    created_at  timestamptz
);
CREATE UNIQUE INDEX logins_cookie ON logins (cookie_hash) WHERE cookie_hash IS NOT NULL;

CREATE TABLE tickets (
    hash             bytea NOT NULL PRIMARY KEY,
    session_id       text COLLATE "C" NOT NULL,
    epoch            integer NOT NULL,
    tenant_id        text COLLATE "C" NOT NULL,
    user_id          text COLLATE "C" NOT NULL,
    login_session_id text COLLATE "C" NOT NULL,
    login_epoch      integer NOT NULL,
    origin           text NOT NULL,
    auth_time        timestamptz,
    credential_ends_at timestamptz,
    expires_at       timestamptz
);
CREATE INDEX tickets_session ON tickets (session_id);
CREATE INDEX tickets_expiry ON tickets (expires_at);

-- tat is the theoretical arrival time of the next event, in microseconds since 1970.
CREATE TABLE rate_limits (
    id  bytea NOT NULL PRIMARY KEY,
    tat bigint NOT NULL
);
CREATE INDEX rate_limits_tat ON rate_limits (tat);

CREATE TABLE executions (
    tenant_id        text COLLATE "C" NOT NULL,
    id               text COLLATE "C" NOT NULL UNIQUE,
    owner_id         text COLLATE "C" NOT NULL,
    session_id       text COLLATE "C" NOT NULL,
    intent_id        text COLLATE "C" NOT NULL,
    intent_type      text NOT NULL,
    parameters       json,
    metadata         json,
    solution_id      text NOT NULL,
    lane             text NOT NULL,
    -- lane_pos is the place in the lane in the order of commits; 0 without a lane.
    lane_pos         bigint NOT NULL,
    realm            text NOT NULL,
    principal        json NOT NULL,
    state            text NOT NULL,
    attempt          integer NOT NULL,
    fence            bigint NOT NULL,
    lease_owner      text NOT NULL,
    lease_until      timestamptz,
    due_at           timestamptz,
    last_seq         bigint NOT NULL,
    epoch            integer NOT NULL,
    cancel_requested boolean NOT NULL,
    progress         json,
    artifacts        json,
    error_code       text NOT NULL,
    error_message    text NOT NULL,
    waiting          json,
    parent_id        text COLLATE "C" NOT NULL,
    trace_id         text NOT NULL,
    deadline         timestamptz,
    version          integer NOT NULL,
    created_at       timestamptz,
    started_at       timestamptz,
    completed_at     timestamptz,
    updated_at       timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX executions_due ON executions (due_at) WHERE state IN ('accepted', 'retrying');
CREATE INDEX executions_running ON executions (id) WHERE state = 'running';
CREATE INDEX executions_lane ON executions (tenant_id, lane, lane_pos)
    WHERE lane <> '' AND state IN ('accepted', 'running', 'waiting', 'retrying', 'paused');
CREATE INDEX executions_session ON executions (tenant_id, session_id, created_at DESC, id DESC);
CREATE INDEX executions_ended ON executions (tenant_id, session_id, completed_at);
CREATE INDEX executions_owner ON executions (tenant_id, owner_id, created_at DESC, id DESC);

CREATE TABLE steps (
    tenant_id    text COLLATE "C" NOT NULL,
    execution_id text COLLATE "C" NOT NULL,
    name         text NOT NULL,
    position     integer NOT NULL,
    result       json,
    attempt      integer NOT NULL,
    started_at   timestamptz,
    completed_at timestamptz,
    PRIMARY KEY (tenant_id, execution_id, name),
    FOREIGN KEY (tenant_id, execution_id) REFERENCES executions (tenant_id, id) ON UPDATE CASCADE
);

CREATE TABLE events (
    tenant_id    text COLLATE "C" NOT NULL,
    execution_id text COLLATE "C" NOT NULL,
    seq          bigint NOT NULL,
    epoch        integer NOT NULL,
    type         text NOT NULL,
    data         json NOT NULL,
    time         timestamptz,
    trace_id     text NOT NULL,
    PRIMARY KEY (tenant_id, execution_id, seq),
    FOREIGN KEY (tenant_id, execution_id) REFERENCES executions (tenant_id, id) ON UPDATE CASCADE
);

CREATE TABLE idempotency_keys (
    tenant_id    text COLLATE "C" NOT NULL,
    actor        text COLLATE "C" NOT NULL,
    client_key   text NOT NULL,
    fingerprint  bytea,
    execution_id text COLLATE "C" NOT NULL,
    expires_at   timestamptz,
    PRIMARY KEY (tenant_id, actor, client_key)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

CREATE TABLE artifacts (
    tenant_id         text COLLATE "C" NOT NULL,
    id                text COLLATE "C" NOT NULL,
    owner_id          text COLLATE "C" NOT NULL,
    session_id        text COLLATE "C" NOT NULL,
    solution_id       text NOT NULL,
    sharing           text NOT NULL,
    realm             text NOT NULL,
    type              text NOT NULL,
    data_class        text NOT NULL,
    purpose           text NOT NULL,
    state             text NOT NULL,
    payload           json,
    renderings        json,
    metadata          json,
    descriptor        json,
    materializations  json NOT NULL,
    parents           json NOT NULL,
    lineage           json NOT NULL,
    produced_intent   text NOT NULL,
    execution_id      text COLLATE "C" NOT NULL,
    transitions       json NOT NULL,
    name              text NOT NULL,
    format            text NOT NULL,
    profile           text NOT NULL,
    size              bigint NOT NULL,
    blob_key          text NOT NULL,
    blob_sha          text NOT NULL,
    media_type        text NOT NULL,
    content_version   integer NOT NULL,
    parent_version_id text COLLATE "C" NOT NULL,
    current           boolean NOT NULL,
    origin            text NOT NULL,
    source_expired_at timestamptz,
    expires_at        timestamptz,
    version           integer NOT NULL,
    created_at        timestamptz,
    updated_at        timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX artifacts_list ON artifacts (tenant_id, created_at DESC, id DESC);
CREATE INDEX artifacts_session ON artifacts (tenant_id, session_id, created_at DESC, id DESC);

CREATE TABLE artifact_parents (
    tenant_id   text COLLATE "C" NOT NULL,
    parent_id   text COLLATE "C" NOT NULL,
    artifact_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, parent_id, artifact_id),
    FOREIGN KEY (tenant_id, artifact_id) REFERENCES artifacts (tenant_id, id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX artifact_parents_child ON artifact_parents (tenant_id, artifact_id);

CREATE TABLE contracts (
    tenant_id             text COLLATE "C" NOT NULL,
    id                    text COLLATE "C" NOT NULL,
    owner_id              text COLLATE "C" NOT NULL,
    session_id            text COLLATE "C" NOT NULL,
    intent_id             text COLLATE "C" NOT NULL,
    execution_id          text COLLATE "C" NOT NULL,
    file_id               text COLLATE "C" NOT NULL,
    sha256                text NOT NULL,
    source_type           text NOT NULL,
    source_id             text NOT NULL,
    source_metadata       json,
    access_granted        boolean NOT NULL,
    access_basis          text NOT NULL,
    status                text NOT NULL,
    materialization_type  text NOT NULL,
    materialization_scope text NOT NULL,
    -- ttl is in nanoseconds.
    ttl                   bigint NOT NULL,
    expires_at            timestamptz,
    backing_store         text NOT NULL,
    policy_basis          text NOT NULL,
    version               integer NOT NULL,
    created_at            timestamptz,
    updated_at            timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX contracts_file ON contracts (tenant_id, file_id);
CREATE INDEX contracts_active ON contracts (expires_at) WHERE status = 'active';
CREATE INDEX contracts_pending ON contracts (created_at) WHERE status = 'pending';

CREATE TABLE pending_intents (
    tenant_id          text COLLATE "C" NOT NULL,
    id                 text COLLATE "C" NOT NULL,
    owner_id           text COLLATE "C" NOT NULL,
    session_id         text COLLATE "C" NOT NULL,
    type               text NOT NULL,
    status             text NOT NULL,
    target_artifact_id text COLLATE "C" NOT NULL,
    context            json,
    execution_id       text COLLATE "C" NOT NULL,
    error              text NOT NULL,
    version            integer NOT NULL,
    created_at         timestamptz,
    updated_at         timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX pending_intents_list ON pending_intents (tenant_id, owner_id, created_at, id);

CREATE TABLE conversations (
    tenant_id  text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    owner_id   text COLLATE "C" NOT NULL,
    session_id text COLLATE "C" NOT NULL,
    client_id  text NOT NULL,
    surface    text NOT NULL,
    agent_id   text NOT NULL,
    messages   integer NOT NULL,
    version    integer NOT NULL,
    created_at timestamptz,
    updated_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, session_id, client_id)
);

CREATE TABLE messages (
    tenant_id       text COLLATE "C" NOT NULL,
    conversation_id text COLLATE "C" NOT NULL,
    seq             bigint NOT NULL,
    id              text COLLATE "C" NOT NULL,
    role            text NOT NULL,
    text            text NOT NULL,
    agent_id        text NOT NULL,
    execution_id    text COLLATE "C" NOT NULL,
    origin          text NOT NULL,
    created_at      timestamptz,
    PRIMARY KEY (tenant_id, conversation_id, seq),
    UNIQUE (tenant_id, id)
);

-- message_counters holds the newest number of each conversation, so that numbers go on after a trim.
CREATE TABLE message_counters (
    tenant_id       text COLLATE "C" NOT NULL,
    conversation_id text COLLATE "C" NOT NULL,
    last_seq        bigint NOT NULL,
    PRIMARY KEY (tenant_id, conversation_id)
);

CREATE TABLE audit_records (
    tenant_id      text COLLATE "C" NOT NULL,
    id             text COLLATE "C" NOT NULL,
    actor          text COLLATE "C" NOT NULL,
    on_behalf_of   text COLLATE "C" NOT NULL,
    action         text NOT NULL,
    target         text NOT NULL,
    intent_type    text NOT NULL,
    arguments_hash text NOT NULL,
    policy_version text NOT NULL,
    result         text NOT NULL,
    detail         json,
    trace_id       text NOT NULL,
    at             timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX audit_records_list ON audit_records (tenant_id, at DESC, id DESC);

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER sessions_owner_immutable BEFORE UPDATE OF owner_user_id, tenant_id ON sessions FOR EACH ROW
    WHEN (OLD.owner_user_id IS NOT NULL AND (NEW.owner_user_id IS DISTINCT FROM OLD.owner_user_id OR NEW.tenant_id IS DISTINCT FROM OLD.tenant_id))
    EXECUTE FUNCTION refuse_change('a session keeps its owner');
CREATE TRIGGER audit_records_append_only BEFORE UPDATE ON audit_records FOR EACH ROW
    EXECUTE FUNCTION refuse_change('audit records are append-only');

-- +goose Down
DROP TABLE audit_records;
DROP TABLE message_counters;
DROP TABLE messages;
DROP TABLE conversations;
DROP TABLE pending_intents;
DROP TABLE contracts;
DROP TABLE artifact_parents;
DROP TABLE artifacts;
DROP TABLE idempotency_keys;
DROP TABLE events;
DROP TABLE steps;
DROP TABLE executions;
DROP TABLE rate_limits;
DROP TABLE tickets;
DROP TABLE logins;
DROP TABLE sessions;
DROP TABLE memberships;
DROP TABLE tenants;
DROP TABLE users;
DROP FUNCTION refuse_change();
