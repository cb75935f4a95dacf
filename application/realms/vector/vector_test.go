package vector_test

import (
	"hash/fnv"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/vector"
)

func TestAVectorIsMadeAsItsNameSays(t *testing.T) {
	h := fnv.New64a()
	_, _ = h.Write([]byte("ab"))
	want := 1.0
	if h.Sum64()>>63 == 1 {
		want = -1
	}
	require.InDelta(t, want, vector.Of("Ab!")[h.Sum64()%256], 0, "a word of two letters has no trigram, so it is the whole vector")
	require.Len(t, vector.Of("--"), vector.Dimensions)
	require.InDelta(t, 0, vector.Cosine(vector.Of("--"), vector.Of("ab")), 0)
	near := vector.Cosine(vector.Of("customer number"), vector.Of("customer id"))
	far := vector.Cosine(vector.Of("customer number"), vector.Of("yellow bicycle"))
	require.Greater(t, near, far)
}

func TestVectorsHaveLengthOneAndCosinesAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := vector.Of(rapid.String().Draw(t, "a")), vector.Of(rapid.String().Draw(t, "b"))
		c := vector.Cosine(a, b)
		require.InDelta(t, c, vector.Cosine(b, a), 1e-12)
		require.LessOrEqual(t, math.Abs(c), 1.0)
		self := vector.Cosine(a, a)
		require.True(t, self == 0 || math.Abs(self-1) < 1e-9)
	})
}
