package gormstore

import (
	"context"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

type scopes struct{ t *transaction }

var _ ports.ScopeStore = scopes{}

// Rekey moves every row whose isolation scope is the session's id. Steps and events follow their execution, and the index of parents its
// artifact, by their foreign keys. Aggregates get the next version, so that a copy read under the old scope cannot be saved.
func (s scopes) Rekey(ctx context.Context, sessionID, tenantID, userID string) error {
	if sessionID == "" || tenantID == "" || userID == "" || sessionID == tenantID {
		return errScope
	}
	if err := s.t.across(ctx); err != nil {
		return err
	}
	// Locks are taken in the order in which everybody takes them: executions by id as renewals do; then contract, artifact and pending
	// intent as those who work on a file do. Once the executions are locked nobody works for the session: workers lock theirs first.
	if !s.t.sqlite {
		if _, err := s.t.exec(ctx, "SELECT 1 FROM executions WHERE tenant_id = ? ORDER BY id FOR UPDATE", sessionID); err != nil {
			return err
		}
	}
	for _, table := range []string{"executions", "contracts", "artifacts", "pending_intents", "conversations"} {
		if _, err := s.t.exec(ctx, "UPDATE "+table+" SET tenant_id = ?, owner_id = ?, version = version + 1 WHERE tenant_id = ?", tenantID, userID, sessionID); err != nil {
			return err
		}
	}
	for _, table := range []string{"messages", "message_counters", "file_space"} {
		if _, err := s.t.exec(ctx, "UPDATE "+table+" SET tenant_id = ? WHERE tenant_id = ?", tenantID, sessionID); err != nil {
			return err
		}
	}
	return s.rekeyIdempotency(ctx, sessionID, tenantID, userID)
}

// Held looks for the row as the lease and the scope say it is.
func (s scopes) Held(ctx context.Context, l execution.Lease, scope identity.Scope) error {
	if err := s.t.within(ctx, scope); err != nil {
		return err
	}
	where, args := owned(scope)
	return s.t.expect(ctx, execution.ErrLeaseLost, "SELECT id FROM executions WHERE "+where+" AND id = ? AND "+fenced+" AND state = 'running'",
		append(args, l.ExecutionID, l.Owner, l.Fence)...)
}

// rekeyIdempotency moves the session's keys and leaves none behind. Where the user has the same key, the user's stays while it lives: it
// is the older promise within the scope that both end up in.
func (s scopes) rekeyIdempotency(ctx context.Context, sessionID, tenantID, userID string) error {
	if _, err := s.t.exec(ctx, `INSERT INTO idempotency_keys (tenant_id, actor, client_key, fingerprint, execution_id, expires_at)
		SELECT ?, ?, client_key, fingerprint, execution_id, expires_at FROM idempotency_keys WHERE tenant_id = ?
		ON CONFLICT (tenant_id, actor, client_key) DO UPDATE SET fingerprint = excluded.fingerprint,
		execution_id = excluded.execution_id, expires_at = excluded.expires_at WHERE idempotency_keys.expires_at <= ?`,
		tenantID, userID, sessionID, s.t.now()); err != nil {
		return err
	}
	_, err := s.t.exec(ctx, "DELETE FROM idempotency_keys WHERE tenant_id = ?", sessionID)
	return err
}

// Pin shares the row's lock with other pins; the UPDATE of an upgrade waits for them all, and a pin that waited for an upgrade looks at
// the row again. SQLite has one writer.
func (s scopes) Pin(ctx context.Context, id string) error {
	if s.t.view {
		return errView
	}
	if err := s.t.in(ctx, id); err != nil { // what is pinned is what the statements that follow are about
		return err
	}
	suffix := " FOR SHARE"
	if s.t.sqlite {
		suffix = ""
	}
	return s.t.expect(ctx, fault.ErrNotFound, "SELECT id FROM sessions WHERE id = ? AND owner_user_id IS NULL"+suffix, id)
}
