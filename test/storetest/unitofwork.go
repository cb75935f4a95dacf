package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// exists reports whether a user is there, for everybody outside of a transaction.
func (s *suite) exists(t *testing.T, u identity.User) bool {
	t.Helper()
	_, err := look(t, s, func(ctx context.Context, tx ports.Tx) (identity.User, error) { return tx.Users.ByID(ctx, u.ID) })
	if err != nil {
		require.ErrorIs(t, err, fault.ErrNotFound)
	}
	return err == nil
}

func (s *suite) unitOfWork(t *testing.T) {
	t.Helper()
	t.Run("commits all", func(t *testing.T) {
		a, b := s.newUser(), s.newUser()
		s.do(t, func(ctx context.Context, tx ports.Tx) error {
			require.NoError(t, tx.Users.Insert(ctx, a))
			got, err := tx.Users.ByID(ctx, a.ID)
			require.NoError(t, err, "a transaction sees its own writes")
			same(t, a, got)
			return tx.Users.Insert(ctx, b)
		})
		require.True(t, s.exists(t, a))
		require.True(t, s.exists(t, b))
	})
	t.Run("an error rolls all back and comes back as it is", func(t *testing.T) {
		u, boom := s.newUser(), errors.New("boom")
		err := s.try(t, func(ctx context.Context, tx ports.Tx) error {
			require.NoError(t, tx.Users.Insert(ctx, u))
			return boom
		})
		require.Same(t, boom, err)
		require.False(t, s.exists(t, u))
	})
	t.Run("a panic rolls all back and goes on", func(t *testing.T) {
		u := s.newUser()
		require.PanicsWithValue(t, "oh", func() {
			_ = s.try(t, func(ctx context.Context, tx ports.Tx) error {
				require.NoError(t, tx.Users.Insert(ctx, u))
				panic("oh")
			})
		})
		require.False(t, s.exists(t, u))
	})
	t.Run("a view gives the error of its callback as it is", func(t *testing.T) {
		boom := errors.New("boom")
		require.Same(t, boom, s.UnitOfWork.View(t.Context(), func(context.Context, ports.Tx) error { return boom }))
	})
	t.Run("a look gives the error of its callback as it is", func(t *testing.T) {
		boom := errors.New("boom")
		require.Same(t, boom, s.UnitOfWork.Look(t.Context(), func(context.Context, ports.Tx) error { return boom }))
	})
	t.Run("a look sees what is committed", func(t *testing.T) {
		u := s.newUser()
		s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Users.Insert(ctx, u) })
		for range 3 {
			require.NoError(t, s.UnitOfWork.Look(t.Context(), func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Users.ByID(ctx, u.ID)
				return err
			}))
		}
	})
	t.Run("cancelled contexts", s.cancelled)
	t.Run("isolation", s.isolation)
	if s.Conflict != nil {
		t.Run("a conflict runs the callback again", s.conflict)
	}
}

func (s *suite) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	u := s.newUser()
	err := s.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if err := tx.Users.Insert(ctx, u); err != nil {
			return err
		}
		cancel()
		return nil
	})
	requireGone(t, err)
	require.False(t, s.exists(t, u), "what a cancelled caller began is not committed")

	never := func(context.Context, ports.Tx) error {
		t.Error("the callback of a cancelled context ran")
		return nil
	}
	requireGone(t, s.UnitOfWork.Do(ctx, never))
	requireGone(t, s.UnitOfWork.View(ctx, never))
	requireGone(t, s.UnitOfWork.Look(ctx, never))
}

// requireGone requires the error of a caller whose context is over: unavailable, or the context's own.
func requireGone(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	require.True(t, errors.Is(err, fault.ErrUnavailable) || errors.Is(err, context.Canceled), "%v", err)
}

func (s *suite) isolation(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	t.Run("nobody sees what is not committed", func(t *testing.T) {
		u := s.newUser()
		s.do(t, func(inner context.Context, tx ports.Tx) error {
			require.NoError(t, tx.Users.Insert(inner, u))
			require.NoError(t, s.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Users.ByID(ctx, u.ID)
				require.ErrorIs(t, err, fault.ErrNotFound)
				return nil
			}))
			return nil
		})
		require.True(t, s.exists(t, u))
	})
	t.Run("a view stays what it was when it began", func(t *testing.T) {
		u, late := s.newUser(), s.newUser()
		s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Users.Insert(ctx, u) })
		s.view(t, func(inner context.Context, tx ports.Tx) error {
			before, err := tx.Users.ByID(inner, u.ID)
			require.NoError(t, err)
			require.NoError(t, s.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
				changed := u
				changed.Name = "changed"
				require.NoError(t, tx.Users.Save(ctx, changed))
				return tx.Users.Insert(ctx, late)
			}))
			after, err := tx.Users.ByID(inner, u.ID)
			require.NoError(t, err)
			require.Equal(t, before, after)
			_, err = tx.Users.ByID(inner, late.ID)
			require.ErrorIs(t, err, fault.ErrNotFound)
			return nil
		})
		require.True(t, s.exists(t, late))
	})
}

func (s *suite) conflict(t *testing.T) {
	u, runs := s.newUser(), 0
	s.Conflict()
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		runs++
		return tx.Users.Insert(ctx, u)
	})
	require.Equal(t, 2, runs)
	require.True(t, s.exists(t, u))
}
