package e2e_test

import (
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// takeOver is how long the work of a dead owner may rest: a lease of 5 s, and what finds it.
const takeOver = 10 * time.Second

// What replicas lose: the bus between them, an owner that stands still and comes back, and one that is killed. Streams at another replica
// go on without a hole.
func TestReplicasLoseEachOther(t *testing.T) {
	t.Parallel()
	r := startReplicas(t)
	a, b := r.apis[0], r.apis[1]
	v := a.anonymous()
	file := r.longFile(v)
	at := b.open(v.caller(), v.id)

	r.nats.Stop()
	r.withoutBus(v, at)
	r.nats.Start()
	eventually(t, func() bool { return !slices.Contains(r.bus(), any("degraded")) })

	// The owner stands still in the middle of a step; when it goes on, another has done the work, and it writes nothing.
	id, watched, last := r.paused(v, file, at)
	again := watched.until("execution.started", "")
	require.EqualValues(t, 2, again.Data["attempt"])
	watched.until("execution.completed", "")
	watched.ends()
	r.signal(syscall.SIGCONT, 0)
	a.completed(v.caller(), id, "")
	at.untilOf(id, "execution.completed", &last)
	a.run(v.caller(), v.id, "list_files", "file_list", map[string]any{})
	checkLog(b, v.caller(), id)

	// The same, and the owner never comes back.
	id, watched, last = r.paused(v, file, at)
	r.servers[0].kill()
	killed := time.Now()
	again = watched.until("execution.started", "")
	t.Logf("taken over %s after the kill", again.At.Sub(killed))
	require.Less(t, again.At.Sub(killed), within(takeOver))
	watched.until("execution.completed", "")
	watched.ends()
	at.untilOf(id, "execution.completed", &last)
	checkLog(b, v.caller(), id)
}

// withoutBus works at the first replica and sees it at the second, by its polls. Nobody is out of service for it.
func (r *replicas) withoutBus(v visitor, at *socket) {
	r.t.Helper()
	eventually(r.t, func() bool { return !slices.Contains(r.bus(), any("ok")) })
	for range 3 {
		began := time.Now()
		id := r.apis[0].submit(v.caller(), v.id, "list_files", map[string]any{})
		last := int64(0)
		at.untilOf(id, "execution.completed", &last)
		r.t.Logf("without NATS, seen after %s", time.Since(began))
		require.Less(r.t, time.Since(began), within(2*time.Second))
	}
	ada := r.apis[0].register("Ada")
	signedIn := r.apis[1].open(ada.caller(), ada.session)
	left := time.Now()
	r.apis[0].post(ada.caller(), "/api/auth/logout", nil).is(http.StatusOK)
	code, _ := signedIn.closed()
	require.Equal(r.t, 4409, code)
	require.Less(r.t, time.Since(left), within(time.Second))
}

// paused starts an execution at the first replica, stops that in the middle of it, and follows it at the second, by a stream and on a
// socket, which are now after the same event.
func (r *replicas) paused(v visitor, file string, at *socket) (id string, watched *stream, last int64) {
	r.t.Helper()
	id = r.ownedByFirst(v, file)
	r.signal(syscall.SIGSTOP, 0)
	r.signal(syscall.SIGCONT, 1, 2)
	watched = r.apis[1].follow(v.caller(), id)
	watched.until("execution.step.started", "parse")
	for last < watched.last {
		at.untilOf(id, "", &last)
	}
	return id, watched, last
}
