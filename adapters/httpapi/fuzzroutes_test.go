package httpapi_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// seedEnv repeats a run of N11.
const seedEnv = "SYMPHAINY_FUZZ_SEED"

// newMaker makes a maker of requests for all routes of the document but sockets and streams that do not end.
func (w *world) newMaker(seed uint64, ids []string) *maker {
	w.t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(w.handler.OpenAPI())
	require.NoError(w.t, err)
	m := &maker{Rand: rand.New(rand.NewPCG(seed, 0)), ids: ids}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if !strings.HasSuffix(path, "/stream") && path != "/ws" && path != "/api/runtime/agent" {
				m.operations = append(m.operations, made{method, path, op})
			}
		}
	}
	slices.SortFunc(m.operations, func(a, b made) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return m
}

// N11: requests made of the document, right and nearly right, of those with the fewest rights. None is answered by an error of the server, or
// otherwise than the document says, or with anything of others; and what others have is as it was.
func TestFuzzedRoutes(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv(seedEnv); given != "" {
		var err error
		seed, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("%s=%d repeats this", seedEnv, seed)
	w := newWorld(t)
	w.ending.Do(func() { close(w.gate) }) // work ends by itself
	w.register("operator")
	victim, boss, hidden := w.victim("victim"), w.victim("boss"), w.victim("hidden")
	invitation := w.do(call{method: "POST", path: "/api/admin/invitations", token: boss.token, body: map[string]any{"email": "low@example.org", "role": "viewer"}}).is(201).str("token")
	low := w.do(call{method: "POST", path: "/api/auth/register", body: map[string]any{"name": "low", "email": "low@example.org", "password": password, "invitation": invitation}}).is(201)
	guest := w.visit()
	m := w.newMaker(seed, []string{
		low.str("user_id"), low.str("session_id"), low.str("tenant_id"), guest.session, victim.id, victim.tenant, victim.session, victim.execution, victim.artifact, victim.schedule, victim.invitation,
		boss.execution, boss.artifact, boss.session, boss.schedule, unknownSession, unknownFile, unknownExecution, unknownUser, "guide", "x",
	})
	before := w.belongings(victim) + w.belongings(boss)
	// What is tried is also kept, as names for one: only what was never said tells of a leak.
	canaries := []string{"canary-victim", "canary-boss", "canary-hidden", boss.invitation, hidden.execution, hidden.artifact, hidden.schedule, hidden.invitation, hidden.session, hidden.id, hidden.tenant}
	count, statuses, token := sheet.Cases(100_000, 5_000, 1_000), map[int]int{}, low.str("access_token")
	for n := range count {
		if n%50 == 49 {
			w.clock.Advance(time.Second)
		}
		s := m.request()
		who := m.IntN(10)
		switch {
		case who < 6:
			s.header = append(s.header, [2]string{"Authorization", "Bearer " + token})
		case who < 9:
			s.header = append(s.header, [2]string{"X-Session-Secret", guest.secret})
		}
		status, got := w.once(s)
		statuses[status]++
		if status == 401 || status == 404 && who < 9 {
			token, guest = w.alive(token, guest)
		}
		require.Less(t, status, 500, "%+v: %s", s, got)
		for _, c := range canaries {
			require.NotContains(t, got, c, "%+v", s)
		}
	}
	w.clock.Advance(-w.clock.Now().Sub(victim.since))
	require.Equal(t, before, w.belongings(victim)+w.belongings(boss), "what others have is as it was")
	sheet.Record(t, "N11", count, fmt.Sprintf("requests by a viewer, a visitor and nobody: 5xx 0, other than documented 0, of or to others 0; answers by status %v; seed %d", statuses, seed), "5xx 0, schema mismatches 0, breaches 0")
}

// alive gives credentials that are still good: what is tried also signs out.
func (w *world) alive(token string, guest visitor) (string, visitor) {
	w.t.Helper()
	again := func(c call) reply { // as soon as the limits allow
		for range 10 {
			if r := w.do(c); r.status != 429 {
				return r
			}
			w.clock.Advance(10 * time.Minute)
		}
		require.Fail(w.t, "limited for more than an hour", c.path)
		return reply{}
	}
	if w.do(call{method: "GET", path: "/api/auth/me", token: token}).status != 200 {
		token = again(call{method: "POST", path: "/api/auth/login", body: map[string]any{"email": "low@example.org", "password": password}}).is(200).str("access_token")
	}
	if w.do(call{method: "GET", path: "/api/session/" + guest.session, secret: guest.secret}).status != 200 {
		r := again(call{method: "POST", path: "/api/session/create-anonymous"}).is(201)
		guest = visitor{session: r.str("session_id"), secret: r.str("session_secret")}
	}
	return token, guest
}

// belongings is what somebody has, as the owner sees it.
func (w *world) belongings(v victim) string {
	w.t.Helper()
	var all strings.Builder
	for _, path := range []string{
		"/api/execution/" + v.execution + "/status", "/api/artifacts/" + v.artifact, "/api/schedules/" + v.schedule, "/api/admin/invitations", "/api/admin/agents/guide", "/api/executions",
		"/api/admin/agent-posture", "/api/session/" + v.session, "/api/sessions",
	} {
		all.Write(w.do(call{method: "GET", path: path, token: v.token}).is(200).body)
	}
	return all.String()
}
