package faulty

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

type usersStore struct {
	faults *Store
	next   ports.UserStore
}

func (s usersStore) Insert(ctx context.Context, u identity.User) error {
	if err := s.faults.strike("Users.Insert"); err != nil {
		return err
	}
	return s.next.Insert(ctx, u)
}

func (s usersStore) ByID(ctx context.Context, id string) (identity.User, error) {
	return guard(s.faults, "Users.ByID", func() (identity.User, error) { return s.next.ByID(ctx, id) })
}

func (s usersStore) Lock(ctx context.Context, id string) (identity.User, error) {
	return guard(s.faults, "Users.Lock", func() (identity.User, error) { return s.next.Lock(ctx, id) })
}

func (s usersStore) ByEmailKey(ctx context.Context, key string) (identity.User, error) {
	return guard(s.faults, "Users.ByEmailKey", func() (identity.User, error) { return s.next.ByEmailKey(ctx, key) })
}

func (s usersStore) Save(ctx context.Context, u identity.User) error {
	if err := s.faults.strike("Users.Save"); err != nil {
		return err
	}
	return s.next.Save(ctx, u)
}

func (s usersStore) Count(ctx context.Context) (int64, error) {
	return guard(s.faults, "Users.Count", func() (int64, error) { return s.next.Count(ctx) })
}

type tenantsStore struct {
	faults *Store
	next   ports.TenantStore
}

func (s tenantsStore) Insert(ctx context.Context, t identity.Tenant) error {
	if err := s.faults.strike("Tenants.Insert"); err != nil {
		return err
	}
	return s.next.Insert(ctx, t)
}

func (s tenantsStore) ByID(ctx context.Context, id string) (identity.Tenant, error) {
	return guard(s.faults, "Tenants.ByID", func() (identity.Tenant, error) { return s.next.ByID(ctx, id) })
}

func (s tenantsStore) AddMember(ctx context.Context, m identity.Membership) error {
	if err := s.faults.strike("Tenants.AddMember"); err != nil {
		return err
	}
	return s.next.AddMember(ctx, m)
}

func (s tenantsStore) Member(ctx context.Context, tenantID, userID string) (identity.Membership, error) {
	return guard(s.faults, "Tenants.Member", func() (identity.Membership, error) { return s.next.Member(ctx, tenantID, userID) })
}

func (s tenantsStore) Memberships(ctx context.Context, userID string) ([]identity.Membership, error) {
	return guard(s.faults, "Tenants.Memberships", func() ([]identity.Membership, error) { return s.next.Memberships(ctx, userID) })
}

type sessionsStore struct {
	faults *Store
	next   ports.SessionStore
}

func (s sessionsStore) Insert(ctx context.Context, v session.Session) error {
	if err := s.faults.strike("Sessions.Insert"); err != nil {
		return err
	}
	return s.next.Insert(ctx, v)
}

func (s sessionsStore) ByID(ctx context.Context, id string) (session.Session, error) {
	return guard(s.faults, "Sessions.ByID", func() (session.Session, error) { return s.next.ByID(ctx, id) })
}

func (s sessionsStore) Save(ctx context.Context, v session.Session) error {
	if err := s.faults.strike("Sessions.Save"); err != nil {
		return err
	}
	return s.next.Save(ctx, v)
}

func (s sessionsStore) Upgrade(ctx context.Context, id string, secretHash []byte, userID, tenantID string) (session.Session, error) {
	return guard(s.faults, "Sessions.Upgrade", func() (session.Session, error) { return s.next.Upgrade(ctx, id, secretHash, userID, tenantID) })
}

func (s sessionsStore) Owned(ctx context.Context, tenantID, userID string, page ports.Page) ([]session.Session, error) {
	return guard(s.faults, "Sessions.Owned", func() ([]session.Session, error) { return s.next.Owned(ctx, tenantID, userID, page) })
}

func (s sessionsStore) BySecretHash(ctx context.Context, hash []byte) (session.Session, error) {
	return guard(s.faults, "Sessions.BySecretHash", func() (session.Session, error) { return s.next.BySecretHash(ctx, hash) })
}

type loginsStore struct {
	faults *Store
	next   ports.LoginStore
}

func (s loginsStore) Insert(ctx context.Context, l session.Login) error {
	if err := s.faults.strike("Logins.Insert"); err != nil {
		return err
	}
	return s.next.Insert(ctx, l)
}

func (s loginsStore) BySession(ctx context.Context, sessionID string) (session.Login, error) {
	return guard(s.faults, "Logins.BySession", func() (session.Login, error) { return s.next.BySession(ctx, sessionID) })
}

func (s loginsStore) ByCookieHash(ctx context.Context, hash []byte) (session.Login, error) {
	return guard(s.faults, "Logins.ByCookieHash", func() (session.Login, error) { return s.next.ByCookieHash(ctx, hash) })
}

func (s loginsStore) Rotate(ctx context.Context, next session.Login, from int) error {
	if err := s.faults.strike("Logins.Rotate"); err != nil {
		return err
	}
	return s.next.Rotate(ctx, next, from)
}

func (s loginsStore) Delete(ctx context.Context, sessionID string) error {
	if err := s.faults.strike("Logins.Delete"); err != nil {
		return err
	}
	return s.next.Delete(ctx, sessionID)
}

type ticketsStore struct {
	faults *Store
	next   ports.TicketStore
}

func (s ticketsStore) Insert(ctx context.Context, t session.Ticket) error {
	if err := s.faults.strike("Tickets.Insert"); err != nil {
		return err
	}
	return s.next.Insert(ctx, t)
}

func (s ticketsStore) Take(ctx context.Context, hash []byte) (session.Ticket, error) {
	return guard(s.faults, "Tickets.Take", func() (session.Ticket, error) { return s.next.Take(ctx, hash) })
}

func (s ticketsStore) DeleteBySession(ctx context.Context, sessionID string) error {
	if err := s.faults.strike("Tickets.DeleteBySession"); err != nil {
		return err
	}
	return s.next.DeleteBySession(ctx, sessionID)
}

func (s ticketsStore) DeleteExpired(ctx context.Context, now time.Time) (int64, error) {
	return guard(s.faults, "Tickets.DeleteExpired", func() (int64, error) { return s.next.DeleteExpired(ctx, now) })
}

type limitsStore struct {
	faults *Store
	next   ports.LimitStore
}

func (s limitsStore) Take(ctx context.Context, key []string, rate ports.Rate) (ports.Verdict, error) {
	return guard(s.faults, "Limits.Take", func() (ports.Verdict, error) { return s.next.Take(ctx, key, rate) })
}

func (s limitsStore) TakeAny(ctx context.Context, keys [][]string, rate ports.Rate) (ports.Verdict, error) {
	return guard(s.faults, "Limits.TakeAny", func() (ports.Verdict, error) { return s.next.TakeAny(ctx, keys, rate) })
}

func (s limitsStore) Reset(ctx context.Context, key []string) error {
	if err := s.faults.strike("Limits.Reset"); err != nil {
		return err
	}
	return s.next.Reset(ctx, key)
}

func (s limitsStore) DeleteIdle(ctx context.Context, now time.Time) (int64, error) {
	return guard(s.faults, "Limits.DeleteIdle", func() (int64, error) { return s.next.DeleteIdle(ctx, now) })
}

type scopesStore struct {
	faults *Store
	next   ports.ScopeStore
}

func (s scopesStore) Rekey(ctx context.Context, sessionID, tenantID, userID string) error {
	if err := s.faults.strike("Scopes.Rekey"); err != nil {
		return err
	}
	return s.next.Rekey(ctx, sessionID, tenantID, userID)
}

func (s scopesStore) Held(ctx context.Context, l execution.Lease, scope identity.Scope) error {
	if err := s.faults.strike("Scopes.Held"); err != nil {
		return err
	}
	return s.next.Held(ctx, l, scope)
}

func (s scopesStore) Pin(ctx context.Context, id string) error {
	if err := s.faults.strike("Scopes.Pin"); err != nil {
		return err
	}
	return s.next.Pin(ctx, id)
}
