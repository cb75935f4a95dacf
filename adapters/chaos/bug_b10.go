//go:build chaos && bugB10

package chaos

const memoryFallBack = true
