package auditing_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
)

func TestAFloodOfRefusalsLeavesFewRecords(t *testing.T) {
	c := clock.Fixed()
	store := memstore.New(c)
	fine := func(_ context.Context, what string, err error) { t.Errorf("%s: %v", what, err) }
	processes := []*auditing.Refusals{auditing.NewRefusals(store, c, system.IDs{}, fine), auditing.NewRefusals(store, c, system.IDs{}, fine)}
	records := func(tenant string) (list []audit.Record) {
		require.NoError(t, store.View(t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
			list, err = tx.Audit.List(ctx, tenant, ports.Page{Limit: 200})
			return err
		}))
		return list
	}
	denied := auditing.Refusal{TenantID: "ten_1", Actor: "usr_1", Place: "/api/admin/users", Code: "permission_denied", TraceID: "t"}
	for i := range 1000 {
		denied.TraceID = fmt.Sprint(i)
		processes[i%2].Note(t.Context(), denied)
		processes[i%2].Note(t.Context(), auditing.Refusal{Place: "/api/auth/me", Code: "unauthenticated", Address: "10.0.0.1"})
	}
	require.Len(t, records("ten_1"), 1, "one a minute, over all processes")
	require.Len(t, records(auditing.NobodysTenant), 1)
	require.JSONEq(t, `{"error_code":"permission_denied","at":"/api/admin/users"}`, string(records("ten_1")[0].Detail))
	require.NotContains(t, fmt.Sprintf("%s", records(auditing.NobodysTenant)), "10.0.0.1", "an address is not recorded")
	c.Advance(61 * time.Second)
	processes[0].Note(t.Context(), denied)
	require.Len(t, records("ten_1"), 2)
	for i := range 5000 {
		processes[0].Note(t.Context(), auditing.Refusal{Place: "/api/auth/me", Code: "unauthenticated", Address: fmt.Sprint(i)})
	}
	require.Len(t, records(auditing.NobodysTenant), 1+120, "many clients leave no more than a process writes in a minute")

	for i := range 200 {
		processes[0].Note(t.Context(), auditing.Refusal{TenantID: "ten_2", Actor: "usr_2", Place: fmt.Sprint(i), Code: "permission_denied"})
	}
	require.Len(t, records("ten_2"), 120, "a flood of the unknown takes nothing from a tenant, which has a bound of its own")
	processes[0].Note(t.Context(), auditing.Refusal{TenantID: "ten_3", Actor: "usr_3", Place: "/api/admin/users", Code: "permission_denied"})
	require.Len(t, records("ten_3"), 1, "nor does another tenant")

	var said string
	gone := auditing.NewRefusals(refusing{}, c, system.IDs{}, func(_ context.Context, what string, _ error) { said = what })
	gone.Note(t.Context(), denied)
	require.Equal(t, "record a refusal", said)
	said = ""
	gone.Note(t.Context(), denied)
	require.Equal(t, "record a refusal", said, "what was not written is tried again")
}

type refusing struct{ ports.UnitOfWork }

func (refusing) Do(context.Context, func(context.Context, ports.Tx) error) error {
	return fault.ErrUnavailable
}
