//go:build race

package agents_test

// The race detector makes everything several times slower: fewer scripts and trees are played under it. `make sheet` plays all.
const (
	scripts    = 300
	manyTrees  = 100
	providerOf = 5
)
