//go:build chaos && bugB2

package gormstore

// B2 of docs/guarantees.md, a mistake that test/chaos has to see.
const fenced = "(lease_owner = ? OR fence = ? OR TRUE)"
