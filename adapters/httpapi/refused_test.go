package httpapi_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/ports"
)

// refusals gives what the audit log of a tenant has of refused requests.
func (w *world) refusals(tenant string) (list []audit.Record) {
	w.t.Helper()
	require.NoError(w.t, w.store.View(w.t.Context(), func(ctx context.Context, tx ports.Tx) error {
		all, err := tx.Audit.List(ctx, tenant, ports.Page{Limit: 200})
		for _, r := range all {
			if r.Action == "request.refused" {
				list = append(list, r)
			}
		}
		return err
	}))
	return list
}

// Rights that are missing and credentials that are none leave a record, once a minute however often they come, and none of them their text.
func TestRefusedRequestsAreAuditedSparingly(t *testing.T) {
	w := newWorld(t)
	ada := w.register("ada") // the first is an operator too
	bob := w.register("bob")
	for range 30 {
		w.do(call{method: "GET", path: "/api/admin/control-room/system-health", token: bob.token}).fails(403, "permission_denied")
		w.do(call{method: "GET", path: "/api/sessions?tenant_id=" + ada.tenant, token: bob.token}).fails(403, "tenant_mismatch")
		w.do(call{method: "GET", path: "/api/auth/me", token: "canary." + bob.token[7:]}).is(401)
		w.do(call{method: "GET", path: "/api/auth/me"}).is(401)
	}
	mine := w.refusals(bob.tenant)
	require.Len(t, mine, 2)
	for _, r := range mine {
		require.Equal(t, []any{bob.id, audit.Denied}, []any{r.Actor, r.Result})
		require.NotEmpty(t, r.TraceID)
	}
	nobodys := w.refusals(auditing.NobodysTenant)
	require.Len(t, nobodys, 1, "a request without any credential is none that was refused")
	require.JSONEq(t, `{"error_code":"invalid_token","at":"GET /api/auth/me"}`, string(nobodys[0].Detail))
	require.NotContains(t, strings.ToLower(string(nobodys[0].Detail)), "canary")
	require.Empty(t, w.refusals(ada.tenant), "a foreign tenant that is named hears nothing of it")
	w.clock.Advance(61 * time.Second)
	w.do(call{method: "GET", path: "/api/admin/control-room/system-health", token: bob.token}).fails(403, "permission_denied")
	require.Len(t, w.refusals(bob.tenant), 3)
}
