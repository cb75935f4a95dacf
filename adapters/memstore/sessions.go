package memstore

import (
	"bytes"
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

type sessions struct{ *txn }

func sessionVersion(s *session.Snapshot) *int { return &s.Version }

func (s sessions) Insert(ctx context.Context, v session.Session) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	return s.st.sessions.insert(v.ID(), v.Snapshot())
}

func (s sessions) ByID(ctx context.Context, id string) (session.Session, error) {
	if err := s.reads(ctx); err != nil {
		return session.Session{}, err
	}
	row, err := s.st.sessions.get(id)
	return session.Restore(row), err
}

func (s sessions) BySecretHash(ctx context.Context, hash []byte) (session.Session, error) {
	if err := s.reads(ctx); err != nil {
		return session.Session{}, err
	}
	row, err := s.st.sessions.one(func(v session.Snapshot) bool { return len(hash) > 0 && bytes.Equal(v.SecretHash, hash) })
	return session.Restore(row), err
}

func (s sessions) Save(ctx context.Context, v session.Session) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	return s.st.sessions.save(v.ID(), v.Snapshot(), sessionVersion, func(stored session.Snapshot, next *session.Snapshot) error {
		if stored.OwnerUserID != "" {
			next.OwnerUserID, next.TenantID = stored.OwnerUserID, stored.TenantID
		}
		return nil
	})
}

func (s sessions) Upgrade(ctx context.Context, id string, secretHash []byte, userID, tenantID string) (session.Session, error) {
	if err := s.writes(ctx); err != nil {
		return session.Session{}, err
	}
	row, err := s.st.sessions.get(id)
	if err != nil {
		return session.Session{}, err
	}
	v, now := session.Restore(row), s.now()
	if v.Status(now) != session.Anonymous || !v.ProvedBy(secretHash) {
		return session.Session{}, fault.ErrNotFound
	}
	if err := v.Upgrade(userID, tenantID, now); err != nil {
		return session.Session{}, err
	}
	row = v.Snapshot()
	row.Version++
	s.st.sessions.put(id, row)
	return session.Restore(clone(row)), nil
}

func (s sessions) Owned(ctx context.Context, tenantID, userID string, page ports.Page) ([]session.Session, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	rows := s.st.sessions.find(
		func(v session.Snapshot) bool { return session.Restore(v).OwnedBy(tenantID, userID) },
		func(a, b session.Snapshot) int { return newestFirst(a.CreatedAt, b.CreatedAt, a.ID, b.ID) },
	)
	rows = after(rows, page, func(v session.Snapshot) string { return v.ID })
	list := make([]session.Session, len(rows))
	for i, row := range rows {
		list[i] = session.Restore(row)
	}
	return list, nil
}

// after gives the page of a list; after an id that the list does not have there is nothing.
func after[V any](list []V, page ports.Page, id func(V) string) []V {
	if page.After != "" {
		from := len(list)
		for i, v := range list {
			if id(v) == page.After {
				from = i + 1
				break
			}
		}
		list = list[from:]
	}
	return cut(list, ports.Window{Limit: page.Limit})
}

type logins struct{ *txn }

func (s logins) Insert(ctx context.Context, l session.Login) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if _, err := s.byCookie(l.CookieHash); err == nil {
		return fault.ErrDuplicate
	}
	return s.st.logins.insert(l.SessionID, l)
}

func (s logins) BySession(ctx context.Context, sessionID string) (session.Login, error) {
	if err := s.reads(ctx); err != nil {
		return session.Login{}, err
	}
	return s.st.logins.get(sessionID)
}

func (s logins) ByCookieHash(ctx context.Context, hash []byte) (session.Login, error) {
	if err := s.reads(ctx); err != nil {
		return session.Login{}, err
	}
	return s.byCookie(hash)
}

func (s logins) byCookie(hash []byte) (session.Login, error) {
	return s.st.logins.one(func(l session.Login) bool { return len(hash) > 0 && bytes.Equal(l.CookieHash, hash) })
}

func (s logins) Rotate(ctx context.Context, next session.Login, from int) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	stored, err := s.st.logins.get(next.SessionID)
	if err != nil || stored.Counter != from {
		return fault.ErrStale
	}
	s.st.logins.put(next.SessionID, next)
	return nil
}

func (s logins) Delete(ctx context.Context, sessionID string) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	s.st.logins.remove(sessionID)
	return nil
}

type tickets struct{ *txn }

func (s tickets) Insert(ctx context.Context, t session.Ticket) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	return s.st.tickets.insert(string(t.Hash), t)
}

func (s tickets) Take(ctx context.Context, hash []byte) (session.Ticket, error) {
	if err := s.writes(ctx); err != nil {
		return session.Ticket{}, err
	}
	t, err := s.st.tickets.get(string(hash))
	if err != nil {
		return session.Ticket{}, err
	}
	if !s.now().Before(t.ExpiresAt) {
		return session.Ticket{}, fault.ErrNotFound
	}
	s.st.tickets.remove(string(hash))
	return t, nil
}

func (s tickets) DeleteBySession(ctx context.Context, sessionID string) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	s.st.tickets.prune(func(t session.Ticket) bool { return t.SessionID == sessionID })
	return nil
}

func (s tickets) DeleteExpired(ctx context.Context, now time.Time) (int64, error) {
	if err := s.writes(ctx); err != nil {
		return 0, err
	}
	return s.st.tickets.prune(func(t session.Ticket) bool { return !now.Before(t.ExpiresAt) }), nil
}
