//go:build chaos && bugB5

package gormstore

// B5 of docs/guarantees.md, a mistake that test/chaos has to see.
const (
	reserving = `SELECT * FROM (VALUES (?, ?, ?, ?::bytea, ?, ?::timestamptz)) r (t, a, k, f, e, x) WHERE NOT EXISTS (
		SELECT 1 FROM idempotency_keys i WHERE i.tenant_id = r.t AND i.actor = r.a AND i.client_key = r.k)`
	replacing = "(TRUE OR idempotency_keys.expires_at <= ?)"
)
