package trafficcop_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/authkit"
)

func (g *gate) audited(t *testing.T, tenant string) (records []audit.Record) {
	t.Helper()
	require.NoError(t, g.store.View(t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		records, err = tx.Audit.List(ctx, tenant, ports.Page{Limit: 100})
		return err
	}))
	return records
}

func TestDeniedIntentsAreAuditedOnceAMinute(t *testing.T) {
	g := newGate(t)
	for range 50 {
		_, err := g.admission.Submit(t.Context(), member(), trafficcop.SubmitCommand{SessionID: "ses_1", IntentType: "destroy", Parameters: []byte(`{}`)})
		require.ErrorIs(t, err, fault.ErrPermission)
	}
	records := g.audited(t, "ten_1")
	require.Len(t, records, 1)
	r := records[0]
	require.Equal(t, []string{"usr_1", "intent.submitted", "destroy", string(audit.Denied)}, []string{r.Actor, r.Action, r.IntentType, string(r.Result)})
	require.JSONEq(t, `{"error_code":"permission_denied"}`, string(r.Detail))

	_, err := g.admission.Submit(t.Context(), member(), trafficcop.SubmitCommand{SessionID: "ses_1", IntentType: "their own words", TenantID: "ten_2"})
	require.ErrorIs(t, err, fault.ErrTenantMismatch)
	require.Len(t, g.audited(t, "ten_1"), 2)
	require.Empty(t, g.audited(t, "ten_2"), "nobody writes into another tenant's chain")
	for _, r := range g.audited(t, "ten_1") {
		require.NotEqual(t, "their own words", r.IntentType)
	}
	_, err = g.admission.Submit(t.Context(), member(), trafficcop.SubmitCommand{SessionID: "ses_1", IntentType: "send", Parameters: []byte(`{"what":1}`)})
	require.Error(t, err)
	require.Len(t, g.audited(t, "ten_1"), 2, "what is only wrong is no denial")
}

func TestTheLimitOfVisitorsIsAuditedOnceAMinute(t *testing.T) {
	k := authkit.New(t)
	c := k.Client()
	for range 50 {
		_, err := k.Sessions.CreateAnonymous(t.Context(), nil, c)
		if err != nil {
			require.ErrorIs(t, err, accounts.ErrRateLimited)
		}
	}
	require.Equal(t, []string{"session.created denied"}, k.Audit(accounts.PlatformScope))
	k.Clock.Advance(61 * time.Second)
	for range 50 {
		_, err := k.Sessions.CreateAnonymous(t.Context(), nil, c)
		if err != nil {
			require.ErrorIs(t, err, accounts.ErrRateLimited)
		}
	}
	require.Len(t, k.Audit(accounts.PlatformScope), 2)
}
