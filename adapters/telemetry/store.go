package telemetry

import (
	"context"
	"strings"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// Store gives the unit of work with its transactions timed and, after COMMIT, what they did counted. What is rolled back is not counted,
// what runs a second time counts once.
func (m *Metrics) Store(inner ports.UnitOfWork, clock ports.Clock) ports.UnitOfWork {
	return watched{inner, m, clock}
}

type watched struct {
	inner   ports.UnitOfWork
	metrics *Metrics
	clock   ports.Clock
}

// Do implements ports.UnitOfWork.
func (w watched) Do(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	var done *tally
	start := w.clock.Now()
	err := w.inner.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		done = &tally{metrics: w.metrics} // anew for every run of fn
		tx.Events = countingLog{tx.Events, done}
		tx.Executions = countingExecutions{tx.Executions, done}
		tx.Leases = countingLeases{tx.Leases, tx.Events, done}
		tx.Ledger = countingLedger{tx.Ledger, done}
		return fn(ctx, tx)
	})
	w.metrics.transaction("write", w.clock.Now().Sub(start), err)
	if err == nil && done != nil {
		for _, count := range done.counts {
			count()
		}
	}
	return err
}

// View implements ports.UnitOfWork.
func (w watched) View(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	start := w.clock.Now()
	err := w.inner.View(ctx, fn)
	w.metrics.transaction("read", w.clock.Now().Sub(start), err)
	return err
}

// Look implements ports.UnitOfWork.
func (w watched) Look(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	start := w.clock.Now()
	err := w.inner.Look(ctx, fn)
	w.metrics.transaction("read", w.clock.Now().Sub(start), err)
	return err
}

// tally is what a transaction will have done once it has committed. It belongs to the transaction's goroutine.
type tally struct {
	metrics *Metrics
	counts  []func()
}

func (t *tally) later(count func()) { t.counts = append(t.counts, count) }

// accepted counts a new execution.
func (t *tally) accepted(v execution.Snapshot) {
	t.later(func() { t.metrics.executions.WithLabelValues("accepted", v.Intent.Type).Inc() })
}

// first counts the first attempt at an execution, and how long it had waited.
func (t *tally) first(v execution.Snapshot) {
	t.later(func() {
		t.metrics.attempts.WithLabelValues("first").Inc()
		t.metrics.queueTime.Observe(v.UpdatedAt.Sub(v.CreatedAt).Seconds())
	})
}

type countingLog struct {
	ports.EventLog
	done *tally
}

// Append implements ports.EventLog.
func (l countingLog) Append(ctx context.Context, tenantID string, events []event.Event) error {
	err := l.EventLog.Append(ctx, tenantID, events)
	if err == nil {
		l.done.later(func() {
			for _, e := range events {
				l.done.metrics.event(e.Type)
			}
		})
	}
	return err
}

type countingExecutions struct {
	ports.ExecutionStore
	done *tally
}

// Insert implements ports.ExecutionStore.
func (s countingExecutions) Insert(ctx context.Context, e execution.Execution) error {
	err := s.ExecutionStore.Insert(ctx, e)
	if err == nil {
		s.done.accepted(e.Snapshot())
	}
	return err
}

// Begin implements ports.ExecutionStore.
func (s countingExecutions) Begin(ctx context.Context, e execution.Execution, lease time.Duration) error {
	err := s.ExecutionStore.Begin(ctx, e, lease)
	if v := e.Snapshot(); err == nil {
		s.done.accepted(v)
		s.done.first(v)
	}
	return err
}

// Save implements ports.ExecutionStore.
func (s countingExecutions) Save(ctx context.Context, e execution.Execution) error {
	err := s.ExecutionStore.Save(ctx, e)
	if v := e.Snapshot(); err == nil && v.State.Terminal() {
		s.done.later(func() {
			s.done.metrics.executions.WithLabelValues(string(v.State), v.Intent.Type).Inc()
			s.done.metrics.runTime.WithLabelValues(string(v.State)).Observe(v.CompletedAt.Sub(v.CreatedAt).Seconds())
		})
	}
	return err
}

type countingLeases struct {
	ports.LeaseStore
	log  ports.EventLog
	done *tally
}

// Claim implements ports.LeaseStore.
func (s countingLeases) Claim(ctx context.Context, id, owner string, lease time.Duration) (execution.Execution, error) {
	e, err := s.LeaseStore.Claim(ctx, id, owner, lease)
	if err == nil {
		v := e.Snapshot()
		if err := s.orphaned(ctx, v); err != nil {
			return e, err
		}
		s.done.later(func() {
			if v.Attempt > 1 {
				s.done.metrics.attempts.WithLabelValues("again").Inc()
			}
		})
		if v.Attempt <= 1 {
			s.done.first(v)
		}
	}
	return e, err
}

// orphaned counts a claim after which the log shows no reason: who worked on the execution before neither put it back nor let it wait.
func (s countingLeases) orphaned(ctx context.Context, v execution.Snapshot) error {
	if v.Attempt <= 1 {
		return nil
	}
	last, err := s.log.Read(ctx, v.TenantID, v.ID, v.LastSeq-1, 1)
	if err != nil || len(last) == 0 {
		return err
	}
	switch last[0].Type {
	case event.ExecutionRetrying, event.ExecutionWaiting, event.ExecutionPaused, event.ExecutionResumed, event.ExecutionDecided:
	default:
		s.done.later(func() { s.done.metrics.takeOvers.WithLabelValues().Inc() })
	}
	return nil
}

func (m *Metrics) transaction(kind string, took time.Duration, err error) {
	result := "ok"
	switch {
	case err == nil:
	case fault.KindOf(err) == fault.Unavailable:
		result = "unavailable"
	case fault.KindOf(err) == fault.Internal:
		result = "error"
	default:
		result = "refused"
	}
	m.transactions.WithLabelValues(kind, result).Observe(took.Seconds())
}

// event counts an event of the log by its type, as far as the type is one of the platform's.
func (m *Metrics) event(kind string) {
	switch kind {
	case event.ExecutionRetrying, event.ExecutionWaiting, event.ExecutionPaused:
		m.waits.WithLabelValues(strings.TrimPrefix(kind, "execution.")).Inc()
	case event.StepCompleted, event.StepFailed:
		m.steps.WithLabelValues(strings.TrimPrefix(kind, "execution.step.")).Inc()
	case event.AgentCompleted, event.AgentFailed:
		m.turns.WithLabelValues(strings.TrimPrefix(kind, "agent.")).Inc()
	}
}
