package runtime_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/runtime"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/sheet"
)

func TestARealmThatPanicsAboutAFailureDoesNotKeepTheExecutionAlive(t *testing.T) {
	w := newWorld(t, only(func(context.Context, ports.IntentCall) (ports.IntentResult, error) {
		return ports.IntentResult{}, fault.New(fault.Conflict, "broken", "No.")
	}))
	w.failed = func() []event.Draft { panic("and the realm too") }
	id := w.submit(submission("act"))
	w.work()
	require.Equal(t, execution.Failed, w.get(id).State)
	require.Equal(t, "broken", w.get(id).ErrorCode)
}

// A process that was cut off for longer than its lease may be the next to claim: its own earlier run must end, not only be refused.
func TestAClaimOfTheSameProcessEndsItsLapsedRun(t *testing.T) {
	inside := make(chan struct{})
	var cause error
	w := newWorld(t, only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		if c.Execution().Attempt == 1 {
			close(inside)
			<-ctx.Done()
			cause = context.Cause(ctx)
		}
		return ports.IntentResult{}, nil
	}))
	id := w.submit(submission("act"))
	var lapsed sync.WaitGroup
	lapsed.Go(w.work)
	<-inside
	w.clock.Advance(10 * time.Second)
	w.desk.Wake(id)
	w.work()
	lapsed.Wait()
	require.ErrorIs(t, cause, execution.ErrLeaseLost)
	require.Equal(t, append(started, event.ExecutionStarted, event.ExecutionCompleted), w.types(id))
}

// A visitor's intent that was on its way while the session was upgraded is refused as one of an unknown session: it must not stay behind
// in the scope that the session has left.
func TestNothingIsAcceptedIntoAScopeThatAnUpgradeHasLeft(t *testing.T) {
	w := newWorld(t, only(done))
	s := submission("act")
	s.Principal = identity.Principal{Kind: identity.KindAnonymous, TenantID: "ses_v", SessionID: "ses_v", Roles: []identity.Role{identity.RoleMember}}
	s.SessionID = "ses_v"
	require.NoError(t, w.store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		return tx.Sessions.Insert(ctx, session.NewAnonymous("ses_v", []byte("secret"), nil, nil, w.clock.Now()))
	}))
	_, err := w.engine.Submit(t.Context(), s)
	require.NoError(t, err)
	require.NoError(t, w.store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Sessions.Upgrade(ctx, "ses_v", []byte("secret"), "usr_ada", "ten_a")
		return err
	}))
	_, err = w.engine.Submit(t.Context(), s)
	require.ErrorIs(t, err, fault.ErrNotFound)
}

func TestIdempotencyKeys(t *testing.T) {
	w := newWorld(t, only(done))
	s := submission("act")
	s.IdempotencyKey, s.Fingerprint = "key", []byte("body")
	var group sync.WaitGroup
	receipts := make([]ports.Receipt, 64)
	for i := range receipts {
		group.Go(func() {
			r, err := w.engine.Submit(t.Context(), s)
			require.NoError(t, err)
			receipts[i] = r
		})
	}
	group.Wait()
	fresh := 0
	for _, r := range receipts {
		require.Equal(t, receipts[0].Execution.ID, r.Execution.ID)
		if !r.Repeated {
			fresh++
		}
	}
	require.Equal(t, 1, fresh)

	other := s
	other.Fingerprint = []byte("another body")
	_, err := w.engine.Submit(t.Context(), other)
	require.ErrorIs(t, err, intent.ErrIdempotencyReused)

	stranger := s
	stranger.Principal = identity.Principal{Kind: identity.KindUser, UserID: "usr_bob", TenantID: "ten_b", Roles: ada().Roles}
	r, err := w.engine.Submit(t.Context(), stranger)
	require.NoError(t, err)
	require.False(t, r.Repeated, "keys of others do not meet")
}

func TestALaneRunsOneAfterTheOther(t *testing.T) {
	var order []string
	w := newWorld(t, only(func(_ context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		order = append(order, c.Execution().ID)
		return ports.IntentResult{}, nil
	}))
	var want []string
	for range 3 {
		s := submission("act")
		s.Intent.Lane = "con_1"
		want = append(want, w.submit(s))
	}
	jobs := w.desk.take()
	require.NoError(t, w.desk.handle(t.Context(), jobs[2].ExecutionID), "out of turn: a no-op")
	require.Equal(t, execution.Accepted, w.get(want[2]).State)
	w.desk.add(jobs[:1])
	w.work() // each one's end wakes the next
	require.Equal(t, want, order)
}

func TestCancel(t *testing.T) {
	w := newWorld(t, only(func(ctx context.Context, _ ports.IntentCall) (ports.IntentResult, error) {
		<-ctx.Done()
		return ports.IntentResult{}, ctx.Err()
	}))
	waiting := w.submit(submission("act"))
	w.desk.take()
	after, err := w.engine.Cancel(t.Context(), ada(), waiting)
	require.NoError(t, err)
	require.Equal(t, execution.Cancelled, after.State)
	require.Equal(t, []string{event.ExecutionAccepted, event.ExecutionCancelled}, w.types(waiting))
	_, err = w.engine.Cancel(t.Context(), ada(), waiting)
	require.NoError(t, err, "twice is once")

	running := w.submit(submission("act"))
	var group sync.WaitGroup
	group.Go(w.work)
	require.Eventually(t, func() bool { return w.get(running).State == execution.Running }, time.Second, time.Millisecond)
	_, err = w.engine.Cancel(t.Context(), ada(), running)
	require.NoError(t, err)
	group.Wait()
	require.Equal(t, execution.Cancelled, w.get(running).State)

	stranger := ada()
	stranger.UserID = "usr_bob"
	_, err = w.engine.Cancel(t.Context(), stranger, running)
	require.ErrorIs(t, err, fault.ErrNotFound)
	viewer := ada()
	viewer.Roles = []identity.Role{identity.RoleViewer}
	_, err = w.engine.Cancel(t.Context(), viewer, running)
	require.ErrorIs(t, err, fault.ErrPermission)
}

func TestRightsAreThoseOfToday(t *testing.T) {
	w := newWorld(t, only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		t.Error("must not run")
		return ports.IntentResult{}, nil
	}))
	id := w.submit(submission("act"))
	w.grants.roles = []identity.Role{identity.RoleViewer}
	w.work()
	require.Equal(t, "permission_denied", w.get(id).ErrorCode)

	low := submission("act")
	low.Principal.Roles = []identity.Role{identity.RoleViewer}
	id = w.submit(low)
	w.grants.roles = []identity.Role{identity.RoleViewer, identity.RoleOwner}
	w.work()
	require.Equal(t, "permission_denied", w.get(id).ErrorCode, "rights never rise after submit")
}

// T12: a right that goes between two steps, or between two attempts, ends the execution before the next step. Steps that are done stay done.
func TestRightsAreCheckedBeforeEachStep(t *testing.T) {
	const steps = 10
	tried, ran := 0, 0
	for name, left := range map[string][]identity.Role{"nothing": nil, "viewer": {identity.RoleViewer}, "no such role": {"superuser"}} {
		for last := 1; last < steps; last++ {
			for _, apart := range []bool{false, true} { // apart: the attempt fails, and the right goes before the next one
				if done := dropped(t, left, last, apart); done != last {
					t.Errorf("left with %s after step %d (apart %t): steps that ran %d", name, last, apart, done)
				}
				tried, ran = tried+1, ran+last
			}
		}
	}
	sheet.Record(t, "T12", tried, fmt.Sprintf("steps before the right was gone %d, after it 0", ran), "next step refused; 50/50")
}

// dropped runs an execution of ten steps whose owner is left with these roles after the last one named, and gives how many ran.
func dropped(t *testing.T, left []identity.Role, last int, apart bool) (ran int) {
	t.Helper()
	var w *world
	w = newWorld(t, only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		for n := 1; n <= 10; n++ {
			if _, err := c.Step(ctx, fmt.Sprintf("step_%d", n), func(context.Context, string) ([]byte, error) {
				if ran++; n == last && !apart {
					w.grants.roles = left
				}
				return nil, nil
			}); err != nil {
				return ports.IntentResult{}, err
			}
			if n == last && apart {
				w.grants.roles = left
				return ports.IntentResult{}, fault.ErrUnavailable
			}
		}
		return ports.IntentResult{}, nil
	}))
	id := w.submit(submission("act"))
	w.work()
	w.clock.Advance(10 * time.Second) // the next attempt is due
	w.work()
	require.Equal(t, "permission_denied", w.get(id).ErrorCode)
	require.Equal(t, execution.Failed, w.get(id).State)
	return ran
}

func TestAnExecutionThatTakesTooLongFails(t *testing.T) {
	w := newWorld(t, only(func(ctx context.Context, _ ports.IntentCall) (ports.IntentResult, error) {
		<-ctx.Done()
		return ports.IntentResult{}, ctx.Err()
	}))
	s := submission("act")
	s.Spec.Timeout = 10 * time.Millisecond
	id := w.submit(s)
	w.work()
	require.Equal(t, execution.Failed, w.get(id).State)
	require.Equal(t, "timeout", w.get(id).ErrorCode)
}

func TestWorkOfADeadProcessIsFinishedByTheNext(t *testing.T) {
	var crashed execution.Snapshot
	w := newWorld(t, only(done))
	id := w.submit(submission("act"))
	require.NoError(t, w.store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Leases.Claim(ctx, id, "wrk_dead", time.Second)
		crashed = ex.Snapshot()
		return err
	}))
	require.Equal(t, execution.Running, crashed.State)
	w.clock.Advance(time.Minute)
	w.start(only(done)) // its first sweep finds the lapsed lease
	require.Eventually(t, func() bool { w.work(); return w.get(id).State == execution.Completed }, 5*time.Second, 5*time.Millisecond)
}

func TestConfigIsChecked(t *testing.T) {
	bad := runtime.Config{Lease: time.Second, Renewal: time.Second}
	err := bad.Validate()
	for _, want := range []string{"sweep", "poll", "timeout", "half of the lease", "max claims"} {
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, runtime.Defaults().Validate())
}
