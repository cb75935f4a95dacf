package runtimetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

// Run holds what wrap makes to the whole contract.
func Run(t *testing.T, wrap Wrap) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *World){
		"submit": submits, "idempotency": idempotency, "alongside": along, "foreign objects": foreign, "lists": lists, "cancel": cancels, "control": controls, "decisions": decisions,
		"wait": waits, "store gone": storeGone, "pages": pages, "follow": follows, "follow a reader's faults": followFaults,
		"follow a session": followsSession, "follow a known session": followsKnown,
	} {
		t.Run(name, func(t *testing.T) { test(t, NewWorld(t, wrap)) })
	}
}

// Every field of what was asked for comes back, and the run's results with it.
func submits(t *testing.T, w *World) {
	s := w.Ask("act")
	s.Intent.Lane = "lane"
	r, err := w.Runtime.Submit(t.Context(), s)
	require.NoError(t, err)
	require.False(t, r.Repeated)
	got := r.Execution
	require.Equal(t, execution.Accepted, got.State)
	require.Equal(t, s.Intent, got.Intent)
	require.Equal(t, s.Principal, got.Principal)
	require.Equal(t, []string{"test", "ses_a", "ten_a", "usr_ada", "trace"}, []string{got.Realm, got.SessionID, got.TenantID, got.OwnerID, got.TraceID})
	require.Equal(t, got.CreatedAt.Add(time.Hour), got.Deadline, "the declared time limit")
	end := w.Ended(got.ID)
	require.Equal(t, execution.Completed, end.State)
	require.JSONEq(t, `{"answer":"42"}`, string(end.Artifacts))
	require.Equal(t, s.Intent, end.Intent)
}

func idempotency(t *testing.T, w *World) {
	s := w.Ask("act")
	s.IdempotencyKey, s.Fingerprint = "key", []byte{0, 1, 255}
	first := w.Accepted(s)
	again, err := w.Runtime.Submit(t.Context(), s)
	require.NoError(t, err)
	require.True(t, again.Repeated)
	require.Equal(t, first.ID, again.Execution.ID)
	s.Fingerprint = []byte("other")
	_, err = w.Runtime.Submit(t.Context(), s)
	require.ErrorIs(t, err, intent.ErrIdempotencyReused)
	require.Equal(t, fault.As(intent.ErrIdempotencyReused).Msg, fault.As(err).Msg)
}

func along(t *testing.T, w *World) {
	s := w.Ask("act")
	s.Alongside.Message = w.conversation()
	id := w.Accepted(s).ID
	require.NoError(t, w.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		said, err := tx.Messages.Before(ctx, "ten_a", "con_a", 0, 10)
		require.Len(t, said, 1)
		require.Equal(t, id, said[0].ExecutionID)
		require.Equal(t, s.Alongside.Message.CreatedAt, said[0].CreatedAt)
		return err
	}))
	s = w.Ask("act")
	s.Alongside.PendingID = "pit_none"
	_, err := w.Runtime.Submit(t.Context(), s)
	require.ErrorIs(t, err, fault.ErrNotFound)
}

// Somebody else's execution is an unknown one in every call.
func foreign(t *testing.T, w *World) {
	id := w.Accepted(w.Ask("act")).ID
	w.Ended(id)
	for name, call := range map[string]func(scope identity.Scope, p identity.Principal, id string) error{
		"execution": func(s identity.Scope, _ identity.Principal, id string) error {
			_, err := w.Runtime.Execution(t.Context(), s, id)
			return err
		},
		"cancel": func(_ identity.Scope, p identity.Principal, id string) error {
			_, err := w.Runtime.Cancel(t.Context(), p, id)
			return err
		},
		"wait": func(s identity.Scope, _ identity.Principal, id string) error {
			_, err := w.Runtime.Wait(t.Context(), s, id, time.Second)
			return err
		},
		"page": func(s identity.Scope, _ identity.Principal, id string) error {
			_, err := w.Page(t.Context(), s, id, ports.Position{}, 10)
			return err
		},
		"follow": func(s identity.Scope, _ identity.Principal, id string) error {
			return w.Follow(t.Context(), s, id, ports.Position{}, nil)
		},
	} {
		theirs := call(eve().Scope(), eve(), id)
		unknown := call(Ada().Scope(), Ada(), "exe_unknown")
		require.ErrorIs(t, theirs, fault.ErrNotFound, name)
		require.ErrorIs(t, unknown, fault.ErrNotFound, name)
		require.Equal(t, fault.As(unknown).Msg, fault.As(theirs).Msg, name)
	}
	list, err := w.Runtime.Executions(t.Context(), eve().Scope(), ports.ExecutionFilter{}, ports.Page{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, list)
}

func lists(t *testing.T, w *World) {
	a, b := w.Accepted(w.Ask("act")).ID, w.Accepted(w.Ask("hold")).ID
	w.Ended(a)
	ids := func(f ports.ExecutionFilter, p ports.Page) (ids []string) {
		list, err := w.Runtime.Executions(t.Context(), Ada().Scope(), f, p)
		require.NoError(t, err)
		for _, s := range list {
			ids = append(ids, s.ID)
		}
		return ids
	}
	require.Equal(t, []string{b, a}, ids(ports.ExecutionFilter{SessionID: "ses_a"}, ports.Page{Limit: 10}))
	require.Equal(t, []string{a}, ids(ports.ExecutionFilter{}, ports.Page{Limit: 10, After: b}))
	require.Equal(t, []string{b}, ids(ports.ExecutionFilter{}, ports.Page{Limit: 1}))
	require.Equal(t, []string{a}, ids(ports.ExecutionFilter{IntentType: "act"}, ports.Page{Limit: 10}))
	require.Equal(t, []string{b}, ids(ports.ExecutionFilter{Status: execution.Live()}, ports.Page{Limit: 10}))
	require.Empty(t, ids(ports.ExecutionFilter{Realm: "other"}, ports.Page{Limit: 10}))
	require.Empty(t, ids(ports.ExecutionFilter{CreatedAfter: time.Now().Add(time.Hour)}, ports.Page{Limit: 10}))
}

func cancels(t *testing.T, w *World) {
	id := w.Accepted(w.Ask("hold")).ID
	w.running(id)
	viewer := Ada()
	viewer.Roles = []identity.Role{identity.RoleViewer}
	_, err := w.Runtime.Cancel(t.Context(), viewer, id)
	require.ErrorIs(t, err, fault.ErrPermission)
	s, err := w.Runtime.Cancel(t.Context(), Ada(), id)
	require.NoError(t, err)
	require.True(t, s.CancelRequested)
	require.Equal(t, execution.Cancelled, w.Ended(id).State)
	s, err = w.Runtime.Cancel(t.Context(), Ada(), id)
	require.NoError(t, err, "a second request changes nothing")
	require.Equal(t, execution.Cancelled, s.State)
	done := w.Accepted(w.Ask("act")).ID
	w.Ended(done)
	_, err = w.Runtime.Cancel(t.Context(), Ada(), done)
	require.ErrorIs(t, err, execution.ErrEnded)
}

// What steers executions is under the same rules of whose they are.
func controls(t *testing.T, w *World) {
	c, ok := w.Runtime.(ports.Control)
	require.True(t, ok)
	id := w.Accepted(w.Ask("hold")).ID
	w.running(id)
	signal := execution.Signal{ID: "sig_1", Name: "paid", Payload: []byte(`{"sum":1}`)}
	s, err := c.Signal(t.Context(), Ada(), id, signal)
	require.NoError(t, err)
	require.Equal(t, id, s.ID)
	_, err = c.Signal(t.Context(), Ada(), id, signal)
	require.NoError(t, err, "a signal that comes again changes nothing")
	_, err = c.Signal(t.Context(), eve(), id, signal)
	require.ErrorIs(t, err, fault.ErrNotFound)
	decision := ports.DecisionCommand{Verdict: execution.Approve, ArgumentsHash: "none"}
	_, err = c.Decide(t.Context(), eve(), id, decision)
	require.ErrorIs(t, err, fault.ErrNotFound)
	_, err = c.Decide(t.Context(), Ada(), id, decision)
	require.Equal(t, fault.Conflict, fault.KindOf(err), "it waits for none: %v", err)
}

// What is asked is seen, whole, by who may decide and by nobody else.
func decisions(t *testing.T, w *World) {
	c, ok := w.Runtime.(ports.Control)
	require.True(t, ok)
	id := w.Accepted(w.Ask("ask")).ID
	var page ports.DecisionPage
	require.Eventually(t, func() bool {
		var err error
		page, err = c.OpenDecisions(t.Context(), Ada(), ports.Page{Limit: 2})
		require.NoError(t, err)
		return len(page.Decisions) == 1
	}, patience, 10*time.Millisecond)
	require.Empty(t, page.Next)
	d := page.Decisions[0]
	require.Equal(t, []string{id, "ask", "approval", "Pay?", `{"sum":1}`, `{"type":"null"}`},
		[]string{d.ExecutionID, d.IntentType, d.Name, d.Prompt, string(d.Arguments), string(d.ResponseSchema)})
	require.Equal(t, execution.DecisionTime, d.Until.Sub(d.AskedAt))
	others, err := c.OpenDecisions(t.Context(), eve(), ports.Page{Limit: 2})
	require.NoError(t, err)
	require.Equal(t, ports.DecisionPage{Decisions: []ports.OpenDecision{}}, others)
	_, err = c.Decide(t.Context(), Ada(), id, ports.DecisionCommand{Verdict: execution.Approve, ArgumentsHash: d.ArgumentsHash})
	require.NoError(t, err)
	require.JSONEq(t, `{"decision":"approve"}`, string(w.Ended(id).Artifacts))
	again, err := c.Retry(t.Context(), Ada(), id, ports.RetryCommand{From: "approval", IdempotencyKey: "k"})
	require.NoError(t, err)
	same, err := c.Retry(t.Context(), Ada(), id, ports.RetryCommand{From: "approval", IdempotencyKey: "k"})
	require.NoError(t, err)
	require.Equal(t, again.ID, same.ID)
	_, err = c.Retry(t.Context(), Ada(), id, ports.RetryCommand{IdempotencyKey: "k"})
	require.ErrorIs(t, err, intent.ErrIdempotencyReused)
}

func waits(t *testing.T, w *World) {
	id := w.Accepted(w.Ask("hold")).ID
	p, err := w.Runtime.Wait(t.Context(), Ada().Scope(), id, time.Millisecond)
	require.NoError(t, err, "a wait that is over is no error")
	require.False(t, p.Execution.State.Terminal())
	w.running(id)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	p, err = w.Runtime.Wait(ctx, Ada().Scope(), id, patience)
	require.NoError(t, err, "nor is a caller who waits no longer")
	require.Equal(t, execution.Running, p.Execution.State)
	w.Release()
	require.Equal(t, execution.Completed, w.Ended(id).State)
}

func storeGone(t *testing.T, w *World) {
	id := w.Accepted(w.Ask("act")).ID
	w.Ended(id)
	w.Down.Store(true)
	_, err := w.Runtime.Submit(t.Context(), w.Ask("act"))
	require.ErrorIs(t, err, fault.ErrUnavailable)
	require.Positive(t, fault.As(err).RetryAfter)
	_, err = w.Runtime.Execution(t.Context(), Ada().Scope(), id)
	require.ErrorIs(t, err, fault.ErrUnavailable)
	require.ErrorIs(t, w.Follow(t.Context(), Ada().Scope(), id, ports.Position{}, nil), fault.ErrUnavailable)
	w.Down.Store(false)
	_, err = w.Runtime.Execution(t.Context(), Ada().Scope(), id)
	require.NoError(t, err)
}
