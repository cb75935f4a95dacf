package trafficcop

import (
	"context"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// denied records that the caller may not do what they asked for, at most once a minute for a caller and type, and gives the refusal back. A
// refusal that cannot be recorded is the store's error: it refuses too.
func (a *Admission) denied(ctx context.Context, p identity.Principal, cmd SubmitCommand, refused error) error {
	r := audit.Record{
		ID: a.ids.NewID(typeid.AuditRecord), TenantID: p.TenantID, Actor: p.Actor(), Action: "intent.submitted", Result: audit.Denied,
		Detail: []byte(`{"error_code":"` + fault.As(refused).Code + `"}`), TraceID: cmd.TraceID, At: a.clock.Now(),
	}
	if entry, err := a.catalogue.Find(cmd.IntentType); err == nil { // a type that is none is the caller's text, and not written down
		r.IntentType = entry.Spec.Type
	}
	err := a.uow.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		return auditing.Sparingly(ctx, tx, r, p.TenantID, p.Actor(), r.IntentType)
	})
	if err != nil {
		return err
	}
	return refused
}

// limited records that a limit keeps visitors' sessions from being made, at most once a minute for the limit (an address's, or that of all), and
// gives the refusal back. It has a transaction of its own, because a creation that is refused must not count.
func (s *Sessions) limited(ctx context.Context, limit string, refused error) error {
	r := audit.Record{
		ID: s.d.IDs.NewID(typeid.AuditRecord), TenantID: accounts.PlatformScope, Actor: "unknown", Action: "session.created", Result: audit.Denied,
		Detail: []byte(`{"code":"` + accounts.ErrRateLimited.Code + `"}`), At: s.d.Clock.Now(),
	}
	err := s.d.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		return auditing.Sparingly(ctx, tx, r, limit)
	})
	if err != nil {
		return err
	}
	return refused
}
