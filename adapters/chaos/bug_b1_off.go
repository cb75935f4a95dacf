//go:build chaos && !bugB1

package chaos

const ackEarly = false
