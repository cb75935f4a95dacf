package runtime_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// inbox gives the ids of the executions whose decisions the caller may take, page by page.
func (w *world) inbox(p identity.Principal, limit int) (ids []string) {
	w.t.Helper()
	for after := ""; ; {
		page, err := w.engine.OpenDecisions(w.t.Context(), p, ports.Page{Limit: limit, After: after})
		require.NoError(w.t, err)
		require.LessOrEqual(w.t, len(page.Decisions), limit)
		for _, d := range page.Decisions {
			ids = append(ids, d.ExecutionID)
		}
		if after = page.Next; after == "" {
			return ids
		}
	}
}

func TestWhoMayDecideSeesWhatIsAsked(t *testing.T) {
	acted, r := 0, request()
	r.Deciders = execution.Deciders{Permission: identity.PermAdmin, FourEyes: true}
	w := newWorld(t, only(asking(&acted, r)))
	boss, bob, foreign := ada(), ada(), ada()
	boss.UserID, boss.Roles = "usr_boss", []identity.Role{identity.RoleAdmin}
	bob.UserID = "usr_bob"
	foreign.TenantID, foreign.Roles = "ten_b", []identity.Role{identity.RoleOwner}
	owner := ada()
	owner.Roles = []identity.Role{identity.RoleAdmin}
	ids := []string{w.submit(submission("act")), w.submit(submission("act")), w.submit(submission("act"))}
	require.Empty(t, w.inbox(boss, 10), "nothing is asked yet")
	w.work()
	for _, limit := range []int{1, 2, 3, 10} {
		require.Equal(t, ids, w.inbox(boss, limit))
		for name, p := range map[string]identity.Principal{"four eyes": owner, "no admin": bob, "another tenant": foreign} {
			require.Empty(t, w.inbox(p, limit), name)
		}
	}
	page, err := w.engine.OpenDecisions(t.Context(), boss, ports.Page{Limit: 1})
	require.NoError(t, err)
	d, doc := page.Decisions[0], w.waiting(ids[0])
	require.Equal(t, []any{"act", "approval", "Send it?", doc["arguments_hash"]}, []any{d.IntentType, d.Name, d.Prompt, d.ArgumentsHash})
	require.JSONEq(t, `{"to":"bob","amount":10}`, string(d.Arguments))
	require.Nil(t, d.ResponseSchema)
	require.Equal(t, time.Hour, d.Until.Sub(d.AskedAt))

	require.NoError(t, w.decide(boss, ids[1], execution.Approve, ""))
	require.Equal(t, []string{ids[0], ids[2]}, w.inbox(boss, 1), "what is taken is gone")
	w.clock.Advance(time.Hour)
	require.Empty(t, w.inbox(boss, 10), "what is over cannot be taken")
	require.ErrorIs(t, w.decide(boss, ids[0], execution.Approve, ""), execution.ErrDecisionExpired)
	_, err = w.engine.OpenDecisions(t.Context(), identity.Principal{}, ports.Page{Limit: 1})
	require.Error(t, err, "a caller without a tenant")
}
