-- +goose Up
-- How many sockets each replica has open at each place (the hash of a session, user, tenant or address), and how long a replica's counts stand.
-- Unlogged: the counts end with the sockets, so a write waits for no disk, and a database that crashes empties the tables.
CREATE UNLOGGED TABLE socket_replicas (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    live_until timestamptz NOT NULL
);
CREATE UNLOGGED TABLE socket_counts (
    place   bytea NOT NULL,
    replica text COLLATE "C" NOT NULL,
    sockets bigint NOT NULL,
    PRIMARY KEY (place, replica)
);

-- +goose Down
DROP TABLE socket_counts;
DROP TABLE socket_replicas;
