package memstore

import (
	"cmp"
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

type leases struct{ *txn }

func (s leases) Claim(ctx context.Context, id, owner string, lease time.Duration) (execution.Execution, error) {
	if err := s.writes(ctx); err != nil {
		return execution.Execution{}, err
	}
	row, err := s.st.executions.get(id)
	if err != nil || s.laneBusy(row) || s.tooMany(row) {
		return execution.Execution{}, execution.ErrNotClaimable
	}
	e, now := execution.Restore(row), s.now()
	if err := e.Claim(owner, moment(now.Add(lease)), now); err != nil {
		return execution.Execution{}, err
	}
	row = e.Snapshot()
	row.Version++
	s.st.executions.put(id, row)
	return execution.Restore(clone(row)), nil
}

// laneBusy reports whether an execution accepted earlier in the same lane is not over yet.
func (s leases) laneBusy(row execution.Snapshot) bool {
	if row.Intent.Lane == "" {
		return false
	}
	for _, other := range s.st.executions.rows() {
		if inLane(other, row.TenantID, row.Intent.Lane) && !other.State.Terminal() && accepted(other, row) < 0 {
			return true
		}
	}
	return false
}

func inLane(row execution.Snapshot, tenantID, lane string) bool {
	return row.TenantID == tenantID && row.Intent.Lane == lane
}

// accepted orders executions by their acceptance.
func accepted(a, b execution.Snapshot) int { return oldestFirst(a.CreatedAt, b.CreatedAt, a.ID, b.ID) }

// held gives the row of a lease that is still good.
func (s leases) held(l execution.Lease) (execution.Snapshot, error) {
	row, err := s.st.executions.get(l.ExecutionID)
	if err != nil || row.Fence != l.Fence || row.LeaseOwner != l.Owner || row.State != execution.Running {
		return execution.Snapshot{}, execution.ErrLeaseLost
	}
	return row, nil
}

func (s leases) Hold(ctx context.Context, l execution.Lease) (execution.Execution, error) {
	if err := s.reads(ctx); err != nil {
		return execution.Execution{}, err
	}
	row, err := s.held(l)
	return execution.Restore(row), err
}

func (s leases) Renew(ctx context.Context, held []execution.Lease, lease time.Duration) (ports.Renewal, error) {
	if err := s.writes(ctx); err != nil {
		return ports.Renewal{}, err
	}
	var r ports.Renewal
	until := moment(s.now().Add(lease))
	for _, l := range held {
		row, err := s.held(l)
		if err != nil {
			r.Lost = append(r.Lost, l.ExecutionID)
			continue
		}
		if row.CancelRequested {
			r.Cancel = append(r.Cancel, l.ExecutionID)
		}
		if row.PauseRequested {
			r.Pause = append(r.Pause, l.ExecutionID)
		}
		row.LeaseUntil = until
		s.st.executions.put(row.ID, row)
	}
	return r, nil
}

func (s leases) Due(ctx context.Context, limit int) ([]string, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	now := s.now()
	rows := s.st.executions.find(
		func(row execution.Snapshot) bool {
			return execution.Restore(row).Claimable(now) && !s.laneBusy(row) && !s.tooMany(row)
		},
		func(a, b execution.Snapshot) int {
			return cmp.Or(fresh(a)-fresh(b), dueSince(a).Compare(dueSince(b)), accepted(a, b))
		},
	)
	ids := []string{}
	for _, row := range cut(rows, ports.Window{Limit: limit}) {
		ids = append(ids, row.ID)
	}
	return ids, nil
}

// fresh puts work that nobody has begun, or that waited, behind work that lost its owner.
func fresh(row execution.Snapshot) int {
	if row.State == execution.Running {
		return 0
	}
	return 1
}

// dueSince is when a claimable execution became so: work whose owner is gone, when its lease ended.
func dueSince(row execution.Snapshot) time.Time {
	if row.State == execution.Running {
		return row.LeaseUntil
	}
	return row.DueAt
}

func (s leases) NextInLane(ctx context.Context, tenantID, lane string) (string, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return "", err
	}
	if lane == "" {
		return "", nil
	}
	rows := s.st.executions.find(func(row execution.Snapshot) bool {
		return inLane(row, tenantID, lane) && (row.State == execution.Accepted || row.State == execution.Retrying)
	}, accepted)
	if len(rows) == 0 {
		return "", nil
	}
	return rows[0].ID, nil
}

func (s leases) ReleaseAll(ctx context.Context) (int64, error) {
	if err := s.writes(ctx); err != nil {
		return 0, err
	}
	now := s.now()
	return s.st.executions.change(
		func(row execution.Snapshot) bool { return row.State == execution.Running && row.LeaseUntil.After(now) },
		func(row *execution.Snapshot) { row.LeaseUntil = now },
	), nil
}

type steps struct{ *txn }

func (s steps) Put(ctx context.Context, tenantID string, v execution.Step) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(tenantID); err != nil {
		return err
	}
	return s.st.steps.insert(tuple(v.ExecutionID, v.Name), step{tenantID, v})
}

func (s steps) Forget(ctx context.Context, tenantID, executionID string) (int64, error) {
	if err := s.writes(ctx); err != nil {
		return 0, err
	}
	if err := needTenant(tenantID); err != nil {
		return 0, err
	}
	return s.st.steps.prune(func(v step) bool { return v.TenantID == tenantID && v.Step.ExecutionID == executionID }), nil
}

func (s steps) Of(ctx context.Context, tenantID, executionID string) ([]execution.Step, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	rows := s.st.steps.find(
		func(v step) bool { return v.TenantID == tenantID && v.Step.ExecutionID == executionID },
		func(a, b step) int { return cmp.Compare(a.Step.Position, b.Step.Position) },
	)
	list := make([]execution.Step, len(rows))
	for i, v := range rows {
		list[i] = v.Step
	}
	return list, nil
}

type queue struct{ *txn }

func (s queue) Enqueue(ctx context.Context, jobs ...ports.Job) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	for _, j := range jobs {
		if j.ExecutionID == "" {
			return fault.New(fault.Internal, "invalid_job", "a job without an execution")
		}
	}
	s.jobs = append(s.jobs, jobs...)
	return nil
}
