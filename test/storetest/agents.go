package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) agents(t *testing.T) {
	t.Helper()
	t.Run("settings", s.agentSettings)
	t.Run("pins", s.toolPins)
	t.Run("ledger", s.ledger)
	t.Run("erased with the tenant", s.agentsErased)
}

func (s *suite) agentsErased(t *testing.T) {
	mine := id(typeid.Tenant)
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		if err := tx.AgentSettings.Insert(ctx, agent.Setting{TenantID: mine, Subject: "posture", Body: []byte(`{}`), Version: 1}); err != nil {
			return err
		}
		if err := tx.ToolPins.Approve(ctx, agent.Pin{TenantID: mine, Tool: "a", Fingerprint: "f"}); err != nil {
			return err
		}
		_, err := tx.Ledger.Spend(ctx, mine, "day:1", agent.Account{Tokens: 1}, s.Now())
		return err
	})
	for n := int64(1); n > 0; {
		s.do(t, func(ctx context.Context, tx ports.Tx) (err error) {
			n, err = tx.TenantData.Erase(ctx, mine, 10)
			return err
		})
	}
	require.Empty(t, s.settingsOf(t, mine))
	s.view(t, func(ctx context.Context, tx ports.Tx) error {
		pins, err := tx.ToolPins.Of(ctx, mine)
		require.NoError(t, err)
		require.Empty(t, pins)
		a, err := tx.Ledger.Of(ctx, mine, "day:1")
		require.Zero(t, a)
		return err
	})
}

func (s *suite) settingsOf(t *testing.T, tenant string) []agent.Setting {
	t.Helper()
	return get(t, s, func(ctx context.Context, tx ports.Tx) ([]agent.Setting, error) {
		return tx.AgentSettings.Of(ctx, tenant)
	})
}

func (s *suite) agentSettings(t *testing.T) {
	mine, other := id(typeid.Tenant), id(typeid.Tenant)
	v := agent.Setting{TenantID: mine, Subject: "posture", Body: []byte(awkwardJSON), Version: 1, UpdatedBy: awkward, UpdatedAt: s.abroad(1)}
	full(t, v)
	bare := agent.Setting{TenantID: mine, Subject: "agent:guide", Body: []byte(`{}`)}
	insert := func(v agent.Setting) error {
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.AgentSettings.Insert(ctx, v) })
	}
	require.Empty(t, s.settingsOf(t, mine))
	require.NoError(t, insert(v))
	require.NoError(t, insert(bare))
	require.NoError(t, insert(agent.Setting{TenantID: other, Subject: "posture", Body: []byte(`{}`), Version: 1}))
	list := s.settingsOf(t, mine)
	require.Len(t, list, 2)
	same(t, bare, list[0])
	same(t, v, list[1])
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		require.ErrorIs(t, tx.AgentSettings.Insert(ctx, v), fault.ErrDuplicate)
		_, err := tx.AgentSettings.Of(ctx, mine)
		return err // the transaction goes on
	})

	save := func(v agent.Setting) error {
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.AgentSettings.Save(ctx, v) })
	}
	first, second := v, v
	first.Body, first.UpdatedAt = []byte(`{"a":1}`), s.at(2)
	require.NoError(t, save(first))
	require.ErrorIs(t, save(second), fault.ErrStale)
	first.Version++
	same(t, first, s.settingsOf(t, mine)[1])
	missing := v
	missing.Subject = "POSTURE"
	requireMissing(t, save(missing))

	remove := func(tenant, subject string, version int) error {
		return s.try(t, func(ctx context.Context, tx ports.Tx) error {
			return tx.AgentSettings.Delete(ctx, tenant, subject, version)
		})
	}
	require.ErrorIs(t, remove(mine, "posture", 1), fault.ErrStale)
	require.NoError(t, remove(mine, "posture", 2))
	requireMissing(t, remove(mine, "posture", 2))
	require.Len(t, s.settingsOf(t, mine), 1)
	require.Len(t, s.settingsOf(t, other), 1, "another tenant's stays")
}

func (s *suite) toolPins(t *testing.T) {
	mine, other := id(typeid.Tenant), id(typeid.Tenant)
	keep := func(p agent.Pin) (kept agent.Pin) {
		s.do(t, func(ctx context.Context, tx ports.Tx) (err error) {
			kept, err = tx.ToolPins.Keep(ctx, p)
			return err
		})
		return kept
	}
	p := agent.Pin{TenantID: mine, Tool: "b", Fingerprint: awkward, PinnedBy: "usr_1", PinnedAt: s.abroad(1)}
	full(t, p)
	same(t, p, keep(p))
	changed := p
	changed.Fingerprint, changed.PinnedBy = "f2", ""
	same(t, p, keep(changed))
	keep(agent.Pin{TenantID: other, Tool: "b", Fingerprint: "f9"})
	keep(agent.Pin{TenantID: mine, Tool: "a", Fingerprint: "f1"})
	s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.ToolPins.Approve(ctx, changed) })
	same(t, changed, keep(p))
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		return tx.ToolPins.Approve(ctx, agent.Pin{TenantID: mine, Tool: "c", Fingerprint: "f3"})
	})
	list := get(t, s, func(ctx context.Context, tx ports.Tx) ([]agent.Pin, error) { return tx.ToolPins.Of(ctx, mine) })
	require.Len(t, list, 3)
	same(t, changed, list[1])

	// Of many that pin at once all get the one that was first.
	kept := make([]agent.Pin, 8)
	for _, err := range race(len(kept), func(i int) error {
		return s.UnitOfWork.Do(t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
			kept[i], err = tx.ToolPins.Keep(ctx, agent.Pin{TenantID: mine, Tool: "raced", Fingerprint: string(rune('a' + i))})
			return err
		})
	}) {
		require.NoError(t, err)
	}
	for _, k := range kept {
		require.Equal(t, kept[0].Fingerprint, k.Fingerprint)
	}
}

func (s *suite) ledger(t *testing.T) {
	mine, other := id(typeid.Tenant), id(typeid.Tenant)
	one := agent.Account{Tokens: 3, Cost: 1 << 40, ModelCalls: 2, ToolCalls: 5, Time: 1500 * time.Microsecond, Granted: 1}
	full(t, one)
	spend := func(tenant, subject string, a agent.Account) (total agent.Account) {
		s.do(t, func(ctx context.Context, tx ports.Tx) (err error) {
			total, err = tx.Ledger.Spend(ctx, tenant, subject, a, s.Now())
			return err
		})
		return total
	}
	of := func(tenant, subject string) agent.Account {
		return get(t, s, func(ctx context.Context, tx ports.Tx) (agent.Account, error) {
			return tx.Ledger.Of(ctx, tenant, subject)
		})
	}
	require.Zero(t, of(mine, "day:1"))
	require.Equal(t, one, spend(mine, "day:1", one))
	require.Equal(t, one.Plus(one), spend(mine, "day:1", one))
	require.Equal(t, one, spend(mine, "day:1", agent.Account{}.Minus(one)), "what is given back")
	require.Equal(t, one, of(mine, "day:1"))
	require.Zero(t, of(mine, "day:2"))
	require.Zero(t, of(other, "day:1"))
	require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.Ledger.Spend(ctx, mine, "day:1", one, s.Now()); err != nil {
			return err
		}
		return fault.ErrPermission
	}), fault.ErrPermission)
	require.Equal(t, one, of(mine, "day:1"), "rolled back, nothing was spent")

	for _, err := range race(16, func(int) error {
		return s.UnitOfWork.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Ledger.Spend(ctx, mine, "raced", agent.Account{Tokens: 1}, s.Now())
			return err
		})
	}) {
		require.NoError(t, err)
	}
	require.EqualValues(t, 16, of(mine, "raced").Tokens)

	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Ledger.Spend(ctx, mine, "old", one, s.at(-60*24*365))
		return err
	})
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		n, err := tx.Ledger.DeleteIdle(ctx, s.at(-60*24*300))
		require.Positive(t, n)
		return err
	})
	require.Zero(t, of(mine, "old"))
	require.Equal(t, one, of(mine, "day:1"))
}
