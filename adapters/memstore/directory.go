package memstore

import (
	"bytes"
	"cmp"
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

type directory struct{ *txn }

// beyond gives the page of a list that is ordered by id: what comes behind an id, which need not be there any more.
func beyond[V any](list []V, page ports.Page, id func(V) string, order int) []V {
	for page.After != "" && len(list) > 0 && order*cmp.Compare(id(list[0]), page.After) <= 0 {
		list = list[1:]
	}
	return cut(list, ports.Window{Limit: page.Limit})
}

func (s directory) Members(ctx context.Context, tenantID string, page ports.Page) ([]identity.Member, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	rows := s.st.members.find(
		func(m identity.Membership) bool { return m.TenantID == tenantID },
		func(a, b identity.Membership) int { return cmp.Compare(a.UserID, b.UserID) },
	)
	list := []identity.Member{}
	for _, m := range rows {
		u, err := s.st.users.get(m.UserID)
		if err == nil {
			list = append(list, identity.Member{
				UserID: u.ID, Email: u.Email, Name: u.Name, Disabled: u.Disabled, Operator: u.Operator, Role: m.Role, JoinedAt: m.CreatedAt,
			})
		}
	}
	return beyond(list, page, func(m identity.Member) string { return m.UserID }, 1), nil
}

func (s directory) SetRole(ctx context.Context, tenantID, userID string, role identity.Role) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(tenantID); err != nil {
		return err
	}
	m, err := s.st.members.get(tuple(tenantID, userID))
	if err != nil {
		return err
	}
	m.Role = role
	s.st.members.put(tuple(tenantID, userID), m)
	return nil
}

func (s directory) Users(ctx context.Context, page ports.Page) ([]identity.User, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	rows := s.st.users.find(func(identity.User) bool { return true }, func(a, b identity.User) int { return cmp.Compare(a.ID, b.ID) })
	return beyond(rows, page, func(u identity.User) string { return u.ID }, 1), nil
}

func (s directory) Tenants(ctx context.Context, page ports.Page) ([]identity.Tenant, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	rows := s.st.tenants.find(func(identity.Tenant) bool { return true }, func(a, b identity.Tenant) int { return cmp.Compare(a.ID, b.ID) })
	return beyond(rows, page, func(t identity.Tenant) string { return t.ID }, 1), nil
}

func (s directory) SaveTenant(ctx context.Context, t identity.Tenant) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	return s.st.tenants.save(t.ID, t, func(t *identity.Tenant) *int { return &t.Version }, func(identity.Tenant, *identity.Tenant) error { return nil })
}

func (s directory) Sessions(ctx context.Context, tenantID string, page ports.Page) ([]session.Session, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	rows := s.st.sessions.find(
		func(v session.Snapshot) bool { return tenantID == "" || v.TenantID == tenantID },
		func(a, b session.Snapshot) int { return cmp.Compare(b.ID, a.ID) },
	)
	list := []session.Session{}
	for _, row := range beyond(rows, page, func(v session.Snapshot) string { return v.ID }, -1) {
		list = append(list, session.Restore(row))
	}
	return list, nil
}

type invitations struct{ *txn }

func (s invitations) Insert(ctx context.Context, i identity.Invitation) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(i.TenantID); err != nil {
		return err
	}
	return s.st.invitations.insert(i.ID, i)
}

func (s invitations) ByTokenHash(ctx context.Context, hash []byte) (identity.Invitation, error) {
	if err := s.reads(ctx); err != nil {
		return identity.Invitation{}, err
	}
	return s.st.invitations.one(func(i identity.Invitation) bool { return len(hash) > 0 && bytes.Equal(i.TokenHash, hash) })
}

func (s invitations) Use(ctx context.Context, id, userID string, now time.Time) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	i, err := s.st.invitations.get(id)
	if err != nil || !i.UsedAt.IsZero() {
		return fault.ErrNotFound
	}
	i.UsedAt, i.UsedBy = now, userID
	s.st.invitations.put(id, i)
	return nil
}

func (s invitations) List(ctx context.Context, tenantID string, page ports.Page) ([]identity.Invitation, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	rows := s.st.invitations.find(
		func(i identity.Invitation) bool { return i.TenantID == tenantID },
		func(a, b identity.Invitation) int { return cmp.Compare(b.ID, a.ID) },
	)
	return beyond(rows, page, func(i identity.Invitation) string { return i.ID }, -1), nil
}

func (s invitations) Delete(ctx context.Context, tenantID, id string) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(tenantID); err != nil {
		return err
	}
	i, err := s.st.invitations.get(id)
	if err != nil || i.TenantID != tenantID || !i.UsedAt.IsZero() {
		return fault.ErrNotFound
	}
	s.st.invitations.remove(id)
	return nil
}
