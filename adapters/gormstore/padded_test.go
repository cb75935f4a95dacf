package gormstore

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestListsComeInFewLengths(t *testing.T) {
	for n, want := range map[int]int{1: 1, 2: 2, 3: 4, 5: 8, 500: 512} {
		list := make([]int, n)
		for i := range list {
			list[i] = i
		}
		got := padded(list)
		require.Len(t, got, want)
		require.Equal(t, list, got[:n])
		for _, more := range got[n:] {
			require.Equal(t, n-1, more)
		}
	}
}
