// Package riverqueue is a work queue in PostgreSQL, on River: any number of processes share one database, and a job commits with the
// rows that it is about.
//
// A job is only a wake-up. The execution's row is the truth, with its own fence and lease, because River has no heartbeat and does not
// fence the completion of a job. So a handler's error is logged and its job completes; what remains to be done is due on the row, and the
// sweep of due rows finds it. River looks for scheduled jobs every five seconds, so a job due sooner is usually found by that sweep.
//
// River's tables have migrations of their own: `symphainy migrate` runs Migrate after the store's, under the same role.
package riverqueue
