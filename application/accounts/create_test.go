package accounts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/test/authkit"
)

// The command line makes accounts by the rules of everybody, promotes whom there is without touching their password, and once is enough.
func TestTheCommandLineMakesAccountsByTheSameRules(t *testing.T) {
	k := authkit.New(t)
	for _, bad := range []accounts.CreateCommand{
		{Name: "Ada", Email: "nobody", Password: authkit.Password}, {Name: "Ada", Email: "ada@example.org", Password: "short"},
		{Name: "", Email: "ada@example.org", Password: authkit.Password}, {Name: "Ada", Email: "ada@example.org", Password: "qwertyuiop", Operator: true},
	} {
		_, err := k.Accounts.Create(t.Context(), bad)
		require.ErrorIs(t, err, accounts.ErrInvalid, bad)
		require.NotEmpty(t, fault.As(err).Fields)
	}
	made, err := k.Accounts.Create(t.Context(), accounts.CreateCommand{Name: "Ada", Email: " Ada@Example.org ", Password: authkit.Password})
	require.NoError(t, err)
	require.False(t, made.Operator)
	_, err = k.Accounts.Create(t.Context(), accounts.CreateCommand{Name: "Eve", Email: "ADA@example.org", Password: authkit.Password})
	require.Error(t, err, "the mail is taken")
	for range 2 {
		promoted, err := k.Accounts.Create(t.Context(), accounts.CreateCommand{Email: "ada@example.org", Operator: true})
		require.NoError(t, err)
		require.Equal(t, made.ID, promoted.ID)
		require.True(t, promoted.Operator)
		require.Equal(t, made.PasswordHash, promoted.PasswordHash)
	}
	op, err := k.Accounts.Create(t.Context(), accounts.CreateCommand{Name: "Op", Email: "op@example.org", Password: authkit.Password, Operator: true})
	require.NoError(t, err)
	require.True(t, op.Operator)
}

func TestAMailIsCheckedWhereItStands(t *testing.T) {
	key, err := accounts.CheckEmail("/email", " Ada@Example.org ")
	require.NoError(t, err)
	require.Equal(t, "ada@example.org", key)
	_, err = accounts.CheckEmail("/invitation/email", "nobody")
	require.Equal(t, "/invitation/email", fault.As(err).Fields[0].Pointer)
}
