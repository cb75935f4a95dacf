package typeid_test

import (
	"bytes"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/typeid"
)

// alphabet is Crockford's base32 as the TypeID specification has it.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// value reads the 26 characters as a number, by arithmetic of its own.
func value(suffix string) *big.Int {
	n := new(big.Int)
	for _, c := range []byte(suffix) {
		n.Lsh(n, 5).Or(n, big.NewInt(int64(strings.IndexByte(alphabet, c))))
	}
	return n
}

// A text is a session's id only in the one spelling of its value, and the order of texts is the order of values.
func FuzzSessionID(f *testing.F) {
	zero, most := make([]byte, 16), bytes.Repeat([]byte{255}, 16)
	for _, text := range []string{
		"", "ses_", typeid.Format(typeid.Session, [16]byte{1}), typeid.Format(typeid.User, [16]byte{1}), "ses_8zzzzzzzzzzzzzzzzzzzzzzzzz",
		"ses_01HZZZZZZZZZZZZZZZZZZZZZZZ", "ses_0000000000000000000000000i", "ses_00000000000000000000000000\x00", "sess_0000000000000000000000000",
	} {
		f.Add(text, zero, most)
	}
	f.Fuzz(func(t *testing.T, text string, one, other []byte) {
		var a, b [16]byte
		copy(a[:], one)
		copy(b[:], other)
		first, second := typeid.Format(typeid.Session, a), typeid.Format(typeid.Session, b)
		require.True(t, typeid.Valid(typeid.Session, first), first)
		require.False(t, typeid.Valid(typeid.User, first))
		require.Equal(t, bytes.Compare(a[:], b[:]), strings.Compare(first, second))
		require.Zero(t, new(big.Int).SetBytes(a[:]).Cmp(value(strings.TrimPrefix(first, "ses_"))))
		if !typeid.Valid(typeid.Session, text) {
			return
		}
		n := value(strings.TrimPrefix(text, "ses_"))
		require.LessOrEqual(t, n.BitLen(), 128)
		var id [16]byte
		n.FillBytes(id[:])
		require.Equal(t, text, typeid.Format(typeid.Session, id), "one spelling")
	})
}
