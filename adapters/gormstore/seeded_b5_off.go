//go:build !chaos || !bugB5

package gormstore

// What makes a key be taken by one of many: it is inserted first, and only an expired one is replaced.
const (
	reserving = "VALUES (?, ?, ?, ?, ?, ?)"
	replacing = "idempotency_keys.expires_at <= ?"
)
