package content

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// orphanAge is how old a blob must be before it can be an orphan: longer than any execution runs, and than an upload waits for its intent.
const orphanAge = artifact.PendingContractLife

// sweepOrphans removes blobs that no artifact names. A key names the session and the artifact's id, and the id its own age. Where the owner
// cannot be found out, the blob stays.
func (r *Realm) sweepOrphans(ctx context.Context, report *SweepReport) error {
	for prefix, kind := range map[string]typeid.Prefix{
		filesPrefix: typeid.File, parsed.Prefix: typeid.ParsedDocument, artifacts.DerivedPrefix: typeid.Artifact,
	} {
		var old []string
		err := r.Blobs.List(ctx, prefix, func(key string) error {
			if r.old(key, kind) {
				old = append(old, key)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, key := range old {
			orphan, err := r.orphan(ctx, key)
			switch {
			case err != nil || !orphan:
			case prefix == filesPrefix:
				err = r.uploads.discard(ctx, sessionIn(key), idIn(key))
			default:
				err = r.Blobs.Delete(ctx, key)
			}
			if err != nil {
				report.Errors = append(report.Errors, fmt.Sprintf("blob of %s: %v", idIn(key), err))
			} else if orphan {
				report.OrphansRemoved++
			}
		}
	}
	return nil
}

// idIn gives the artifact's id in a key, sessionIn the session's.
func idIn(key string) string { return segment(key, 2) }

func sessionIn(key string) string { return segment(key, 1) }

func segment(key string, n int) string {
	parts := strings.Split(key, "/")
	if len(parts) <= n {
		return ""
	}
	return parts[n]
}

func (r *Realm) old(key string, kind typeid.Prefix) bool {
	ms, ok := typeid.Millis(kind, idIn(key))
	return ok && r.Clock.Now().Sub(time.UnixMilli(ms)) >= orphanAge
}

// orphan reports whether nobody may read the blob any more: no artifact names it, as it happens to what a dead worker's attempt left beside
// the one that succeeded, or the artifact's contract has ended without it, as it happens to a document whose parsing finished while the
// sweep was at work. Such an artifact is deleted.
func (r *Realm) orphan(ctx context.Context, key string) (bool, error) {
	var orphan, late bool
	look := func(ctx context.Context, tx ports.Tx, write bool) error {
		s, err := tx.Sessions.ByID(ctx, sessionIn(key))
		if errors.Is(err, fault.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		a, err := tx.Artifacts.ByID(ctx, scopeOfSession(s), idIn(key))
		if orphan = errors.Is(err, fault.ErrNotFound); orphan {
			return nil
		}
		if err != nil {
			return err
		}
		if orphan = !parsed.Beside(a.Snapshot().BlobKey, key); orphan {
			return nil
		}
		now, ends := r.Clock.Now(), a.Snapshot().ExpiresAt
		late = !ends.IsZero() && !now.Before(ends) && a.Snapshot().DataClass == artifact.WorkingMaterial
		if !late || !write {
			return nil
		}
		if err := a.Move(artifact.Deleted, sweeper, "boundary contract expired", now); err != nil {
			return err
		}
		return tx.Artifacts.Save(ctx, a)
	}
	err := r.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) error { return look(ctx, tx, false) })
	if err != nil || !late {
		return orphan, err
	}
	err = r.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error { return look(ctx, tx, true) })
	return orphan || late, err
}

func scopeOfSession(s session.Session) identity.Scope {
	snap := s.Snapshot()
	if snap.OwnerUserID == "" {
		return identity.Scope{TenantID: s.IsolationID(), SessionID: s.ID()}
	}
	return identity.Scope{TenantID: s.IsolationID(), OwnerID: snap.OwnerUserID}
}
