package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) live(t *testing.T, replica string, lease time.Duration) (known bool) {
	t.Helper()
	s.do(t, func(ctx context.Context, tx ports.Tx) (err error) {
		known, err = tx.Sockets.Live(ctx, replica, lease)
		return err
	})
	return known
}

func (s *suite) open(t *testing.T, replica string, held ...ports.Held) {
	t.Helper()
	s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Sockets.Set(ctx, replica, held) })
}

func (s *suite) others(t *testing.T, replica string, places ...ports.Place) []int {
	t.Helper()
	return get(t, s, func(ctx context.Context, tx ports.Tx) ([]int, error) { return tx.Sockets.Others(ctx, replica, places) })
}

func (s *suite) sockets(t *testing.T) {
	t.Helper()
	one, two, three := id(typeid.Worker), id(typeid.Worker), id(typeid.Worker)
	user, other := ports.Place{Kind: "user", ID: id(typeid.User)}, ports.Place{Kind: "user", ID: id(typeid.User)}
	for _, replica := range []string{one, two, three} {
		require.False(t, s.live(t, replica, time.Hour), "new")
	}
	t.Run("the sum of all others", func(t *testing.T) {
		s.open(t, one, ports.Held{Place: user, Open: 3})
		s.open(t, two, ports.Held{Place: user, Open: 4}, ports.Held{Place: other, Open: 1})
		require.Equal(t, []int{4, 1, 0}, s.others(t, one, user, other, ports.Place{Kind: "tenant", ID: user.ID}), "a place is its kind too")
		require.Equal(t, []int{7, 1, 7}, s.others(t, three, user, other, user))
		require.Empty(t, s.others(t, three))
	})
	t.Run("set replaces", func(t *testing.T) {
		s.open(t, two, ports.Held{Place: user, Open: 9}, ports.Held{Place: other})
		require.Equal(t, []int{9, 0}, s.others(t, one, user, other))
		s.open(t, two, ports.Held{Place: other}, ports.Held{Place: user, Open: 2})
		s.open(t, two)
		require.Equal(t, []int{2, 0}, s.others(t, one, user, other))
	})
	t.Run("many at once", func(t *testing.T) {
		var held []ports.Held
		var places []ports.Place
		for i := range 301 {
			places = append(places, ports.Place{Kind: "session", ID: id(typeid.Session)})
			held = append(held, ports.Held{Place: places[i], Open: i})
		}
		s.open(t, two, held...)
		got := s.others(t, one, places...)
		for i := range places {
			require.Equal(t, i, got[i])
			held[i].Open = 0
		}
		s.open(t, two, held...)
		require.Equal(t, make([]int, len(places)), s.others(t, one, places...))
	})
	t.Run("a lease is renewed, and known", func(t *testing.T) {
		require.True(t, s.live(t, two, time.Hour))
		require.Equal(t, []int{2}, s.others(t, one, user), "its counts stand")
	})
	t.Run("who leaves holds nothing", func(t *testing.T) {
		for range 2 {
			s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Sockets.Leave(ctx, one) })
		}
		require.Equal(t, []int{2}, s.others(t, three, user))
		require.False(t, s.live(t, one, time.Hour))
		require.Equal(t, []int{2}, s.others(t, three, user), "nor when it comes back")
	})
	t.Run("counts end with the lease", func(t *testing.T) {
		crashed := id(typeid.Worker)
		s.live(t, crashed, 2*time.Second)
		s.open(t, crashed, ports.Held{Place: other, Open: 5})
		require.Equal(t, []int{5}, s.others(t, three, other))
		s.later(t, 2*time.Second, func() bool { return s.others(t, three, other)[0] == 0 })
		require.True(t, s.live(t, three, time.Hour), "this removes what is over")
		require.False(t, s.live(t, crashed, time.Hour))
		require.Equal(t, []int{0}, s.others(t, three, other), "it has to say again what it holds")
	})
}
