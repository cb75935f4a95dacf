package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) logins(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	login := session.Login{
		SessionID: h.session.ID(), UserID: h.user.ID, TenantID: h.tenantID, Key: hashOf(id("key")), Counter: 3, RotatedAt: s.abroad(1),
		CookieHash: hashOf(id("cookie")), AuthTime: s.abroad(2), IdleUntil: s.abroad(3), EndsAt: s.abroad(4), CreatedAt: s.abroad(5),
	}
	full(t, login)
	insert := func(t *testing.T, l session.Login) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Logins.Insert(ctx, l) })
	}
	find := func(t *testing.T, sid string) (session.Login, error) {
		t.Helper()
		return look(t, s, func(ctx context.Context, tx ports.Tx) (session.Login, error) { return tx.Logins.BySession(ctx, sid) })
	}
	byCookie := func(t *testing.T, hash []byte) (session.Login, error) {
		t.Helper()
		return look(t, s, func(ctx context.Context, tx ports.Tx) (session.Login, error) {
			return tx.Logins.ByCookieHash(ctx, hash)
		})
	}
	rotate := func(t *testing.T, next session.Login, from int) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Logins.Rotate(ctx, next, from) })
	}
	t.Run("round trip", func(t *testing.T) {
		// Two without a cookie: nothing is unique about having none.
		for range 2 {
			other := s.member(t, "")
			bare := session.Login{SessionID: other.session.ID(), UserID: other.user.ID, TenantID: other.tenantID, Counter: 1}
			require.NoError(t, insert(t, bare))
			got, err := find(t, bare.SessionID)
			require.NoError(t, err)
			same(t, bare, got)
		}
		require.NoError(t, insert(t, login))
		got, err := find(t, login.SessionID)
		require.NoError(t, err)
		same(t, login, got)
		got, err = byCookie(t, login.CookieHash)
		require.NoError(t, err)
		same(t, login, got)
		require.ErrorIs(t, insert(t, login), fault.ErrDuplicate)
	})
	t.Run("not found", func(t *testing.T) {
		_, err := find(t, id(typeid.Session))
		require.ErrorIs(t, err, fault.ErrNotFound)
		for _, hash := range [][]byte{hashOf("another"), nil, {}} {
			_, err := byCookie(t, hash)
			require.ErrorIs(t, err, fault.ErrNotFound)
		}
	})
	t.Run("rotate", func(t *testing.T) {
		next := login.Advanced(s.at(2))
		require.ErrorIs(t, rotate(t, next, login.Counter-1), fault.ErrStale)
		require.NoError(t, rotate(t, next, login.Counter))
		require.ErrorIs(t, rotate(t, next, login.Counter), fault.ErrStale)
		got, err := find(t, login.SessionID)
		require.NoError(t, err)
		same(t, next, got)
		login = next
		unknown := login
		unknown.SessionID = id(typeid.Session)
		require.ErrorIs(t, rotate(t, unknown, login.Counter), fault.ErrStale)
	})
	t.Run("one of many rotations wins", func(t *testing.T) {
		next := login.Advanced(s.at(3))
		errs := race(16, func(int) error { return rotate(t, next, login.Counter) })
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, fault.ErrStale)
		}
		require.Equal(t, 1, won)
	})
	t.Run("delete", func(t *testing.T) {
		remove := func(ctx context.Context, tx ports.Tx) error { return tx.Logins.Delete(ctx, login.SessionID) }
		s.do(t, remove)
		s.do(t, remove)
		_, err := find(t, login.SessionID)
		require.ErrorIs(t, err, fault.ErrNotFound)
		_, err = byCookie(t, login.CookieHash)
		require.ErrorIs(t, err, fault.ErrNotFound)
	})
}

func (s *suite) tickets(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	ticket := func(ends time.Time) session.Ticket {
		return session.Ticket{
			Hash: hashOf(id("ticket")), SessionID: h.session.ID(), Epoch: 2, TenantID: h.tenantID, UserID: h.user.ID,
			LoginSessionID: h.session.ID(), LoginEpoch: 3, Origin: awkward, AuthTime: s.abroad(1), CredentialEndsAt: s.abroad(2), ExpiresAt: ends,
		}
	}
	soon := s.Now().Add(time.Hour).Truncate(time.Microsecond)
	insert := func(t *testing.T, v session.Ticket) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Tickets.Insert(ctx, v) })
	}
	take := func(t *testing.T, hash []byte) (v session.Ticket, err error) {
		t.Helper()
		err = s.try(t, func(ctx context.Context, tx ports.Tx) (err error) {
			v, err = tx.Tickets.Take(ctx, hash)
			return err
		})
		return v, err
	}
	t.Run("is taken once, with every field", func(t *testing.T) {
		v := s.visitor(t)
		bare := session.Ticket{Hash: hashOf(id("bare")), SessionID: v.session.ID(), Epoch: 1, ExpiresAt: soon}
		whole := ticket(soon)
		full(t, whole)
		for _, want := range []session.Ticket{whole, bare} {
			require.NoError(t, insert(t, want))
			require.ErrorIs(t, insert(t, want), fault.ErrDuplicate)
			got, err := take(t, want.Hash)
			require.NoError(t, err)
			same(t, want, got)
			_, err = take(t, want.Hash)
			require.ErrorIs(t, err, fault.ErrNotFound)
		}
	})
	t.Run("unknown or expired", func(t *testing.T) {
		old := ticket(s.at(0))
		require.NoError(t, insert(t, old))
		for _, hash := range [][]byte{old.Hash, hashOf("unknown"), nil, {}} {
			_, err := take(t, hash)
			require.ErrorIs(t, err, fault.ErrNotFound)
		}
	})
	t.Run("one of many takers wins", func(t *testing.T) {
		v := ticket(soon)
		require.NoError(t, insert(t, v))
		won := 0
		for _, err := range race(16, func(int) error { _, err := take(t, v.Hash); return err }) {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, fault.ErrNotFound)
		}
		require.Equal(t, 1, won)
	})
	t.Run("a rolled back take gives the ticket back", func(t *testing.T) {
		v := ticket(soon)
		require.NoError(t, insert(t, v))
		require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Tickets.Take(ctx, v.Hash)
			require.NoError(t, err)
			return fault.ErrPermission
		}), fault.ErrPermission)
		_, err := take(t, v.Hash)
		require.NoError(t, err)
	})
	t.Run("of a session, and expired ones, can be removed", func(t *testing.T) {
		other := s.visitor(t)
		mine, theirs, gone := ticket(soon), ticket(soon), ticket(s.at(1))
		theirs.SessionID = other.session.ID()
		gone.SessionID = other.session.ID()
		for _, v := range []session.Ticket{mine, theirs, gone} {
			require.NoError(t, insert(t, v))
		}
		s.do(t, func(ctx context.Context, tx ports.Tx) error {
			require.NoError(t, tx.Tickets.DeleteBySession(ctx, h.session.ID()))
			n, err := tx.Tickets.DeleteExpired(ctx, s.at(2))
			require.NoError(t, err)
			require.Equal(t, int64(1), n)
			n, err = tx.Tickets.DeleteExpired(ctx, s.at(2))
			require.NoError(t, err)
			require.Zero(t, n)
			return nil
		})
		_, err := take(t, mine.Hash)
		require.ErrorIs(t, err, fault.ErrNotFound)
		_, err = take(t, theirs.Hash)
		require.NoError(t, err)
	})
}
