package memstore

import (
	"context"
	"errors"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

type standings struct{ *txn }

func (s standings) Of(ctx context.Context, sessionIDs []string) ([]ports.Standing, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	list := []ports.Standing{}
	seen := map[string]bool{}
	for _, id := range sessionIDs {
		row, err := s.st.sessions.get(id)
		if errors.Is(err, fault.ErrNotFound) || seen[id] {
			continue
		}
		if err != nil {
			return nil, err
		}
		seen[id] = true
		list = append(list, s.standing(row))
	}
	return list, nil
}

// standing joins a session with its owner; whoever is missing leaves zero fields.
func (s standings) standing(row session.Snapshot) ports.Standing {
	st := ports.Standing{Session: session.Restore(row)}
	if row.OwnerUserID == "" {
		return st
	}
	if user, err := s.st.users.get(row.OwnerUserID); err == nil {
		st.Operator, st.Disabled = user.Operator, user.Disabled
		if member, err := s.st.members.get(tuple(row.TenantID, row.OwnerUserID)); err == nil {
			st.Role = member.Role
		}
	}
	if tenant, err := s.st.tenants.get(row.TenantID); err == nil {
		st.Suspended = tenant.Suspended
	} else {
		st.Role = ""
	}
	return st
}

type activity struct{ *txn }

func (s activity) Active(ctx context.Context, sessions []ports.SessionKey, since time.Time) ([]ports.SessionKey, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	asked := map[ports.SessionKey]bool{}
	for _, key := range sessions {
		asked[key] = true
	}
	found := []ports.SessionKey{}
	for _, row := range s.st.executions.find(func(row execution.Snapshot) bool {
		return !row.State.Terminal() || !row.CompletedAt.Before(since)
	}, func(_, _ execution.Snapshot) int { return 0 }) {
		key := ports.SessionKey{TenantID: row.TenantID, SessionID: row.SessionID}
		if asked[key] {
			delete(asked, key)
			found = append(found, key)
		}
	}
	return found, nil
}
