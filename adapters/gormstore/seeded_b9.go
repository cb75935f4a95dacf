//go:build chaos && bugB9

package gormstore

// B9 of docs/guarantees.md, a mistake that test/chaos has to see.
const hostTime = true
