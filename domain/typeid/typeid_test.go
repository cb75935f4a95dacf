package typeid_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/typeid"
)

func TestFormatFollowsTheTypeIDSpecification(t *testing.T) {
	// Vectors of the specification's valid.yml.
	require.Equal(t, "prefix_0123456789abcdefghjkmnpqrs", typeid.Format("prefix", [16]byte{
		0x01, 0x10, 0xc8, 0x53, 0x1d, 0x09, 0x52, 0xd8, 0xd7, 0x3e, 0x11, 0x94, 0xe9, 0x5b, 0x5f, 0x19,
	}))
	require.Equal(t, "prefix_01h455vb4pex5vsknk084sn02q", typeid.Format("prefix", [16]byte{
		0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96, 0x77, 0x4b, 0xbc, 0xce, 0xb3, 0x02, 0x09, 0x9a, 0x80, 0x57,
	}))
	require.Equal(t, "a_00000000000000000000000000", typeid.Format("a", [16]byte{}))
	require.Equal(t, "a_7zzzzzzzzzzzzzzzzzzzzzzzzz", typeid.Format("a", [16]byte{
		255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	}))
}

func TestValid(t *testing.T) {
	good := typeid.Format(typeid.Session, [16]byte{1, 2, 3})
	require.True(t, typeid.Valid(typeid.Session, good))
	for name, bad := range map[string]string{
		"other kind": typeid.Format(typeid.User, [16]byte{1}),
		"empty":      "", "prefix only": "ses_", "short": good[:len(good)-1], "long": good + "0",
		"upper case": "ses_01H455VB4PEX5VSKNK084SN02Q", "overflow": "ses_8zzzzzzzzzzzzzzzzzzzzzzzzz",
		"letter u": "ses_0000000000000000000000000u", "a token": "eyJhbGciOiJFZERTQSJ9.e30.AA",
	} {
		require.False(t, typeid.Valid(typeid.Session, bad), name)
	}
}
