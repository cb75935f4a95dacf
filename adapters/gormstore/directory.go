package gormstore

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

type directory struct{ t *transaction }

var _ ports.DirectoryStore = directory{}

type peopleRow struct {
	UserID   string `gorm:"column:user_id"`
	Email    string `gorm:"column:email"`
	Name     string `gorm:"column:name"`
	Disabled bool   `gorm:"column:disabled"`
	Operator bool   `gorm:"column:operator"`
	Role     string `gorm:"column:role"`
	Joined   stamp  `gorm:"column:created_at"`
}

func (s directory) Members(ctx context.Context, tenantID string, page ports.Page) ([]identity.Member, error) {
	if err := needTenant(tenantID); err != nil {
		return nil, err
	}
	rows, err := many[peopleRow](ctx, s.t, `SELECT m.user_id, u.email, u.name, u.disabled, u.operator, m.role, m.created_at
		FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.tenant_id = ? AND m.user_id > ? ORDER BY m.user_id LIMIT ?`,
		tenantID, page.After, max(page.Limit, 0))
	return convert(rows, err, func(r peopleRow) identity.Member {
		return identity.Member{
			UserID: r.UserID, Email: r.Email, Name: r.Name, Disabled: r.Disabled, Operator: r.Operator, Role: identity.Role(r.Role), JoinedAt: r.Joined.Time,
		}
	})
}

func (s directory) SetRole(ctx context.Context, tenantID, userID string, role identity.Role) error {
	if err := needTenant(tenantID); err != nil {
		return err
	}
	n, err := s.t.exec(ctx, "UPDATE memberships SET role = ? WHERE tenant_id = ? AND user_id = ?", string(role), tenantID, userID)
	return orMissing(n, err)
}

// orMissing is the result of a statement that had to touch a row.
func orMissing(n int64, err error) error {
	if err == nil && n == 0 {
		return fault.ErrNotFound
	}
	return err
}

func (s directory) Users(ctx context.Context, page ports.Page) ([]identity.User, error) {
	rows, err := many[userRow](ctx, s.t, "SELECT "+columns[userRow]()+" FROM users WHERE id > ? ORDER BY id LIMIT ?", page.After, max(page.Limit, 0))
	return convert(rows, err, userRow.user)
}

func (s directory) Tenants(ctx context.Context, page ports.Page) ([]identity.Tenant, error) {
	rows, err := many[tenantRow](ctx, s.t, "SELECT "+columns[tenantRow]()+" FROM tenants WHERE id > ? ORDER BY id LIMIT ?", page.After, max(page.Limit, 0))
	return convert(rows, err, tenantRow.tenant)
}

func (s directory) SaveTenant(ctx context.Context, t identity.Tenant) error {
	return s.t.update(ctx, "tenants", "id = ?", []any{t.ID}, t.Version, map[string]any{"name": t.Name, "suspended": t.Suspended})
}

func (s directory) Sessions(ctx context.Context, tenantID string, page ports.Page) ([]session.Session, error) {
	c := conditions{parts: []string{"id <> ''"}}
	c.equal("tenant_id", tenantID)
	if page.After != "" {
		c.add("id < ?", page.After)
	}
	rows, err := many[sessionRow](ctx, s.t, "SELECT "+columns[sessionRow]()+" FROM sessions WHERE "+c.sql()+" ORDER BY id DESC LIMIT ?",
		append(c.args, max(page.Limit, 0))...)
	return convert(rows, err, sessionRow.session)
}

type invitations struct{ t *transaction }

var _ ports.InvitationStore = invitations{}

type invitationRow struct {
	ID        string `gorm:"column:id;primaryKey"`
	TenantID  string `gorm:"column:tenant_id"`
	Email     string `gorm:"column:email"`
	EmailKey  string `gorm:"column:email_key"`
	Role      string `gorm:"column:role"`
	TokenHash []byte `gorm:"column:token_hash"`
	InvitedBy string `gorm:"column:invited_by"`
	Created   stamp  `gorm:"column:created_at"`
	Expires   stamp  `gorm:"column:expires_at"`
	Used      stamp  `gorm:"column:used_at"`
	UsedBy    string `gorm:"column:used_by"`
}

func (invitationRow) TableName() string { return "invitations" }

func (r invitationRow) invitation() identity.Invitation {
	return identity.Invitation{
		ID: r.ID, TenantID: r.TenantID, Email: r.Email, EmailKey: r.EmailKey, Role: identity.Role(r.Role), TokenHash: r.TokenHash,
		InvitedBy: r.InvitedBy, CreatedAt: r.Created.Time, ExpiresAt: r.Expires.Time, UsedAt: r.Used.Time, UsedBy: r.UsedBy,
	}
}

func (s invitations) Insert(ctx context.Context, i identity.Invitation) error {
	if err := needTenant(i.TenantID); err != nil {
		return err
	}
	return insertOne(ctx, s.t, invitationRow{
		ID: i.ID, TenantID: i.TenantID, Email: i.Email, EmailKey: i.EmailKey, Role: string(i.Role), TokenHash: i.TokenHash,
		InvitedBy: i.InvitedBy, Created: at(i.CreatedAt), Expires: at(i.ExpiresAt), Used: at(i.UsedAt), UsedBy: i.UsedBy,
	})
}

func (s invitations) ByTokenHash(ctx context.Context, hash []byte) (identity.Invitation, error) {
	if len(hash) == 0 {
		return identity.Invitation{}, fault.ErrNotFound
	}
	row, err := one[invitationRow](ctx, s.t, "SELECT "+columns[invitationRow]()+" FROM invitations WHERE token_hash = ?", hash)
	return restore(row, err, invitationRow.invitation)
}

func (s invitations) Use(ctx context.Context, id, userID string, now time.Time) error {
	n, err := s.t.exec(ctx, "UPDATE invitations SET used_at = ?, used_by = ? WHERE id = ? AND used_at IS NULL", at(now), userID, id)
	return orMissing(n, err)
}

func (s invitations) List(ctx context.Context, tenantID string, page ports.Page) ([]identity.Invitation, error) {
	if err := needTenant(tenantID); err != nil {
		return nil, err
	}
	c := conditions{parts: []string{"tenant_id = ?"}, args: []any{tenantID}}
	if page.After != "" {
		c.add("id < ?", page.After)
	}
	rows, err := many[invitationRow](ctx, s.t, "SELECT "+columns[invitationRow]()+" FROM invitations WHERE "+c.sql()+" ORDER BY id DESC LIMIT ?",
		append(c.args, max(page.Limit, 0))...)
	return convert(rows, err, invitationRow.invitation)
}

func (s invitations) Delete(ctx context.Context, tenantID, id string) error {
	if err := needTenant(tenantID); err != nil {
		return err
	}
	n, err := s.t.exec(ctx, "DELETE FROM invitations WHERE tenant_id = ? AND id = ? AND used_at IS NULL", tenantID, id)
	return orMissing(n, err)
}
