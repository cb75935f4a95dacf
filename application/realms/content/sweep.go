package content

import (
	"context"
	"errors"
	"fmt"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// SweepReport says what a sweep has done.
type SweepReport struct {
	// ExpiredContractsFound counts the contracts found due, ContractsUpdated those that were ended.
	ExpiredContractsFound int
	ContractsUpdated      int
	// MaterialsPurged counts files and derived documents that were deleted, RecordsOfFactUpdated the facts that now say that their source
	// is gone.
	MaterialsPurged      int
	RecordsOfFactUpdated int
	// OrphansRemoved counts blobs that no artifact names: abandoned uploads, and what an interrupted step or sweep has left.
	OrphansRemoved int
	// RenderingsRemoved counts artifacts whose cached renderings were over.
	RenderingsRemoved int
	// Errors say, for the log, what could not be done this time. The next sweep tries again.
	Errors []string
}

// sweepBatch is how many contracts a sweep looks at at a time.
const sweepBatch = 100

// Sweep ends the contracts that are due: active ones past their expiry, and pending ones that nobody saved within a day. The file and what was
// parsed from it are deleted with their bytes, records of fact are told that their source is gone, and cached renderings that are over and blobs
// that belong to nothing are removed. It is idempotent and may run anywhere at any time, also twice at once: each contract ends in one transaction, and bytes go after it, so
// that nothing readable ever lacks its bytes. The error is only that of the store; single failures are in the report.
func (r *Realm) Sweep(ctx context.Context) (SweepReport, error) {
	var report SweepReport
	for {
		now := r.Clock.Now()
		var due []artifact.Contract
		err := r.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
			due, err = tx.Contracts.Due(ctx, now, now.Add(-artifact.PendingContractLife), sweepBatch)
			return err
		})
		if err != nil {
			return report, err
		}
		ended := 0
		for _, c := range due {
			done, err := r.end(ctx, c, &report)
			if err != nil {
				report.Errors = append(report.Errors, fmt.Sprintf("contract %s: %v", c.ID, err))
			}
			if done {
				ended++
			}
		}
		report.ExpiredContractsFound += len(due)
		report.ContractsUpdated += ended
		// A batch of which nothing could be ended would come again.
		if len(due) < sweepBatch || ended == 0 {
			break
		}
	}
	return report, errors.Join(r.sweepRenderings(ctx, &report), r.sweepOrphans(ctx, &report))
}

// purge is what one contract's end has changed.
type purge struct {
	keys             []string
	materials, facts int
	done             bool
}

// end ends one contract. Somebody else's change meanwhile is no failure: what is then still due is found again.
func (r *Realm) end(ctx context.Context, c artifact.Contract, report *SweepReport) (bool, error) {
	var p purge
	err := r.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		p, err = r.endInTx(ctx, tx, c)
		return err
	})
	if errors.Is(err, fault.ErrStale) || errors.Is(err, fault.ErrNotFound) {
		return false, nil
	}
	if err != nil || !p.done {
		return false, err
	}
	report.MaterialsPurged += p.materials
	report.RecordsOfFactUpdated += p.facts
	var failures error
	for _, key := range p.keys {
		failures = errors.Join(failures, r.forget(ctx, key))
	}
	return true, failures
}

// scopeOf is the scope of whom a contract belongs to.
func scopeOf(c artifact.Contract) identity.Scope {
	if c.OwnerID == "" {
		return identity.Scope{TenantID: c.TenantID, SessionID: c.SessionID}
	}
	return identity.Scope{TenantID: c.TenantID, OwnerID: c.OwnerID}
}

func (r *Realm) endInTx(ctx context.Context, tx ports.Tx, seen artifact.Contract) (purge, error) {
	now, scope := r.Clock.Now(), scopeOf(seen)
	c, err := tx.Contracts.ByID(ctx, scope, seen.ID)
	if err != nil {
		return purge{}, err
	}
	overdue := c.Status == artifact.ContractActive && !now.Before(c.ExpiresAt) ||
		c.Status == artifact.ContractPending && !now.Before(c.CreatedAt.Add(artifact.PendingContractLife))
	if !overdue {
		return purge{}, nil
	}
	if err := c.Move(artifact.ContractExpired, now); err != nil {
		return purge{}, err
	}
	if err := tx.Contracts.Save(ctx, c); err != nil {
		return purge{}, err
	}
	p, err := r.purgeFile(ctx, tx, scope, c.FileID, sweeper, "boundary contract expired")
	if err != nil {
		return purge{}, err
	}
	p.done = true
	return p, tx.Audit.Append(ctx, audit.Record{
		ID: r.IDs.NewID(typeid.AuditRecord), TenantID: c.TenantID, Actor: sweeper, Action: "contract.expired", Target: c.ID,
		PolicyVersion: c.PolicyBasis, Result: audit.Completed, At: now,
		Detail: artifacts.Encode(map[string]any{"file_id": c.FileID, "materials_purged": p.materials, "records_of_fact_updated": p.facts}),
	})
}

// sweeper is the actor of what the sweep does.
const sweeper = "system:sweep"

// purgeFile deletes a file with all working material that was made of it, and cancels what was prepared for it.
func (r *Realm) purgeFile(ctx context.Context, tx ports.Tx, scope identity.Scope, fileID, by, reason string) (purge, error) {
	var p purge
	family, err := r.family(ctx, tx, scope, fileID)
	if err != nil {
		return p, err
	}
	now := r.Clock.Now()
	for _, a := range family {
		s := a.Snapshot()
		switch s.DataClass {
		case artifact.WorkingMaterial:
			if err := a.Move(artifact.Deleted, by, reason, now); err != nil {
				return p, err
			}
			p.materials++
			if s.Type == artifacts.TypeFile {
				if err := tx.Space.Release(ctx, s.TenantID, s.ID); err != nil {
					return p, err
				}
			}
			if s.BlobKey != "" {
				p.keys = append(p.keys, s.BlobKey)
			}
		case artifact.RecordOfFact:
			if !s.SourceExpiredAt.IsZero() {
				continue
			}
			s.SourceExpiredAt, s.UpdatedAt = now, now
			a = artifact.Restore(s)
			p.facts++
		case artifact.Outcome:
			continue
		}
		if err := tx.Artifacts.Save(ctx, a); err != nil {
			return p, err
		}
	}
	return p, r.cancelPending(ctx, tx, scope, fileID)
}

// family gives a file and all that was made of it, directly or not. Each is locked before its children are looked for: what is being made of
// it at this moment is either among them, or finds it deleted.
func (r *Realm) family(ctx context.Context, tx ports.Tx, scope identity.Scope, fileID string) ([]artifact.Artifact, error) {
	file, err := tx.Artifacts.Lock(ctx, scope, fileID)
	if errors.Is(err, fault.ErrNotFound) {
		// Deleted by other means; its contract ends all the same.
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, seen := []artifact.Artifact{file}, map[string]bool{file.ID(): true}
	for i := 0; i < len(all); i++ {
		children, err := artifacts.Children(ctx, tx, scope, all[i].ID())
		if err != nil {
			return nil, err
		}
		for _, c := range children {
			if seen[c.ID()] {
				continue
			}
			seen[c.ID()] = true
			if c, err = tx.Artifacts.Lock(ctx, scope, c.ID()); err != nil {
				return nil, err
			}
			all = append(all, c)
		}
	}
	return all, nil
}

func (r *Realm) cancelPending(ctx context.Context, tx ports.Tx, scope identity.Scope, fileID string) error {
	f := ports.PendingFilter{TargetArtifactID: fileID, Status: []intent.PendingStatus{intent.PendingOpen}}
	for {
		list, _, err := tx.Pending.List(ctx, scope, f, ports.Window{Limit: sweepBatch})
		if err != nil || len(list) == 0 {
			return err
		}
		for _, p := range list {
			if err := p.Move(intent.PendingCancelled, r.Clock.Now()); err != nil {
				return err
			}
			if err := tx.Pending.Save(ctx, p); err != nil {
				return err
			}
		}
	}
}

// forget removes the bytes under an artifact's key, whichever kind it is.
func (r *Realm) forget(ctx context.Context, key string) error {
	if len(key) > len(parsed.Prefix) && key[:len(parsed.Prefix)] == parsed.Prefix {
		return r.documents.Delete(ctx, key)
	}
	return r.Blobs.Delete(ctx, key)
}
