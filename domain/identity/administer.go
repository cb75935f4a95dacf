package identity

import (
	"time"

	"github.com/symphainy/symphainy/domain/fault"
)

// FreshFor is how long after signing in a person may change what administrators change (OWASP ASVS 7.5.1).
const FreshFor = 15 * time.Minute

// ErrFresh is such a change by somebody who signed in too long ago.
var ErrFresh = fault.New(fault.Denied, "fresh_authentication_required", "Sign in again before you change this.")

// Fresh refuses, as ErrFresh, who has not proved who they are within FreshFor.
func (p Principal) Fresh(now time.Time) error {
	if p.AuthTime.IsZero() || now.Sub(p.AuthTime) > FreshFor {
		return ErrFresh
	}
	return nil
}

// Administered gives the tenant that an administrator looks at: the own one if they administer it, "" (all) if the platform was asked for and they
// operate it. Somebody who only operates sees the platform either way; everybody else is refused.
func (p Principal) Administered(platform bool) (tenantID string, err error) {
	switch {
	case p.May(PermAdmin) && !platform:
		return p.TenantID, nil
	case p.May(PermOperate):
		return "", nil
	}
	return "", fault.ErrPermission
}
