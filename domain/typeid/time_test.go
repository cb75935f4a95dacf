package typeid_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/domain/typeid"
)

func TestMillisIsTheTimeInTheID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0, 1<<48-1).Draw(t, "ms")
		var id [16]byte
		binary.BigEndian.PutUint64(id[:8], uint64(ms)<<16|0x7abc)
		got, ok := typeid.Millis(typeid.File, typeid.Format(typeid.File, id))
		require.True(t, ok)
		require.Equal(t, ms, got)
	})
	for _, bad := range []string{"", "fil_", "par_00000000000000000000000000", "fil_0000000000000000000000000", "fil_8000000000000000000000000u"} {
		_, ok := typeid.Millis(typeid.File, bad)
		require.False(t, ok)
	}
}
