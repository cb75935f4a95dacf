package faulty

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/ports"
)

type settingsStore struct {
	faults *Store
	next   ports.AgentSettingStore
}

func (s settingsStore) Of(ctx context.Context, tenantID string) ([]agent.Setting, error) {
	return guard(s.faults, "AgentSettings.Of", func() ([]agent.Setting, error) { return s.next.Of(ctx, tenantID) })
}

func (s settingsStore) Insert(ctx context.Context, v agent.Setting) error {
	if err := s.faults.strike("AgentSettings.Insert"); err != nil {
		return err
	}
	return s.next.Insert(ctx, v)
}

func (s settingsStore) Save(ctx context.Context, v agent.Setting) error {
	if err := s.faults.strike("AgentSettings.Save"); err != nil {
		return err
	}
	return s.next.Save(ctx, v)
}

func (s settingsStore) Delete(ctx context.Context, tenantID, subject string, version int) error {
	if err := s.faults.strike("AgentSettings.Delete"); err != nil {
		return err
	}
	return s.next.Delete(ctx, tenantID, subject, version)
}

type pinsStore struct {
	faults *Store
	next   ports.ToolPinStore
}

func (s pinsStore) Keep(ctx context.Context, p agent.Pin) (agent.Pin, error) {
	return guard(s.faults, "ToolPins.Keep", func() (agent.Pin, error) { return s.next.Keep(ctx, p) })
}

func (s pinsStore) Approve(ctx context.Context, p agent.Pin) error {
	if err := s.faults.strike("ToolPins.Approve"); err != nil {
		return err
	}
	return s.next.Approve(ctx, p)
}

func (s pinsStore) Of(ctx context.Context, tenantID string) ([]agent.Pin, error) {
	return guard(s.faults, "ToolPins.Of", func() ([]agent.Pin, error) { return s.next.Of(ctx, tenantID) })
}

type ledgerStore struct {
	faults *Store
	next   ports.LedgerStore
}

func (s ledgerStore) Spend(ctx context.Context, tenantID, subject string, a agent.Account, now time.Time) (agent.Account, error) {
	return guard(s.faults, "Ledger.Spend", func() (agent.Account, error) { return s.next.Spend(ctx, tenantID, subject, a, now) })
}

func (s ledgerStore) Of(ctx context.Context, tenantID, subject string) (agent.Account, error) {
	return guard(s.faults, "Ledger.Of", func() (agent.Account, error) { return s.next.Of(ctx, tenantID, subject) })
}

func (s ledgerStore) DeleteIdle(ctx context.Context, before time.Time) (int64, error) {
	return guard(s.faults, "Ledger.DeleteIdle", func() (int64, error) { return s.next.DeleteIdle(ctx, before) })
}
