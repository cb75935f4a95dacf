package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) upgradeOf(t *testing.T, sessionID string, hash []byte, to home) (session.Session, error) {
	t.Helper()
	var got session.Session
	err := s.try(t, func(ctx context.Context, tx ports.Tx) (err error) {
		got, err = tx.Sessions.Upgrade(ctx, sessionID, hash, to.user.ID, to.tenantID)
		return err
	})
	return got, err
}

// fresh makes an anonymous session that is not expired by database time, however old the suite's other rows are.
func (s *suite) fresh(t *testing.T, edit func(*session.Snapshot)) session.Snapshot {
	t.Helper()
	sid := id(typeid.Session)
	row := session.NewAnonymous(sid, hashOf(sid), nil, nil, s.Now()).Snapshot()
	if edit != nil {
		edit(&row)
	}
	s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Sessions.Insert(ctx, session.Restore(row)) })
	return row
}

func (s *suite) upgrade(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	t.Run("gives the session to the user", func(t *testing.T) {
		row := s.fresh(t, nil)
		got, err := s.upgradeOf(t, row.ID, row.SecretHash, h)
		require.NoError(t, err)
		stored, err := s.sessionByID(t, row.ID)
		require.NoError(t, err)
		same(t, stored.Snapshot(), got.Snapshot())
		now := got.Snapshot()
		require.True(t, got.OwnedBy(h.tenantID, h.user.ID))
		require.Equal(t, row.ID, now.ID)
		require.Equal(t, session.Active, now.State)
		require.Equal(t, row.Epoch+1, now.Epoch)
		require.Equal(t, row.Version+1, now.Version)
		require.Empty(t, now.SecretHash)
		require.WithinDuration(t, s.Now(), now.UpgradedAt, time.Minute)
		require.Equal(t, now.UpgradedAt.Add(session.ActiveIdle), now.ExpiresAt)
		_, err = look(t, s, func(ctx context.Context, tx ports.Tx) (session.Session, error) {
			return tx.Sessions.BySecretHash(ctx, row.SecretHash)
		})
		require.ErrorIs(t, err, fault.ErrNotFound, "the secret is dead")
		require.ErrorIs(t, s.saveSession(t, session.Restore(row)), fault.ErrStale, "a copy from before cannot be saved")

		_, err = s.upgradeOf(t, row.ID, row.SecretHash, s.member(t, ""))
		require.ErrorIs(t, err, fault.ErrNotFound, "a second upgrade")
	})
	t.Run("refused", func(t *testing.T) {
		refused := map[string]func(*session.Snapshot){
			"expired": func(v *session.Snapshot) { v.ExpiresAt = s.at(0) },
			"idle":    func(v *session.Snapshot) { v.LastSeenAt = s.Now().Add(-session.AnonymousIdle - time.Minute) },
			"ended":   func(v *session.Snapshot) { v.State = session.Ended },
			"secret":  func(v *session.Snapshot) { v.SecretHash = nil },
		}
		for name, edit := range refused {
			row := s.fresh(t, edit)
			_, err := s.upgradeOf(t, row.ID, hashOf(row.ID), h)
			require.ErrorIs(t, err, fault.ErrNotFound, name)
			got, err := s.sessionByID(t, row.ID)
			require.NoError(t, err)
			same(t, row, got.Snapshot())
		}
		row := s.fresh(t, nil)
		for name, hash := range map[string][]byte{"wrong": hashOf("wrong"), "nil": nil, "empty": {}, "prefix": row.SecretHash[:16]} {
			_, err := s.upgradeOf(t, row.ID, hash, h)
			require.ErrorIs(t, err, fault.ErrNotFound, name)
		}
		_, err := s.upgradeOf(t, h.session.ID(), nil, h)
		require.ErrorIs(t, err, fault.ErrNotFound, "an owned session without a secret")
		_, err = s.upgradeOf(t, id(typeid.Session), row.SecretHash, h)
		require.ErrorIs(t, err, fault.ErrNotFound, "an unknown session")
	})
	t.Run("a pin holds as long as nobody owns the session", func(t *testing.T) {
		row := s.fresh(t, nil)
		pin := func(sessionID string) error {
			return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Scopes.Pin(ctx, sessionID) })
		}
		require.NoError(t, pin(row.ID))
		_, err := s.upgradeOf(t, row.ID, row.SecretHash, h)
		require.NoError(t, err)
		require.ErrorIs(t, pin(row.ID), fault.ErrNotFound)
		require.ErrorIs(t, pin(id(typeid.Session)), fault.ErrNotFound)
	})
	t.Run("nothing stays behind that was written under a pin", func(t *testing.T) {
		row := s.fresh(t, nil)
		visitor := home{session: session.Restore(row), tenantID: row.ID, scope: identity.Scope{TenantID: row.ID, SessionID: row.ID}}
		const writers = 15
		errs := race(writers+1, func(i int) error {
			return s.try(t, func(ctx context.Context, tx ports.Tx) error {
				if i == writers/2 {
					_, err := tx.Sessions.Upgrade(ctx, row.ID, row.SecretHash, h.user.ID, h.tenantID)
					return errors.Join(err, tx.Scopes.Rekey(ctx, row.ID, h.tenantID, h.user.ID))
				}
				if err := tx.Scopes.Pin(ctx, row.ID); err != nil {
					return err
				}
				return tx.Pending.Insert(ctx, s.pendingIntent(visitor, i))
			})
		})
		stored := 0
		for i, err := range errs {
			switch {
			case i == writers/2:
				require.NoError(t, err)
			case err == nil:
				stored++
			default:
				require.ErrorIs(t, err, fault.ErrNotFound)
			}
		}
		s.view(t, func(ctx context.Context, tx ports.Tx) error {
			_, behind, err := tx.Pending.List(ctx, visitor.scope, ports.PendingFilter{}, ports.Window{Limit: 1})
			require.NoError(t, err)
			require.Zero(t, behind)
			moved, _, err := tx.Pending.List(ctx, h.scope, ports.PendingFilter{}, ports.Window{Limit: 100})
			require.NoError(t, err)
			require.Len(t, moved, stored)
			return nil
		})
	})
	t.Run("one of many wins", func(t *testing.T) {
		row := s.fresh(t, nil)
		callers := []home{h, s.member(t, ""), s.member(t, "")}
		errs := race(16, func(i int) error {
			_, err := s.upgradeOf(t, row.ID, row.SecretHash, callers[i%len(callers)])
			return err
		})
		winner := -1
		for i, err := range errs {
			if err == nil {
				require.Equal(t, -1, winner, "two winners")
				winner = i
				continue
			}
			require.ErrorIs(t, err, fault.ErrNotFound)
		}
		require.NotEqual(t, -1, winner)
		got, err := s.sessionByID(t, row.ID)
		require.NoError(t, err)
		owner := callers[winner%len(callers)]
		require.True(t, got.OwnedBy(owner.tenantID, owner.user.ID))
		require.Equal(t, row.Epoch+1, got.Epoch())
	})
}
