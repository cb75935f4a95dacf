package accounts_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/test/authkit"
	"github.com/symphainy/symphainy/test/sheet"
)

// F5: in whatever order and at whatever time tokens of a family are presented: the newest gives its one child, the one before gives the same child
// again for ten seconds, and any other kills the family for ever.
func TestMachineOfRefreshTokens(t *testing.T) {
	k := authkit.New(t)
	rapid.Check(t, func(t *rapid.T) {
		chain := []string{k.RegisterFresh().RefreshToken}
		rotated, dead := k.Clock.Now(), false
		t.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) {
				k.Clock.Advance(time.Duration(rapid.Int64Range(0, int64(12*time.Second)).Draw(t, "wait")))
			},
			"present": func(t *rapid.T) {
				last := len(chain) - 1
				at := rapid.IntRange(max(0, last-2), last).Draw(t, "token")
				in, err := k.Accounts.Refresh(t.Context(), chain[at], accounts.Client{})
				now := k.Clock.Now()
				switch {
				case dead:
					require.ErrorIs(t, err, session.ErrRefreshInvalid)
				case at == last:
					require.NoError(t, err)
					require.NotContains(t, chain, in.RefreshToken)
					chain, rotated = append(chain, in.RefreshToken), now
				case at == last-1 && now.Sub(rotated) <= session.RefreshGrace:
					require.NoError(t, err)
					require.Equal(t, chain[last], in.RefreshToken, "one child")
				default:
					require.Error(t, err)
					dead = true
				}
			},
			"forge": func(t *rapid.T) {
				text := []byte(chain[len(chain)-1])
				at := rapid.IntRange(4, len(text)-2).Draw(t, "at") // the last character has bits that count for nothing, and is refused anyway
				text[at] = map[bool]byte{true: 'A', false: 'B'}[text[at] != 'A']
				_, err := k.Accounts.Refresh(t.Context(), string(text), accounts.Client{})
				require.ErrorIs(t, err, session.ErrRefreshInvalid)
			},
		})
	})
	sheet.RecordMachine(t, "F5", 10_000, "refresh tokens")
}
