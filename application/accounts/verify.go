package accounts

import (
	"context"
	"errors"

	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// CheckPassword checks a mail and a password behind the limits that all such checks share, and gives the user. Every reason to refuse
// is ErrAuthentication, over a limit ErrRateLimited, no free hashing slot ports.ErrHashBusy.
func (s *Service) CheckPassword(ctx context.Context, email, password string, c Client) (identity.User, error) {
	a, err := s.verify(ctx, email, password, c, nil)
	return a.User, err
}

// Identify is CheckPassword for what goes on to act for the user: it gives them as a caller in their tenant, without a session.
func (s *Service) Identify(ctx context.Context, email, password string, c Client) (identity.Principal, error) {
	a, err := s.verify(ctx, email, password, c, nil)
	if err != nil {
		return identity.Principal{}, err
	}
	return identity.Principal{
		Kind: identity.KindUser, UserID: a.User.ID, TenantID: a.Tenant.ID, Roles: a.Roles, AuthTime: s.d.Clock.Now(),
	}, nil
}

// inAccount is work for the transaction in which a password check succeeds.
type inAccount func(ctx context.Context, tx ports.Tx, a securityguard.Account) error

// verify is a password check that has all its effects in the transaction that records its success; then runs in it.
func (s *Service) verify(ctx context.Context, email, password string, c Client, then inAccount) (securityguard.Account, error) {
	user, try, err := s.check(ctx, email, password, c)
	if err != nil {
		return securityguard.Account{}, err
	}
	return s.succeeded(ctx, user, try, then)
}

// check is the one comparison of a password: limits, one hash whoever is asked for, one answer. What a right password does not decide
// is left to succeeded, which every caller has to call, or notJudged.
func (s *Service) check(ctx context.Context, email, password string, c Client) (identity.User, attempt, error) {
	_, key, wrong := parseEmail(email)
	if wrong != nil {
		return identity.User{}, attempt{}, ErrInvalid.WithFields(*wrong)
	}
	if password == "" {
		return identity.User{}, attempt{}, ErrInvalid.WithFields(fault.Field{Pointer: "/password", Code: "missing", Message: "Give the password."})
	}
	try, err := s.admit(ctx, c, key)
	if err != nil {
		return identity.User{}, try, err
	}
	user, err := s.userByKey(ctx, key)
	if err != nil {
		return identity.User{}, try, s.notJudged(ctx, try, err)
	}
	match, err := s.matches(ctx, password, user.PasswordHash)
	if err != nil {
		return identity.User{}, try, s.notJudged(ctx, try, err)
	}
	if !match {
		return identity.User{}, try, s.failed(ctx, user.ID)
	}
	return user, try, nil
}

// notJudged gives the place of an attempt back that came to no judgement, also when the caller has gone, and returns why.
func (s *Service) notJudged(ctx context.Context, try attempt, why error) error {
	return errors.Join(why, s.d.UnitOfWork.Do(context.WithoutCancel(ctx), try.giveBack))
}

// userByKey finds a user; one that does not exist is the zero user.
func (s *Service) userByKey(ctx context.Context, key string) (user identity.User, err error) {
	err = s.d.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		user, err = tx.Users.ByEmailKey(ctx, key)
		return err
	})
	if errors.Is(err, fault.ErrNotFound) {
		return identity.User{}, nil
	}
	return user, err
}

// matches hashes exactly once, also for what cannot be a password.
func (s *Service) matches(ctx context.Context, password, encoded string) (bool, error) {
	normal, ok := normalPassword(password)
	if !ok {
		normal, encoded = "", ""
	}
	return s.d.Hasher.Matches(ctx, normal, encoded)
}

// failed counts a wrong password and answers ErrAuthentication after that is stored.
func (s *Service) failed(ctx context.Context, userID string) error {
	err := s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		tenantID := ""
		if userID != "" {
			user, err := tx.Users.ByID(ctx, userID)
			if err != nil {
				return err
			}
			user.FailedLogins++
			user.UpdatedAt = s.d.Clock.Now()
			if err := tx.Users.Save(ctx, user); err != nil {
				return err
			}
			if tenantID, err = firstTenant(ctx, tx, userID); err != nil {
				return err
			}
		}
		return tx.Audit.Append(ctx, s.record(actionLogin, audit.Denied, tenantID, userID, userID, codeDetail(ErrAuthentication.Code)))
	})
	if err != nil {
		return err
	}
	return ErrAuthentication
}

func firstTenant(ctx context.Context, tx ports.Tx, userID string) (string, error) {
	members, err := tx.Tenants.Memberships(ctx, userID)
	if err != nil || len(members) == 0 {
		return "", err
	}
	return members[0].TenantID, nil
}

// succeeded judges everything that a right password does not decide, in the transaction that runs then.
func (s *Service) succeeded(ctx context.Context, checked identity.User, try attempt, then inAccount) (securityguard.Account, error) {
	var account securityguard.Account
	var refused error
	err := s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		account, refused = securityguard.Account{}, nil
		user, err := tx.Users.Lock(ctx, checked.ID) // many may sign in to one account at once
		if err != nil {
			return err
		}
		a, err := s.firstAccount(ctx, tx, user)
		if err != nil && !errors.Is(err, fault.ErrUnauthenticated) {
			return err
		}
		if err != nil || user.PasswordHash != checked.PasswordHash || user.FailedLogins >= s.cfg.LockAfter {
			refused = ErrAuthentication
			return tx.Audit.Append(ctx, s.record(actionLogin, audit.Denied, a.Tenant.ID, user.ID, user.ID, codeDetail(ErrAuthentication.Code)))
		}
		// Saved also if nothing changes: of a login and a change of the password at the same time, one finds the user's version gone and
		// starts again, so that no login with the old password outlives the change.
		user.FailedLogins = 0
		if err := tx.Users.Save(ctx, user); err != nil {
			return err
		}
		if a.User, err = tx.Users.ByID(ctx, user.ID); err != nil {
			return err
		}
		account = a
		if err := try.giveBack(ctx, tx); err != nil || then == nil {
			return err
		}
		return then(ctx, tx, a)
	})
	if err != nil {
		return securityguard.Account{}, err
	}
	return account, refused
}

// firstAccount gives the user in the oldest of their tenants in which they may act; fault.ErrUnauthenticated without one.
func (s *Service) firstAccount(ctx context.Context, tx ports.Tx, user identity.User) (securityguard.Account, error) {
	members, err := tx.Tenants.Memberships(ctx, user.ID)
	if err != nil {
		return securityguard.Account{}, err
	}
	for _, m := range members {
		a, err := securityguard.LoadAccount(ctx, tx, m.TenantID, user.ID)
		if !errors.Is(err, fault.ErrUnauthenticated) {
			return a, err
		}
	}
	return securityguard.Account{}, fault.ErrUnauthenticated
}
