//go:build chaos && bugB3

package gormstore

// B3 of docs/guarantees.md, a mistake that test/chaos has to see.
const lapsible = "TRUE"
