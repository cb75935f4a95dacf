package gormstore

import (
	"context"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

type sessions struct{ t *transaction }

var _ ports.SessionStore = sessions{}

type sessionRow struct {
	ID            string      `gorm:"column:id;primaryKey"`
	State         string      `gorm:"column:state"`
	OwnerUserID   textOrNull  `gorm:"column:owner_user_id"`
	TenantID      textOrNull  `gorm:"column:tenant_id"`
	Epoch         int         `gorm:"column:epoch"`
	SecretHash    bytesOrNull `gorm:"column:anon_secret_hash"`
	CreatedIPHash bytesOrNull `gorm:"column:created_ip_hash"`
	Metadata      rawJSON     `gorm:"column:metadata"`
	Version       int         `gorm:"column:version"`
	Created       stamp       `gorm:"column:created_at"`
	Updated       stamp       `gorm:"column:updated_at"`
	LastSeen      stamp       `gorm:"column:last_seen_at"`
	Expires       stamp       `gorm:"column:expires_at"`
	Upgraded      stamp       `gorm:"column:upgraded_at"`
}

func (sessionRow) TableName() string { return "sessions" }

func (r sessionRow) session() session.Session {
	return session.Restore(session.Snapshot{
		ID: r.ID, State: session.State(r.State), OwnerUserID: string(r.OwnerUserID), TenantID: string(r.TenantID), Epoch: r.Epoch,
		SecretHash: r.SecretHash, CreatedIPHash: r.CreatedIPHash, Metadata: r.Metadata, Version: r.Version, CreatedAt: r.Created.Time,
		UpdatedAt: r.Updated.Time, LastSeenAt: r.LastSeen.Time, ExpiresAt: r.Expires.Time, UpgradedAt: r.Upgraded.Time,
	})
}

func (s sessions) Insert(ctx context.Context, in session.Session) error {
	v := in.Snapshot()
	return insertLater(ctx, s.t, sessionRow{
		ID: v.ID, State: string(v.State), OwnerUserID: textOrNull(v.OwnerUserID), TenantID: textOrNull(v.TenantID), Epoch: v.Epoch,
		SecretHash: v.SecretHash, CreatedIPHash: v.CreatedIPHash, Metadata: v.Metadata, Version: v.Version, Created: at(v.CreatedAt),
		Updated: at(v.UpdatedAt), LastSeen: at(v.LastSeenAt), Expires: at(v.ExpiresAt), Upgraded: at(v.UpgradedAt),
	})
}

func (s sessions) ByID(ctx context.Context, id string) (session.Session, error) {
	row, err := one[sessionRow](ctx, s.t, "SELECT "+columns[sessionRow]()+" FROM sessions WHERE id = ?", id)
	return restore(row, err, sessionRow.session)
}

// Save leaves an owner that is set as it is; a trigger refuses every other statement that would change one.
func (s sessions) Save(ctx context.Context, in session.Session) error {
	v := in.Snapshot()
	return s.t.guarded(ctx, "sessions", "id = ?", []any{v.ID}, `UPDATE sessions SET state = ?,
		owner_user_id = COALESCE(owner_user_id, ?), tenant_id = COALESCE(tenant_id, ?), epoch = ?, anon_secret_hash = ?, metadata = ?,
		version = version + 1, updated_at = ?, last_seen_at = ?, expires_at = ?, upgraded_at = ?
		WHERE id = ? AND version = ?`,
		string(v.State), textOrNull(v.OwnerUserID), textOrNull(v.TenantID), v.Epoch, bytesOrNull(v.SecretHash), rawJSON(v.Metadata),
		at(v.UpdatedAt), at(v.LastSeenAt), at(v.ExpiresAt), at(v.UpgradedAt), v.ID, v.Version)
}

func (s sessions) Upgrade(ctx context.Context, id string, secretHash []byte, userID, tenantID string) (session.Session, error) {
	if userID == "" || tenantID == "" || len(secretHash) == 0 {
		return session.Session{}, fault.ErrNotFound
	}
	now := s.t.now()
	row, err := one[sessionRow](ctx, s.t, `UPDATE sessions SET state = 'active', owner_user_id = ?, tenant_id = ?, epoch = epoch + 1,
		anon_secret_hash = NULL, version = version + 1, updated_at = ?, upgraded_at = ?, last_seen_at = ?, expires_at = ?
		WHERE id = ? AND state = 'anonymous' AND owner_user_id IS NULL AND expires_at > ? AND last_seen_at > ?
		AND anon_secret_hash = ? RETURNING `+columns[sessionRow](),
		userID, tenantID, now, now, now, s.t.after(session.ActiveIdle), id, now, s.t.after(-session.AnonymousIdle), secretHash)
	return restore(row, err, sessionRow.session)
}

func (s sessions) Owned(ctx context.Context, tenantID, userID string, page ports.Page) ([]session.Session, error) {
	if tenantID == "" || userID == "" {
		return nil, errScope
	}
	sql := "SELECT " + columns[sessionRow]() + " FROM sessions WHERE tenant_id = ? AND owner_user_id = ?"
	args := []any{tenantID, userID}
	if page.After != "" {
		sql += " AND (created_at, id) < (SELECT created_at, id FROM sessions WHERE tenant_id = ? AND owner_user_id = ? AND id = ?)"
		args = append(args, tenantID, userID, page.After)
	}
	rows, err := many[sessionRow](ctx, s.t, sql+" ORDER BY created_at DESC, id DESC LIMIT ?", append(args, page.Limit)...)
	return convert(rows, err, sessionRow.session)
}

func (s sessions) BySecretHash(ctx context.Context, hash []byte) (session.Session, error) {
	if len(hash) == 0 {
		return session.Session{}, fault.ErrNotFound
	}
	row, err := one[sessionRow](ctx, s.t, "SELECT "+columns[sessionRow]()+
		" FROM sessions WHERE anon_secret_hash = ? AND state = 'anonymous'", hash)
	return restore(row, err, sessionRow.session)
}
