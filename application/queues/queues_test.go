package queues_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/application/queues"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
	"github.com/symphainy/symphainy/test/faulty"
)

// An admin sees the own tenant's work, an operator all of it, nobody else anything.
func TestWhoSeesWhichWork(t *testing.T) {
	c := clock.Fixed()
	store := memstore.New(c)
	for i, tenant := range []string{"ten_a", "ten_b"} {
		p := identity.Principal{Kind: identity.KindUser, UserID: "usr_" + tenant, TenantID: tenant, SessionID: "ses_" + tenant}
		in := intent.Intent{ID: "int_" + tenant, Type: "act", Parameters: []byte(`{}`), Metadata: []byte(`{}`)}
		ex := execution.Accept("exe_"+tenant, "test", in, p, p.SessionID, "", c.Now(), c.Now())
		require.NoError(t, store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error { return tx.Executions.Insert(ctx, ex) }), i)
	}
	caller := func(roles ...identity.Role) identity.Principal {
		return identity.Principal{Kind: identity.KindUser, UserID: "usr_1", TenantID: "ten_a", SessionID: "ses_1", Roles: roles}
	}
	tenants := func(p identity.Principal, platform bool) (list []string, err error) {
		o, err := queues.New(store, nil).Overview(t.Context(), p, platform)
		for _, q := range o.Counts {
			list = append(list, q.TenantID)
		}
		return list, err
	}
	for name, row := range map[string]struct {
		roles    []identity.Role
		platform bool
		want     []string
	}{
		"admin": {[]identity.Role{identity.RoleAdmin}, false, []string{"ten_a"}}, "owner": {[]identity.Role{identity.RoleOwner}, false, []string{"ten_a"}},
		"operator":                {[]identity.Role{identity.RoleOperator}, false, []string{"ten_a", "ten_b"}},
		"owner and operator":      {[]identity.Role{identity.RoleOwner, identity.RoleOperator}, false, []string{"ten_a"}},
		"owner as operator":       {[]identity.Role{identity.RoleOwner, identity.RoleOperator}, true, []string{"ten_a", "ten_b"}},
		"admin for all":           {[]identity.Role{identity.RoleAdmin}, true, nil},
		"member":                  {[]identity.Role{identity.RoleMember}, false, nil},
		"nobody":                  {nil, true, nil},
		"viewer for the platform": {[]identity.Role{identity.RoleViewer}, true, nil},
	} {
		got, err := tenants(caller(row.roles...), row.platform)
		require.Equal(t, row.want, got, name)
		if row.want == nil {
			require.ErrorIs(t, err, fault.ErrPermission, name)
			continue
		}
		require.NoError(t, err, name)
	}
	faulty.Sweep(t, func(t *testing.T, wrap func(ports.UnitOfWork) *faulty.Store) {
		t.Helper()
		broken := wrap(store)
		_, err := queues.New(broken, nil).Overview(t.Context(), caller(identity.RoleAdmin), false)
		if broken.Struck() == "" {
			require.NoError(t, err)
			return
		}
		require.ErrorIs(t, err, fault.ErrUnavailable)
	})
}
