package trafficcop

import (
	"context"
	"errors"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const (
	actionSessionEnded = "session.ended"
	// staleTries bounds how often a use case starts again because somebody else changed what it had read.
	staleTries = 6
)

// End ends a session of the caller: what was made in it stays readable, its credentials, tickets and sockets die. Ending twice is no
// error; a session that is not the caller's is fault.ErrNotFound.
func (s *Sessions) End(ctx context.Context, p identity.Principal, sessionID string) error {
	err := s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		now := s.d.Clock.Now()
		found, err := visible(ctx, tx, p, sessionID, now)
		if err != nil || found.Snapshot().State == session.Ended {
			return err
		}
		// The login before the session: the order in which refreshes and logouts write them.
		if err := tx.Logins.Delete(ctx, sessionID); err != nil {
			return err
		}
		found.End(now)
		if err := tx.Sessions.Save(ctx, found); err != nil {
			return err
		}
		if err := tx.Tickets.DeleteBySession(ctx, sessionID); err != nil {
			return err
		}
		return tx.Audit.Append(ctx, audit.Record{
			ID: s.d.IDs.NewID(typeid.AuditRecord), TenantID: found.IsolationID(), Actor: p.Actor(), Action: actionSessionEnded,
			Target: sessionID, Result: audit.Completed, At: now,
		})
	})
	if err != nil {
		return err
	}
	s.announce(ctx, sessionID)
	return nil
}

// do runs fn in a transaction, again while an aggregate that it saves was changed by somebody else meanwhile.
func (s *Sessions) do(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	var err error
	for range staleTries {
		if err = s.d.UnitOfWork.Do(ctx, fn); !errors.Is(err, fault.ErrStale) {
			return err
		}
	}
	return fault.ErrUnavailable.Because(err)
}

// announce tells every process that a session has changed. The table is the truth and hints may be lost, so a bus that fails delays
// other processes until their next look and never the answer.
func (s *Sessions) announce(ctx context.Context, sessionID string) {
	s.d.Guard.Forget(sessionID)
	_ = s.d.Bus.Publish(ctx, ports.Hint{SessionID: sessionID})
}
