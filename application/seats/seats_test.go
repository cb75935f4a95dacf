package seats_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/seats"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/authkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var user = []ports.Place{{Kind: "user", ID: "u"}, {Kind: "tenant", ID: "t"}}

// deployment is some counters over one store, in synthetic time.
type deployment struct {
	t       *testing.T
	store   *authkit.Store
	tables  *tables
	reports []error
}

func newDeployment(t *testing.T) *deployment {
	t.Helper()
	all := &tables{}
	all.lose()
	return &deployment{t: t, tables: all, store: &authkit.Store{UnitOfWork: all}}
}

// tables is a store that can lose all that it has, as a database that crashes loses what it need not keep.
type tables struct{ atomic.Pointer[memstore.Store] }

func (s *tables) lose() { s.Store(memstore.New(system.Clock{})) }

func (s *tables) Do(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	return s.Load().Do(ctx, fn)
}
func (s *tables) View(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	return s.Load().View(ctx, fn)
}

func (s *tables) Look(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	return s.Load().Look(ctx, fn)
}

// counter starts a counter, which stops with the test unless crash, which stops it without a word, comes before.
func (d *deployment) counter() (c *seats.Counter, crash func()) {
	d.t.Helper()
	c = seats.New(seats.Deps{
		UnitOfWork: d.store, IDs: system.IDs{}, Report: func(_ context.Context, _ string, err error) { d.reports = append(d.reports, err) },
	}, seats.Defaults())
	ctx, crash := context.WithCancel(context.WithoutCancel(d.t.Context()))
	require.NoError(d.t, c.Start(ctx))
	d.t.Cleanup(crash)
	return c, crash
}

func (d *deployment) take(c *seats.Counter) []int {
	d.t.Helper()
	n, err := c.Take(d.t.Context(), user)
	require.NoError(d.t, err)
	return n
}

func TestEachSeesTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDeployment(t)
		one, crash := d.counter()
		two, crashToo := d.counter()
		defer crash()
		defer crashToo()
		require.Equal(t, []int{0, 0}, d.take(one))
		require.Equal(t, []int{1, 1}, d.take(two))
		require.Equal(t, []int{1, 1}, d.take(one))
		one.Move(user, user[1:])
		one.Give(user)
		synctest.Wait()
		require.Equal(t, []int{0, 1}, d.take(two))
		require.NoError(t, two.Stop(t.Context()))
		require.Equal(t, []int{0, 0}, d.take(one), "who stops holds nothing")
	})
}

func TestCountsOfTheLivingStandAndThoseOfTheDeadEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDeployment(t)
		one, stop := d.counter()
		two, crash := d.counter()
		defer stop()
		d.take(one)
		d.take(two)
		<-time.After(time.Hour)
		require.Equal(t, []int{1, 1}, d.take(one), "an open socket is renewed")
		crash()
		<-time.After(5 * time.Second)
		require.Equal(t, []int{1, 1}, d.take(one), "it may live")
		<-time.After(5 * time.Second)
		require.Equal(t, []int{0, 0}, d.take(one), "ten seconds after the crash")
	})
}

// A replica that the store has forgotten says all that it has open, not only what changes.
func TestAReplicaThatWasForgottenSaysAllOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDeployment(t)
		one, stop := d.counter()
		two, stopToo := d.counter()
		defer stop()
		defer stopToo()
		d.take(one)
		d.take(two)
		d.tables.lose()
		<-time.After(3 * time.Second)
		require.Equal(t, []int{1, 1}, d.take(one))
		require.Equal(t, []int{2, 2}, d.take(two))
	})
}

func TestAStoreThatFailsLetsNobodyIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDeployment(t)
		one, stop := d.counter()
		two, stopToo := d.counter()
		defer stop()
		defer stopToo()
		d.take(one)
		d.store.Fail(errors.New("broken"))
		_, err := one.Take(t.Context(), user)
		require.Equal(t, fault.Unavailable, fault.KindOf(err))
		require.NotEmpty(t, d.reports, "an error that is none of the store's own is reported")
		one.Give(user)
		<-time.After(time.Minute)
		d.store.Fail(nil)
		<-time.After(3 * time.Second)
		require.Equal(t, []int{0, 0}, d.take(two), "what was given back meanwhile is written later")
		require.Equal(t, []int{1, 1}, d.take(one))
	})
}

func TestWhoGivesUpOrComesLateIsNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDeployment(t)
		one, stop := d.counter()
		two, stopToo := d.counter()
		defer stopToo()
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for range 20 {
			if _, err := one.Take(gone, user); err == nil {
				one.Give(user)
			}
		}
		synctest.Wait()
		require.Equal(t, []int{0, 0}, d.take(two))
		require.NoError(t, one.Stop(t.Context()))
		stop()
		_, err := one.Take(t.Context(), user)
		require.Equal(t, fault.Unavailable, fault.KindOf(err))
		require.NoError(t, seats.New(seats.Deps{UnitOfWork: d.store, IDs: system.IDs{}}, seats.Defaults()).Stop(t.Context()))
	})
}

// Nobody connected, nothing written.
func TestAnIdleReplicaCostsTheStoreNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDeployment(t)
		d.store.Fail(errors.New("asked"))
		_, stop := d.counter()
		defer stop()
		<-time.After(time.Hour)
		require.Empty(t, d.reports)
	})
}
