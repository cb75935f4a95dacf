package accounts_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/test/authkit"
	"github.com/symphainy/symphainy/test/sheet"
)

// A7: a thousand guesses at one account from as many addresses, and at a thousand accounts from one, over three processes on one store. What counts
// is in the store, so that the processes let through together what one would.
func TestTheLimitIsThatOfAllProcesses(t *testing.T) {
	k := authkit.New(t)
	k.Register("ada")
	processes := []*accounts.Service{k.Accounts}
	for range 2 {
		_, s, _ := k.Replica()
		processes = append(processes, s)
	}
	through := func(i int, mail string, c accounts.Client) bool {
		_, err := processes[i%3].Login(t.Context(), accounts.LoginCommand{Email: mail, Password: "guess", Client: c})
		if !errors.Is(err, accounts.ErrAuthentication) {
			require.ErrorIs(t, err, accounts.ErrRateLimited)
		}
		return errors.Is(err, accounts.ErrAuthentication)
	}
	judged := 0
	for i := range 1000 { // 14 minutes
		if through(i, "ada@example.org", k.Client()) {
			judged++
		}
		k.Clock.Advance(840 * time.Millisecond)
	}
	require.Equal(t, 10, judged)
	one, sprayed := k.Client(), 0
	for i := range 1000 { // one minute
		if through(i, fmt.Sprintf("user%d@example.org", i), one) {
			sprayed++
		}
		k.Clock.Advance(59 * time.Millisecond)
	}
	require.LessOrEqual(t, sprayed, 10, "five at once, and those that a minute gives back")
	k.Clock.Advance(16 * time.Minute)
	require.NoError(t, login(t, k, "ada@example.org", authkit.Password, k.Client()), "the owner gets in after the back-off")
	sheet.Record(t, "A7", 2000, fmt.Sprintf("let through at one account %d in 14 min, from one address %d in 1 min, over 3 processes; the owner is in after 16 min", judged, sprayed), "at most 10 in 15 min")
}
