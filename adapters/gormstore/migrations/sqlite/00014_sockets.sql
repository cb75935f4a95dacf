-- +goose Up
-- How many sockets each replica has open at each place (the hash of a session, user, tenant or address), and how long a replica's counts stand.
-- The one process of an embedded database counts by itself and leaves both tables empty.
CREATE TABLE socket_replicas (
    id         text NOT NULL PRIMARY KEY,
    live_until datetime NOT NULL
);
CREATE TABLE socket_counts (
    place   blob NOT NULL,
    replica text NOT NULL,
    sockets integer NOT NULL,
    PRIMARY KEY (place, replica)
);

-- +goose Down
DROP TABLE socket_counts;
DROP TABLE socket_replicas;
