//go:build !chaos || !bugB2

package gormstore

// fenced is the condition that a write comes from the present owner.
const fenced = "lease_owner = ? AND fence = ?"
