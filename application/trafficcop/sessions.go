package trafficcop

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Config sets limits on making anonymous sessions. A zero field takes its default; a Rate with a Window and a Limit of 0 means
// no limit.
type Config struct {
	// AnonymousRate holds per client address.
	AnonymousRate ports.Rate
	// AnonymousTotal holds over all addresses.
	AnonymousTotal ports.Rate
}

// Defaults gives 30 anonymous sessions an hour for an address and 10,000 an hour in all.
func Defaults() Config {
	return Config{
		AnonymousRate:  ports.Rate{Limit: 30, Window: time.Hour},
		AnonymousTotal: ports.Rate{Limit: 10_000, Window: time.Hour},
	}
}

// Deps is what Sessions works with; all are needed.
type Deps struct {
	UnitOfWork ports.UnitOfWork
	Guard      *securityguard.Guard
	Issuer     ports.TokenIssuer
	Clock      ports.Clock
	IDs        ports.IDs
	Bus        ports.EventBus
	Config     Config
}

// Sessions holds the use cases of sessions. It is safe for concurrent use.
type Sessions struct {
	d   Deps
	cfg Config
}

// NewSessions makes the use cases.
func NewSessions(d Deps) *Sessions {
	defaults := Defaults()
	return &Sessions{d: d, cfg: Config{
		AnonymousRate:  cmp.Or(d.Config.AnonymousRate, defaults.AnonymousRate),
		AnonymousTotal: cmp.Or(d.Config.AnonymousTotal, defaults.AnonymousTotal),
	}}
}

// Created is a new session. Secret is set for an anonymous one and cannot be had again.
type Created struct {
	Session session.Session
	Secret  string
}

// CreateAnonymous makes a session for a visitor: its id and its secret are the server's. Over the limits it is accounts.ErrRateLimited.
func (s *Sessions) CreateAnonymous(ctx context.Context, metadata []byte, c accounts.Client) (Created, error) {
	metadata, err := accounts.SessionMetadata(metadata)
	if err != nil {
		return Created{}, err
	}
	secret := securityguard.NewSecret(securityguard.AnonymousSecret, s.d.IDs.Secret())
	made := session.NewAnonymous(
		s.d.IDs.NewID(typeid.Session), securityguard.HashSecret(secret), addressHash(c), metadata, s.d.Clock.Now(),
	)
	var limit string
	err = s.d.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		limit = c.LimitKey()
		if err := take(ctx, tx, s.cfg.AnonymousRate, "session.anonymous", limit); err != nil {
			return err
		}
		if err := tx.Sessions.Insert(ctx, made); err != nil {
			return err
		}
		// The counter that others share comes last, so that it is locked for the shortest time.
		limit = "total"
		return s.takeTotal(ctx, tx)
	})
	if errors.Is(err, accounts.ErrRateLimited) {
		return Created{}, s.limited(ctx, limit, err)
	}
	if err != nil {
		return Created{}, err
	}
	return Created{Session: made, Secret: secret}, nil
}

// take counts one event; a refusal is accounts.ErrRateLimited.
func take(ctx context.Context, tx ports.Tx, rate ports.Rate, key ...string) error {
	return allowed(tx.Limits.Take(ctx, key, rate))
}

// addressHash lets an operator see that sessions come from one address without keeping the address.
func addressHash(c accounts.Client) []byte {
	sum := sha256.Sum256([]byte("symphainy session address\x00" + c.LimitKey()))
	return sum[:]
}

// Create makes a session for a signed-in user, in their tenant. A visitor is fault.ErrUnauthenticated.
func (s *Sessions) Create(ctx context.Context, p identity.Principal, metadata []byte) (Created, error) {
	if p.Kind != identity.KindUser {
		return Created{}, fault.ErrUnauthenticated
	}
	metadata, err := accounts.SessionMetadata(metadata)
	if err != nil {
		return Created{}, err
	}
	made := session.NewActive(s.d.IDs.NewID(typeid.Session), p.UserID, p.TenantID, metadata, s.d.Clock.Now())
	err = s.d.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error { return tx.Sessions.Insert(ctx, made) })
	if err != nil {
		return Created{}, err
	}
	return Created{Session: made}, nil
}

// Resolve gives the session if the caller has a right to it: a visitor to their own, a user to those they own. Everything else, and an
// anonymous session past its time, is fault.ErrNotFound. An ended session is given; writing to it is for the caller to refuse with
// session.ErrEnded. The use is recorded, at most once a minute.
func (s *Sessions) Resolve(ctx context.Context, p identity.Principal, sessionID string) (session.Session, error) {
	now := s.d.Clock.Now()
	var found session.Session
	err := s.d.UnitOfWork.Look(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		found, err = visible(ctx, tx, p, sessionID, now)
		return err
	})
	if err != nil {
		return session.Session{}, err
	}
	status := found.Status(now)
	if touched := found; status == session.Ended || status == session.Expired || !touched.Touch(now) {
		return found, nil
	}
	err = s.d.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		if found, err = visible(ctx, tx, p, sessionID, now); err != nil || !found.Touch(now) {
			return err
		}
		return tx.Sessions.Save(ctx, found)
	})
	if errors.Is(err, fault.ErrStale) {
		// Whoever changed it meanwhile has used it too; what counts now is what they made of it.
		err = s.d.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
			found, err = visible(ctx, tx, p, sessionID, now)
			return err
		})
	}
	if err != nil {
		return session.Session{}, err
	}
	return found, nil
}

// visible reads a session that the caller has a right to.
func visible(ctx context.Context, tx ports.Tx, p identity.Principal, sessionID string, now time.Time) (session.Session, error) {
	if !typeid.Valid(typeid.Session, sessionID) {
		return session.Session{}, fault.ErrNotFound
	}
	found, err := tx.Sessions.ByID(ctx, sessionID)
	if err != nil {
		return session.Session{}, err
	}
	switch p.Kind {
	case identity.KindUser:
		if found.OwnedBy(p.TenantID, p.UserID) {
			return found, nil
		}
	case identity.KindAnonymous:
		if sessionID == p.SessionID && found.Snapshot().OwnerUserID == "" && found.Status(now) != session.Expired {
			return found, nil
		}
	}
	return session.Session{}, fault.ErrNotFound
}

// List gives the caller's sessions, newest first; a visitor has the one they are in.
func (s *Sessions) List(ctx context.Context, p identity.Principal, page ports.Page) ([]session.Session, error) {
	if p.Anonymous() {
		if page.After != "" {
			return nil, nil
		}
		own, err := s.Resolve(ctx, p, p.SessionID)
		if err != nil {
			return nil, err
		}
		return []session.Session{own}, nil
	}
	if p.Kind != identity.KindUser {
		return nil, fault.ErrUnauthenticated
	}
	var owned []session.Session
	err := s.d.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		owned, err = tx.Sessions.Owned(ctx, p.TenantID, p.UserID, page)
		return err
	})
	return owned, err
}

// NewestActive gives the caller's newest session that can be written to: a visitor's own, a user's newest or else a new one. A visitor
// whose session has ended gets session.ErrEnded.
func (s *Sessions) NewestActive(ctx context.Context, p identity.Principal) (session.Session, error) {
	if p.Anonymous() {
		own, err := s.Resolve(ctx, p, p.SessionID)
		if err == nil && own.Snapshot().State == session.Ended {
			return session.Session{}, session.ErrEnded
		}
		return own, err
	}
	now := s.d.Clock.Now()
	page := ports.Page{Limit: 50}
	for {
		owned, err := s.List(ctx, p, page)
		if err != nil {
			return session.Session{}, err
		}
		for _, o := range owned {
			if o.Status(now) == session.Active {
				return s.Resolve(ctx, p, o.ID())
			}
		}
		if len(owned) < page.Limit {
			made, err := s.Create(ctx, p, nil)
			return made.Session, err
		}
		page.After = owned[len(owned)-1].ID()
	}
}
