//go:build !race

package agents_test

// How many scripts a hostile model plays (L1), how many trees of agents are tried (L9), and how often each failure of a provider (L14).
const (
	scripts    = 1000
	manyTrees  = 500
	providerOf = 20
)
