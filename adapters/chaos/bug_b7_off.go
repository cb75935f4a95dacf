//go:build chaos && !bugB7

package chaos

const numberFromMemory = false
