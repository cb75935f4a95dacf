package faulty_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
	"github.com/symphainy/symphainy/test/faulty"
)

var errPlanned = errors.New("planned")

func insert(s ports.UnitOfWork, id string) error {
	return s.Do(context.Background(), func(ctx context.Context, tx ports.Tx) error {
		return tx.Users.Insert(ctx, identity.User{ID: id, EmailKey: id})
	})
}

func count(t *testing.T, s ports.UnitOfWork) (n int64) {
	t.Helper()
	require.NoError(t, s.View(t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		n, err = tx.Users.Count(ctx)
		return err
	}))
	return n
}

func TestFailsTheNthCallOfAKindOnce(t *testing.T) {
	for kind, kept := range map[string]int64{faulty.Begin: 2, "Users.Insert": 2, faulty.Commit: 2, faulty.Answer: 3} {
		t.Run(kind, func(t *testing.T) {
			s := faulty.Wrap(memstore.New(clock.Fixed()))
			s.Fail(kind, 2, errPlanned)
			require.NoError(t, insert(s, "a"))
			require.Empty(t, s.Struck())
			require.ErrorIs(t, insert(s, "b"), errPlanned)
			require.Equal(t, kind, s.Struck())
			require.NoError(t, insert(s, "c"))
			require.Equal(t, kept, count(t, s))
		})
	}
}

func TestFailsViews(t *testing.T) {
	s := faulty.Wrap(memstore.New(clock.Fixed()))
	s.Fail(faulty.View, 1, nil)
	require.ErrorIs(t, s.View(t.Context(), func(context.Context, ports.Tx) error { return nil }), fault.ErrUnavailable)
	require.Zero(t, count(t, s))
}

// TestEveryMethodCanFail calls every method of every store with zero arguments: the planned error has to come before the real store,
// which is missing here, is reached.
func TestEveryMethodCanFail(t *testing.T) {
	s := faulty.Wrap(bare{})
	require.NoError(t, s.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		stores := reflect.ValueOf(tx)
		for i := range stores.NumField() {
			store, name := stores.Field(i), stores.Type().Field(i).Name
			require.False(t, store.IsNil(), name)
			for m := range store.NumMethod() {
				kind := name + "." + store.Type().Method(m).Name
				s.Fail(kind, 1, errPlanned)
				method := store.Method(m)
				args := []reflect.Value{reflect.ValueOf(ctx)}
				for a := 1; a < method.Type().NumIn() && (a < method.Type().NumIn()-1 || !method.Type().IsVariadic()); a++ {
					args = append(args, reflect.Zero(method.Type().In(a)))
				}
				results := method.Call(args)
				require.Equal(t, errPlanned, results[len(results)-1].Interface(), kind)
				require.Equal(t, kind, s.Struck())
			}
		}
		return nil
	}))
}

// bare is a unit of work without stores.
type bare struct{}

func (bare) Do(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	return fn(ctx, ports.Tx{})
}

func (bare) View(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	return fn(ctx, ports.Tx{})
}

func (bare) Look(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	return fn(ctx, ports.Tx{})
}

func TestSweepMeetsEveryCall(t *testing.T) {
	var struck []string
	faulty.Sweep(t, func(t *testing.T, wrap func(ports.UnitOfWork) *faulty.Store) {
		t.Helper()
		plain := memstore.New(clock.Fixed())
		require.NoError(t, insert(plain, "before"), "calls before the wrapping do not count")
		s := wrap(plain)
		err := insert(s, "a")
		struck = append(struck, s.Struck())
		switch s.Struck() {
		case "":
			require.NoError(t, err)
			require.Equal(t, int64(2), count(t, plain))
		case faulty.Answer:
			require.ErrorIs(t, err, fault.ErrUnavailable)
			require.Equal(t, int64(2), count(t, plain))
		default:
			require.ErrorIs(t, err, fault.ErrUnavailable)
			require.Equal(t, int64(1), count(t, plain))
		}
	})
	require.Equal(t, []string{"", faulty.Begin, "Users.Insert", faulty.Commit, faulty.Answer}, struck)
}
