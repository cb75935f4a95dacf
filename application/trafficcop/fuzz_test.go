package trafficcop_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/test/authkit"
)

// A ticket opens a socket by exactly its text, once, and from exactly its Origin. Texts near it, and any other, are refused and use nothing up.
func FuzzTicket(f *testing.F) {
	k := authkit.New(f)
	visit := k.Anonymous()
	p, err := k.Guard.AnonymousBySecret(f.Context(), visit.Session.ID(), visit.Secret)
	require.NoError(f, err)
	for _, text := range []string{"", "wst_", visit.Secret, visit.Session.ID(), "wst_" + strings.Repeat("A", 43), "WST_x\x00"} {
		f.Add(text, uint8(5), byte('A'), origin)
		f.Add(text, uint8(46), byte('='), "null")
	}
	f.Fuzz(func(t *testing.T, text string, at uint8, with byte, from string) {
		good, until, err := k.Sessions.IssueTicket(t.Context(), p, visit.Session.ID(), origin)
		require.NoError(t, err)
		require.Equal(t, k.Clock.Now().Add(session.TicketLife), until)
		near := []byte(good)
		near[int(at)%len(near)] = with
		for _, other := range []string{text, string(near), good + text, text + good, good[:int(at)%len(good)]} {
			if other != good {
				require.ErrorIs(t, redeemed(t, k, other, origin), fault.ErrUnauthenticated, "%q", other)
			}
		}
		err = redeemed(t, k, good, from)
		if from == origin {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, fault.ErrUnauthenticated, "from %q", from)
		}
		require.ErrorIs(t, redeemed(t, k, good, origin), fault.ErrUnauthenticated, "it is used up")
	})
}

func redeemed(t *testing.T, k *authkit.Kit, text, from string) error {
	t.Helper()
	p, found, err := k.Sessions.RedeemTicket(t.Context(), text, from)
	if err != nil {
		require.Zero(t, p)
		require.Zero(t, found)
	}
	return err
}
