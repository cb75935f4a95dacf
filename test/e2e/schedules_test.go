package e2e_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// runsOf gives what was decided about a schedule's ticks, newest first.
func (a *api) runsOf(who caller, id string) (runs []map[string]any) {
	a.t.Helper()
	list, ok := a.get(who, "/api/schedules/"+id+"/runs?limit=200").is(http.StatusOK).object()["runs"].([]any)
	require.True(a.t, ok)
	for _, r := range list {
		runs = append(runs, r.(map[string]any))
	}
	return runs
}

// A schedule of every second fires, through a kill -9 of all processes, and never twice for one tick; on PostgreSQL two processes look at the
// same ticks. Who signs out stops it, with a reason, and who resumes it after signing in again lets it go on.
func TestSchedulesSurviveAKill(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		t := e.t
		e = e.with("SYMPHAINY_SCHEDULES_MIN_INTERVAL=1s")
		replicas := 1
		if slices.ContainsFunc(e.vars, func(v string) bool { return strings.HasPrefix(v, "SYMPHAINY_DATABASE_URL=") }) {
			replicas = 2
		}
		serve := func() (servers []*server) {
			for range replicas {
				servers = append(servers, start(t, e))
			}
			return servers
		}
		first := serve()
		a := newAPI(t, first[0])
		ada := a.register("Ada")
		id := a.post(ada.caller(), "/api/schedules", map[string]any{
			"intent_type": "list_files", "cron": "* * * * * *", "overlap": "allow", "catch_up": "all", "catch_up_limit": 100,
		}).is(http.StatusCreated).text("schedule_id")
		eventually(t, func() bool { return len(a.runsOf(ada.caller(), id)) >= 2 })
		for _, s := range first {
			s.kill()
		}
		b := newAPI(t, serve()[0])
		before := len(b.runsOf(ada.caller(), id))
		eventually(t, func() bool { return len(b.runsOf(ada.caller(), id)) >= before+3 })
		require.Equal(t, "paused", b.post(ada.caller(), "/api/schedules/"+id+"/pause", nil).is(http.StatusOK).text("status"))

		runs := b.runsOf(ada.caller(), id)
		executions := map[string]bool{}
		var next time.Time
		for _, r := range runs {
			require.Equal(t, "started", r["outcome"], "what came in the outage is caught up")
			tick, err := time.Parse(time.RFC3339, r["tick"].(string))
			require.NoError(t, err)
			if !next.IsZero() {
				require.Equal(t, time.Second, next.Sub(tick), "every tick once")
			}
			next = tick
			executions[r["execution_id"].(string)] = true
			b.ended(ada.caller(), r["execution_id"].(string))
		}
		require.Len(t, executions, len(runs))
		all := b.get(ada.caller(), "/api/executions?limit=200&intent_type=list_files").is(http.StatusOK).object()["executions"].([]any)
		require.Len(t, all, len(runs), "nothing was started beside the record")

		b.post(ada.caller(), "/api/schedules/"+id+"/resume", nil).is(http.StatusOK)
		b.post(ada.caller(), "/api/auth/logout", nil).is(http.StatusOK)
		again := ada.signedIn(b.post(caller{}, "/api/auth/login", map[string]any{"email": ada.email, "password": ada.password}).is(http.StatusOK))
		var stands map[string]any
		eventually(t, func() bool {
			stands = b.get(again.caller(), "/api/schedules/"+id).is(http.StatusOK).object()
			return stands["status"] == "paused"
		})
		require.Equal(t, "creator_not_permitted", stands["code"])
		require.Equal(t, again.session, b.post(again.caller(), "/api/schedules/"+id+"/resume", nil).is(http.StatusOK).text("session_id"))
		seen := len(b.runsOf(again.caller(), id))
		eventually(t, func() bool {
			newest := b.runsOf(again.caller(), id)
			return len(newest) > seen && newest[0]["outcome"] == "started"
		})
		b.post(again.caller(), "/api/schedules/"+id+"/pause", nil).is(http.StatusOK)
	})
}
