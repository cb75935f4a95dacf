package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/identity"
)

func TestAnInvitationIsOpenOnceAndForAWhile(t *testing.T) {
	now := time.Unix(1000, 0)
	i := identity.Invitation{ExpiresAt: now.Add(time.Minute)}
	require.True(t, i.Open(now))
	require.False(t, i.Open(now.Add(time.Minute)))
	i.UsedAt = now
	require.False(t, i.Open(now))
}

func TestWhoMayGrantWhichRole(t *testing.T) {
	all := []identity.Role{
		identity.RoleOwner, identity.RoleAdmin, identity.RoleMember, identity.RoleViewer, identity.RoleAnonymous, identity.RoleOperator, "root", "",
	}
	ofTenant := map[identity.Role]bool{identity.RoleOwner: true, identity.RoleAdmin: true, identity.RoleMember: true, identity.RoleViewer: true}
	for _, by := range all {
		for _, from := range all {
			for _, to := range all {
				want := ofTenant[to] && (by == identity.RoleOwner || by == identity.RoleOperator ||
					by == identity.RoleAdmin && from != identity.RoleOwner && to != identity.RoleOwner)
				require.Equal(t, want, identity.MayGrant([]identity.Role{by}, from, to), "%s: %s to %s", by, from, to)
			}
		}
	}
	require.False(t, identity.MayGrant(nil, identity.RoleMember, identity.RoleViewer))
}
