package queues_test

import (
	"context"
	"testing"
	"time"

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
		o, err := queues.New(store, nil, c).Overview(t.Context(), p, platform)
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
		_, err := queues.New(broken, nil, c).Overview(t.Context(), caller(identity.RoleAdmin), false)
		if broken.Struck() == "" {
			require.NoError(t, err)
			return
		}
		require.ErrorIs(t, err, fault.ErrUnavailable)
	})
}

// Changes need a sign-in of the last minutes, and reach no further than the caller.
func TestWhoMayAct(t *testing.T) {
	c := clock.Fixed()
	caller := func(role identity.Role, signedIn time.Time) identity.Principal {
		return identity.Principal{Kind: identity.KindUser, UserID: "usr_1", TenantID: "ten_a", SessionID: "ses_1", Roles: []identity.Role{role}, AuthTime: signedIn}
	}
	var acted []ports.WorkFilter
	service := queues.New(memstore.New(c), operate(func(f ports.WorkFilter) { acted = append(acted, f) }), c)
	act := func(p identity.Principal, platform bool, tenant string) error {
		_, err := service.Control(t.Context(), p, platform, ports.BulkCancel, ports.WorkFilter{TenantID: tenant})
		return err
	}
	now := c.Now()
	require.ErrorIs(t, act(caller(identity.RoleAdmin, now.Add(-identity.FreshFor-time.Second)), false, ""), identity.ErrFresh)
	require.ErrorIs(t, act(caller(identity.RoleMember, now), false, ""), fault.ErrPermission)
	require.ErrorIs(t, act(caller(identity.RoleAdmin, now), false, "ten_b"), fault.ErrPermission)
	require.ErrorIs(t, act(caller(identity.RoleAdmin, now), true, ""), fault.ErrPermission)
	require.Empty(t, acted)
	require.NoError(t, act(caller(identity.RoleAdmin, now), false, ""))
	require.NoError(t, act(caller(identity.RoleOperator, now), true, "ten_b"))
	require.Equal(t, []ports.WorkFilter{{TenantID: "ten_a"}, {TenantID: "ten_b"}}, acted)
}

// operate notes what it is asked to act on.
type operate func(ports.WorkFilter)

func (o operate) Operate(_ context.Context, _ identity.Principal, _ ports.BulkAction, f ports.WorkFilter) (ports.BulkResult, error) {
	o(f)
	return ports.BulkResult{}, nil
}
