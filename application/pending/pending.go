// Package pending holds intents that are prepared for later: made in one session, taken up from any session of the same caller by
// submitting with their id.
package pending

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// maxContext bounds the context of a pending intent in bytes of JSON; maxKey an idempotency key.
const (
	maxContext = 64 << 10
	maxKey     = 255
)

// Service makes and lists pending intents. It is safe for concurrent use.
type Service struct {
	catalogue *intents.Catalogue
	uow       ports.UnitOfWork
	clock     ports.Clock
	ids       ports.IDs
}

// New makes the service.
func New(c *intents.Catalogue, uow ports.UnitOfWork, clock ports.Clock, ids ports.IDs) *Service {
	return &Service{catalogue: c, uow: uow, clock: clock, ids: ids}
}

// CreateCommand asks for a pending intent. The session has been resolved for the caller before.
type CreateCommand struct {
	SessionID  string
	IntentType string
	// TargetArtifactID is the artifact the intent is about, by id or reference; "" for none.
	TargetArtifactID string
	// Context is a JSON object of parameters for the later run, nil for {}.
	Context        []byte
	IdempotencyKey string
}

// Create stores a pending intent. An intent type that is not open is intent.ErrUnknown, one that the caller may not submit
// fault.ErrPermission, a target that the caller does not see fault.ErrNotFound. A known idempotency key gives the first one again, with
// another request intent.ErrIdempotencyReused.
func (s *Service) Create(ctx context.Context, p identity.Principal, cmd CreateCommand) (intent.Pending, error) {
	entry, err := s.catalogue.Find(cmd.IntentType)
	switch {
	case err != nil || entry.Spec.Internal:
		return intent.Pending{}, intent.ErrUnknown
	case !p.May(entry.Spec.Permission) || p.Anonymous() && !entry.Spec.Anonymous:
		return intent.Pending{}, fault.ErrPermission
	case len(cmd.Context) > maxContext:
		return intent.Pending{}, fault.Newf(fault.TooLarge, "limit_exceeded", "The context has %d bytes; the limit is %d.", len(cmd.Context), maxContext)
	case len(cmd.IdempotencyKey) > maxKey:
		return intent.Pending{}, intent.ErrParameters.WithMsg("The idempotency key must have at most %d characters.", maxKey)
	}
	if len(bytes.TrimSpace(cmd.Context)) == 0 {
		cmd.Context = []byte("{}")
	}
	cmd.IntentType = entry.Spec.Type
	now := s.clock.Now()
	made := intent.Pending{
		ID: s.ids.NewID(typeid.PendingIntent), TenantID: p.TenantID, OwnerID: p.UserID, SessionID: cmd.SessionID, Type: cmd.IntentType,
		Status: intent.PendingOpen, Context: cmd.Context, CreatedAt: now, UpdatedAt: now,
	}
	err = s.uow.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if p.Anonymous() {
			if err := tx.Scopes.Pin(ctx, p.SessionID); err != nil {
				return err
			}
		}
		first, err := s.reserve(ctx, tx, p, cmd, made.ID)
		if err != nil || first != nil {
			if first != nil {
				made = *first
			}
			return err
		}
		if cmd.TargetArtifactID != "" {
			target, err := artifacts.Find(ctx, tx, p.Scope(), "", cmd.TargetArtifactID)
			if err != nil {
				return err
			}
			made.TargetArtifactID = target.ID()
		}
		return tx.Pending.Insert(ctx, made)
	})
	if err != nil {
		return intent.Pending{}, err
	}
	return made, nil
}

// reserve gives the pending intent that the key made before, nil if the key is new or absent.
func (s *Service) reserve(ctx context.Context, tx ports.Tx, p identity.Principal, cmd CreateCommand, id string) (*intent.Pending, error) {
	if cmd.IdempotencyKey == "" {
		return nil, nil //nolint:nilnil // "no earlier one" is an answer, not a failure
	}
	same := fingerprint("pending", cmd.SessionID, cmd.IntentType, cmd.TargetArtifactID, string(cmd.Context))
	before, err := tx.Idempotency.Reserve(ctx, intent.IdempotencyRecord{
		TenantID: p.TenantID, Actor: p.Actor(), Key: cmd.IdempotencyKey, Fingerprint: same, ExecutionID: id,
		ExpiresAt: s.clock.Now().Add(intent.IdempotencyLife),
	})
	if err != nil || before == nil {
		return nil, err
	}
	if !bytes.Equal(before.Fingerprint, same) {
		return nil, intent.ErrIdempotencyReused
	}
	found, err := tx.Pending.ByID(ctx, p.Scope(), before.ExecutionID)
	return &found, err
}

// fingerprint is the SHA-256 of the request's parts, each with its length.
func fingerprint(parts ...string) []byte {
	h := sha256.New()
	for _, part := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// List gives the caller's pending intents, oldest first, and how many there are without the window. A target may be named by reference.
func (s *Service) List(ctx context.Context, p identity.Principal, f ports.PendingFilter, w ports.Window) (found []intent.Pending, total int64, err error) {
	f.TargetArtifactID = artifacts.IDOf(f.TargetArtifactID)
	err = s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		found, total, err = tx.Pending.List(ctx, p.Scope(), f, w)
		return err
	})
	return found, total, err
}
