//go:build !chaos || !bugB3

package gormstore

// lapsible is the state in which a lapsed lease is somebody else's to take.
const lapsible = "e.state = 'running'"
