// Package sessionupgrade is the one transaction by which an anonymous session becomes a user's. Registration, login, the upgrade route
// and the socket's upgrade frame all go through it.
package sessionupgrade

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

// Action is the name of an upgrade in the audit log.
const Action = "session.upgraded"

// Claim is a user's claim to an anonymous session. The caller has proved freshly who the user is; the secret proves the other half.
type Claim struct {
	SessionID string
	Secret    string
	UserID    string
	TenantID  string
	// Metadata is laid over the session's, key by key, if it is not nil: what the visitor's agents agreed on stays.
	Metadata []byte
	// AuditID names the audit record, Now is its time.
	AuditID string
	Now     time.Time
}

// InTx decides the claim by the store's compare-and-set, within the caller's transaction. If it wins, all that the session made moves
// to the tenant, its tickets are gone, and an audit record says so; the caller publishes a hint after COMMIT. Without a win, for
// whatever reason, won is false and nothing has been changed.
func InTx(ctx context.Context, tx ports.Tx, c Claim) (upgraded session.Session, won bool, err error) {
	if c.SessionID == "" || c.Secret == "" {
		return session.Session{}, false, nil
	}
	s, err := tx.Sessions.Upgrade(ctx, c.SessionID, securityguard.HashSecret(c.Secret), c.UserID, c.TenantID)
	if errors.Is(err, fault.ErrNotFound) {
		return session.Session{}, false, nil
	}
	if err != nil {
		return session.Session{}, false, err
	}
	if c.Metadata != nil {
		s.SetMetadata(overlay(s.Snapshot().Metadata, c.Metadata), c.Now)
		if err := tx.Sessions.Save(ctx, s); err != nil {
			return session.Session{}, false, err
		}
		if s, err = tx.Sessions.ByID(ctx, c.SessionID); err != nil {
			return session.Session{}, false, err
		}
	}
	if err := tx.Scopes.Rekey(ctx, c.SessionID, c.TenantID, c.UserID); err != nil {
		return session.Session{}, false, err
	}
	if err := tx.Tickets.DeleteBySession(ctx, c.SessionID); err != nil {
		return session.Session{}, false, err
	}
	detail, err := json.Marshal(map[string]int{"epoch": s.Epoch()})
	if err != nil {
		return session.Session{}, false, fmt.Errorf("encode an audit detail: %w", err)
	}
	err = tx.Audit.Append(ctx, audit.Record{
		ID: c.AuditID, TenantID: c.TenantID, Actor: c.UserID, Action: Action, Target: c.SessionID,
		Result: audit.Completed, Detail: detail, At: c.Now,
	})
	return s, err == nil, err
}

// maxMetadata is the bound of a session's metadata in bytes; over it, the older part gives way.
const maxMetadata = 16 << 10

// overlay lays the keys of one JSON object over another's.
func overlay(under, over []byte) []byte {
	merged := map[string]json.RawMessage{}
	if len(under) > 0 && json.Unmarshal(under, &merged) != nil || json.Unmarshal(over, &merged) != nil {
		return over
	}
	raw, err := json.Marshal(merged)
	if err != nil || len(raw) > maxMetadata {
		return over
	}
	return raw
}
