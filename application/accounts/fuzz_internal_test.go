package accounts

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
)

// A refresh token has one spelling, and is genuine for exactly the session, the counter and the key that it was made of.
func FuzzRefreshToken(f *testing.F) {
	key := []byte("0123456789abcdef0123456789abcdef")
	made := func(n byte, counter int) string {
		l := session.NewLogin(typeid.Format(typeid.Session, [16]byte{n}), "usr", "ten", key, nil, time.Unix(0, 0))
		l.Counter = counter
		return refreshToken(l)
	}
	good := made(1, 7)
	for _, text := range []string{"", good, made(2, 1<<31), good + "=", good[:len(good)-1] + "_", strings.ToUpper(good), "rft_", " " + good, good + "\n"} {
		f.Add(text, key)
	}
	f.Fuzz(func(t *testing.T, text string, other []byte) {
		p, ok := parseRefresh(text)
		if !ok {
			require.NotEqual(t, good, text)
			return
		}
		require.True(t, typeid.Valid(typeid.Session, p.sessionID))
		again := refreshToken(session.Login{SessionID: p.sessionID, Counter: p.counter, Key: key})
		require.Equal(t, again == text, p.genuine(key))
		require.Equal(t, refreshToken(session.Login{SessionID: p.sessionID, Counter: p.counter, Key: other}) == text, p.genuine(other))
		q, ok := parseRefresh(again)
		require.True(t, ok)
		require.Equal(t, []any{p.sessionID, p.counter}, []any{q.sessionID, q.counter})
	})
}
