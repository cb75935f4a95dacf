package gormstore

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

type contracts struct{ t *transaction }

var _ ports.ContractStore = contracts{}

type contractRow struct {
	TenantID             string  `gorm:"column:tenant_id;primaryKey"`
	ID                   string  `gorm:"column:id;primaryKey"`
	OwnerID              string  `gorm:"column:owner_id"`
	SessionID            string  `gorm:"column:session_id"`
	IntentID             string  `gorm:"column:intent_id"`
	ExecutionID          string  `gorm:"column:execution_id"`
	FileID               string  `gorm:"column:file_id"`
	SHA256               string  `gorm:"column:sha256"`
	SourceType           string  `gorm:"column:source_type"`
	SourceID             string  `gorm:"column:source_id"`
	SourceMetadata       rawJSON `gorm:"column:source_metadata"`
	AccessGranted        bool    `gorm:"column:access_granted"`
	AccessBasis          string  `gorm:"column:access_basis"`
	Status               string  `gorm:"column:status"`
	MaterializationType  string  `gorm:"column:materialization_type"`
	MaterializationScope string  `gorm:"column:materialization_scope"`
	TTL                  int64   `gorm:"column:ttl"`
	Expires              stamp   `gorm:"column:expires_at"`
	BackingStore         string  `gorm:"column:backing_store"`
	PolicyBasis          string  `gorm:"column:policy_basis"`
	Version              int     `gorm:"column:version"`
	Created              stamp   `gorm:"column:created_at"`
	Updated              stamp   `gorm:"column:updated_at"`
}

func (contractRow) TableName() string { return "contracts" }

func contractRowOf(c artifact.Contract) contractRow {
	return contractRow{
		TenantID: c.TenantID, ID: c.ID, OwnerID: c.OwnerID, SessionID: c.SessionID, IntentID: c.IntentID, ExecutionID: c.ExecutionID,
		FileID: c.FileID, SHA256: c.SHA256, SourceType: c.SourceType, SourceID: c.SourceID, SourceMetadata: c.SourceMetadata,
		AccessGranted: c.AccessGranted, AccessBasis: c.AccessBasis, Status: string(c.Status),
		MaterializationType: string(c.MaterializationType), MaterializationScope: c.MaterializationScope, TTL: int64(c.TTL),
		Expires: at(c.ExpiresAt), BackingStore: c.BackingStore, PolicyBasis: c.PolicyBasis, Version: c.Version, Created: at(c.CreatedAt),
		Updated: at(c.UpdatedAt),
	}
}

func (r contractRow) contract() artifact.Contract {
	return artifact.Contract{
		ID: r.ID, TenantID: r.TenantID, OwnerID: r.OwnerID, SessionID: r.SessionID, IntentID: r.IntentID, ExecutionID: r.ExecutionID,
		FileID: r.FileID, SHA256: r.SHA256, SourceType: r.SourceType, SourceID: r.SourceID, SourceMetadata: r.SourceMetadata,
		AccessGranted: r.AccessGranted, AccessBasis: r.AccessBasis, Status: artifact.ContractStatus(r.Status),
		MaterializationType: artifact.MaterializationType(r.MaterializationType), MaterializationScope: r.MaterializationScope,
		TTL: time.Duration(r.TTL), ExpiresAt: r.Expires.Time, BackingStore: r.BackingStore, PolicyBasis: r.PolicyBasis, Version: r.Version,
		CreatedAt: r.Created.Time, UpdatedAt: r.Updated.Time,
	}
}

func (s contracts) Insert(ctx context.Context, c artifact.Contract) error {
	if err := s.t.in(ctx, c.TenantID); err != nil {
		return err
	}
	row := contractRowOf(c)
	return s.t.insert(ctx, &row)
}

func (s contracts) by(ctx context.Context, scope identity.Scope, column, value, suffix string) (artifact.Contract, error) {
	if err := s.t.within(ctx, scope); err != nil {
		return artifact.Contract{}, err
	}
	where, args := owned(scope)
	row, err := one[contractRow](ctx, s.t, "SELECT "+columns[contractRow]()+" FROM contracts WHERE "+where+" AND "+column+" = ?"+suffix, append(args, value)...)
	return restore(row, err, contractRow.contract)
}

func (s contracts) ByID(ctx context.Context, scope identity.Scope, id string) (artifact.Contract, error) {
	return s.by(ctx, scope, "id", id, "")
}

func (s contracts) ByFile(ctx context.Context, scope identity.Scope, fileID string) (artifact.Contract, error) {
	return s.by(ctx, scope, "file_id", fileID, " ORDER BY created_at DESC, id DESC LIMIT 1")
}

func (s contracts) Save(ctx context.Context, c artifact.Contract) error {
	if err := s.t.in(ctx, c.TenantID); err != nil {
		return err
	}
	r := contractRowOf(c)
	return s.t.update(ctx, "contracts", "tenant_id = ? AND id = ?", []any{r.TenantID, r.ID}, r.Version, map[string]any{
		"session_id": r.SessionID, "intent_id": r.IntentID, "execution_id": r.ExecutionID, "file_id": r.FileID, "sha256": r.SHA256,
		"source_type": r.SourceType, "source_id": r.SourceID, "source_metadata": r.SourceMetadata, "access_granted": r.AccessGranted,
		"access_basis": r.AccessBasis, "status": r.Status, "materialization_type": r.MaterializationType,
		"materialization_scope": r.MaterializationScope, "ttl": r.TTL, "expires_at": r.Expires, "backing_store": r.BackingStore,
		"policy_basis": r.PolicyBasis, "created_at": r.Created, "updated_at": r.Updated,
	})
}

func (s contracts) Due(ctx context.Context, now, pendingBefore time.Time, limit int) ([]artifact.Contract, error) {
	if err := s.t.across(ctx); err != nil {
		return nil, err
	}
	rows, err := many[contractRow](ctx, s.t, "SELECT "+columns[contractRow]()+` FROM contracts WHERE (status = 'active' AND expires_at <= ?)
		OR (status = 'pending' AND created_at < ?) ORDER BY created_at, id LIMIT ?`, at(now), at(pendingBefore), limit)
	return convert(rows, err, contractRow.contract)
}
