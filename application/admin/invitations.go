package admin

import (
	"context"
	"strings"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Invited is a new invitation. Token cannot be had again; the inviter passes it on.
type Invited struct {
	Invitation identity.Invitation
	Token      string
}

// Invite lets the person with a mail address register into the caller's tenant. Nobody grants more than they may.
func (s *Service) Invite(ctx context.Context, p identity.Principal, email string, role identity.Role) (Invited, error) {
	tenantID, err := s.over(p, "")
	if err != nil {
		return Invited{}, err
	}
	if !p.May(identity.PermAdmin) || !identity.MayGrant(tenantRoles(p), identity.RoleMember, role) {
		return Invited{}, fault.ErrPermission
	}
	made, err := s.invitation(p, tenantID, email, role)
	if err != nil {
		return Invited{}, err
	}
	err = s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if err := tx.Invitations.Insert(ctx, made.Invitation); err != nil {
			return err
		}
		return s.note(ctx, tx, p, tenantID, "admin.invited", made.Invitation.ID, map[string]string{"role": string(role)})
	})
	return made, err
}

// tenantRoles are the caller's roles without the platform's, which gives no rights inside of a tenant.
func tenantRoles(p identity.Principal) []identity.Role {
	var roles []identity.Role
	for _, r := range p.Roles {
		if r != identity.RoleOperator {
			roles = append(roles, r)
		}
	}
	return roles
}

func (s *Service) invitation(p identity.Principal, tenantID, email string, role identity.Role) (Invited, error) {
	email = strings.TrimSpace(email)
	key, err := accounts.CheckEmail("/email", email)
	if err != nil {
		return Invited{}, err
	}
	token, now := securityguard.NewSecret(securityguard.InvitationToken, s.d.IDs.Secret()), s.d.Clock.Now()
	return Invited{Token: token, Invitation: identity.Invitation{
		ID: s.d.IDs.NewID(typeid.Invitation), TenantID: tenantID, Email: email, EmailKey: key, Role: role, TokenHash: securityguard.HashSecret(token),
		InvitedBy: p.UserID, CreatedAt: now, ExpiresAt: now.Add(identity.InvitationLife),
	}}, nil
}

// Invitations gives those of the caller's tenant, the last made first.
func (s *Service) Invitations(ctx context.Context, p identity.Principal, page ports.Page) ([]identity.Invitation, error) {
	if !p.May(identity.PermAdmin) {
		return nil, fault.ErrPermission
	}
	return look(ctx, s, func(ctx context.Context, tx ports.Tx) ([]identity.Invitation, error) {
		return tx.Invitations.List(ctx, p.TenantID, page)
	})
}

// Withdraw removes an invitation of the caller's tenant that nobody has used.
func (s *Service) Withdraw(ctx context.Context, p identity.Principal, id string) error {
	if !p.May(identity.PermAdmin) {
		return fault.ErrPermission
	}
	if err := s.fresh(p); err != nil {
		return err
	}
	if !typeid.Valid(typeid.Invitation, id) {
		return fault.ErrNotFound
	}
	return s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if err := tx.Invitations.Delete(ctx, p.TenantID, id); err != nil {
			return err
		}
		return s.note(ctx, tx, p, p.TenantID, "admin.invitation_withdrawn", id, nil)
	})
}
