// Package admin is what administrators do: an admin of a tenant within it, an operator on the whole platform. Every change needs a person who
// has proved who they are in the last minutes, and leaves an audit record in the transaction that makes it.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Errors of administration.
var (
	// ErrSelf is a change that somebody must not make to their own account.
	ErrSelf = fault.New(fault.Conflict, "own_account", "You cannot do this to your own account.")
	// ErrLastOwner is a change that would leave a tenant without an owner.
	ErrLastOwner = fault.New(fault.Conflict, "last_owner", "A tenant needs an owner; make somebody else one first.")
	// ErrNotSuspended is the erasure of a tenant that is in use.
	ErrNotSuspended = fault.New(fault.Conflict, "not_suspended", "Suspend the tenant before you erase it.")
)

// Guard forgets what it remembers of a session; *securityguard.Guard is one.
type Guard interface{ Forget(sessionID string) }

// Deps is what the service works with; all are needed.
type Deps struct {
	UnitOfWork ports.UnitOfWork
	Blobs      ports.BlobStore
	Guard      Guard
	Bus        ports.EventBus
	Clock      ports.Clock
	IDs        ports.IDs
}

// Service offers the use cases. It is safe for concurrent use.
type Service struct{ d Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

// operates refuses everybody but operators.
func operates(p identity.Principal) error {
	if !p.May(identity.PermOperate) {
		return fault.ErrPermission
	}
	return nil
}

// fresh refuses who signed in too long ago.
func (s *Service) fresh(p identity.Principal) error { return p.Fresh(s.d.Clock.Now()) }

// over gives the tenant in which the caller may change something of the named tenant ("" is their own): an admin in the own one, an operator in
// any. Another tenant is not there for an admin.
func (s *Service) over(p identity.Principal, tenantID string) (string, error) {
	if tenantID == "" {
		tenantID = p.TenantID
	}
	switch {
	case p.May(identity.PermOperate), tenantID == p.TenantID && p.May(identity.PermAdmin):
		return tenantID, s.fresh(p)
	case p.May(identity.PermAdmin):
		return "", fault.ErrNotFound
	}
	return "", fault.ErrPermission
}

// record is what is written down of an act: ids and our own words only.
func (s *Service) record(p identity.Principal, tenantID, action, target string, detail map[string]string) (audit.Record, error) {
	raw, err := json.Marshal(detail)
	if err != nil {
		return audit.Record{}, fmt.Errorf("encode an audit detail: %w", err)
	}
	if tenantID == "" {
		tenantID = accounts.PlatformScope
	}
	return audit.Record{
		ID: s.d.IDs.NewID(typeid.AuditRecord), TenantID: tenantID, Actor: p.Actor(), Action: action, Target: target,
		Result: audit.Completed, Detail: raw, At: s.d.Clock.Now(),
	}, nil
}

// note appends a record of an act.
func (s *Service) note(ctx context.Context, tx ports.Tx, p identity.Principal, tenantID, action, target string, detail map[string]string) error {
	r, err := s.record(p, tenantID, action, target, detail)
	if err != nil {
		return err
	}
	return tx.Audit.Append(ctx, r)
}

// staleTries bounds how often a use case starts again because somebody else changed what it had read.
const staleTries = 6

// do runs fn in a transaction, again while an aggregate that it saves was changed by somebody else meanwhile.
func (s *Service) do(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	var err error
	for range staleTries {
		if err = s.d.UnitOfWork.Do(ctx, fn); !errors.Is(err, fault.ErrStale) {
			return err
		}
	}
	return fault.ErrUnavailable.Because(err)
}

// look runs a read.
func look[V any](ctx context.Context, s *Service, read func(ctx context.Context, tx ports.Tx) (V, error)) (V, error) {
	var found V
	err := s.d.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		found, err = read(ctx, tx)
		return err
	})
	return found, err
}

// announce tells every process that sessions have changed. The table is the truth and hints may be lost, so a bus that fails costs other
// processes at most the half second until their next look.
func (s *Service) announce(ctx context.Context, sessionIDs ...string) {
	for _, id := range sessionIDs {
		s.d.Guard.Forget(id)
		_ = s.d.Bus.Publish(ctx, ports.Hint{SessionID: id})
	}
}
