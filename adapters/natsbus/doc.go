// Package natsbus carries hints between processes over core NATS, without persistence: a hint may be lost, the table is the truth.
//
// A process has one connection and one subscription, to one subject that all processes share, and finds the local subscribers of a hint
// by a look into a map. So a socket costs the NATS server nothing: with a subject for each session, 10,000 sockets would be 10,000
// round trips at a reconnect, and a reader would have to wait for the server to know of it before it may read the table. The price is
// that every process hears every hint: about 100 bytes and a microsecond for each, far below what the database commits in events.
// No id is part of a subject, so no id has to be safe in one.
//
// A hint of this process reaches its own subscribers directly, before and without NATS, and is not echoed back. Publishing never waits:
// hints go through a bounded queue to one sender, and what does not fit or finds no connection is dropped and counted.
package natsbus
