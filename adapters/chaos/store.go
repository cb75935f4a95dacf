//go:build chaos

package chaos

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

// Store wraps a unit of work. A transaction is named after the most telling thing that it does (submit, claim, step, end, renew, upgrade,
// refresh) and has three places: NAME.before, before that is done; NAME.commit, before COMMIT; NAME.committed, before the caller knows.
type Store struct {
	ports.UnitOfWork
	points *Points
	bugs   *bugs
}

// NewStore wraps a unit of work; memory is another one that a seeded mistake falls back on.
func NewStore(u, memory ports.UnitOfWork, p *Points) *Store { return &Store{u, p, newBugs(u, memory)} }

// Do runs fn with the places around it.
func (s *Store) Do(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	var name string
	err := s.bugs.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		d := &doing{points: s.points, bugs: s.bugs}
		if err := fn(ctx, d.wrap(tx)); err != nil {
			return err
		}
		if name = d.name; name == "" {
			return nil
		}
		return s.points.Hit(ctx, name+".commit")
	}, func() bool { return name == "submit" })
	if err == nil && name != "" {
		return s.points.Hit(ctx, name+".committed")
	}
	return err
}

// View runs fn; mistake B6 reads what is not committed yet, and B10 reads memory where the store is gone.
func (s *Store) View(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	err := s.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		if publishEarly {
			tx.Events = early{tx.Events, s.bugs}
		}
		return fn(ctx, tx)
	})
	if memoryFallBack && fault.KindOf(err) == fault.Unavailable {
		return s.bugs.memory.View(context.WithoutCancel(ctx), fn)
	}
	return err
}

// Look runs fn; mistake B6 reads what is not committed yet, and B10 reads memory where the store is gone.
func (s *Store) Look(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	err := s.UnitOfWork.Look(ctx, func(ctx context.Context, tx ports.Tx) error {
		if publishEarly {
			tx.Events = early{tx.Events, s.bugs}
		}
		return fn(ctx, tx)
	})
	if memoryFallBack && fault.KindOf(err) == fault.Unavailable {
		return s.bugs.memory.Look(context.WithoutCancel(ctx), fn)
	}
	return err
}

// doing is one transaction.
type doing struct {
	points *Points
	bugs   *bugs
	name   string
}

func (d *doing) wrap(tx ports.Tx) ports.Tx {
	tx.Executions = executions{tx.Executions, d}
	tx.Leases = leases{tx.Leases, d}
	tx.Steps = steps{tx.Steps, d}
	tx.Events = events{tx.Events, d}
	tx.Sessions = sessions{tx.Sessions, d}
	tx.Logins = logins{tx.Logins, d}
	return tx
}

func (d *doing) before(ctx context.Context, name string) error {
	d.name = name
	return d.points.Hit(ctx, name+".before")
}

type executions struct {
	ports.ExecutionStore
	*doing
}

func (s executions) Insert(ctx context.Context, e execution.Execution) error {
	if err := s.before(ctx, "submit"); err != nil {
		return err
	}
	return s.ExecutionStore.Insert(ctx, e)
}

func (s executions) Begin(ctx context.Context, e execution.Execution, lease time.Duration) error {
	if err := s.before(ctx, "submit"); err != nil {
		return err
	}
	err := s.ExecutionStore.Begin(ctx, e, lease)
	if v := e.Snapshot(); err == nil {
		s.points.Note("claim", v.ID, strconv.Itoa(v.Attempt), v.LeaseOwner)
	}
	return err
}

func (s executions) Save(ctx context.Context, e execution.Execution) error {
	if e.State().Terminal() {
		if err := s.before(ctx, "end"); err != nil {
			return err
		}
	}
	return s.ExecutionStore.Save(ctx, e)
}

type leases struct {
	ports.LeaseStore
	*doing
}

func (s leases) Claim(ctx context.Context, id, owner string, lease time.Duration) (execution.Execution, error) {
	if err := s.before(ctx, "claim"); err != nil {
		return execution.Execution{}, err
	}
	e, err := s.LeaseStore.Claim(ctx, id, owner, lease)
	if err == nil {
		s.points.Note("claim", id, strconv.Itoa(e.Snapshot().Attempt), owner)
	}
	return e, err
}

// Hold notes every write that was refused because its owner is no longer one.
func (s leases) Hold(ctx context.Context, l execution.Lease) (execution.Execution, error) {
	e, err := s.LeaseStore.Hold(ctx, l)
	if errors.Is(err, execution.ErrLeaseLost) {
		s.points.Note("stale", l.ExecutionID, strconv.FormatInt(l.Fence, 10), l.Owner)
	}
	return e, err
}

func (s leases) Renew(ctx context.Context, held []execution.Lease, lease time.Duration) (ports.Renewal, error) {
	if err := s.before(ctx, "renew"); err != nil {
		return ports.Renewal{}, err
	}
	return s.LeaseStore.Renew(ctx, held, lease)
}

type steps struct {
	ports.StepStore
	*doing
}

func (s steps) Put(ctx context.Context, tenantID string, step execution.Step) error {
	if err := s.before(ctx, "step"); err != nil {
		return err
	}
	return s.StepStore.Put(ctx, tenantID, step)
}

type events struct {
	ports.EventLog
	*doing
}

func (s events) Append(ctx context.Context, tenantID string, list []event.Event) error {
	if s.name == "end" {
		if err := s.points.Hit(ctx, "end.event"); err != nil {
			return err
		}
	}
	return s.bugs.append(ctx, s.EventLog, tenantID, list)
}

type sessions struct {
	ports.SessionStore
	*doing
}

func (s sessions) Upgrade(ctx context.Context, id string, secretHash []byte, userID, tenantID string) (session.Session, error) {
	if err := s.before(ctx, "upgrade"); err != nil {
		return session.Session{}, err
	}
	return s.SessionStore.Upgrade(ctx, id, secretHash, userID, tenantID)
}

type logins struct {
	ports.LoginStore
	*doing
}

func (s logins) Rotate(ctx context.Context, next session.Login, from int) error {
	if err := s.before(ctx, "refresh"); err != nil {
		return err
	}
	return s.LoginStore.Rotate(ctx, next, from)
}
