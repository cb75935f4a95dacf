package memstore

import (
	"context"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

type users struct{ *txn }

func (s users) Insert(ctx context.Context, u identity.User) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if _, err := s.byEmailKey(u.EmailKey); err == nil {
		return fault.ErrDuplicate
	}
	return s.st.users.insert(u.ID, u)
}

func (s users) ByID(ctx context.Context, id string) (identity.User, error) {
	if err := s.reads(ctx); err != nil {
		return identity.User{}, err
	}
	return s.st.users.get(id)
}

// Lock is ByID: transactions that write are serial.
func (s users) Lock(ctx context.Context, id string) (identity.User, error) { return s.ByID(ctx, id) }

func (s users) ByEmailKey(ctx context.Context, key string) (identity.User, error) {
	if err := s.reads(ctx); err != nil {
		return identity.User{}, err
	}
	return s.byEmailKey(key)
}

func (s users) byEmailKey(key string) (identity.User, error) {
	return s.st.users.one(func(u identity.User) bool { return u.EmailKey == key })
}

func (s users) Save(ctx context.Context, u identity.User) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if other, err := s.byEmailKey(u.EmailKey); err == nil && other.ID != u.ID {
		return fault.ErrDuplicate
	}
	return s.st.users.save(u.ID, u, func(u *identity.User) *int { return &u.Version }, func(identity.User, *identity.User) error { return nil })
}

func (s users) Count(ctx context.Context) (int64, error) {
	if err := s.reads(ctx); err != nil {
		return 0, err
	}
	var n int64
	for range s.st.users.rows() {
		n++
	}
	return n, nil
}

type tenants struct{ *txn }

func (s tenants) Insert(ctx context.Context, t identity.Tenant) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	return s.st.tenants.insert(t.ID, t)
}

func (s tenants) ByID(ctx context.Context, id string) (identity.Tenant, error) {
	if err := s.reads(ctx); err != nil {
		return identity.Tenant{}, err
	}
	return s.st.tenants.get(id)
}

func (s tenants) AddMember(ctx context.Context, m identity.Membership) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(m.TenantID); err != nil {
		return err
	}
	return s.st.members.insert(tuple(m.TenantID, m.UserID), m)
}

func (s tenants) Member(ctx context.Context, tenantID, userID string) (identity.Membership, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return identity.Membership{}, err
	}
	return s.st.members.get(tuple(tenantID, userID))
}

func (s tenants) Memberships(ctx context.Context, userID string) ([]identity.Membership, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	return s.st.members.find(
		func(m identity.Membership) bool { return m.UserID == userID },
		func(a, b identity.Membership) int {
			return oldestFirst(a.CreatedAt, b.CreatedAt, a.TenantID, b.TenantID)
		},
	), nil
}
