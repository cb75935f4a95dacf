// Package faulty makes a store fail at a chosen call, so that tests can prove what a use case does when its store goes away at the
// worst moment: before anything happened, in the middle of a transaction, at its commit, or after the commit with the answer lost.
package faulty

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// The kinds of calls that are not a method of a store. A method's kind is its name, such as "Users.Insert".
const (
	// Begin is the start of a Do: nothing has happened.
	Begin = "Begin"
	// Commit is the end of a Do that is rolled back in spite of its callback.
	Commit = "Commit"
	// Answer is the end of a Do that has committed: the caller gets an error and cannot know.
	Answer = "Answer"
	// View is the start of a View.
	View = "View"
)

var _ ports.UnitOfWork = (*Store)(nil)

// Store is a ports.UnitOfWork that passes every call on to another one, except the one that is to fail. It fails once. Safe for
// concurrent use, as far as "the n-th" means something then.
type Store struct {
	next ports.UnitOfWork

	mu     sync.Mutex
	calls  []string
	plan   func(kind string) bool
	err    error
	struck string
}

// Wrap makes a store that does not fail until it is told to.
func Wrap(next ports.UnitOfWork) *Store { return &Store{next: next} }

// Fail makes the n-th call of the kind from now on, counted from 1, return err. The call is not passed on, except for Answer, whose
// transaction has then committed. A nil err is fault.ErrUnavailable.
func (s *Store) Fail(kind string, n int, err error) {
	s.arm(err, func(called string) bool {
		if called == kind {
			n--
		}
		return called == kind && n == 0
	})
}

// FailAt makes the n-th call of any kind from now on, counted from 1, return err. A nil err is fault.ErrUnavailable.
func (s *Store) FailAt(n int, err error) {
	s.arm(err, func(string) bool {
		n--
		return n == 0
	})
}

func (s *Store) arm(err error, plan func(kind string) bool) {
	if err == nil {
		err = fault.ErrUnavailable
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan, s.err, s.struck = plan, err, ""
}

// Struck gives the kind of the call that failed, "" while none has.
func (s *Store) Struck() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}

// Calls gives the kinds of all calls so far, in order.
func (s *Store) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// strike notes a call and gives the error that it has to return, nil for all but one.
func (s *Store) strike(kind string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, kind)
	if s.plan == nil || !s.plan(kind) {
		return nil
	}
	s.plan, s.struck = nil, kind
	return s.err
}

// guard is strike for a call with a result.
func guard[V any](s *Store, kind string, call func() (V, error)) (V, error) {
	if err := s.strike(kind); err != nil {
		var none V
		return none, err
	}
	return call()
}

// Do passes the transaction on, with stores that may fail.
func (s *Store) Do(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	if err := s.strike(Begin); err != nil {
		return err
	}
	err := s.next.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if err := fn(ctx, s.wrap(tx)); err != nil {
			return err
		}
		return s.strike(Commit)
	})
	if err != nil {
		return err
	}
	return s.strike(Answer)
}

// View passes the look on, with stores that may fail.
func (s *Store) View(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	if err := s.strike(View); err != nil {
		return err
	}
	return s.next.View(ctx, func(ctx context.Context, tx ports.Tx) error { return fn(ctx, s.wrap(tx)) })
}

// Look passes the look on, with stores that may fail.
func (s *Store) Look(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	if err := s.strike(View); err != nil {
		return err
	}
	return s.next.Look(ctx, func(ctx context.Context, tx ports.Tx) error { return fn(ctx, s.wrap(tx)) })
}

func (s *Store) wrap(tx ports.Tx) ports.Tx {
	return ports.Tx{
		Users: usersStore{s, tx.Users}, Tenants: tenantsStore{s, tx.Tenants}, Sessions: sessionsStore{s, tx.Sessions}, Standings: standingsStore{s, tx.Standings},
		Logins: loginsStore{s, tx.Logins}, Tickets: ticketsStore{s, tx.Tickets}, Limits: limitsStore{s, tx.Limits}, Sockets: socketsStore{s, tx.Sockets},
		Scopes: scopesStore{s, tx.Scopes}, Executions: executionsStore{s, tx.Executions}, Activity: activityStore{s, tx.Activity}, Leases: leasesStore{s, tx.Leases}, Flow: flowStore{s, tx.Flow},
		Steps: stepsStore{s, tx.Steps}, Signals: signalsStore{s, tx.Signals},
		Children: childrenStore{s, tx.Children}, Decisions: decisionsStore{s, tx.Decisions}, Deadlines: deadlinesStore{s, tx.Deadlines},
		Work: workStore{s, tx.Work}, Retention: retentionStore{s, tx.Retention}, Schedules: schedulesStore{s, tx.Schedules}, Ticks: ticksStore{s, tx.Ticks}, Events: eventsStore{s, tx.Events}, Queue: queueStore{s, tx.Queue},
		Idempotency: idempotencyStore{s, tx.Idempotency}, Artifacts: artifactsStore{s, tx.Artifacts},
		Contracts: contractsStore{s, tx.Contracts}, Space: spaceStore{s, tx.Space}, Pending: pendingStore{s, tx.Pending},
		Conversations: conversationsStore{s, tx.Conversations}, Messages: messagesStore{s, tx.Messages}, Audit: auditStore{s, tx.Audit},
		Chain: chainStore{s, tx.Chain}, Directory: directoryStore{s, tx.Directory}, Invitations: invitationsStore{s, tx.Invitations},
		Statistics: statisticsStore{s, tx.Statistics}, TenantData: tenantDataStore{s, tx.TenantData},
		AgentSettings: settingsStore{s, tx.AgentSettings}, ToolPins: pinsStore{s, tx.ToolPins}, Ledger: ledgerStore{s, tx.Ledger},
	}
}

// Sweep runs a scenario once without a fault, and then once for every call that it made through the wrapped store, with that call
// failing. The scenario builds its world from nothing, wraps its store at the point from which calls count, and checks the outcome:
// Struck is "" in the run without a fault, and else names the call that failed. It has to make the same calls in every run up to
// the fault.
func Sweep(t *testing.T, scenario func(t *testing.T, wrap func(ports.UnitOfWork) *Store)) {
	t.Helper()
	var clean *Store
	ok := t.Run("no fault", func(t *testing.T) {
		scenario(t, func(next ports.UnitOfWork) *Store {
			clean = Wrap(next)
			return clean
		})
	})
	if !ok || clean == nil {
		return
	}
	for i, kind := range clean.Calls() {
		t.Run(fmt.Sprintf("%d %s", i+1, kind), func(t *testing.T) {
			scenario(t, func(next ports.UnitOfWork) *Store {
				s := Wrap(next)
				s.FailAt(i+1, nil)
				return s
			})
		})
	}
}
