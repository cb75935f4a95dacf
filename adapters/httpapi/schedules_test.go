package httpapi_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSchedulesOverHTTP(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.register("ada"), w.register("eve")
	as := func(u user, method, path string, body any) reply {
		return w.do(call{method: method, path: "/api/schedules" + path, token: u.token, body: body})
	}
	order := map[string]any{"name": "nightly", "intent_type": "list_files", "parameters": map[string]any{}, "cron": "0 3 * * *", "time_zone": "Europe/Berlin"}
	made := as(ada, "POST", "", order).is(201).json()
	id := "/" + fmt.Sprint(made["schedule_id"])
	require.Equal(t, "active", made["status"])
	require.Equal(t, "skip", made["overlap"])
	require.Equal(t, "last", made["catch_up"])
	require.InDelta(t, 3600, made["catch_up_window"], 0)
	require.Equal(t, ada.session, made["session_id"])
	require.Nil(t, made["at"])

	for what, r := range map[string]reply{
		"get": as(eve, "GET", id, nil), "patch": as(eve, "PATCH", id, map[string]any{"name": "x"}), "delete": as(eve, "DELETE", id, nil),
		"pause": as(eve, "POST", id+"/pause", nil), "resume": as(eve, "POST", id+"/resume", nil), "trigger": as(eve, "POST", id+"/trigger", nil), "runs": as(eve, "GET", id+"/runs", nil),
	} {
		require.Equal(t, 404, r.status, what)
	}
	require.Empty(t, as(eve, "GET", "", nil).is(200).json()["schedules"])
	v := w.visit()
	w.do(call{method: "POST", path: "/api/schedules", secret: v.secret, body: order}).fails(401, "unauthenticated")

	require.Equal(t, "paused", as(ada, "POST", id+"/pause", nil).is(200).str("status"))
	require.Equal(t, "active", as(ada, "POST", id+"/resume", nil).is(200).str("status"))
	changed := as(ada, "PATCH", id, map[string]any{"overlap": "buffer", "cron": "30 4 * * MON-FRI", "catch_up_window": 60}).is(200).json()
	require.Equal(t, "buffer", changed["overlap"])
	require.Equal(t, "nightly", changed["name"])
	require.InDelta(t, 60, changed["catch_up_window"], 0)
	as(ada, "PATCH", id, map[string]any{"cron": "@daily", "at": "2030-01-01T00:00:00Z"}).fails(422, "invalid_schedule")

	// A run that is asked for comes, and its execution is there.
	trigger := call{method: "POST", path: "/api/schedules" + id + "/trigger", token: ada.token, header: map[string]string{"Idempotency-Key": "now"}}
	w.do(trigger).is(200)
	w.do(trigger).is(200)
	var runs []any
	require.Eventually(t, func() bool {
		runs = as(ada, "GET", id+"/runs", nil).is(200).json()["runs"].([]any)
		return len(runs) > 0
	}, 10*time.Second, 20*time.Millisecond)
	run := runs[0].(map[string]any)
	require.Equal(t, "started", run["outcome"])
	require.Equal(t, true, run["manual"])
	done := w.settle(call{token: ada.token}, fmt.Sprint(run["execution_id"]))
	require.Equal(t, "completed", done["status"])
	require.Equal(t, made["schedule_id"], done["metadata"].(map[string]any)["schedule_id"])
	w.do(trigger).is(200)
	require.Nil(t, as(ada, "GET", id, nil).is(200).json()["trigger_at"], "the same key asks once")

	as(ada, "DELETE", id, nil).is(204)
	as(ada, "GET", id, nil).fails(404, "not_found")
}

func TestSchedulesThatAreRefusedOverHTTP(t *testing.T) {
	w := newWorld(t)
	ada := w.register("ada")
	post := func(edit map[string]any) reply {
		order := map[string]any{"intent_type": "list_files", "cron": "@daily"}
		for k, v := range edit {
			order[k] = v
		}
		return w.do(call{method: "POST", path: "/api/schedules", token: ada.token, body: order})
	}
	for name, edit := range map[string]map[string]any{
		"unreadable": {"cron": "every day"}, "too often": {"cron": "* * * * * *"}, "zone": {"time_zone": "Mars"}, "both": {"at": "2030-01-01T00:00:00Z"},
	} {
		p := post(edit).fails(422, "invalid_schedule").json()
		require.NotEmpty(t, p["errors"], name)
	}
	post(map[string]any{"cron": "0 0 30 2 *"}).fails(422, "schedule_never_fires")
	post(map[string]any{"overlap": "perhaps"}).is(422)
	post(map[string]any{"intent_type": "nothing"}).is(422)
	post(map[string]any{"tenant_id": "ten_x"}).is(403)
	first := post(map[string]any{"idempotency_key": "k"}).is(201).str("schedule_id")
	require.Equal(t, first, post(map[string]any{"idempotency_key": "k"}).is(201).str("schedule_id"))
	post(map[string]any{"idempotency_key": "k", "name": "other"}).fails(422, "idempotency_key_reused")

	second := post(nil).is(201).str("schedule_id")
	list := func(query string) map[string]any {
		return w.do(call{method: "GET", path: "/api/schedules" + query, token: ada.token}).is(200).json()
	}
	page := list("?limit=1")
	require.Equal(t, second, page["schedules"].([]any)[0].(map[string]any)["schedule_id"])
	rest := list("?limit=1&cursor=" + fmt.Sprint(page["next_cursor"]))
	require.Equal(t, first, rest["schedules"].([]any)[0].(map[string]any)["schedule_id"])
	require.Nil(t, rest["next_cursor"])
}
