//go:build chaos && !bugB4

package bootstrap

const adoptRunning = false
