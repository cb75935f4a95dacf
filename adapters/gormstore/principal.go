package gormstore

import (
	"time"

	"github.com/symphainy/symphainy/domain/identity"
)

// principalDoc is the stored form of a frozen principal: its names are the schema's, whatever the domain calls its fields.
type principalDoc struct {
	Kind         identity.Kind   `json:"kind"`
	UserID       string          `json:"user_id,omitempty"`
	TenantID     string          `json:"tenant_id"`
	SessionID    string          `json:"session_id"`
	SessionEpoch int             `json:"session_epoch"`
	Roles        []identity.Role `json:"roles"`
	AuthTime     time.Time       `json:"auth_time,omitzero"`
	ExpiresAt    time.Time       `json:"expires_at,omitzero"`
}

func principalOf(p identity.Principal) principalDoc {
	return principalDoc{
		Kind: p.Kind, UserID: p.UserID, TenantID: p.TenantID, SessionID: p.SessionID, SessionEpoch: p.SessionEpoch, Roles: p.Roles,
		AuthTime: moment(p.AuthTime), ExpiresAt: moment(p.ExpiresAt),
	}
}

func (d principalDoc) principal() identity.Principal {
	return identity.Principal{
		Kind: d.Kind, UserID: d.UserID, TenantID: d.TenantID, SessionID: d.SessionID, SessionEpoch: d.SessionEpoch, Roles: d.Roles,
		AuthTime: d.AuthTime, ExpiresAt: d.ExpiresAt,
	}
}

// moment is a time within JSON as a column of its own would hold it.
func moment(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}
