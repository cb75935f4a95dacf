// Package erasure removes all that is in an isolation scope: of a tenant that an operator erases, and of visitors whose sessions are long over.
package erasure

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/ports"
)

// atOnce bounds one transaction of an erasure.
const atOnce = 200

// Eraser removes data for good. It is safe for concurrent use, and what was interrupted may be begun again.
type Eraser struct {
	UnitOfWork ports.UnitOfWork
	Blobs      ports.BlobStore
}

// Tenant removes the files and rows of a tenant, or of a visitor's session, whose id is its scope. What stays is the tenant itself, or the session,
// and the audit records.
func (e Eraser) Tenant(ctx context.Context, tenantID string) error {
	// The files before the rows that know their keys.
	if err := e.files(ctx, tenantID); err != nil {
		return err
	}
	for n := int64(1); n > 0; {
		err := e.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
			n, err = tx.TenantData.Erase(ctx, tenantID, atOnce)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (e Eraser) files(ctx context.Context, tenantID string) error {
	page := ports.Page{Limit: atOnce}
	for {
		var found []artifact.Artifact
		err := e.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
			found, err = tx.TenantData.Artifacts(ctx, tenantID, page)
			return err
		})
		if err != nil {
			return err
		}
		for _, a := range found {
			if key := a.Snapshot().BlobKey; key != "" {
				if err := e.Blobs.Delete(ctx, key); err != nil {
					return err
				}
			}
		}
		if len(found) < page.Limit {
			return nil
		}
		page.After = found[len(found)-1].ID()
	}
}

// Visitors removes sessions that never had an owner and are over since age or longer, with all that was made in them, and gives how many. Nobody
// can reach it any more: the secret of an expired session opens nothing, and it cannot be upgraded.
func (e Eraser) Visitors(ctx context.Context, age time.Duration) (int, error) {
	total := 0
	for {
		var ids []string
		err := e.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
			ids, err = tx.Retention.Visitors(ctx, age, atOnce)
			return err
		})
		if err != nil || len(ids) == 0 {
			return total, err
		}
		for _, id := range ids {
			if err := e.Tenant(ctx, id); err != nil {
				return total, err
			}
		}
		err = e.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error { return tx.Retention.Forget(ctx, ids, age) })
		if err != nil {
			return total, err
		}
		if total += len(ids); len(ids) < atOnce {
			return total, nil
		}
	}
}
