// Package storetest is the conformance suite of ports.UnitOfWork and of every store that a transaction hands out. Each adapter runs
// it from its own test; what passes it can replace any other adapter that does.
//
// The suite needs no empty store: every test makes its own tenants, users and sessions, and looks at nothing else. It never waits
// longer than a few milliseconds of database time.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Subject is a store under test.
type Subject struct {
	UnitOfWork ports.UnitOfWork
	// Now gives database time; the host's clock is good enough where they are the same machine's.
	Now func() time.Time
	// Advance moves database time. Nil where time is real; the suite then waits for the few milliseconds that it needs.
	Advance func(time.Duration)
	// Conflict, if set, makes the adapter see one serialisation failure at the commit of the next Do, as a database would report it.
	// The suite then proves that the callback runs again. Nil where an adapter has no such failures.
	Conflict func()
}

// Run runs the whole suite against the store that open gives. open is called once.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	t.Helper()
	s := &suite{Subject: open(t)}
	// A whole number of seconds in the past, so that what the suite stores is due and over at any precision.
	s.base = s.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	for _, part := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"UnitOfWork", s.unitOfWork}, {"EveryCall", s.everyCall}, {"Users", s.users}, {"Tenants", s.tenants},
		{"Sessions", s.sessions}, {"Standings", s.standings}, {"Activity", s.activity}, {"Upgrade", s.upgrade}, {"Logins", s.logins}, {"Tickets", s.tickets}, {"Limits", s.limits}, {"Sockets", s.sockets},
		{"Executions", s.executions}, {"ExecutionList", s.executionList}, {"Leases", s.leases}, {"Lanes", s.lanes}, {"Flow", s.flow},
		{"Steps", s.steps}, {"Signals", s.signals}, {"Children", s.children}, {"Decisions", s.decisions}, {"Deadlines", s.deadlines},
		{"Work", s.work}, {"Retention", s.retention}, {"Schedules", s.schedules}, {"Ticks", s.ticks}, {"Events", s.events}, {"Queue", s.queue}, {"Idempotency", s.idempotency}, {"Artifacts", s.artifacts},
		{"ArtifactList", s.artifactList}, {"Contracts", s.contracts}, {"Space", s.space}, {"Pending", s.pending}, {"Conversations", s.conversations},
		{"Messages", s.messages}, {"Agents", s.agents}, {"Audit", s.audit}, {"AuditChain", s.auditChain}, {"Rekey", s.rekey},
		{"Directory", s.directory}, {"Invitations", s.invitations}, {"Statistics", s.statistics}, {"TenantData", s.tenantData},
	} {
		t.Run(part.name, part.run)
	}
}

type suite struct {
	Subject
	base time.Time
}

// at gives a moment of the suite's past: base plus n minutes, plus some microseconds to be kept.
func (s *suite) at(minutes int) time.Time {
	return s.base.Add(time.Duration(minutes)*time.Minute + 123456*time.Microsecond)
}

// abroad is at in another time zone: the same moment, which has to come back as UTC.
func (s *suite) abroad(minutes int) time.Time {
	return s.at(minutes).In(time.FixedZone("abroad", 5*3600+1800))
}

type work = func(ctx context.Context, tx ports.Tx) error

// do runs work that has to succeed.
func (s *suite) do(t *testing.T, fn work) {
	t.Helper()
	require.NoError(t, s.UnitOfWork.Do(t.Context(), fn))
}

// try runs work in its own transaction and gives its error.
func (s *suite) try(t *testing.T, fn work) error {
	t.Helper()
	return s.UnitOfWork.Do(t.Context(), fn)
}

// view runs a look at the store that has to succeed.
func (s *suite) view(t *testing.T, fn work) {
	t.Helper()
	require.NoError(t, s.UnitOfWork.View(t.Context(), fn))
}

// get reads one value in a view of its own.
func get[V any](t *testing.T, s *suite, read func(ctx context.Context, tx ports.Tx) (V, error)) V {
	t.Helper()
	v, err := look(t, s, read)
	require.NoError(t, err)
	return v
}

// look is get for a read that may fail.
func look[V any](t *testing.T, s *suite, read func(ctx context.Context, tx ports.Tx) (V, error)) (V, error) {
	t.Helper()
	var v V
	err := s.UnitOfWork.View(t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		v, err = read(ctx, tx)
		return err
	})
	return v, err
}

// later lets d of database time pass and then requires cond, which is asked again where time is real.
func (s *suite) later(t *testing.T, d time.Duration, cond func() bool) {
	t.Helper()
	if s.Advance != nil {
		s.Advance(d)
		require.True(t, cond(), "after %s", d)
		return
	}
	require.Eventually(t, cond, 15*time.Second, 2*time.Millisecond)
}

// race runs fn n times at once and gives the errors by index.
func race(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start, done := make(chan struct{}), make(chan struct{}, n)
	for i := range n {
		go func() {
			defer func() { done <- struct{}{} }()
			<-start
			errs[i] = fn(i)
		}()
	}
	close(start)
	for range n {
		<-done
	}
	return errs
}

// id gives a fresh id that sorts after all before it.
func id(prefix typeid.Prefix) string { return typeid.Format(prefix, uuid.Must(uuid.NewV7())) }
