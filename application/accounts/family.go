package accounts

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

// A family is all sessions that come from one act of signing in: the one that the login was opened on and those that were upgraded
// with its access tokens. Their logins share the key, and they end together.

// sameFamily compares keys in constant time, as they are secrets.
func sameFamily(a, b session.Login) bool { return subtle.ConstantTimeCompare(a.Key, b.Key) == 1 }

// endFamily ends the login and its relatives and gives the ids of the ended sessions. A login that was rotated meanwhile is
// fault.ErrStale.
func endFamily(ctx context.Context, tx ports.Tx, l session.Login, now time.Time) ([]string, error) {
	// The write that changes nothing waits for an upgrade that is adding to the family, which writes the same row: what it adds is then
	// seen below. An upgrade that comes later finds no login.
	if err := tx.Logins.Rotate(ctx, l, l.Counter); err != nil {
		return nil, err
	}
	return endLogins(ctx, tx, l.TenantID, l.UserID, now, func(other session.Login) bool { return sameFamily(l, other) })
}

// ownedPage is how many sessions are read at once.
const ownedPage = 200

// endLogins ends the user's signed-in sessions that chosen picks: the session gets its last epoch, login and tickets are deleted.
// Sessions without a login are places of work, not credentials, and stay.
func endLogins(ctx context.Context, tx ports.Tx, tenantID, userID string, now time.Time, chosen func(session.Login) bool) ([]string, error) {
	var ended []string
	page := ports.Page{Limit: ownedPage}
	for {
		owned, err := tx.Sessions.Owned(ctx, tenantID, userID, page)
		if err != nil {
			return nil, err
		}
		for _, o := range owned {
			l, err := tx.Logins.BySession(ctx, o.ID())
			if errors.Is(err, fault.ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if !chosen(l) {
				continue
			}
			if err := endLogin(ctx, tx, o, now); err != nil {
				return nil, err
			}
			ended = append(ended, o.ID())
		}
		if len(owned) < ownedPage {
			return ended, nil
		}
		page.After = owned[len(owned)-1].ID()
	}
}

func endLogin(ctx context.Context, tx ports.Tx, owned session.Session, now time.Time) error {
	if err := tx.Logins.Delete(ctx, owned.ID()); err != nil {
		return err
	}
	if err := tx.Tickets.DeleteBySession(ctx, owned.ID()); err != nil {
		return err
	}
	if owned.Snapshot().State == session.Ended {
		return nil
	}
	owned.End(now)
	return tx.Sessions.Save(ctx, owned)
}
