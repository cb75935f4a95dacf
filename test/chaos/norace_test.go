//go:build !race

package main

// underRace tells that the tests look for races.
const underRace = false
