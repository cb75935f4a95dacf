package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/identity"
)

func TestRolesGiveTheirPermissionsAndNoOther(t *testing.T) {
	r, w, d, a, o := identity.PermRead, identity.PermWrite, identity.PermDelete, identity.PermAdmin, identity.PermOperate
	for role, want := range map[identity.Role][]identity.Permission{
		identity.RoleOwner: {r, w, d, a}, identity.RoleAdmin: {r, w, a}, identity.RoleMember: {r, w}, identity.RoleViewer: {r},
		identity.RoleAnonymous: {r, w}, identity.RoleOperator: {o}, "root": {}, "": {}, "Owner": {},
	} {
		require.Equal(t, want, identity.Grants([]identity.Role{role}), role)
	}
	require.Equal(t, []identity.Permission{r, w, a, o}, identity.Grants([]identity.Role{identity.RoleOperator, identity.RoleAdmin, identity.RoleAdmin}))
	require.False(t, identity.Principal{}.May(r), "nobody may do nothing")
}

func TestScopeNamesTenantAndExactlyOneOwner(t *testing.T) {
	user := identity.Principal{Kind: identity.KindUser, UserID: "usr_1", TenantID: "ten_1", SessionID: "ses_1"}
	require.Equal(t, identity.Scope{TenantID: "ten_1", OwnerID: "usr_1"}, user.Scope())
	require.Equal(t, "usr_1", user.Actor())
	visitor := identity.Principal{Kind: identity.KindAnonymous, TenantID: "ses_1", SessionID: "ses_1"}
	require.Equal(t, identity.Scope{TenantID: "ses_1", SessionID: "ses_1"}, visitor.Scope())
	require.Equal(t, "ses_1", visitor.Actor())
	for _, bad := range []identity.Scope{{}, {TenantID: "t"}, {OwnerID: "u"}, {SessionID: "s"}, {TenantID: "t", OwnerID: "u", SessionID: "s"}} {
		require.False(t, bad.Valid(), "%+v", bad)
	}
}
