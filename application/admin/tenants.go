package admin

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/erasure"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Tenants gives all tenants to an operator, and to an admin the own one.
func (s *Service) Tenants(ctx context.Context, p identity.Principal, page ports.Page) ([]identity.Tenant, error) {
	if p.May(identity.PermOperate) {
		return look(ctx, s, func(ctx context.Context, tx ports.Tx) ([]identity.Tenant, error) {
			return tx.Directory.Tenants(ctx, page)
		})
	}
	if !p.May(identity.PermAdmin) {
		return nil, fault.ErrPermission
	}
	if page.After >= p.TenantID {
		return nil, nil
	}
	own, err := look(ctx, s, func(ctx context.Context, tx ports.Tx) (identity.Tenant, error) {
		return tx.Tenants.ByID(ctx, p.TenantID)
	})
	if err != nil {
		return nil, err
	}
	return []identity.Tenant{own}, nil
}

// CreateTenant makes a tenant and an invitation for its first owner.
func (s *Service) CreateTenant(ctx context.Context, p identity.Principal, name, ownerEmail string) (identity.Tenant, Invited, error) {
	if err := operates(p); err != nil {
		return identity.Tenant{}, Invited{}, err
	}
	if err := s.fresh(p); err != nil {
		return identity.Tenant{}, Invited{}, err
	}
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > 100 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return identity.Tenant{}, Invited{}, accounts.ErrInvalid.WithFields(fault.Field{Pointer: "/name", Code: "invalid", Message: "Give a name of 1 to 100 characters."})
	}
	made := identity.Tenant{ID: s.d.IDs.NewID(typeid.Tenant), Name: name, CreatedAt: s.d.Clock.Now()}
	invited, err := s.invitation(p, made.ID, ownerEmail, identity.RoleOwner)
	if err != nil {
		return identity.Tenant{}, Invited{}, err
	}
	err = s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if err := tx.Tenants.Insert(ctx, made); err != nil {
			return err
		}
		if err := tx.Invitations.Insert(ctx, invited.Invitation); err != nil {
			return err
		}
		return s.note(ctx, tx, p, made.ID, "admin.tenant_created", made.ID, nil)
	})
	return made, invited, err
}

// Suspend takes all rights from the members of a tenant, everywhere within a second, or gives them back. Nobody suspends the own tenant.
func (s *Service) Suspend(ctx context.Context, p identity.Principal, tenantID string, suspended bool) (identity.Tenant, error) {
	var tenant identity.Tenant
	if err := operates(p); err != nil {
		return tenant, err
	}
	if err := s.fresh(p); err != nil {
		return tenant, err
	}
	if !typeid.Valid(typeid.Tenant, tenantID) {
		return tenant, fault.ErrNotFound
	}
	err := s.do(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		if tenant, err = tx.Tenants.ByID(ctx, tenantID); err != nil || tenant.Suspended == suspended {
			return err
		}
		if tenantID == p.TenantID {
			return ErrSelf.WithMsg("You cannot suspend the tenant that you are in.")
		}
		tenant.Suspended = suspended
		if err := tx.Directory.SaveTenant(ctx, tenant); err != nil {
			return err
		}
		tenant.Version++
		action := "admin.tenant_resumed"
		if suspended {
			action = "admin.tenant_suspended"
		}
		return s.note(ctx, tx, p, tenantID, action, tenantID, nil)
	})
	return tenant, err
}

// ErasedName is the name that is left of a tenant whose data is gone.
const ErasedName = "erased"

// Erase removes what a suspended tenant has: work, results, files, talk, sessions, and those of its people who belong to no other tenant. What
// stays is the tenant itself, without its name, and its audit records, which name people by their ids only. name has to be the tenant's. It may
// be asked for again if it was interrupted.
func (s *Service) Erase(ctx context.Context, p identity.Principal, tenantID, name string) error {
	if err := operates(p); err != nil {
		return err
	}
	if err := s.fresh(p); err != nil {
		return err
	}
	if !typeid.Valid(typeid.Tenant, tenantID) {
		return fault.ErrNotFound
	}
	err := s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		tenant, err := tx.Tenants.ByID(ctx, tenantID)
		switch {
		case err != nil:
			return err
		case tenant.Name != name:
			return accounts.ErrInvalid.WithFields(fault.Field{Pointer: "/name", Code: "not_allowed", Message: "Give the tenant's exact name."})
		case !tenant.Suspended:
			return ErrNotSuspended
		}
		return s.note(ctx, tx, p, tenantID, "admin.tenant_erasure_begun", tenantID, nil)
	})
	if err != nil {
		return err
	}
	if err := (erasure.Eraser{UnitOfWork: s.d.UnitOfWork, Blobs: s.d.Blobs}).Tenant(ctx, tenantID); err != nil {
		return err
	}
	return s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		tenant, err := tx.Tenants.ByID(ctx, tenantID)
		if err != nil {
			return err
		}
		tenant.Name = ErasedName
		if err := tx.Directory.SaveTenant(ctx, tenant); err != nil {
			return err
		}
		return s.note(ctx, tx, p, tenantID, "admin.tenant_erased", tenantID, nil)
	})
}
