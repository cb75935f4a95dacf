package gormstore

import (
	"context"

	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

type pendingIntents struct{ t *transaction }

var _ ports.PendingIntentStore = pendingIntents{}

type pendingRow struct {
	TenantID    string  `gorm:"column:tenant_id;primaryKey"`
	ID          string  `gorm:"column:id;primaryKey"`
	OwnerID     string  `gorm:"column:owner_id"`
	SessionID   string  `gorm:"column:session_id"`
	Type        string  `gorm:"column:type"`
	Status      string  `gorm:"column:status"`
	Target      string  `gorm:"column:target_artifact_id"`
	Context     rawJSON `gorm:"column:context"`
	ExecutionID string  `gorm:"column:execution_id"`
	Error       string  `gorm:"column:error"`
	Version     int     `gorm:"column:version"`
	Created     stamp   `gorm:"column:created_at"`
	Updated     stamp   `gorm:"column:updated_at"`
}

func (pendingRow) TableName() string { return "pending_intents" }

func (r pendingRow) pending() intent.Pending {
	return intent.Pending{
		ID: r.ID, TenantID: r.TenantID, OwnerID: r.OwnerID, SessionID: r.SessionID, Type: r.Type, Status: intent.PendingStatus(r.Status),
		TargetArtifactID: r.Target, Context: r.Context, ExecutionID: r.ExecutionID, Error: r.Error, Version: r.Version,
		CreatedAt: r.Created.Time, UpdatedAt: r.Updated.Time,
	}
}

func (s pendingIntents) Insert(ctx context.Context, p intent.Pending) error {
	if err := s.t.in(ctx, p.TenantID); err != nil {
		return err
	}
	return s.t.insert(ctx, &pendingRow{
		TenantID: p.TenantID, ID: p.ID, OwnerID: p.OwnerID, SessionID: p.SessionID, Type: p.Type, Status: string(p.Status),
		Target: p.TargetArtifactID, Context: p.Context, ExecutionID: p.ExecutionID, Error: p.Error, Version: p.Version,
		Created: at(p.CreatedAt), Updated: at(p.UpdatedAt),
	})
}

func (s pendingIntents) ByID(ctx context.Context, scope identity.Scope, id string) (intent.Pending, error) {
	if err := s.t.within(ctx, scope); err != nil {
		return intent.Pending{}, err
	}
	where, args := owned(scope)
	row, err := one[pendingRow](ctx, s.t, "SELECT "+columns[pendingRow]()+" FROM pending_intents WHERE "+where+" AND id = ?", append(args, id)...)
	return restore(row, err, pendingRow.pending)
}

func (s pendingIntents) Save(ctx context.Context, p intent.Pending) error {
	if err := s.t.in(ctx, p.TenantID); err != nil {
		return err
	}
	return s.t.update(ctx, "pending_intents", "tenant_id = ? AND id = ?", []any{p.TenantID, p.ID}, p.Version, map[string]any{
		"session_id": p.SessionID, "type": p.Type, "status": string(p.Status), "target_artifact_id": p.TargetArtifactID,
		"context": rawJSON(p.Context), "execution_id": p.ExecutionID, "error": p.Error, "created_at": at(p.CreatedAt), "updated_at": at(p.UpdatedAt),
	})
}

func (s pendingIntents) List(ctx context.Context, scope identity.Scope, f ports.PendingFilter, w ports.Window) ([]intent.Pending, int64, error) {
	if err := s.t.within(ctx, scope); err != nil {
		return nil, 0, err
	}
	where, args := owned(scope)
	c := conditions{parts: []string{where}, args: args}
	c.equal("target_artifact_id", f.TargetArtifactID)
	c.equal("type", f.Type)
	if len(f.Status) > 0 {
		c.add("status IN ?", f.Status)
	}
	total, err := s.t.count(ctx, "pending_intents", c)
	if err != nil {
		return nil, 0, err
	}
	rows, err := many[pendingRow](ctx, s.t, "SELECT "+columns[pendingRow]()+" FROM pending_intents WHERE "+c.sql()+
		" ORDER BY created_at, id LIMIT ? OFFSET ?", append(c.args, w.Limit, w.Offset)...)
	list, err := convert(rows, err, pendingRow.pending)
	return list, total, err
}
