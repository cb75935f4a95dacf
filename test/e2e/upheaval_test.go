package e2e_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// upheaval is a visitor's session in which much happens at once.
type upheaval struct {
	*api
	visitor visitor
	owner   user
	// fileID is a file that is saved, so that it can be parsed.
	fileID string
	// upgrades is when, counted in answers, the session becomes its owner's.
	upgrades int64
	answers  atomic.Int64
	accepted sync.Map
}

func newUpheaval(a *api, owner user) *upheaval {
	a.t.Helper()
	u := &upheaval{api: a, visitor: a.anonymous(), owner: owner}
	now := func(intentType, key string, parameters map[string]any) map[string]any {
		a.t.Helper()
		done := a.do(request{
			who: u.visitor.caller(), method: http.MethodPost, path: "/api/intent/submit", headers: map[string]string{"Prefer": "wait=30"},
			json: map[string]any{"session_id": u.visitor.id, "intent_type": intentType, "parameters": parameters},
		}).is(http.StatusOK).object()
		return done["artifacts"].(map[string]any)[key].(map[string]any)
	}
	file := now("ingest_file", "file", map[string]any{
		"ui_name": "employees.csv", "file_type": "csv", "file_content": hexOf(fixture(a.t, "employees.csv")),
	})
	u.fileID = file["file_id"].(string)
	now("save_materialization", "materialization", map[string]any{"boundary_contract_id": file["boundary_contract_id"], "file_id": u.fileID})
	return u
}

// intents are what is submitted, by idempotency key.
func (u *upheaval) intents() map[string]request {
	content, all := hexOf(fixture(u.t, "employees.csv")), map[string]request{}
	add := func(key, intentType string, parameters map[string]any) {
		key = u.visitor.id + key // a key is its user's, and one user gets several of these sessions
		all[key] = request{method: http.MethodPost, path: "/api/intent/submit", json: map[string]any{
			"session_id": u.visitor.id, "intent_type": intentType, "idempotency_key": key, "parameters": parameters,
		}}
	}
	for i := range 8 {
		add("file-"+strconv.Itoa(i), "ingest_file", map[string]any{"ui_name": fmt.Sprintf("staff-%d.csv", i), "file_type": "csv", "file_content": content})
		add("parse-"+strconv.Itoa(i), "parse_content", map[string]any{"file_id": u.fileID})
		add("list-"+strconv.Itoa(i), "list_files", map[string]any{})
	}
	return all
}

const messages = 6

// chat sends the messages on one socket, as far as it goes.
func (u *upheaval) chat(s *socket) {
	for i := range messages {
		err := s.conn.WriteJSON(map[string]any{
			"type": "agent.message", "text": "What is in my files?", "message_id": "message-" + strconv.Itoa(i), "context": map[string]any{"surface": "home"},
		})
		if err != nil {
			return
		}
	}
}

// all submits everything at once and, in the middle of it, upgrades the session. What is refused because the session is the owner's by
// then, or because the server is gone, is left out. onAnswer hears how many were accepted.
func (u *upheaval) all(onAnswer func(accepted int64)) {
	s := u.open(u.visitor.caller(), u.visitor.id)
	var group sync.WaitGroup
	group.Go(func() { u.chat(s) })
	upgrade := sync.OnceFunc(func() {
		group.Go(func() { _ = u.upgrade() })
	})
	for key, r := range u.intents() {
		r.who = u.visitor.caller()
		group.Go(func() {
			res, _, err := u.try(r)
			if err != nil || res.status != http.StatusAccepted {
				return
			}
			u.accepted.Store(key, res.text("execution_id"))
			n := u.answers.Add(1)
			if n >= u.upgrades {
				upgrade()
			}
			onAnswer(n)
		})
	}
	group.Wait()
}

func (u *upheaval) upgrade() int {
	res, _, err := u.try(request{
		who: caller{token: u.owner.token, secret: u.visitor.secret}, method: http.MethodPatch, path: "/api/session/" + u.visitor.id + "/upgrade", json: map[string]any{},
	})
	if err != nil {
		return 0
	}
	return res.status
}

// settles asks for everything again as the owner, on a server that lives, and requires that it is there, ended well, once. What the
// dead server has accepted keeps its execution.
func (u *upheaval) settles() {
	u.t.Helper()
	require.Equal(u.t, http.StatusOK, u.upgrade(), "the upgrade, for the first time or again")
	who := u.owner.caller()
	ids := map[string]bool{}
	for key, r := range u.intents() {
		r.who = who
		id := u.do(r).is(http.StatusAccepted).text("execution_id")
		if before, ok := u.accepted.Load(key); ok {
			require.Equal(u.t, before, id, "the key %s still means the same execution", key)
		}
		ids[id] = true
	}
	s := u.open(who, u.visitor.id)
	u.chat(s)
	s.send(map[string]any{"type": "ping"})
	s.until("pong", nil)
	turns := 0
	for _, x := range u.finished(who, u.visitor.id) {
		require.Equal(u.t, "completed", x["status"], "%v", x)
		if x["intent_type"] == "agent.turn" {
			turns++
		}
		delete(ids, x["execution_id"].(string))
	}
	require.Empty(u.t, ids, "all that was accepted is in the owner's list")
	require.Equal(u.t, messages, turns, "each message was taken once")
}

// The process is killed in the middle of uploads, parsing, answers and the upgrade of their session, at another moment each time. After a
// restart everything that was accepted has ended once, every effect is there once, and nothing stayed in the scope of the visitor.
func TestKillInTheMiddle(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		server := start(e.t, e)
		a := newAPI(e.t, server)
		owner := a.register("Ada")
		rounds := []struct{ upgrade, kill int64 }{{2, 6}, {10, 12}, {100, 4}, {6, 20}}
		if e.setting("SYMPHAINY_DATABASE_URL") != "" {
			rounds = rounds[:2] // where other processes may live, the work of a dead one waits for its lease to lapse
		}
		for round, when := range rounds {
			u := newUpheaval(newAPI(e.t, server), owner)
			u.upgrades = when.upgrade
			u.all(func(accepted int64) {
				if accepted == when.kill {
					server.kill()
				}
			})
			server.kill()
			e.t.Logf("round %d: %d answers", round, u.answers.Load())
			server = start(e.t, e)
			u.api = newAPI(e.t, server)
			u.settles()
		}
		server.terminate()
		require.Zero(e.t, server.exit())
		e.audit()
	})
}

// Sessions are upgraded while their executions run, on two processes. Nothing is lost, nothing stays behind, and no two transactions
// wait for each other in a circle.
func TestUpgradesAgainstRunningExecutions(t *testing.T) {
	t.Parallel()
	e := onPostgres(t)
	servers := []*server{start(t, e), start(t, e)}
	apis := []*api{newAPI(t, servers[0]), newAPI(t, servers[1])}
	owners := []user{apis[0].register("Ada"), apis[1].register("Grace"), apis[0].register("Edsger"), apis[1].register("Barbara")}
	const sessions = 16
	all := make([]*upheaval, sessions)
	for i := range all {
		all[i] = newUpheaval(apis[i%2], owners[i%len(owners)])
		all[i].upgrades = int64(1 + i)
	}
	var group sync.WaitGroup
	for _, u := range all {
		group.Go(func() { u.all(func(int64) {}) })
	}
	group.Wait()
	for i, u := range all {
		u.api = apis[(i+1)%2]
		require.Equal(t, http.StatusOK, u.upgrade(), "the upgrade, for the first time or again")
		for _, x := range u.finished(u.owner.caller(), u.visitor.id) {
			require.Equal(t, "completed", x["status"], "%v", x)
		}
	}
	for _, s := range servers {
		s.terminate()
		require.Zero(t, s.exit())
	}
	e.audit()
	var deadlocks int
	require.NoError(t, e.database().QueryRowContext(t.Context(),
		"SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&deadlocks))
	require.Zero(t, deadlocks)
}

// A cancellation comes at the moment of completion, 200 times: one of them wins, and state, event and audit record agree.
func TestCancelAgainstComplete(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		server := start(e.t, e)
		a := newAPI(e.t, server)
		v := a.anonymous()
		who := v.caller()
		const pairs, workers = 200, 8
		var group sync.WaitGroup
		var next, won atomic.Int64
		for range workers {
			group.Go(func() {
				for i := next.Add(1); i <= pairs; i = next.Add(1) {
					res, _, err := a.try(request{who: who, method: http.MethodPost, path: "/api/intent/submit", json: map[string]any{
						"session_id": v.id, "intent_type": "list_files", "parameters": map[string]any{},
						"idempotency_key": fmt.Sprintf("pair-%d", i), // without keys, equal submissions in flight are one execution
					}})
					if err != nil || res.status != http.StatusAccepted {
						e.t.Errorf("submit: %v %d %s", err, res.status, res.body)
						return
					}
					path := "/api/execution/" + res.text("execution_id")
					for range i % 4 { // let it come a little further
						_, _, _ = a.try(request{who: who, method: http.MethodGet, path: path + "/status"})
					}
					res, _, err = a.try(request{who: who, method: http.MethodPost, path: path + "/cancel", json: map[string]any{}})
					switch {
					case err != nil:
						e.t.Errorf("cancel: %v", err)
					case res.status == http.StatusOK || res.status == http.StatusAccepted:
						won.Add(1)
					case res.status != http.StatusConflict:
						e.t.Errorf("cancel: %d %s", res.status, res.body)
					}
				}
			})
		}
		group.Wait()
		states := map[any]int{}
		for _, x := range a.finished(who, v.id) {
			states[x["status"]]++
		}
		require.Equal(e.t, pairs, states["completed"]+states["cancelled"], "%v", states)
		e.t.Logf("%v, %d cancellations taken", states, won.Load())
		server.terminate()
		require.Zero(e.t, server.exit())
		e.audit()
	})
}
