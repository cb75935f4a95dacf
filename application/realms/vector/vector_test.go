package vector_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/vector"
)

func of(t *testing.T, text string) []float32 {
	t.Helper()
	v, ok := vector.Of(text)
	require.True(t, ok)
	return v
}

func TestVectors(t *testing.T) {
	// "ab" is one word and no run of three: one place, by FNV-1a 64.
	v := of(t, "ab")
	places := 0
	for _, x := range v {
		if x != 0 {
			places++
			require.InDelta(t, 1, math.Abs(float64(x)), 1e-6)
		}
	}
	require.Equal(t, 1, places)
	require.Equal(t, of(t, "Policy number"), of(t, "  policy   NUMBER! "), "case and punctuation do not matter")
	near := vector.Cosine(of(t, "the policy number of the holder"), of(t, "policy numbers of holders"))
	far := vector.Cosine(of(t, "the policy number of the holder"), of(t, "quarterly rainfall in millimetres"))
	require.Greater(t, near, far+0.3)
	for _, nothing := range []string{"", " \n", "--- !", "\u200b"} {
		_, ok := vector.Of(nothing)
		require.False(t, ok, "%q", nothing)
	}
}

func TestLengthIsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		v, ok := vector.Of(text)
		if !ok {
			return
		}
		again, _ := vector.Of(text)
		require.Equal(t, v, again)
		require.Len(t, v, vector.Dimensions)
		require.InDelta(t, 1, vector.Cosine(v, v), 1e-5)
	})
}
