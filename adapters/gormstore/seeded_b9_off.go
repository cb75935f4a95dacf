//go:build !chaos || !bugB9

package gormstore

// hostTime makes leases run by the clock of this host instead of the database's.
const hostTime = false
