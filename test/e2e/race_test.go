//go:build race

package e2e_test

// underRace tells that the tests look for races, and so must the binary.
const underRace = true
