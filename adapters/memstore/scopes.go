package memstore

import (
	"context"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
)

type scopes struct{ *txn }

// Rekey moves every row whose isolation scope is the session's own id. Aggregates get the next version, so that a copy that was read
// under the old scope cannot be saved. Principals stay as they were frozen.
func (s scopes) Rekey(ctx context.Context, sessionID, tenantID, userID string) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if sessionID == "" || tenantID == "" || userID == "" || sessionID == tenantID {
		return errScope
	}
	s.st.executions.change(
		func(v execution.Snapshot) bool { return v.TenantID == sessionID },
		func(v *execution.Snapshot) { v.TenantID, v.OwnerID, v.Version = tenantID, userID, v.Version+1 })
	s.st.steps.change(func(v step) bool { return v.TenantID == sessionID }, func(v *step) { v.TenantID = tenantID })
	s.st.signals.change(func(v signal) bool { return v.TenantID == sessionID }, func(v *signal) { v.TenantID = tenantID })
	s.st.logs.change(
		func(v *eventLog) bool { return v.tenantID == sessionID },
		func(v **eventLog) { *v = &eventLog{tenantID: tenantID, events: (*v).events} })
	s.st.artifacts.change(
		func(v artifact.Snapshot) bool { return v.TenantID == sessionID },
		func(v *artifact.Snapshot) { v.TenantID, v.OwnerID, v.Version = tenantID, userID, v.Version+1 })
	s.st.contracts.change(
		func(v artifact.Contract) bool { return v.TenantID == sessionID },
		func(v *artifact.Contract) { v.TenantID, v.OwnerID, v.Version = tenantID, userID, v.Version+1 })
	s.st.pending.change(
		func(v intent.Pending) bool { return v.TenantID == sessionID },
		func(v *intent.Pending) { v.TenantID, v.OwnerID, v.Version = tenantID, userID, v.Version+1 })
	s.st.conversations.change(
		func(v agent.Conversation) bool { return v.TenantID == sessionID },
		func(v *agent.Conversation) { v.TenantID, v.OwnerID, v.Version = tenantID, userID, v.Version+1 })
	s.st.threads.change(
		func(v *thread) bool { return v.tenantID == sessionID },
		func(v **thread) { *v = (*v).of(tenantID) })
	s.rekeySpace(sessionID, tenantID)
	s.rekeyIdempotency(sessionID, tenantID, userID)
	return nil
}

// rekeySpace moves what files have taken: the tenant is part of the key.
func (s scopes) rekeySpace(sessionID, tenantID string) {
	prefix := tuple(sessionID)
	moved := map[string]taken{}
	for key, row := range s.st.space.rows() {
		if row.TenantID == sessionID {
			moved[key] = row
		}
	}
	for key, row := range moved {
		s.st.space.remove(key)
		row.TenantID = tenantID
		s.st.space.put(tuple(tenantID)+key[len(prefix):], row)
	}
}

// of gives the thread in another isolation scope.
func (t *thread) of(tenantID string) *thread {
	moved := &thread{tenantID: tenantID, last: t.last, messages: make([]agent.Message, len(t.messages))}
	for i, m := range t.messages {
		m.TenantID = tenantID
		moved.messages[i] = m
	}
	return moved
}

// rekeyIdempotency moves the session's keys; where the user has used the same key before, the user's stays: it is the older promise
// within the scope that both end up in.
func (s scopes) rekeyIdempotency(sessionID, tenantID, userID string) {
	now := s.now()
	moved := map[string]intent.IdempotencyRecord{}
	for key, r := range s.st.idempotency.rows() {
		if r.TenantID == sessionID {
			moved[key] = clone(r)
		}
	}
	for key, r := range moved {
		s.st.idempotency.remove(key)
		r.TenantID, r.Actor = tenantID, userID
		if taken, err := s.st.idempotency.get(idempotencyKey(r)); err != nil || !now.Before(taken.ExpiresAt) {
			s.st.idempotency.put(idempotencyKey(r), r)
		}
	}
}

func (s scopes) Held(ctx context.Context, l execution.Lease, scope identity.Scope) error {
	if err := s.reads(ctx); err != nil {
		return err
	}
	if !scope.Valid() {
		return errScope
	}
	row, err := leases(s).held(l)
	if err == nil && row.Scope() != scope {
		err = execution.ErrLeaseLost
	}
	return err
}

func (s scopes) Pin(ctx context.Context, id string) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	row, err := s.st.sessions.get(id)
	if err == nil && row.OwnerUserID != "" {
		return fault.ErrNotFound
	}
	return err
}
