package runtime_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

func TestOperatorsActOnTheExecutionsOfOthers(t *testing.T) {
	w := newWorld(t, only(done))
	first, second := w.submit(submission("act")), w.submit(submission("act"))
	person := func(tenant string, role identity.Role) identity.Principal {
		return identity.Principal{Kind: identity.KindUser, UserID: "usr_op", TenantID: tenant, SessionID: "ses_op", Roles: []identity.Role{role}}
	}
	for _, p := range []identity.Principal{person("ten_a", identity.RoleMember), person("ten_b", identity.RoleOwner), ada()} {
		_, err := w.engine.Operate(t.Context(), p, ports.BulkCancel, ports.WorkFilter{TenantID: "ten_a"})
		require.ErrorIs(t, err, fault.ErrPermission)
	}
	_, err := w.engine.Operate(t.Context(), person("ten_a", identity.RoleAdmin), ports.BulkCancel, ports.WorkFilter{})
	require.ErrorIs(t, err, fault.ErrPermission, "an admin has no more than the own tenant")
	_, err = w.engine.Operate(t.Context(), person("ten_a", identity.RoleAdmin), "explode", ports.WorkFilter{TenantID: "ten_a"})
	require.Equal(t, fault.Invalid, fault.KindOf(err))

	paused, err := w.engine.Operate(t.Context(), person("ten_a", identity.RoleAdmin), ports.BulkPause, ports.WorkFilter{TenantID: "ten_a", IDs: []string{first}})
	require.NoError(t, err)
	require.Equal(t, []string{first}, paused.IDs)
	require.Equal(t, execution.Paused, w.get(first).State)
	require.Equal(t, execution.Accepted, w.get(second).State)
	resumed, err := w.engine.Operate(t.Context(), person("ten_z", identity.RoleOperator), ports.BulkResume, ports.WorkFilter{})
	require.NoError(t, err)
	require.Equal(t, []string{first}, resumed.IDs)
	over, err := w.engine.Operate(t.Context(), person("ten_z", identity.RoleOperator), ports.BulkCancel, ports.WorkFilter{IntentType: "act"})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{first, second}, over.IDs)
	require.Equal(t, execution.Cancelled, w.get(second).State)
	require.Equal(t, []string{"intent.submitted open", "intent.submitted open", "execution.pause allowed", "execution.resume allowed"}, w.audited()[:4])
}
