package e2e_test

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Three replicas with NATS between them. Every poll that could stand in for a hint waits for a minute here, so what one replica learns of
// another it learns by a hint: events, cancellation and the end of a session. Limits hold for all together.
func TestReplicasByNATS(t *testing.T) {
	t.Parallel()
	r := startReplicas(t, "SYMPHAINY_RUNTIME_POLL=1m", "SYMPHAINY_RUNTIME_LEASE=3m", "SYMPHAINY_RUNTIME_RENEWAL=1m", "SYMPHAINY_WS_POLL=1m",
		"SYMPHAINY_LIMIT_LOGIN=5/1m")
	a, b, c := r.apis[0], r.apis[1], r.apis[2]
	require.Equal(t, []any{"ok", "ok", "ok"}, r.bus())
	v := a.anonymous()
	file := r.longFile(v)

	// Started through the first, watched through the second, cancelled through the third.
	at := b.open(v.caller(), v.id)
	id := r.ownedByFirst(v, file)
	r.signal(syscall.SIGCONT, 1, 2)
	watched := b.follow(v.caller(), id)
	watched.until("execution.step.started", "parse")
	asked := time.Now()
	c.post(v.caller(), "/api/execution/"+id+"/cancel", nil).is(http.StatusOK)
	over := watched.until("execution.cancelled", "")
	t.Logf("cancelled through the third, seen at the second after %s", over.At.Sub(asked))
	require.Less(t, over.At.Sub(asked), within(time.Second))
	watched.ends()
	var last int64
	at.untilOf(id, "execution.cancelled", &last)
	require.Equal(t, over.Seq, last)

	// Short executions in a row, each seen at the others long before a poll.
	for i := range 9 {
		began := time.Now()
		short := r.apis[2*(i%2)].submit(v.caller(), v.id, "list_files", map[string]any{})
		last = 0
		at.untilOf(short, "execution.completed", &last)
		require.Less(t, time.Since(began), within(2*time.Second))
	}

	ada := a.register("Ada")
	signedIn := b.open(ada.caller(), ada.session)
	left := time.Now()
	c.post(ada.caller(), "/api/auth/logout", nil).is(http.StatusOK)
	code, _ := signedIn.closed()
	t.Logf("signed out at the third, the second's socket closed after %s", time.Since(left))
	require.Equal(t, 4409, code)
	require.Less(t, time.Since(left), within(time.Second))
	for _, each := range r.apis {
		each.get(ada.caller(), "/api/auth/me").is(http.StatusUnauthorized)
	}

	attempt := map[string]any{"email": ada.email, "password": "not-the-password-of-ada"}
	for i := range 5 {
		r.apis[i%3].post(caller{}, "/api/auth/login", attempt).problem(http.StatusUnauthorized, "authentication_failed")
	}
	for _, each := range r.apis {
		each.post(caller{}, "/api/auth/login", attempt).problem(http.StatusTooManyRequests, "rate_limited")
	}
}
