//go:build chaos && bugB8

package bootstrap

const withoutPoll = true
