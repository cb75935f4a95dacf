package gormstore

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// T10: keys of limits, under which audit records are coalesced too, never run together, wherever their parts are cut and whatever is in them.
func TestKeysDoNotRunTogether(t *testing.T) {
	const pairs = 1_000_000
	letters := []rune{'a', 'b', ':', 0, '|', 'é', '\u0301', ','}
	r := rand.New(rand.NewPCG(1, 2))
	cut := func(text []rune) (parts []string) {
		for len(text) > 0 {
			n := 1 + r.IntN(len(text))
			parts, text = append(parts, string(text[:n])), text[n:]
		}
		return parts
	}
	shared := 0
	for range pairs {
		text := make([]rune, 1+r.IntN(6))
		for i := range text {
			text[i] = letters[r.IntN(len(letters))]
		}
		a, b := cut(text), cut(text)
		if bytes.Equal(limitID(a), limitID(b)) != slices.Equal(a, b) {
			shared++
		}
	}
	require.Zero(t, shared)
	sheet.Record(t, "T10", pairs, fmt.Sprintf("keys of limits: pairs that share one %d; keys of idempotency are columns", shared), "0")
}
