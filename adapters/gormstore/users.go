package gormstore

import (
	"context"

	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

type users struct{ t *transaction }

var _ ports.UserStore = users{}

type userRow struct {
	ID           string `gorm:"column:id;primaryKey"`
	Email        string `gorm:"column:email"`
	EmailKey     string `gorm:"column:email_key"`
	Name         string `gorm:"column:name"`
	PasswordHash string `gorm:"column:password_hash"`
	Disabled     bool   `gorm:"column:disabled"`
	Operator     bool   `gorm:"column:operator"`
	FailedLogins int    `gorm:"column:failed_logins"`
	Version      int    `gorm:"column:version"`
	Created      stamp  `gorm:"column:created_at"`
	Updated      stamp  `gorm:"column:updated_at"`
}

func (userRow) TableName() string { return "users" }

func (r userRow) user() identity.User {
	return identity.User{
		ID: r.ID, Email: r.Email, EmailKey: r.EmailKey, Name: r.Name, PasswordHash: r.PasswordHash, Disabled: r.Disabled,
		Operator: r.Operator, FailedLogins: r.FailedLogins, Version: r.Version, CreatedAt: r.Created.Time, UpdatedAt: r.Updated.Time,
	}
}

func (s users) Insert(ctx context.Context, u identity.User) error {
	return s.t.insert(ctx, &userRow{
		ID: u.ID, Email: u.Email, EmailKey: u.EmailKey, Name: u.Name, PasswordHash: u.PasswordHash, Disabled: u.Disabled,
		Operator: u.Operator, FailedLogins: u.FailedLogins, Version: u.Version, Created: at(u.CreatedAt), Updated: at(u.UpdatedAt),
	})
}

func (s users) ByID(ctx context.Context, id string) (identity.User, error) {
	row, err := one[userRow](ctx, s.t, "SELECT "+columns[userRow]()+" FROM users WHERE id = ?", id)
	return restore(row, err, userRow.user)
}

func (s users) Lock(ctx context.Context, id string) (identity.User, error) {
	row, err := one[userRow](ctx, s.t, "SELECT "+columns[userRow]()+" FROM users WHERE id = ?"+s.t.forUpdate(s.t.view), id)
	return restore(row, err, userRow.user)
}

func (s users) ByEmailKey(ctx context.Context, key string) (identity.User, error) {
	row, err := one[userRow](ctx, s.t, "SELECT "+columns[userRow]()+" FROM users WHERE email_key = ?", key)
	return restore(row, err, userRow.user)
}

func (s users) Save(ctx context.Context, u identity.User) error {
	return s.t.update(ctx, "users", "id = ?", []any{u.ID}, u.Version, map[string]any{
		"email": u.Email, "email_key": u.EmailKey, "name": u.Name, "password_hash": u.PasswordHash, "disabled": u.Disabled,
		"operator": u.Operator, "failed_logins": u.FailedLogins, "updated_at": at(u.UpdatedAt),
	})
}

func (s users) Count(ctx context.Context) (int64, error) {
	return one[int64](ctx, s.t, "SELECT count(*) FROM users")
}

type tenants struct{ t *transaction }

var _ ports.TenantStore = tenants{}

type tenantRow struct {
	ID        string `gorm:"column:id;primaryKey"`
	Name      string `gorm:"column:name"`
	Suspended bool   `gorm:"column:suspended"`
	Version   int    `gorm:"column:version"`
	Created   stamp  `gorm:"column:created_at"`
}

func (tenantRow) TableName() string { return "tenants" }

func (r tenantRow) tenant() identity.Tenant {
	return identity.Tenant{ID: r.ID, Name: r.Name, Suspended: r.Suspended, Version: r.Version, CreatedAt: r.Created.Time}
}

type memberRow struct {
	TenantID string `gorm:"column:tenant_id;primaryKey"`
	UserID   string `gorm:"column:user_id;primaryKey"`
	Role     string `gorm:"column:role"`
	Created  stamp  `gorm:"column:created_at"`
}

func (memberRow) TableName() string { return "memberships" }

func (r memberRow) membership() identity.Membership {
	return identity.Membership{TenantID: r.TenantID, UserID: r.UserID, Role: identity.Role(r.Role), CreatedAt: r.Created.Time}
}

func (s tenants) Insert(ctx context.Context, t identity.Tenant) error {
	return s.t.insert(ctx, &tenantRow{ID: t.ID, Name: t.Name, Suspended: t.Suspended, Version: t.Version, Created: at(t.CreatedAt)})
}

func (s tenants) ByID(ctx context.Context, id string) (identity.Tenant, error) {
	row, err := one[tenantRow](ctx, s.t, "SELECT "+columns[tenantRow]()+" FROM tenants WHERE id = ?", id)
	return restore(row, err, tenantRow.tenant)
}

func (s tenants) AddMember(ctx context.Context, m identity.Membership) error {
	if err := needTenant(m.TenantID); err != nil {
		return err
	}
	return s.t.insert(ctx, &memberRow{TenantID: m.TenantID, UserID: m.UserID, Role: string(m.Role), Created: at(m.CreatedAt)})
}

func (s tenants) Member(ctx context.Context, tenantID, userID string) (identity.Membership, error) {
	if err := needTenant(tenantID); err != nil {
		return identity.Membership{}, err
	}
	row, err := one[memberRow](ctx, s.t, "SELECT "+columns[memberRow]()+" FROM memberships WHERE tenant_id = ? AND user_id = ?", tenantID, userID)
	return restore(row, err, memberRow.membership)
}

func (s tenants) Memberships(ctx context.Context, userID string) ([]identity.Membership, error) {
	rows, err := many[memberRow](ctx, s.t, "SELECT "+columns[memberRow]()+
		" FROM memberships WHERE user_id = ? ORDER BY created_at, tenant_id", userID)
	return convert(rows, err, memberRow.membership)
}
