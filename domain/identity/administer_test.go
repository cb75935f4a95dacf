package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

func TestWhoHasSignedInLately(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	require.NoError(t, identity.Principal{AuthTime: now.Add(-identity.FreshFor)}.Fresh(now))
	require.ErrorIs(t, identity.Principal{AuthTime: now.Add(-identity.FreshFor - 1)}.Fresh(now), identity.ErrFresh)
	require.ErrorIs(t, identity.Principal{}.Fresh(now), identity.ErrFresh, "nobody has signed in")
}

func TestWhatAnAdministratorLooksAt(t *testing.T) {
	for name, row := range map[string]struct {
		roles    []identity.Role
		platform bool
		tenant   string
		err      error
	}{
		"admin":                     {[]identity.Role{identity.RoleAdmin}, false, "ten_a", nil},
		"admin of the platform":     {[]identity.Role{identity.RoleAdmin}, true, "", fault.ErrPermission},
		"operator":                  {[]identity.Role{identity.RoleOperator}, false, "", nil},
		"both, at home":             {[]identity.Role{identity.RoleOwner, identity.RoleOperator}, false, "ten_a", nil},
		"both, on the platform":     {[]identity.Role{identity.RoleOwner, identity.RoleOperator}, true, "", nil},
		"member":                    {[]identity.Role{identity.RoleMember}, false, "", fault.ErrPermission},
		"nobody":                    {nil, true, "", fault.ErrPermission},
		"somebody with a made role": {[]identity.Role{"root"}, true, "", fault.ErrPermission},
	} {
		tenant, err := identity.Principal{TenantID: "ten_a", Roles: row.roles}.Administered(row.platform)
		require.Equal(t, row.tenant, tenant, name)
		require.ErrorIs(t, err, row.err, name)
	}
}
