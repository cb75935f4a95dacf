package admin

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Statistics are how much there is, and what work is live.
type Statistics struct {
	Platform bool
	Totals   ports.Totals
	Live     []ports.QueueCount
}

// maxRows bounds lists of groups.
const maxRows = 1000

// Statistics counts what is in the caller's tenant, or on the platform.
func (s *Service) Statistics(ctx context.Context, p identity.Principal, platform bool) (Statistics, error) {
	tenantID, err := p.Administered(platform)
	if err != nil {
		return Statistics{}, err
	}
	return look(ctx, s, func(ctx context.Context, tx ports.Tx) (Statistics, error) {
		out := Statistics{Platform: tenantID == ""}
		var err error
		if out.Totals, err = tx.Statistics.Totals(ctx, tenantID); err != nil {
			return out, err
		}
		out.Live, err = tx.Flow.Queues(ctx, tenantID, maxRows)
		return out, err
	})
}

// MaxSpan is how far back the metrics of executions reach at most.
const MaxSpan = 30 * 24 * time.Hour

// Metrics gives what became of the executions that were accepted within the last span, by type and state.
func (s *Service) Metrics(ctx context.Context, p identity.Principal, platform bool, span time.Duration) (since time.Time, counts []ports.ExecutionCount, err error) {
	tenantID, err := p.Administered(platform)
	if err != nil {
		return time.Time{}, nil, err
	}
	since = s.d.Clock.Now().Add(-min(max(span, time.Minute), MaxSpan))
	counts, err = look(ctx, s, func(ctx context.Context, tx ports.Tx) ([]ports.ExecutionCount, error) {
		return tx.Statistics.Executions(ctx, tenantID, since, maxRows)
	})
	return since, counts, err
}

// May reports, as an error, whether the caller administers anything.
func (s *Service) May(p identity.Principal) error {
	_, err := p.Administered(false)
	return err
}

// Solutions are the registered solutions of the caller's tenant, whoever's they are, in order of id; After of the page is an artifact's id.
func (s *Service) Solutions(ctx context.Context, p identity.Principal, page ports.Page) ([]artifact.Snapshot, string, error) {
	if !p.May(identity.PermAdmin) {
		return nil, "", fault.ErrPermission
	}
	var found []artifact.Snapshot
	next, looked := page.After, 0
	for looked < maxRows {
		list, err := look(ctx, s, func(ctx context.Context, tx ports.Tx) ([]artifact.Artifact, error) {
			return tx.TenantData.Artifacts(ctx, p.TenantID, ports.Page{Limit: pageSize, After: next})
		})
		if err != nil {
			return nil, "", err
		}
		for _, a := range list {
			next = a.ID()
			if v := a.Snapshot(); (v.Type == "solution" || v.Type == "platform_solution") && v.State != artifact.Deleted {
				if found = append(found, v); len(found) == page.Limit {
					return found, next, nil
				}
			}
		}
		if looked += len(list); len(list) < pageSize {
			return found, "", nil
		}
	}
	return found, next, nil
}

// Audit gives the records of the caller's tenant, newest first, or those that belong to none, which are the platform's. A target narrows them
// to what is about it.
func (s *Service) Audit(ctx context.Context, p identity.Principal, platform bool, target string, page ports.Page) ([]audit.Record, error) {
	tenantID, err := auditOf(p, platform)
	if err != nil {
		return nil, err
	}
	return look(ctx, s, func(ctx context.Context, tx ports.Tx) ([]audit.Record, error) {
		if target != "" {
			return tx.Audit.About(ctx, tenantID, target, page)
		}
		return tx.Audit.List(ctx, tenantID, page)
	})
}

// Verify checks the chain of the same records. A chain without any record holds.
func (s *Service) Verify(ctx context.Context, p identity.Principal, platform bool) (auditing.Report, error) {
	tenantID, err := auditOf(p, platform)
	if err != nil {
		return auditing.Report{}, err
	}
	r, err := auditing.New(s.d.UnitOfWork).Verify(ctx, tenantID)
	if fault.KindOf(err) == fault.NotFound {
		return auditing.Report{Tenant: tenantID, Head: audit.Genesis()}, nil
	}
	return r, err
}

func auditOf(p identity.Principal, platform bool) (string, error) {
	tenantID, err := p.Administered(platform)
	if tenantID == "" {
		tenantID = accounts.PlatformScope
	}
	return tenantID, err
}
