package runtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// asking is a handler that asks, acts once on an approval, and tells what was decided.
func asking(acted *int, r execution.DecisionRequest) ports.IntentHandler {
	return func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		d, err := c.AwaitDecision(ctx, "approval", r)
		if err != nil {
			return ports.IntentResult{}, fmt.Errorf("approval: %w", err)
		}
		if d.Verdict != execution.Reject {
			if _, err := c.Step(ctx, "act", func(context.Context, string) ([]byte, error) { *acted++; return nil, nil }); err != nil {
				return ports.IntentResult{}, err
			}
		}
		return ports.IntentResult{Values: map[string]string{"decision": string(d.Verdict), "by": d.By, "response": string(d.Response)}}, nil
	}
}

func request() execution.DecisionRequest {
	return execution.DecisionRequest{
		Prompt: "Send it?", Arguments: []byte(`{"to": "bob", "amount": 10}`), Deciders: execution.Deciders{Owner: true}, Within: time.Hour,
	}
}

// waiting gives what an execution waits for.
func (w *world) waiting(id string) map[string]any {
	w.t.Helper()
	s := w.get(id)
	require.Equal(w.t, execution.Waiting, s.State)
	var doc map[string]any
	require.NoError(w.t, json.Unmarshal(s.Waiting, &doc))
	return doc
}

func (w *world) decide(p identity.Principal, id string, v execution.Verdict, response string) error {
	w.t.Helper()
	d := ports.DecisionCommand{Verdict: v, ArgumentsHash: fmt.Sprint(w.waiting(id)["arguments_hash"])}
	if response != "" {
		d.Response = []byte(response)
	}
	_, err := w.engine.Decide(w.t.Context(), p, id, d)
	return err
}

func TestADecisionIsWaitedForWithoutAWorkerAndTakenOnce(t *testing.T) {
	acted := 0
	w := newWorld(t, only(asking(&acted, request())))
	id := w.submit(submission("act"))
	w.work()
	s := w.get(id)
	require.Equal(t, execution.Waiting, s.State)
	require.Empty(t, s.LeaseOwner, "no worker is held")
	doc := w.waiting(id)
	require.Equal(t, "decision", doc["for"])
	require.Equal(t, "Send it?", doc["prompt"])
	require.Equal(t, map[string]any{"to": "bob", "amount": 10.0}, doc["arguments"])
	hash := fmt.Sprint(doc["arguments_hash"])
	require.Len(t, hash, 64)

	command := ports.DecisionCommand{Verdict: execution.Approve, ArgumentsHash: hash}
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			_, err := w.engine.Decide(t.Context(), ada(), id, command)
			require.NoError(t, err, "the same decision again is no other one")
		})
	}
	group.Wait()
	_, err := w.engine.Decide(t.Context(), ada(), id, ports.DecisionCommand{Verdict: execution.Reject, ArgumentsHash: hash})
	require.ErrorIs(t, err, execution.ErrNothingToDecide, "another one comes too late")
	w.work()
	w.work()
	s = w.get(id)
	require.Equal(t, execution.Completed, s.State)
	require.Equal(t, 1, acted)
	require.Equal(t, 1, s.Attempt, "waiting is no failed attempt")
	require.Nil(t, s.Waiting)
	require.JSONEq(t, `{"decision":"approve","by":"usr_ada","response":""}`, string(s.Artifacts))
	require.Equal(t, append(started, event.ExecutionWaiting, event.ExecutionDecided, event.ExecutionStarted, event.StepStarted,
		event.StepCompleted, event.ExecutionCompleted), w.types(id))
	require.Equal(t, []string{"intent.submitted open", "execution.decision allowed", "intent.ended completed"}, w.audited())
}

// audited gives actions and results of the tenant's audit records, oldest first.
func (w *world) audited() []string {
	w.t.Helper()
	var out []string
	require.NoError(w.t, w.store.View(w.t.Context(), func(ctx context.Context, tx ports.Tx) error {
		records, err := tx.Audit.List(ctx, "ten_a", ports.Page{Limit: 100})
		for i := len(records) - 1; i >= 0; i-- {
			out = append(out, records[i].Action+" "+string(records[i].Result))
		}
		return err
	}))
	return out
}

func TestWhoMayDecide(t *testing.T) {
	bob, boss, foreign := ada(), ada(), ada()
	bob.UserID = "usr_bob"
	boss.UserID, boss.Roles = "usr_boss", []identity.Role{identity.RoleAdmin}
	foreign.TenantID, foreign.Roles = "ten_b", []identity.Role{identity.RoleOwner}
	cases := map[string]struct {
		deciders                 execution.Deciders
		ada, bob, boss, stranger error
	}{
		"nobody is named":  {execution.Deciders{}, fault.ErrPermission, fault.ErrNotFound, fault.ErrNotFound, fault.ErrNotFound},
		"the owner":        {execution.Deciders{Owner: true}, nil, fault.ErrNotFound, fault.ErrNotFound, fault.ErrNotFound},
		"a permission":     {execution.Deciders{Permission: identity.PermAdmin}, fault.ErrPermission, fault.ErrNotFound, nil, fault.ErrNotFound},
		"a role":           {execution.Deciders{Roles: []identity.Role{identity.RoleAdmin}}, fault.ErrPermission, fault.ErrNotFound, nil, fault.ErrNotFound},
		"a user":           {execution.Deciders{Users: []string{"usr_bob"}}, fault.ErrPermission, nil, fault.ErrNotFound, fault.ErrNotFound},
		"four eyes":        {execution.Deciders{Permission: identity.PermWrite, FourEyes: true}, fault.ErrPermission, nil, nil, fault.ErrNotFound},
		"everybody writes": {execution.Deciders{Permission: identity.PermWrite}, nil, nil, nil, fault.ErrNotFound},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, who := range []struct {
				p    identity.Principal
				want error
			}{{ada(), c.ada}, {bob, c.bob}, {boss, c.boss}, {foreign, c.stranger}} {
				r, acted := request(), 0
				r.Deciders = c.deciders
				w := newWorld(t, only(asking(&acted, r)))
				id := w.submit(submission("act"))
				w.work()
				err := w.decide(who.p, id, execution.Approve, "")
				w.work()
				if who.want == nil {
					require.NoError(t, err, who.p.UserID)
					require.Equal(t, 1, acted)
					continue
				}
				require.ErrorIs(t, err, who.want, who.p.UserID)
				require.Equal(t, execution.Waiting, w.get(id).State, who.p.UserID)
				require.Zero(t, acted)
			}
		})
	}
}

func TestARefusedDecisionIsAudited(t *testing.T) {
	r, acted := request(), 0
	r.Deciders = execution.Deciders{Permission: identity.PermAdmin}
	w := newWorld(t, only(asking(&acted, r)))
	id := w.submit(submission("act"))
	w.work()
	require.ErrorIs(t, w.decide(ada(), id, execution.Approve, ""), fault.ErrPermission)
	require.Contains(t, w.audited(), "execution.decision "+string(audit.Denied))
}

func TestADecisionIsBoundToItsArguments(t *testing.T) {
	r, acted := request(), 0
	w := newWorld(t, only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		return asking(&acted, r)(ctx, c)
	}))
	id := w.submit(submission("act"))
	w.work()
	_, err := w.engine.Decide(t.Context(), ada(), id, ports.DecisionCommand{Verdict: execution.Approve, ArgumentsHash: "00"})
	require.ErrorIs(t, err, execution.ErrArgumentsChanged)
	require.NoError(t, w.decide(ada(), id, execution.Approve, ""))
	r.Arguments = []byte(`{"to":"bob","amount":10000}`)
	w.work()
	require.Equal(t, "arguments_changed", w.get(id).ErrorCode, "an approval of one thing is not one of another")
	require.Zero(t, acted)
}

func TestAResponseFitsItsSchema(t *testing.T) {
	r, acted := request(), 0
	r.ResponseSchema = []byte(`{"type":"object","required":["amount"],"properties":{"amount":{"type":"integer","maximum":10}}}`)
	w := newWorld(t, only(asking(&acted, r)))
	id := w.submit(submission("act"))
	w.work()
	for _, bad := range []string{"", `{}`, `{"amount":11}`, `[]`} {
		require.Equal(t, fault.Invalid, fault.KindOf(w.decide(ada(), id, execution.Edit, bad)), bad)
	}
	require.ErrorIs(t, w.decide(ada(), id, "perhaps", ""), execution.ErrDecision)
	require.NoError(t, w.decide(ada(), id, execution.Edit, `{"amount":7}`))
	w.work()
	require.JSONEq(t, `{"decision":"edit","by":"usr_ada","response":"{\"amount\":7}"}`, string(w.get(id).Artifacts))
}

func TestADecisionThatNobodyTakesFailsOrEscalates(t *testing.T) {
	acted := 0
	w := newWorld(t, only(asking(&acted, request())))
	id := w.submit(submission("act"))
	w.work()
	w.clock.Advance(59 * time.Minute)
	w.work()
	require.Equal(t, execution.Waiting, w.get(id).State)
	w.clock.Advance(time.Minute)
	require.ErrorIs(t, w.decide(ada(), id, execution.Approve, ""), execution.ErrDecisionExpired)
	w.work()
	require.Equal(t, "decision_expired", w.get(id).ErrorCode)

	r, boss := request(), ada()
	boss.UserID, boss.Roles = "usr_boss", []identity.Role{identity.RoleAdmin}
	r.Escalate = &execution.Deciders{Permission: identity.PermAdmin}
	w = newWorld(t, only(asking(&acted, r)))
	id = w.submit(submission("act"))
	w.work()
	require.ErrorIs(t, w.decide(boss, id, execution.Approve, ""), fault.ErrNotFound)
	w.clock.Advance(time.Hour)
	w.work()
	require.Equal(t, true, w.waiting(id)["escalated"])
	require.ErrorIs(t, w.decide(ada(), id, execution.Approve, ""), fault.ErrPermission)
	w.clock.Advance(59 * time.Minute)
	require.NoError(t, w.decide(boss, id, execution.Approve, ""))
	w.work()
	require.Equal(t, execution.Completed, w.get(id).State)
	require.Equal(t, 1, acted)
}

func TestATimerKeepsItsEnd(t *testing.T) {
	runs := 0
	w := newWorld(t, only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		runs++
		return ports.IntentResult{}, c.Sleep(ctx, "pause", time.Hour)
	}))
	id := w.submit(submission("act"))
	w.work()
	due := w.clock.Now().Add(time.Hour)
	require.Equal(t, due, w.get(id).DueAt)
	w.clock.Advance(30 * time.Minute)
	require.NoError(t, w.desk.handle(t.Context(), id), "not before it is due")
	require.Equal(t, 1, runs)
	w.clock.Advance(30 * time.Minute)
	w.work()
	require.Equal(t, execution.Completed, w.get(id).State, "the deadline of 15 minutes stood still")
	require.Equal(t, 2, runs)
}

func TestASignalIsFoundWhetherItCameBeforeOrAfter(t *testing.T) {
	handler := only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		values := map[string]string{}
		for _, name := range []string{"first", "second"} {
			s, err := c.AwaitSignal(ctx, name, ports.SignalWait{Signal: "go", Within: time.Hour})
			if err != nil {
				return ports.IntentResult{}, err
			}
			values[name] = string(s.Payload)
		}
		return ports.IntentResult{Values: values}, nil
	})
	w := newWorld(t, handler)
	id := w.submit(submission("act"))
	send := func(signalID, payload string) {
		_, err := w.engine.Signal(t.Context(), ada(), id, execution.Signal{ID: signalID, Name: "go", Payload: []byte(payload)})
		require.NoError(t, err)
	}
	send("s1", "1") // before the execution has even started
	send("s1", "1") // and once more, which is the same one
	w.work()
	require.Equal(t, "second", w.waiting(id)["name"])
	_, err := w.engine.Signal(t.Context(), ada(), id, execution.Signal{Name: "other"})
	require.NoError(t, err)
	w.work()
	require.Equal(t, execution.Waiting, w.get(id).State, "another signal wakes nobody")
	send("s2", "2")
	w.work()
	require.JSONEq(t, `{"first":"1","second":"2"}`, string(w.get(id).Artifacts))
	_, err = w.engine.Signal(t.Context(), ada(), id, execution.Signal{Name: "go"})
	require.ErrorIs(t, err, execution.ErrEnded)

	stranger := ada()
	stranger.UserID = "usr_bob"
	_, err = w.engine.Signal(t.Context(), stranger, id, execution.Signal{Name: "go"})
	require.ErrorIs(t, err, fault.ErrNotFound)
	for _, bad := range []execution.Signal{{}, {Name: "go", Payload: []byte("{")}} {
		_, err = w.engine.Signal(t.Context(), ada(), id, bad)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
	}

	late := w.submit(submission("act"))
	w.work()
	w.clock.Advance(time.Hour)
	w.work()
	require.Equal(t, "signal_expired", w.get(late).ErrorCode)
}

func TestAHandlerThatLiesAboutWaitingFails(t *testing.T) {
	w := newWorld(t, only(func(context.Context, ports.IntentCall) (ports.IntentResult, error) {
		return ports.IntentResult{}, ports.ErrSuspended
	}))
	id := w.submit(submission("act"))
	for range 4 {
		w.work()
		w.clock.Advance(time.Minute)
	}
	require.Equal(t, execution.Failed, w.get(id).State)

	// And one that swallows the error writes nothing after it.
	w = newWorld(t, only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		_ = c.Sleep(ctx, "pause", time.Hour)
		_, err := c.Step(ctx, "after", func(context.Context, string) ([]byte, error) { return nil, nil })
		require.ErrorIs(t, err, execution.ErrLeaseLost)
		return ports.IntentResult{Values: map[string]string{"wrong": "result"}}, nil
	}))
	id = w.submit(submission("act"))
	w.work()
	require.Equal(t, execution.Waiting, w.get(id).State)
}

func TestAWaitingExecutionCanBeCancelled(t *testing.T) {
	acted := 0
	w := newWorld(t, only(asking(&acted, request())))
	id := w.submit(submission("act"))
	w.work()
	hash := fmt.Sprint(w.waiting(id)["arguments_hash"])
	_, err := w.engine.Cancel(t.Context(), ada(), id)
	require.NoError(t, err)
	_, err = w.engine.Decide(t.Context(), ada(), id, ports.DecisionCommand{Verdict: execution.Approve, ArgumentsHash: hash})
	require.ErrorIs(t, err, execution.ErrNothingToDecide, "an approval is void after a cancel")
	w.work()
	require.Equal(t, execution.Cancelled, w.get(id).State)
	require.Zero(t, acted)
}
