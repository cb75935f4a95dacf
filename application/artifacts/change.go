package artifacts

import (
	"context"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Keeper changes what an artifact's owner may change of it by hand: its lifecycle state and who sees it. It is safe for concurrent use.
type Keeper struct {
	uow   ports.UnitOfWork
	clock ports.Clock
	ids   ports.IDs
}

// NewKeeper makes the keeper.
func NewKeeper(uow ports.UnitOfWork, clock ports.Clock, ids ports.IDs) *Keeper {
	return &Keeper{uow: uow, clock: clock, ids: ids}
}

// Change is what is asked for; empty fields change nothing.
type Change struct {
	State   artifact.State
	Sharing artifact.Sharing
	Reason  string
}

// byHand are the states that an artifact's owner may set. The others are the platform's: a contract, a failure or the end of retention.
func byHand(s artifact.State) bool {
	switch s {
	case artifact.Accepted, artifact.Obsolete, artifact.Archived, artifact.Ready:
		return true
	case artifact.Pending, artifact.Failed, artifact.Deleted, artifact.Draft:
	}
	return false
}

// Apply changes an artifact of the caller's own and records it; all of a change happens, or nothing. The same again changes nothing. What the
// caller does not see is fault.ErrNotFound, what they see and do not own fault.ErrPermission; a state that the lifecycle does not allow is
// artifact.ErrInvalidTransition. Files change their state by their intents, which look after the bytes too. A visitor has no tenant to share
// with.
func (k *Keeper) Apply(ctx context.Context, p identity.Principal, id string, c Change) (artifact.Snapshot, error) {
	var after artifact.Snapshot
	err := k.uow.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if p.Anonymous() {
			if err := tx.Scopes.Pin(ctx, p.SessionID); err != nil {
				return err
			}
		}
		a, err := Find(ctx, tx, p.Scope(), "", id)
		if err != nil {
			return err
		}
		before := a.Snapshot()
		if before.OwnerID != p.UserID || !p.May(identity.PermWrite) {
			return fault.ErrPermission
		}
		if err := k.change(&a, p, c); err != nil {
			return err
		}
		after = a.Snapshot()
		if after.State == before.State && after.Sharing == before.Sharing {
			return nil
		}
		if err := tx.Artifacts.Save(ctx, a); err != nil {
			return err
		}
		return tx.Audit.Append(ctx, audit.Record{
			ID: k.ids.NewID(typeid.AuditRecord), TenantID: before.TenantID, Actor: p.Actor(), Action: "artifact.changed", Target: before.ID,
			Result: audit.Completed, At: k.clock.Now(), Detail: Encode(map[string]any{
				"from_state": string(before.State), "to_state": string(after.State), "from_scope": string(before.Sharing), "to_scope": string(after.Sharing),
			}),
		})
	})
	return after, err
}

func (k *Keeper) change(a *artifact.Artifact, p identity.Principal, c Change) error {
	s, now := a.Snapshot(), k.clock.Now()
	if c.State != "" && c.State != s.State {
		switch {
		case !byHand(c.State) || s.State == artifact.Pending || s.State == artifact.Failed:
			return artifact.ErrInvalidTransition
		case s.Type == TypeFile:
			return artifact.ErrInvalidTransition.WithMsg("A file's state is changed by its intents: save_materialization, archive_file, restore_file, purge_file.")
		}
		if err := a.Move(c.State, p.Actor(), c.Reason, now); err != nil {
			return err
		}
	}
	if c.Sharing == "" || c.Sharing == s.Sharing {
		return nil
	}
	if p.Anonymous() {
		return fault.ErrPermission.WithMsg("A visitor's work has no tenant to be shared with; sign in first.")
	}
	return a.Share(c.Sharing, now)
}
