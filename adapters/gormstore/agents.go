package gormstore

import (
	"context"
	"errors"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

type agentSettings struct{ t *transaction }

var _ ports.AgentSettingStore = agentSettings{}

type settingRow struct {
	TenantID  string  `gorm:"column:tenant_id;primaryKey"`
	Subject   string  `gorm:"column:subject;primaryKey"`
	Body      rawJSON `gorm:"column:body"`
	Version   int     `gorm:"column:version"`
	UpdatedBy string  `gorm:"column:updated_by"`
	Updated   stamp   `gorm:"column:updated_at"`
}

func (settingRow) TableName() string { return "agent_settings" }

func (r settingRow) setting() agent.Setting {
	return agent.Setting{TenantID: r.TenantID, Subject: r.Subject, Body: r.Body, Version: r.Version, UpdatedBy: r.UpdatedBy, UpdatedAt: r.Updated.Time}
}

func (s agentSettings) Of(ctx context.Context, tenantID string) ([]agent.Setting, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return nil, err
	}
	rows, err := many[settingRow](ctx, s.t, "SELECT "+columns[settingRow]()+" FROM agent_settings WHERE tenant_id = ? ORDER BY subject", tenantID)
	return convert(rows, err, settingRow.setting)
}

func (s agentSettings) Insert(ctx context.Context, v agent.Setting) error {
	if err := s.t.in(ctx, v.TenantID); err != nil {
		return err
	}
	return s.t.insert(ctx, &settingRow{
		TenantID: v.TenantID, Subject: v.Subject, Body: v.Body, Version: v.Version, UpdatedBy: v.UpdatedBy, Updated: at(v.UpdatedAt),
	})
}

func (s agentSettings) Save(ctx context.Context, v agent.Setting) error {
	if err := s.t.in(ctx, v.TenantID); err != nil {
		return err
	}
	return s.t.update(ctx, "agent_settings", "tenant_id = ? AND subject = ?", []any{v.TenantID, v.Subject}, v.Version, map[string]any{
		"body": rawJSON(v.Body), "updated_by": v.UpdatedBy, "updated_at": at(v.UpdatedAt),
	})
}

func (s agentSettings) Delete(ctx context.Context, tenantID, subject string, version int) error {
	if err := s.t.in(ctx, tenantID); err != nil {
		return err
	}
	return s.t.guarded(ctx, "agent_settings", "tenant_id = ? AND subject = ?", []any{tenantID, subject},
		"DELETE FROM agent_settings WHERE tenant_id = ? AND subject = ? AND version = ?", tenantID, subject, version)
}

type toolPins struct{ t *transaction }

var _ ports.ToolPinStore = toolPins{}

type pinRow struct {
	TenantID    string `gorm:"column:tenant_id;primaryKey"`
	Tool        string `gorm:"column:tool;primaryKey"`
	Fingerprint string `gorm:"column:fingerprint"`
	PinnedBy    string `gorm:"column:pinned_by"`
	Pinned      stamp  `gorm:"column:pinned_at"`
}

func (pinRow) TableName() string { return "tool_pins" }

func (r pinRow) pin() agent.Pin {
	return agent.Pin{TenantID: r.TenantID, Tool: r.Tool, Fingerprint: r.Fingerprint, PinnedBy: r.PinnedBy, PinnedAt: r.Pinned.Time}
}

// Keep looks before it writes: almost always the pin is there. One that another transaction is about to store is waited for by the insert,
// and seen by the second look.
func (s toolPins) Keep(ctx context.Context, p agent.Pin) (agent.Pin, error) {
	if err := s.t.in(ctx, p.TenantID); err != nil {
		return agent.Pin{}, err
	}
	stored, err := s.find(ctx, p)
	if !errors.Is(err, fault.ErrNotFound) {
		return stored, err
	}
	err = s.t.insert(ctx, &pinRow{TenantID: p.TenantID, Tool: p.Tool, Fingerprint: p.Fingerprint, PinnedBy: p.PinnedBy, Pinned: at(p.PinnedAt)})
	if err != nil && !errors.Is(err, fault.ErrDuplicate) {
		return agent.Pin{}, err
	}
	return s.find(ctx, p)
}

func (s toolPins) find(ctx context.Context, p agent.Pin) (agent.Pin, error) {
	row, err := one[pinRow](ctx, s.t, "SELECT "+columns[pinRow]()+" FROM tool_pins WHERE tenant_id = ? AND tool = ?", p.TenantID, p.Tool)
	return restore(row, err, pinRow.pin)
}

func (s toolPins) Approve(ctx context.Context, p agent.Pin) error {
	if err := s.t.in(ctx, p.TenantID); err != nil {
		return err
	}
	_, err := s.t.exec(ctx, `INSERT INTO tool_pins (tenant_id, tool, fingerprint, pinned_by, pinned_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (tenant_id, tool) DO UPDATE SET fingerprint = excluded.fingerprint, pinned_by = excluded.pinned_by, pinned_at = excluded.pinned_at`,
		p.TenantID, p.Tool, p.Fingerprint, p.PinnedBy, at(p.PinnedAt))
	return err
}

func (s toolPins) Of(ctx context.Context, tenantID string) ([]agent.Pin, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return nil, err
	}
	rows, err := many[pinRow](ctx, s.t, "SELECT "+columns[pinRow]()+" FROM tool_pins WHERE tenant_id = ? ORDER BY tool", tenantID)
	return convert(rows, err, pinRow.pin)
}

type ledger struct{ t *transaction }

var _ ports.LedgerStore = ledger{}

type accountRow struct {
	Tokens     int64 `gorm:"column:tokens"`
	Cost       int64 `gorm:"column:cost"`
	ModelCalls int64 `gorm:"column:model_calls"`
	ToolCalls  int64 `gorm:"column:tool_calls"`
	Micros     int64 `gorm:"column:micros"`
	Granted    int64 `gorm:"column:granted"`
}

func (r accountRow) account() agent.Account {
	return agent.Account{
		Tokens: r.Tokens, Cost: r.Cost, ModelCalls: r.ModelCalls, ToolCalls: r.ToolCalls, Time: time.Duration(r.Micros) * time.Microsecond, Granted: r.Granted,
	}
}

// Spend is one statement, so that the row is locked until the transaction ends.
func (s ledger) Spend(ctx context.Context, tenantID, subject string, a agent.Account, now time.Time) (agent.Account, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return agent.Account{}, err
	}
	row, err := one[accountRow](ctx, s.t, `INSERT INTO agent_ledger (tenant_id, subject, tokens, cost, model_calls, tool_calls, micros, granted, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, subject) DO UPDATE SET
		tokens = agent_ledger.tokens + excluded.tokens, cost = agent_ledger.cost + excluded.cost,
		model_calls = agent_ledger.model_calls + excluded.model_calls, tool_calls = agent_ledger.tool_calls + excluded.tool_calls,
		micros = agent_ledger.micros + excluded.micros, granted = agent_ledger.granted + excluded.granted, updated_at = excluded.updated_at
		RETURNING `+columns[accountRow](),
		tenantID, subject, a.Tokens, a.Cost, a.ModelCalls, a.ToolCalls, a.Time.Microseconds(), a.Granted, at(now))
	return restore(row, err, accountRow.account)
}

func (s ledger) Of(ctx context.Context, tenantID, subject string) (agent.Account, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return agent.Account{}, err
	}
	row, err := one[accountRow](ctx, s.t, "SELECT "+columns[accountRow]()+" FROM agent_ledger WHERE tenant_id = ? AND subject = ?", tenantID, subject)
	if errors.Is(err, fault.ErrNotFound) {
		return agent.Account{}, nil
	}
	return restore(row, err, accountRow.account)
}

func (s ledger) DeleteIdle(ctx context.Context, before time.Time) (int64, error) {
	if err := s.t.across(ctx); err != nil {
		return 0, err
	}
	return s.t.exec(ctx, "DELETE FROM agent_ledger WHERE updated_at < ?", at(before))
}
