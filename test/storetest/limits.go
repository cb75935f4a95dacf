package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) take(t *testing.T, rate ports.Rate, key ...string) (v ports.Verdict, err error) {
	t.Helper()
	err = s.try(t, func(ctx context.Context, tx ports.Tx) (err error) {
		v, err = tx.Limits.Take(ctx, key, rate)
		return err
	})
	return v, err
}

func (s *suite) limits(t *testing.T) {
	t.Helper()
	mustTake := func(t *testing.T, rate ports.Rate, key ...string) ports.Verdict {
		t.Helper()
		v, err := s.take(t, rate, key...)
		require.NoError(t, err)
		return v
	}
	three := ports.Rate{Limit: 3, Window: time.Hour}
	t.Run("bursts of the limit, then one per interval", func(t *testing.T) {
		key := id(typeid.Session)
		for range 3 {
			require.Equal(t, ports.Verdict{Allowed: true}, mustTake(t, three, "login", key))
		}
		for range 5 {
			v := mustTake(t, three, "login", key)
			require.False(t, v.Allowed)
			require.LessOrEqual(t, v.RetryAfter, 20*time.Minute, "a refused event does not count")
			require.Greater(t, v.RetryAfter, 15*time.Minute)
		}
		require.True(t, mustTake(t, three, "register", key).Allowed, "another key")
		if s.Advance != nil {
			s.Advance(mustTake(t, three, "login", key).RetryAfter)
			require.True(t, mustTake(t, three, "login", key).Allowed, "after the wait that was asked for")
			require.False(t, mustTake(t, three, "login", key).Allowed)
			s.Advance(10 * time.Hour)
			for range 3 {
				require.True(t, mustTake(t, three, "login", key).Allowed)
			}
			require.False(t, mustTake(t, three, "login", key).Allowed, "an idle time saves up no more than the limit")
		}
	})
	t.Run("time gives events back", func(t *testing.T) {
		key, quick := id(typeid.Session), ports.Rate{Limit: 1, Window: 5 * time.Millisecond}
		require.True(t, mustTake(t, quick, key).Allowed)
		s.later(t, 5*time.Millisecond, func() bool {
			v, err := s.take(t, quick, key)
			return err == nil && v.Allowed
		})
	})
	t.Run("parts of a key never run together", func(t *testing.T) {
		one, part := ports.Rate{Limit: 1, Window: time.Hour}, id(typeid.Session)
		for _, key := range [][]string{
			{part, "ab", "c"}, {part, "a", "bc"}, {part, "abc"}, {part, "ab", "c", ""}, {part, "ab,c"}, {part, "ab|c"}, {part, "ab\x1fc"},
			{part, "AB", "c"}, {part, `ab","c`}, {part, "2:ab1:c"},
		} {
			require.True(t, mustTake(t, one, key...).Allowed, "%q", key)
			require.False(t, mustTake(t, one, key...).Allowed, "%q", key)
		}
	})
	t.Run("shares of a limit", func(t *testing.T) {
		a, b, c := []string{"a", id(typeid.Session)}, []string{"b", id(typeid.Session)}, []string{"c", id(typeid.Session)}
		takeAny := func(keys ...[]string) (v ports.Verdict) {
			s.do(t, func(ctx context.Context, tx ports.Tx) (err error) {
				v, err = tx.Limits.TakeAny(ctx, keys, three)
				return err
			})
			return v
		}
		require.True(t, takeAny(b, c, a).Allowed)
		for i := range 8 {
			require.True(t, takeAny(a, b, c).Allowed, "%d of what is left in any of them", i)
		}
		refused := takeAny(a, b, c)
		require.False(t, refused.Allowed)
		require.Positive(t, refused.RetryAfter)
		require.LessOrEqual(t, refused.RetryAfter, 20*time.Minute)
		for _, key := range [][]string{a, b, c} {
			require.False(t, mustTake(t, three, key...).Allowed, "each share was used up")
		}
	})
	t.Run("no limit", func(t *testing.T) {
		key := id(typeid.Session)
		for range 10 {
			require.Equal(t, ports.Verdict{Allowed: true}, mustTake(t, ports.Rate{Window: time.Hour}, key))
		}
	})
	t.Run("reset", func(t *testing.T) {
		key := id(typeid.Session)
		one := ports.Rate{Limit: 1, Window: time.Hour}
		require.True(t, mustTake(t, one, "a", key).Allowed)
		require.True(t, mustTake(t, one, "b", key).Allowed)
		s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Limits.Reset(ctx, []string{"a", key}) })
		s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Limits.Reset(ctx, []string{"unknown", key}) })
		require.True(t, mustTake(t, one, "a", key).Allowed)
		require.False(t, mustTake(t, one, "b", key).Allowed)
	})
	t.Run("idle keys can be removed", func(t *testing.T) {
		key := id(typeid.Session)
		require.True(t, mustTake(t, ports.Rate{Limit: 1, Window: time.Minute}, "short", key).Allowed)
		require.True(t, mustTake(t, ports.Rate{Limit: 1, Window: 100 * time.Hour}, "long", key).Allowed)
		s.do(t, func(ctx context.Context, tx ports.Tx) error {
			n, err := tx.Limits.DeleteIdle(ctx, s.Now().Add(50*time.Hour))
			require.NoError(t, err)
			require.GreaterOrEqual(t, n, int64(1))
			return nil
		})
		require.True(t, mustTake(t, ports.Rate{Limit: 1, Window: time.Minute}, "short", key).Allowed)
		require.False(t, mustTake(t, ports.Rate{Limit: 1, Window: 100 * time.Hour}, "long", key).Allowed)
	})
	t.Run("rolled back events do not count", func(t *testing.T) {
		key := id(typeid.Session)
		for range 4 {
			require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
				v, err := tx.Limits.Take(ctx, []string{key}, three)
				require.NoError(t, err)
				require.True(t, v.Allowed)
				return fault.ErrPermission
			}), fault.ErrPermission)
		}
	})
	t.Run("many at once get no more than the limit", func(t *testing.T) {
		key := id(typeid.Session)
		allowed := make([]bool, 16)
		for _, err := range race(16, func(i int) error {
			v, err := s.take(t, ports.Rate{Limit: 5, Window: time.Hour}, key)
			allowed[i] = v.Allowed
			return err
		}) {
			require.NoError(t, err)
		}
		n := 0
		for _, ok := range allowed {
			if ok {
				n++
			}
		}
		require.Equal(t, 5, n)
	})
}
