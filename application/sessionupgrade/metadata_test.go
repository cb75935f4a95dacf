package sessionupgrade_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/sessionupgrade"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/authkit"
)

// What is claimed with metadata keeps what the visitor's agents agreed on, key by key; what cannot be merged, or grew too large, is the claimer's.
func TestMetadataIsLaidOverTheVisitors(t *testing.T) {
	huge := `{"own":"` + strings.Repeat("x", 16<<10-20) + `"}`
	for over, want := range map[string]string{
		`{"own":1}`:                     `{"goal":"tidy","own":1}`,
		`{"goal":"other"}`:              `{"goal":"other"}`,
		`{"goal":null,"deep":{"a":[]}}`: `{"goal":null,"deep":{"a":[]}}`,
		`[]`:                            `[]`,
		huge:                            huge,
	} {
		k := authkit.New(t)
		in, visit := k.Register("ada"), k.Anonymous()
		require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			s, err := tx.Sessions.ByID(ctx, visit.Session.ID())
			if err != nil {
				return err
			}
			s.SetMetadata([]byte(`{"goal":"tidy"}`), k.Clock.Now())
			return tx.Sessions.Save(ctx, s)
		}))
		c := claim(k, visit.Session.ID(), visit.Secret, in.User.ID, in.Tenant.ID)
		c.Metadata = []byte(over)
		require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			s, won, err := sessionupgrade.InTx(ctx, tx, c)
			require.True(t, won)
			require.JSONEq(t, want, string(s.Snapshot().Metadata))
			return err
		}))
		require.JSONEq(t, want, string(k.Session(visit.Session.ID()).Snapshot().Metadata))
	}
}

// brokenSessions is a store of sessions that fails at one of its calls.
type brokenSessions struct {
	ports.SessionStore

	at string
}

var errBroken = errors.New("broken")

func (b brokenSessions) Upgrade(ctx context.Context, id string, hash []byte, userID, tenantID string) (session.Session, error) {
	if b.at == "upgrade" {
		return session.Session{}, errBroken
	}
	return b.SessionStore.Upgrade(ctx, id, hash, userID, tenantID)
}

func (b brokenSessions) Save(ctx context.Context, s session.Session) error {
	if b.at == "save" {
		return errBroken
	}
	return b.SessionStore.Save(ctx, s)
}

func (b brokenSessions) ByID(ctx context.Context, id string) (session.Session, error) {
	if b.at == "read" {
		return session.Session{}, errBroken
	}
	return b.SessionStore.ByID(ctx, id)
}

func TestAStoreThatFailsOverMetadataWinsNothing(t *testing.T) {
	for _, at := range []string{"upgrade", "save", "read"} {
		k := authkit.New(t)
		in, visit := k.Register("ada"), k.Anonymous()
		c := claim(k, visit.Session.ID(), visit.Secret, in.User.ID, in.Tenant.ID)
		c.Metadata = []byte(`{}`)
		err := k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			tx.Sessions = brokenSessions{tx.Sessions, at}
			_, won, err := sessionupgrade.InTx(ctx, tx, c)
			require.False(t, won)
			return err
		})
		require.ErrorIs(t, err, errBroken, at)
		require.Equal(t, visit.Session, k.Session(visit.Session.ID()))
	}
}
