package memstore

import (
	"context"
	"strings"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
)

type agentSettings struct{ *txn }

func (s agentSettings) Of(ctx context.Context, tenantID string) ([]agent.Setting, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	return s.st.agentSettings.find(
		func(r agent.Setting) bool { return r.TenantID == tenantID },
		func(a, b agent.Setting) int { return strings.Compare(a.Subject, b.Subject) },
	), nil
}

func (s agentSettings) Insert(ctx context.Context, v agent.Setting) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(v.TenantID); err != nil {
		return err
	}
	return s.st.agentSettings.insert(tuple(v.TenantID, v.Subject), v)
}

func (s agentSettings) Save(ctx context.Context, v agent.Setting) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(v.TenantID); err != nil {
		return err
	}
	version := func(v *agent.Setting) *int { return &v.Version }
	return s.st.agentSettings.save(tuple(v.TenantID, v.Subject), v, version, func(agent.Setting, *agent.Setting) error { return nil })
}

func (s agentSettings) Delete(ctx context.Context, tenantID, subject string, version int) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(tenantID); err != nil {
		return err
	}
	stored, err := s.st.agentSettings.get(tuple(tenantID, subject))
	if err != nil {
		return err
	}
	if stored.Version != version {
		return fault.ErrStale
	}
	s.st.agentSettings.remove(tuple(tenantID, subject))
	return nil
}

type toolPins struct{ *txn }

func (s toolPins) Keep(ctx context.Context, p agent.Pin) (agent.Pin, error) {
	if err := s.writes(ctx); err != nil {
		return agent.Pin{}, err
	}
	if err := needTenant(p.TenantID); err != nil {
		return agent.Pin{}, err
	}
	key := tuple(p.TenantID, p.Tool)
	if stored, err := s.st.toolPins.get(key); err == nil {
		return stored, nil
	}
	s.st.toolPins.put(key, p)
	return s.st.toolPins.get(key)
}

func (s toolPins) Approve(ctx context.Context, p agent.Pin) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(p.TenantID); err != nil {
		return err
	}
	s.st.toolPins.put(tuple(p.TenantID, p.Tool), p)
	return nil
}

func (s toolPins) Of(ctx context.Context, tenantID string) ([]agent.Pin, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	return s.st.toolPins.find(
		func(p agent.Pin) bool { return p.TenantID == tenantID },
		func(a, b agent.Pin) int { return strings.Compare(a.Tool, b.Tool) },
	), nil
}

// account is a subject's account with the time of the last spending.
type account struct {
	TenantID string
	Account  agent.Account
	Updated  time.Time
}

type ledger struct{ *txn }

func (s ledger) Spend(ctx context.Context, tenantID, subject string, a agent.Account, now time.Time) (agent.Account, error) {
	if err := s.writes(ctx); err != nil {
		return agent.Account{}, err
	}
	if err := needTenant(tenantID); err != nil {
		return agent.Account{}, err
	}
	key := tuple(tenantID, subject)
	stored, err := s.st.ledger.get(key)
	if err == nil {
		a = stored.Account.Plus(a)
	}
	a.Time = a.Time.Truncate(time.Microsecond)
	s.st.ledger.put(key, account{tenantID, a, now})
	return a, nil
}

func (s ledger) Of(ctx context.Context, tenantID, subject string) (agent.Account, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return agent.Account{}, err
	}
	stored, err := s.st.ledger.get(tuple(tenantID, subject))
	if err != nil {
		return agent.Account{}, nil //nolint:nilerr // one that was never used is empty
	}
	return stored.Account, nil
}

func (s ledger) DeleteIdle(ctx context.Context, before time.Time) (int64, error) {
	if err := s.writes(ctx); err != nil {
		return 0, err
	}
	return s.st.ledger.prune(func(a account) bool { return a.Updated.Before(before) }), nil
}
