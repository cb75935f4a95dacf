package schedule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/schedule"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func ada() identity.Principal {
	return identity.Principal{Kind: identity.KindUser, UserID: "usr_a", TenantID: "ten_a", SessionID: "ses_a", Roles: []identity.Role{identity.RoleMember}}
}

func minutely(after time.Time) time.Time { return after.Truncate(time.Minute).Add(time.Minute) }

func made(t *testing.T, edit func(*schedule.Order)) schedule.Schedule {
	t.Helper()
	o := schedule.Order{IntentType: "parse_content", Expression: "* * * * *"}
	if edit != nil {
		edit(&o)
	}
	s, err := schedule.New("sch_1", o, ada(), noon, noon.Add(-time.Second))
	require.NoError(t, err)
	return s
}

func TestAnOrderIsCheckedAndCompleted(t *testing.T) {
	s := made(t, nil).Snapshot()
	require.Equal(t, schedule.Skip, s.Order.Overlap)
	require.Equal(t, schedule.CatchUpLast, s.Order.CatchUp)
	require.Equal(t, schedule.DefaultWindow, s.Order.Window)
	require.Equal(t, schedule.DefaultLimit, s.Order.Limit)
	require.Equal(t, schedule.DefaultWindowOnce, made(t, func(o *schedule.Order) { o.Expression, o.At = "", noon }).Snapshot().Order.Window)

	_, err := schedule.New("sch_1", schedule.Order{
		Name: strings.Repeat("x", 201), Parameters: make([]byte, schedule.MaxParameters+1), Overlap: "perhaps", CatchUp: "some", Window: time.Second, Limit: 101,
	}, ada(), noon, noon)
	require.ErrorIs(t, err, schedule.ErrOrder)
	var places []string
	for _, f := range fault.As(err).Fields {
		places = append(places, f.Pointer)
	}
	require.Equal(t, []string{"/name", "/cron", "/parameters", "/overlap", "/catch_up", "/catch_up_window", "/catch_up_limit"}, places)
	for _, edit := range []func(*schedule.Order){
		func(o *schedule.Order) { o.At = noon },
		func(o *schedule.Order) { o.Expression = strings.Repeat("*", 101) },
	} {
		o := schedule.Order{Expression: "* * * * *"}
		edit(&o)
		_, err := schedule.New("sch_1", o, ada(), noon, noon)
		require.ErrorIs(t, err, schedule.ErrOrder)
	}
	_, err = schedule.New("sch_1", schedule.Order{Expression: "* * * * *"}, ada(), time.Time{}, noon)
	require.ErrorIs(t, err, schedule.ErrNever)
	_, err = schedule.New("sch_1", schedule.Order{Expression: "* * * * *"}, identity.Principal{Kind: identity.KindAnonymous, SessionID: "ses_v", TenantID: "ses_v"}, noon, noon)
	require.ErrorIs(t, err, schedule.ErrVisitor)
}

func TestALife(t *testing.T) {
	s := made(t, nil)
	require.Equal(t, noon, s.Snapshot().Due())
	for _, want := range []bool{true, false} {
		changed, err := s.Pause(noon)
		require.NoError(t, err)
		require.Equal(t, want, changed)
	}
	require.True(t, s.Snapshot().Due().IsZero())
	for _, want := range []bool{true, false} {
		changed, err := s.Trigger(noon)
		require.NoError(t, err)
		require.Equal(t, want, changed)
	}
	require.Equal(t, noon, s.Snapshot().Due(), "a run that is asked for counts also while it is paused")
	s.Triggered(noon)
	require.True(t, s.Snapshot().Due().IsZero())
	later := noon.Add(time.Hour)
	eve := ada()
	eve.SessionID = "ses_new"
	for _, want := range []bool{true, false} {
		changed, err := s.Resume(eve, later, noon)
		require.NoError(t, err)
		require.Equal(t, want, changed)
	}
	require.Equal(t, later, s.Snapshot().Due())
	require.Equal(t, "ses_new", s.Snapshot().Principal.SessionID)

	s.Refuse("no", "because", noon)
	require.Equal(t, schedule.Paused, s.Snapshot().Status)
	require.Equal(t, "because", s.Snapshot().Reason)
	_, err := s.Resume(eve, time.Time{}, noon)
	require.NoError(t, err)
	require.Equal(t, schedule.Ended, s.Snapshot().Status, "its only tick went by")
	require.Empty(t, s.Snapshot().Reason)
	for _, act := range []func() (bool, error){
		func() (bool, error) { return s.Pause(noon) },
		func() (bool, error) { return s.Resume(eve, later, noon) },
		func() (bool, error) { return s.Trigger(noon) },
	} {
		_, err := act()
		require.ErrorIs(t, err, schedule.ErrEnded)
	}
	require.ErrorIs(t, s.Change(schedule.Order{At: noon}, eve, time.Time{}, noon), schedule.ErrNever)
	require.ErrorIs(t, s.Change(schedule.Order{}, eve, later, noon), schedule.ErrOrder)
	require.NoError(t, s.Change(schedule.Order{At: later}, eve, later, noon))
	require.Equal(t, schedule.Active, s.Snapshot().Status)
	s.Advance(later, time.Time{}, later)
	require.Equal(t, schedule.Ended, s.Snapshot().Status)
	require.Equal(t, later, s.Snapshot().LastTick)
}

func TestPlansByCatchUpPolicy(t *testing.T) {
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	for name, c := range map[string]struct {
		edit func(*schedule.Order)
		// now is minutes after noon, and five seconds: the tick of that minute is on time.
		now  int
		want []schedule.Plan
	}{
		"on time":           {nil, 0, []schedule.Plan{{Tick: at(0), Next: at(1)}}},
		"none":              {func(o *schedule.Order) { o.CatchUp = schedule.CatchUpNone }, 3, []schedule.Plan{{MissedFrom: at(0), MissedUntil: at(2), Next: at(3)}, {Tick: at(3), Next: at(4)}}},
		"last":              {nil, 3, []schedule.Plan{{MissedFrom: at(0), MissedUntil: at(1), Next: at(2)}, {Tick: at(2), Next: at(3)}, {Tick: at(3), Next: at(4)}}},
		"last, one late":    {nil, 1, []schedule.Plan{{Tick: at(0), Next: at(1)}, {Tick: at(1), Next: at(2)}}},
		"all":               {func(o *schedule.Order) { o.CatchUp = schedule.CatchUpAll }, 2, []schedule.Plan{{Tick: at(0), Next: at(1)}, {Tick: at(1), Next: at(2)}, {Tick: at(2), Next: at(3)}}},
		"all, up to two":    {func(o *schedule.Order) { o.CatchUp, o.Limit = schedule.CatchUpAll, 2 }, 4, []schedule.Plan{{MissedFrom: at(0), MissedUntil: at(1), Next: at(2)}, {Tick: at(2), Next: at(3)}, {Tick: at(3), Next: at(4)}, {Tick: at(4), Next: at(5)}}},
		"out of the window": {func(o *schedule.Order) { o.CatchUp, o.Window = schedule.CatchUpAll, 2*time.Minute }, 600, []schedule.Plan{{MissedFrom: at(0), MissedUntil: at(0), Next: at(599)}, {Tick: at(599), Next: at(600)}, {Tick: at(600), Next: at(601)}}},
	} {
		t.Run(name, func(t *testing.T) {
			s, now := made(t, c.edit), at(c.now).Add(5*time.Second)
			var got []schedule.Plan
			for {
				p, ok := s.Snapshot().Plan(minutely, now)
				if !ok {
					break
				}
				got = append(got, p)
				s.Advance(p.Last(), p.Next, now)
			}
			require.Equal(t, c.want, got)
			require.Equal(t, got[len(got)-1].Last(), s.Snapshot().LastTick)
		})
	}
	once := made(t, func(o *schedule.Order) { o.Expression, o.At = "", noon })
	never := func(time.Time) time.Time { return time.Time{} }
	p, ok := once.Snapshot().Plan(never, at(60))
	require.True(t, ok)
	require.Equal(t, schedule.Plan{Tick: noon}, p, "a single run is caught up for a day")
	p, ok = once.Snapshot().Plan(never, at(3*24*60))
	require.True(t, ok)
	require.Equal(t, schedule.Plan{MissedFrom: noon, MissedUntil: noon}, p)
}

func TestOverlap(t *testing.T) {
	for o, want := range map[schedule.Overlap][3]schedule.Verdict{
		schedule.Skip:        {{Start: true}, {}, {}},
		schedule.Buffer:      {{Start: true, InTurn: true}, {Start: true, InTurn: true}, {InTurn: true}},
		schedule.Allow:       {{Start: true}, {Start: true}, {Start: true}},
		schedule.CancelOther: {{Start: true, InTurn: true}, {Start: true, Cancel: true, InTurn: true}, {Start: true, Cancel: true, InTurn: true}},
	} {
		for live, v := range want {
			require.Equal(t, v, o.Judge(live), "%s with %d", o, live)
		}
	}
}
