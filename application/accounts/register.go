package accounts

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// RegisterCommand asks for an account.
type RegisterCommand struct {
	Name     string
	Email    string
	Password string
	// Invitation is the token of an invitation into a tenant; empty makes a tenant of one's own.
	Invitation string
	// Session names an anonymous session to take along.
	Session SessionProof
	Client  Client
}

// ErrInvitation is a token that opens nothing for the mail: unknown, used, expired, somebody else's, or into a suspended tenant.
var ErrInvitation = ErrInvalid.WithFields(fault.Field{
	Pointer: "/invitation", Code: "not_allowed", Message: "The invitation is not valid for this address; ask for a new one.",
})

// Register makes a user with a tenant of their own, in which they are the owner, or with an invitation a member of its tenant, and signs them
// in. Values against the rules are ErrInvalid with Fields, a taken mail is ErrEmailTaken after the same work, even with that account's password.
func (s *Service) Register(ctx context.Context, cmd RegisterCommand) (SignIn, error) {
	name, badName := parseName(cmd.Name)
	email, key, badEmail := parseEmail(cmd.Email)
	local, _, _ := strings.Cut(key, "@")
	password, badPassword := s.checkPassword("/password", cmd.Password, key, local, name)
	if wrong := fields(badName, badEmail, badPassword); len(wrong) > 0 {
		return SignIn{}, ErrInvalid.WithFields(wrong...)
	}
	if err := s.admitRegistration(ctx, cmd.Client, key); err != nil {
		return SignIn{}, err
	}
	hash, err := s.d.Hasher.Hash(ctx, password)
	if err != nil {
		return SignIn{}, err
	}
	now := s.d.Clock.Now()
	var o opening
	var account securityguard.Account
	err = s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		a, err := s.makeAccount(ctx, tx, identity.User{
			ID: s.d.IDs.NewID(typeid.User), Email: email, EmailKey: key, Name: name, PasswordHash: hash, CreatedAt: now, UpdatedAt: now,
		}, cmd.Invitation, now)
		if err != nil {
			return err
		}
		if o, err = s.open(ctx, tx, a, cmd.Session, nil, now); err != nil {
			return err
		}
		account = a
		return tx.Audit.Append(ctx, s.record(actionRegister, audit.Completed, a.Tenant.ID, a.User.ID, a.User.ID, nil))
	})
	if errors.Is(err, ErrEmailTaken) {
		return SignIn{}, s.taken(ctx)
	}
	if err != nil {
		return SignIn{}, err
	}
	return s.finish(ctx, o, account)
}

// makeAccount stores a new user and their tenant, or their membership of the one that they are invited to; ErrEmailTaken if the mail's key exists.
func (s *Service) makeAccount(ctx context.Context, tx ports.Tx, user identity.User, invitation string, now time.Time) (securityguard.Account, error) {
	var none securityguard.Account
	if _, err := tx.Users.ByEmailKey(ctx, user.EmailKey); !errors.Is(err, fault.ErrNotFound) {
		if err == nil {
			err = ErrEmailTaken
		}
		return none, err
	}
	var err error
	if !user.Operator {
		if user.Operator, err = s.firstOperator(ctx, tx); err != nil {
			return none, err
		}
	}
	if err := tx.Users.Insert(ctx, user); err != nil {
		if errors.Is(err, fault.ErrDuplicate) {
			// Somebody registered it since the look above; on some stores the transaction is now over in any case.
			return none, ErrEmailTaken
		}
		return none, err
	}
	member, err := s.join(ctx, tx, user, invitation, now)
	if err != nil {
		return none, err
	}
	if err := tx.Tenants.AddMember(ctx, member); err != nil {
		return none, err
	}
	a, err := securityguard.LoadAccount(ctx, tx, member.TenantID, user.ID)
	if errors.Is(err, fault.ErrUnauthenticated) && invitation != "" {
		return none, ErrInvitation // into a tenant that is suspended
	}
	return a, err
}

// join gives the membership of a new user: as the owner of a new tenant, or by the invitation, which is then used.
func (s *Service) join(ctx context.Context, tx ports.Tx, user identity.User, token string, now time.Time) (identity.Membership, error) {
	if token == "" {
		tenant := identity.Tenant{ID: s.d.IDs.NewID(typeid.Tenant), Name: user.Name + "'s workspace", CreatedAt: now}
		return identity.Membership{TenantID: tenant.ID, UserID: user.ID, Role: identity.RoleOwner, CreatedAt: now}, tx.Tenants.Insert(ctx, tenant)
	}
	i, err := tx.Invitations.ByTokenHash(ctx, securityguard.HashSecret(token))
	if err == nil && (!i.Open(now) || i.EmailKey != user.EmailKey) {
		err = fault.ErrNotFound
	}
	if err == nil {
		err = tx.Invitations.Use(ctx, i.ID, user.ID, now)
	}
	if errors.Is(err, fault.ErrNotFound) {
		return identity.Membership{}, ErrInvitation
	}
	return identity.Membership{TenantID: i.TenantID, UserID: user.ID, Role: i.Role, CreatedAt: now}, err
}

// firstOperator reports whether this registration makes the platform's operator. The limiter's row is what two first registrations at
// once wait for; the count alone would let both through.
func (s *Service) firstOperator(ctx context.Context, tx ports.Tx) (bool, error) {
	if !s.cfg.FirstUserIsOperator {
		return false, nil
	}
	users, err := tx.Users.Count(ctx)
	if err != nil || users > 0 {
		return false, err
	}
	v, err := tx.Limits.Take(ctx, []string{"register.first"}, ports.Rate{Limit: 1, Window: time.Hour})
	return v.Allowed, err
}

// admitRegistration counts a registration; it commits also when it refuses.
func (s *Service) admitRegistration(ctx context.Context, c Client, key string) error {
	var refused error
	err := s.d.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		refused = nil
		v, err := takeAll(ctx, tx, s.cfg.RegisterRate, []string{limitRegisterAddress, c.LimitKey()}, []string{limitRegisterAccount, key})
		if err != nil || v.Allowed {
			return err
		}
		refused = ErrRateLimited.After(v.RetryAfter)
		return s.auditLimit(ctx, tx, actionRegister, key)
	})
	if err != nil {
		return err
	}
	return refused
}

// taken records a registration of a taken mail. Whose it is stays out of the record: it belongs to no tenant.
func (s *Service) taken(ctx context.Context) error {
	err := s.d.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		return tx.Audit.Append(ctx, s.record(actionRegister, audit.Denied, "", "", "", codeDetail(ErrEmailTaken.Code)))
	})
	if err != nil {
		return err
	}
	return ErrEmailTaken
}

// fields gives those that are not nil.
func fields(all ...*fault.Field) []fault.Field {
	var wrong []fault.Field
	for _, f := range all {
		if f != nil {
			wrong = append(wrong, *f)
		}
	}
	return wrong
}
