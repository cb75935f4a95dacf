package admin

import (
	"context"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// People gives the members of the caller's tenant, or the users of the platform, which have no role here.
func (s *Service) People(ctx context.Context, p identity.Principal, platform bool, page ports.Page) ([]identity.Member, error) {
	tenantID, err := p.Administered(platform)
	if err != nil {
		return nil, err
	}
	return look(ctx, s, func(ctx context.Context, tx ports.Tx) ([]identity.Member, error) {
		if tenantID != "" {
			return tx.Directory.Members(ctx, tenantID, page)
		}
		users, err := tx.Directory.Users(ctx, page)
		list := make([]identity.Member, len(users))
		for i, u := range users {
			list[i] = identity.Member{UserID: u.ID, Email: u.Email, Name: u.Name, Disabled: u.Disabled, Operator: u.Operator, JoinedAt: u.CreatedAt}
		}
		return list, err
	})
}

// SetRole changes the role of a member of the named tenant, "" for the caller's own. It is refused as identity.MayGrant says, to oneself, and
// to the last owner.
func (s *Service) SetRole(ctx context.Context, p identity.Principal, tenantID, userID string, role identity.Role) error {
	tenantID, err := s.over(p, tenantID)
	if err != nil {
		return err
	}
	return s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		m, err := member(ctx, tx, tenantID, userID)
		switch {
		case err != nil:
			return err
		case userID == p.UserID:
			return ErrSelf
		case !identity.MayGrant(p.Roles, m.Role, role):
			return fault.ErrPermission
		}
		// The tenant's version makes two changes of roles follow each other; otherwise two owners could unmake each other.
		tenant, err := tx.Tenants.ByID(ctx, tenantID)
		if err != nil {
			return err
		}
		if err := tx.Directory.SaveTenant(ctx, tenant); err != nil {
			return err
		}
		if m.Role == identity.RoleOwner && role != identity.RoleOwner {
			if err := otherOwner(ctx, tx, tenantID, userID); err != nil {
				return err
			}
		}
		if err := tx.Directory.SetRole(ctx, tenantID, userID, role); err != nil {
			return err
		}
		return s.note(ctx, tx, p, tenantID, "admin.role_changed", userID, map[string]string{"from": string(m.Role), "to": string(role)})
	})
}

func member(ctx context.Context, tx ports.Tx, tenantID, userID string) (identity.Membership, error) {
	if !typeid.Valid(typeid.User, userID) {
		return identity.Membership{}, fault.ErrNotFound
	}
	return tx.Tenants.Member(ctx, tenantID, userID)
}

// pageSize is how much is read at once.
const pageSize = 200

// otherOwner reports ErrLastOwner unless somebody else who may act owns the tenant.
func otherOwner(ctx context.Context, tx ports.Tx, tenantID, userID string) error {
	page := ports.Page{Limit: pageSize}
	for {
		people, err := tx.Directory.Members(ctx, tenantID, page)
		if err != nil {
			return err
		}
		for _, m := range people {
			if m.Role == identity.RoleOwner && m.UserID != userID && !m.Disabled {
				return nil
			}
		}
		if len(people) < page.Limit {
			return ErrLastOwner
		}
		page.After = people[len(people)-1].UserID
	}
}

// SetDisabled disables an account, or enables it again. An admin may do it to members of the own tenant who belong to no other one, are no
// operators and, unless the admin is an owner too, no owners; an operator to everybody else than themselves. The sessions of an account that is
// disabled end.
func (s *Service) SetDisabled(ctx context.Context, p identity.Principal, userID string, disabled bool) error {
	if !p.May(identity.PermOperate) && !p.May(identity.PermAdmin) {
		return fault.ErrPermission
	}
	if err := s.fresh(p); err != nil {
		return err
	}
	var ended []string
	err := s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		ended = nil
		user, tenants, err := s.subject(ctx, tx, p, userID)
		locked := !disabled && user.FailedLogins > 0 // an account that too many wrong passwords have locked is helped too
		if err != nil || user.Disabled == disabled && !locked {
			return err
		}
		user.Disabled, user.UpdatedAt = disabled, s.d.Clock.Now()
		if !disabled {
			user.FailedLogins = 0
		}
		if err := tx.Users.Save(ctx, user); err != nil {
			return err
		}
		action := "admin.user_enabled"
		if disabled {
			action = "admin.user_disabled"
			for _, tenantID := range tenants {
				if ended, err = s.endAll(ctx, tx, tenantID, userID, ended); err != nil {
					return err
				}
			}
		}
		return s.note(ctx, tx, p, tenants[0], action, userID, nil)
	})
	if err == nil {
		s.announce(ctx, ended...)
	}
	return err
}

// subject finds an account that the caller may disable, with its tenants.
func (s *Service) subject(ctx context.Context, tx ports.Tx, p identity.Principal, userID string) (identity.User, []string, error) {
	if !typeid.Valid(typeid.User, userID) {
		return identity.User{}, nil, fault.ErrNotFound
	}
	members, err := tx.Tenants.Memberships(ctx, userID)
	if err != nil {
		return identity.User{}, nil, err
	}
	var here *identity.Membership
	tenants := make([]string, len(members))
	for i, m := range members {
		if tenants[i] = m.TenantID; m.TenantID == p.TenantID {
			here = &members[i]
		}
	}
	operator := p.May(identity.PermOperate)
	if len(members) == 0 || here == nil && !operator {
		return identity.User{}, nil, fault.ErrNotFound
	}
	user, err := tx.Users.ByID(ctx, userID)
	switch {
	case err != nil:
		return identity.User{}, nil, err
	case userID == p.UserID:
		return identity.User{}, nil, ErrSelf
	case !operator && (len(members) > 1 || user.Operator || !identity.MayGrant(p.Roles, here.Role, identity.RoleMember)):
		return identity.User{}, nil, fault.ErrPermission
	}
	return user, tenants, nil
}
