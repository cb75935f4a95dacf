package execution_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
)

func user(tenant, id string, roles ...identity.Role) identity.Principal {
	return identity.Principal{Kind: identity.KindUser, TenantID: tenant, UserID: id, SessionID: "ses_of_" + id, Roles: roles}
}

// The execution runs for usr_owner of ten_1, and usr_asker of the same tenant asked for it.
func decided() execution.Snapshot {
	return execution.Snapshot{
		ID: "exe_1", TenantID: "ten_1", OwnerID: "usr_owner", SessionID: "ses_of_usr_owner", Principal: user("ten_1", "usr_asker", identity.RoleMember),
	}
}

var callers = map[string]identity.Principal{
	"owner":          user("ten_1", "usr_owner", identity.RoleMember),
	"asker":          user("ten_1", "usr_asker", identity.RoleMember),
	"admin":          user("ten_1", "usr_admin", identity.RoleAdmin),
	"head":           user("ten_1", "usr_head", identity.RoleOwner),
	"viewer":         user("ten_1", "usr_viewer", identity.RoleViewer),
	"operator":       user("ten_1", "usr_operator", identity.RoleOperator),
	"without role":   user("ten_1", "usr_none"),
	"same id abroad": user("ten_2", "usr_owner", identity.RoleMember),
	"head abroad":    user("ten_2", "usr_head", identity.RoleOwner),
	"no tenant":      user("", "usr_owner", identity.RoleOwner),
	"visitor":        {Kind: identity.KindAnonymous, TenantID: "ses_1", SessionID: "ses_1", Roles: []identity.Role{identity.RoleAnonymous}},
	"nobody":         {},
}

func TestDecidersMatrix(t *testing.T) {
	rows := map[string]struct {
		deciders execution.Deciders
		allowed  []string
		// fourEyes are those of allowed whom four eyes keep.
		fourEyes []string
	}{
		"nobody is named": {execution.Deciders{}, nil, nil},
		"owner":           {execution.Deciders{Owner: true}, []string{"owner"}, nil},
		"permission read": {
			execution.Deciders{Permission: identity.PermRead},
			[]string{"owner", "asker", "admin", "head", "viewer"}, []string{"admin", "head", "viewer"},
		},
		"permission admin":   {execution.Deciders{Permission: identity.PermAdmin}, []string{"admin", "head"}, []string{"admin", "head"}},
		"permission operate": {execution.Deciders{Permission: identity.PermOperate}, []string{"operator"}, []string{"operator"}},
		"unknown permission": {execution.Deciders{Permission: "everything"}, nil, nil},
		"roles": {
			execution.Deciders{Roles: []identity.Role{identity.RoleOwner, identity.RoleMember}},
			[]string{"owner", "asker", "head"}, []string{"head"},
		},
		"unknown role": {execution.Deciders{Roles: []identity.Role{"", "root"}}, nil, nil},
		"users": {
			execution.Deciders{Users: []string{"usr_owner", "usr_viewer", "usr_none"}},
			[]string{"owner", "viewer", "without role"}, []string{"viewer", "without role"},
		},
		"an empty user": {execution.Deciders{Users: []string{""}}, nil, nil},
		"one of several": {
			execution.Deciders{Owner: true, Permission: identity.PermAdmin, Roles: []identity.Role{identity.RoleViewer}, Users: []string{"usr_none"}},
			[]string{"owner", "admin", "head", "viewer", "without role"}, []string{"admin", "head", "viewer", "without role"},
		},
	}
	for name, row := range rows {
		for who, p := range callers {
			d := row.deciders
			require.Equal(t, slices.Contains(row.allowed, who), d.Allow(p, decided()), "%s: %s", name, who)
			d.FourEyes = true
			require.Equal(t, slices.Contains(row.fourEyes, who), d.Allow(p, decided()), "%s, four eyes: %s", name, who)
		}
	}
}

func TestDecidersOfAVisitorsExecution(t *testing.T) {
	visitor := callers["visitor"]
	s := execution.Snapshot{ID: "exe_1", TenantID: "ses_1", SessionID: "ses_1", Principal: visitor}
	other := identity.Principal{Kind: identity.KindAnonymous, TenantID: "ses_2", SessionID: "ses_2", Roles: visitor.Roles}
	owner := execution.Deciders{Owner: true}
	require.True(t, owner.Allow(visitor, s))
	require.False(t, owner.Allow(other, s))
	require.False(t, execution.Deciders{Owner: true, FourEyes: true}.Allow(visitor, s))
	require.False(t, execution.Deciders{Users: []string{""}}.Allow(visitor, s), "a visitor is no user")

	// Signed in meanwhile: the row is the tenant's, the frozen principal still the visitor.
	s.TenantID, s.OwnerID = "ten_1", "usr_owner"
	require.True(t, owner.Allow(callers["owner"], s))
	require.False(t, owner.Allow(visitor, s), "the old credential decides nothing")
	require.False(t, execution.Deciders{Permission: identity.PermRead, FourEyes: true}.Allow(callers["owner"], s))
}

func TestVerdicts(t *testing.T) {
	for v, valid := range map[execution.Verdict]bool{execution.Approve: true, execution.Reject: true, execution.Edit: true, "": false, "Approve": false, "yes": false} {
		require.Equal(t, valid, v.Valid(), "%q", v)
	}
}
