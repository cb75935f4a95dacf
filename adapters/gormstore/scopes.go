package gormstore

import (
	"context"

	"github.com/symphainy/symphainy/ports"
)

type scopes struct{ t *transaction }

var _ ports.ScopeStore = scopes{}

// Rekey moves every row whose isolation scope is the session's id. Steps and events follow their execution, and the index of parents its
// artifact, by their foreign keys. Aggregates get the next version, so that a copy read under the old scope cannot be saved.
func (s scopes) Rekey(ctx context.Context, sessionID, tenantID, userID string) error {
	if sessionID == "" || tenantID == "" || userID == "" {
		return errScope
	}
	for _, table := range []string{"executions", "artifacts", "contracts", "pending_intents", "conversations"} {
		if _, err := s.t.exec(ctx, "UPDATE "+table+" SET tenant_id = ?, owner_id = ?, version = version + 1 WHERE tenant_id = ?", tenantID, userID, sessionID); err != nil {
			return err
		}
	}
	for _, table := range []string{"messages", "message_counters"} {
		if _, err := s.t.exec(ctx, "UPDATE "+table+" SET tenant_id = ? WHERE tenant_id = ?", tenantID, sessionID); err != nil {
			return err
		}
	}
	// A key that the user has used already stays the user's; the visitor's is left behind and expires.
	_, err := s.t.exec(ctx, `UPDATE idempotency_keys SET tenant_id = ?, actor = CASE WHEN actor = ? THEN ? ELSE actor END
		WHERE tenant_id = ? AND NOT EXISTS (SELECT 1 FROM idempotency_keys k WHERE k.tenant_id = ? AND k.actor = ? AND k.client_key = idempotency_keys.client_key)`,
		tenantID, sessionID, userID, sessionID, tenantID, userID)
	return err
}
