//go:build chaos && !bugB6

package chaos

const publishEarly = false
