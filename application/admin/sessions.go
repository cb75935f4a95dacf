package admin

import (
	"context"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Sessions gives the sessions of the caller's tenant, or of the platform with visitors' among them, the last made first.
func (s *Service) Sessions(ctx context.Context, p identity.Principal, platform bool, page ports.Page) ([]session.Session, error) {
	tenantID, err := p.Administered(platform)
	if err != nil {
		return nil, err
	}
	return look(ctx, s, func(ctx context.Context, tx ports.Tx) ([]session.Session, error) {
		return tx.Directory.Sessions(ctx, tenantID, page)
	})
}

// Revoke ends a session of the caller's tenant, or for an operator any: its tokens, tickets and login die at once, and its open sockets within
// a second on every process. Ending twice is no error.
func (s *Service) Revoke(ctx context.Context, p identity.Principal, sessionID string) error {
	if !p.May(identity.PermOperate) && !p.May(identity.PermAdmin) {
		return fault.ErrPermission
	}
	if err := s.fresh(p); err != nil {
		return err
	}
	if !typeid.Valid(typeid.Session, sessionID) {
		return fault.ErrNotFound
	}
	err := s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		found, err := tx.Sessions.ByID(ctx, sessionID)
		if err != nil {
			return err
		}
		if found.Snapshot().TenantID != p.TenantID && !p.May(identity.PermOperate) {
			return fault.ErrNotFound
		}
		if found.Snapshot().State == session.Ended {
			return nil
		}
		if err := s.end(ctx, tx, found); err != nil {
			return err
		}
		return s.note(ctx, tx, p, found.IsolationID(), "admin.session_revoked", sessionID, nil)
	})
	if err == nil {
		s.announce(ctx, sessionID)
	}
	return err
}

// end ends a session. The login goes first: the order in which refreshes and logouts write them.
func (s *Service) end(ctx context.Context, tx ports.Tx, found session.Session) error {
	if err := tx.Logins.Delete(ctx, found.ID()); err != nil {
		return err
	}
	found.End(s.d.Clock.Now())
	if err := tx.Sessions.Save(ctx, found); err != nil {
		return err
	}
	return tx.Tickets.DeleteBySession(ctx, found.ID())
}

// endAll ends the live sessions of a user in a tenant and adds their ids to ended.
func (s *Service) endAll(ctx context.Context, tx ports.Tx, tenantID, userID string, ended []string) ([]string, error) {
	page := ports.Page{Limit: pageSize}
	for {
		owned, err := tx.Sessions.Owned(ctx, tenantID, userID, page)
		if err != nil {
			return nil, err
		}
		for _, o := range owned {
			if o.Snapshot().State == session.Ended {
				continue
			}
			if err := s.end(ctx, tx, o); err != nil {
				return nil, err
			}
			ended = append(ended, o.ID())
		}
		if len(owned) < page.Limit {
			return ended, nil
		}
		page.After = owned[len(owned)-1].ID()
	}
}
