package accounts

import (
	"cmp"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/typeid"
)

// PlatformScope is the tenant of audit records that belong to no tenant, such as a login with an unknown mail. No tenant's id has
// this form.
const PlatformScope = "platform"

// The names of what is audited here.
const (
	actionRegister       = "auth.registered"
	actionLogin          = "auth.login"
	actionLogout         = "auth.logout"
	actionRefresh        = "auth.refresh"
	actionRefreshReused  = "auth.refresh_reused"
	actionPasswordChange = "auth.password_changed"
	actionCreate         = "auth.user_created"
	actionPromote        = "auth.operator_made"
)

// record makes an audit record of now. It names ids only: no mail, no address, no part of a credential.
func (s *Service) record(action string, result audit.Result, tenantID, actor, target string, detail []byte) audit.Record {
	return audit.Record{
		ID: s.d.IDs.NewID(typeid.AuditRecord), TenantID: cmp.Or(tenantID, PlatformScope), Actor: cmp.Or(actor, "unknown"),
		Action: action, Target: target, Result: result, Detail: detail, At: s.d.Clock.Now(),
	}
}

// codeDetail gives a detail that names an error code of ours.
func codeDetail(code string) []byte { return []byte(`{"code":"` + code + `"}`) }
