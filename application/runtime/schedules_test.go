package runtime_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/faulty"
)

// plant stores a schedule of Ada whose ticks are full minutes; its first is the next one.
func (w *world) plant(edit func(*schedule.Snapshot)) schedule.Snapshot {
	w.t.Helper()
	now := w.clock.Now()
	s := schedule.Snapshot{
		ID: "sch_" + now.Format("150405.000000"), TenantID: "ten_a", OwnerID: "usr_ada", Principal: ada(), Status: schedule.Active,
		Order: schedule.Order{
			IntentType: "act", Parameters: []byte(`{"n":7}`), SolutionID: "default", Expression: "* * * * *", Zone: "UTC",
			Overlap: schedule.Skip, CatchUp: schedule.CatchUpLast, Window: time.Hour, Limit: 10,
		},
		Next: now.Truncate(time.Minute).Add(time.Minute), CreatedAt: now, UpdatedAt: now,
	}
	if edit != nil {
		edit(&s)
	}
	require.NoError(w.t, w.store.Do(w.t.Context(), func(ctx context.Context, tx ports.Tx) error { return tx.Schedules.Insert(ctx, schedule.Restore(s)) }))
	return s
}

// minute lets time go to the next full minute and fires what is due then.
func (w *world) minute() {
	w.t.Helper()
	now := w.clock.Now()
	w.clock.Advance(now.Truncate(time.Minute).Add(time.Minute).Sub(now))
	require.NoError(w.t, w.engine.FireDue(w.t.Context()))
}

func (w *world) schedule(id string) (s schedule.Snapshot) {
	w.t.Helper()
	require.NoError(w.t, w.store.View(w.t.Context(), func(ctx context.Context, tx ports.Tx) error {
		v, err := tx.Schedules.ByID(ctx, ada().Scope(), id)
		s = v.Snapshot()
		return err
	}))
	return s
}

// outcomes gives what was decided, oldest first, and the executions that were started.
func (w *world) outcomes(id string) (decided []string, started []execution.Snapshot) {
	w.t.Helper()
	var runs []schedule.Run
	require.NoError(w.t, w.store.View(w.t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		runs, err = tx.Ticks.Runs(ctx, "ten_a", id, time.Time{}, 1000)
		return err
	}))
	for i := len(runs) - 1; i >= 0; i-- {
		text := string(runs[i].Outcome)
		if runs[i].Code != "" {
			text += " " + runs[i].Code
		}
		decided = append(decided, text)
		if runs[i].ExecutionID != "" {
			started = append(started, w.get(runs[i].ExecutionID))
		}
	}
	return decided, started
}

func TestATickStartsAnExecutionOfItsCreator(t *testing.T) {
	w := newWorld(t, only(done))
	s := w.plant(nil)
	w.minute()
	require.NoError(t, w.engine.FireDue(t.Context()), "and no second time")
	w.work()
	decided, started := w.outcomes(s.ID)
	require.Equal(t, []string{"started"}, decided)
	ex := started[0]
	require.Equal(t, execution.Completed, ex.State)
	require.Equal(t, ada(), ex.Principal)
	require.Equal(t, "ses_a", ex.SessionID)
	require.JSONEq(t, `{"n":7}`, string(ex.Intent.Parameters))
	require.JSONEq(t, `{"schedule_id":"`+s.ID+`","tick":"`+s.Next.Format(time.RFC3339)+`","manual":false}`, string(ex.Intent.Metadata))
	now := w.schedule(s.ID)
	require.Equal(t, s.Next, now.LastTick)
	require.Equal(t, s.Next.Add(time.Minute), now.Next)
	require.Equal(t, []string{"intent.submitted open", "intent.ended completed"}, w.audited())
}

func TestOfManyProcessesOneFiresATick(t *testing.T) {
	w := newWorld(t, only(done))
	s := w.plant(nil)
	others := []interface{ FireDue(context.Context) error }{w.engine, w.start(only(done)), w.start(only(done))}
	w.clock.Advance(s.Next.Sub(w.clock.Now()))
	var group sync.WaitGroup
	for _, e := range others {
		for range 4 {
			group.Go(func() { require.NoError(t, e.FireDue(t.Context())) })
		}
	}
	group.Wait()
	decided, _ := w.outcomes(s.ID)
	require.Equal(t, []string{"started"}, decided)
}

func TestOverlapPolicies(t *testing.T) {
	for policy, c := range map[schedule.Overlap]struct {
		decided []string
		states  []execution.State
	}{
		schedule.Skip:        {[]string{"started", "skipped overlap", "skipped overlap"}, []execution.State{execution.Accepted}},
		schedule.Buffer:      {[]string{"started", "started", "skipped overlap"}, []execution.State{execution.Accepted, execution.Accepted}},
		schedule.Allow:       {[]string{"started", "started", "started"}, []execution.State{execution.Accepted, execution.Accepted, execution.Accepted}},
		schedule.CancelOther: {[]string{"started", "started", "started"}, []execution.State{execution.Cancelled, execution.Cancelled, execution.Accepted}},
	} {
		t.Run(string(policy), func(t *testing.T) {
			w := newWorld(t, only(done))
			s := w.plant(func(s *schedule.Snapshot) { s.Order.Overlap = policy })
			for range 3 {
				w.minute() // nobody works, so all stay queued
			}
			decided, started := w.outcomes(s.ID)
			require.Equal(t, c.decided, decided)
			var states []execution.State
			for _, ex := range started {
				states = append(states, ex.State)
			}
			require.Equal(t, c.states, states)
			require.Equal(t, policy == schedule.Buffer || policy == schedule.CancelOther, started[0].Intent.Lane != "", "those that follow each other share a lane")
			w.work()
			_, started = w.outcomes(s.ID)
			require.Equal(t, execution.Completed, started[len(started)-1].State)
			w.minute()
			decided, _ = w.outcomes(s.ID)
			require.Equal(t, "started", decided[3])
		})
	}
}

func TestTicksAfterAnOutageAreCaughtUp(t *testing.T) {
	w := newWorld(t, only(done))
	s := w.plant(func(s *schedule.Snapshot) {
		s.Order.CatchUp, s.Order.Limit, s.Order.Overlap = schedule.CatchUpAll, 2, schedule.Allow
	})
	w.clock.Advance(s.Next.Add(4*time.Minute + time.Second).Sub(w.clock.Now()))
	require.NoError(t, w.engine.FireDue(t.Context()))
	decided, _ := w.outcomes(s.ID)
	require.Equal(t, []string{"missed late", "started", "started", "started"}, decided, "two that are late, and one on time")
}

func TestASingleRunEndsItsSchedule(t *testing.T) {
	w := newWorld(t, only(done))
	s := w.plant(func(s *schedule.Snapshot) { s.Order.Expression, s.Order.At = "", s.Next })
	w.minute()
	w.minute()
	decided, _ := w.outcomes(s.ID)
	require.Equal(t, []string{"started"}, decided)
	require.Equal(t, schedule.Ended, w.schedule(s.ID).Status)
}

func TestARunThatIsAskedForObeysThePolicies(t *testing.T) {
	w := newWorld(t, only(done))
	s := w.plant(func(s *schedule.Snapshot) { s.Status, s.TriggerAt = schedule.Paused, w.clock.Now() })
	require.NoError(t, w.engine.FireDue(t.Context()))
	decided, started := w.outcomes(s.ID)
	require.Equal(t, []string{"started"}, decided)
	require.Contains(t, string(started[0].Intent.Metadata), `"manual":true`)
	require.Equal(t, schedule.Paused, w.schedule(s.ID).Status)
	require.True(t, w.schedule(s.ID).TriggerAt.IsZero())
}

func TestAScheduleHasNoMoreRightsThanItsCreatorHasNow(t *testing.T) {
	for name, c := range map[string]struct {
		edit  func(*world, *schedule.Snapshot)
		roles []identity.Role
		code  string
	}{
		"signed out, disabled or no member any more": {nil, nil, schedule.CodeNoRights},
		"another role today":                         {nil, []identity.Role{identity.RoleViewer}, schedule.CodeNoRights},
		"a higher role today gives none":             {func(_ *world, s *schedule.Snapshot) { s.Principal.Roles = []identity.Role{identity.RoleViewer} }, []identity.Role{identity.RoleOwner}, schedule.CodeNoRights},
		"the intent is gone":                         {func(_ *world, s *schedule.Snapshot) { s.Order.IntentType = "gone" }, []identity.Role{identity.RoleMember}, schedule.CodeNoIntent},
		"the parameters do not fit":                  {func(_ *world, s *schedule.Snapshot) { s.Order.Parameters = []byte(`[]`) }, []identity.Role{identity.RoleMember}, schedule.CodeParameters},
		"the expression is not read any more":        {func(_ *world, s *schedule.Snapshot) { s.Order.Expression = "@every 1s" }, []identity.Role{identity.RoleMember}, "invalid_schedule"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, only(done))
			s := w.plant(func(s *schedule.Snapshot) {
				if c.edit != nil {
					c.edit(w, s)
				}
			})
			w.grants.roles = c.roles
			w.minute()
			w.minute()
			decided, started := w.outcomes(s.ID)
			require.Equal(t, []string{"refused " + c.code}, decided)
			require.Empty(t, started)
			now := w.schedule(s.ID)
			require.Equal(t, schedule.Paused, now.Status)
			require.Equal(t, c.code, now.Code)
			require.NotEmpty(t, now.Reason)
			require.Equal(t, []string{"schedule.refused denied"}, w.audited())
		})
	}
}

func TestAFullQueueSkipsATick(t *testing.T) {
	w := newWorld(t, only(done))
	w.queueLimit = 1
	w.engine = w.start(only(done))
	s := w.plant(func(s *schedule.Snapshot) { s.Order.Overlap = schedule.Allow })
	w.minute()
	w.minute()
	decided, _ := w.outcomes(s.ID)
	require.Equal(t, []string{"started", "skipped queue_full"}, decided)
}

// Whatever call of the store fails while a tick is fired: afterwards it is fired, once.
func TestATickIsFiredOnceWhateverFails(t *testing.T) {
	faulty.Sweep(t, func(t *testing.T, wrap func(ports.UnitOfWork) *faulty.Store) {
		w := newWorld(t, only(done))
		s := w.plant(func(s *schedule.Snapshot) { s.Order.Overlap = schedule.CancelOther })
		w.minute()
		store := wrap(w.store)
		w.uow = store
		other := w.idle(only(done))
		w.clock.Advance(time.Minute)
		err := other.FireDue(t.Context())
		if err != nil { // a fault after the commit is reported, and no failure of the tick
			require.ErrorIs(t, err, fault.ErrUnavailable, store.Struck())
		}
		require.NoError(t, w.engine.FireDue(t.Context()))
		decided, started := w.outcomes(s.ID)
		require.Equal(t, []string{"started", "started"}, decided, store.Struck())
		require.Equal(t, execution.Cancelled, started[0].State)
		require.Equal(t, execution.Accepted, started[1].State)
	})
}

func TestAScheduleWithAQueueTimeoutHandsItOn(t *testing.T) {
	w := &world{t: t, edit: func(s *realm.IntentSpec) { s.QueueTimeout = time.Minute }}
	w.open(only(done))
	s := w.plant(nil)
	w.minute()
	_, started := w.outcomes(s.ID)
	require.Equal(t, w.clock.Now().Add(time.Minute), started[0].StartBy)
	require.True(t, typeid.Valid(typeid.Intent, started[0].Intent.ID))
}
