package agents

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
	"github.com/symphainy/symphainy/test/sheet"
)

// F5: in whatever order steps are charged and granted, by two sessions of a tenant over several days: no account ever holds more than its bound as often as
// it was granted, a refusal spends nothing anywhere, and nothing is refused while there is room.
func TestMachineOfAQuota(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := clock.Fixed()
		store := memstore.New(now)
		posture := agent.Posture{
			Session: agent.Budget{Steps: rapid.Int64Range(0, 4).Draw(t, "session")}, Day: agent.Budget{Steps: rapid.Int64Range(0, 6).Draw(t, "day")},
		}
		spent, granted := map[string]int64{}, map[string]int64{}
		left := func(subject string, steps int64) bool {
			return steps == 0 || spent[subject] < steps*(granted[subject]+1)
		}
		draw := func(t *rapid.T) execution.Snapshot {
			return execution.Snapshot{ID: "exe_1", TenantID: "ten_a", SessionID: rapid.SampledFrom([]string{"ses_a", "ses_b"}).Draw(t, "session")}
		}
		t.Repeat(map[string]func(*rapid.T){
			"a day": func(*rapid.T) { now.Advance(24 * time.Hour) },
			"charge": func(t *rapid.T) {
				ex := draw(t)
				session, day := sessionSubject(ex.SessionID), daySubject(now.Now())
				err := store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error { return chargeTool(ctx, tx, ex, posture, now.Now()) })
				if !left(session, posture.Session.Steps) || !left(day, posture.Day.Steps) {
					require.ErrorIs(t, err, errBudget)
					return
				}
				require.NoError(t, err)
				spent[session]++
				spent[day]++
			},
			"grant": func(t *rapid.T) {
				subject := rapid.SampledFrom([]string{sessionSubject(draw(t).SessionID), daySubject(now.Now())}).Draw(t, "subject")
				require.NoError(t, store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
					_, err := tx.Ledger.Spend(ctx, "ten_a", subject, agent.Account{Granted: 1}, now.Now())
					return err
				}))
				granted[subject]++
			},
			"": func(t *rapid.T) {
				require.NoError(t, store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
					for subject, n := range spent {
						total, err := tx.Ledger.Spend(ctx, "ten_a", subject, agent.Account{}, now.Now())
						require.NoError(t, err)
						require.Equal(t, n, total.Steps(), subject)
					}
					return nil
				}))
			},
		})
	})
	sheet.RecordMachine(t, "F5", 10_000, "quotas")
}

// postures draws a deployment's posture.
func postures(t *rapid.T) agent.Posture {
	n := func(name string) int64 { return rapid.Int64Range(0, 9).Draw(t, name) }
	budget := func() agent.Budget {
		return agent.Budget{Tokens: n("tokens"), Cost: n("cost"), Steps: n("steps"), Time: time.Duration(n("time")) * time.Second}
	}
	return agent.Posture{
		Model: "own", MaxTokens: int(n("max")), Strict: rapid.Bool().Draw(t, "strict"), FourEyes: rapid.Bool().Draw(t, "eyes"),
		AtLimit: rapid.SampledFrom([]agent.AtLimit{agent.AtLimitEnd, agent.AtLimitAsk}).Draw(t, "at"), Deny: []string{"x"}, Decide: time.Duration(n("decide")) * time.Second,
		Limits:  agent.Limits{ModelCalls: n("models"), ToolCalls: n("tools"), Depth: int(n("depth")), Tokens: n("tokens"), Cost: n("cost"), Time: time.Duration(n("time")) * time.Second},
		Session: budget(), Day: budget(),
	}
}

// overrides draws what a tenant sets.
func overrides(t *rapid.T) PostureOverride {
	n := func(name string) *int64 { return rapid.Ptr(rapid.Int64Range(-1, 10), true).Draw(t, name) }
	budget := func() *BudgetOverride {
		return &BudgetOverride{Tokens: n("o.tokens"), Cost: n("o.cost"), Steps: n("o.steps"), Seconds: n("o.seconds")}
	}
	return PostureOverride{
		Model: rapid.Ptr(rapid.SampledFrom([]string{"small", "large"}), true).Draw(t, "o.model"), MaxTokens: n("o.max"), Strict: rapid.Ptr(rapid.Bool(), true).Draw(t, "o.strict"),
		FourEyes: rapid.Ptr(rapid.Bool(), true).Draw(t, "o.eyes"), AtLimit: rapid.Ptr(rapid.SampledFrom([]string{"end", "ask", "never"}), true).Draw(t, "o.at"),
		Deny: rapid.SliceOfN(rapid.SampledFrom([]string{"put", "drop"}), 0, 2).Draw(t, "o.deny"), DecideSeconds: n("o.decide"),
		Turn:    &LimitsOverride{ModelCalls: n("o.models"), ToolCalls: n("o.tools"), Depth: n("o.depth"), Tokens: n("o.tokens"), Cost: n("o.cost"), Seconds: n("o.seconds")},
		Session: budget(), Day: budget(),
	}
}

// F5: the algebra of what is allowed: layer upon layer only narrows, a layer twice is a layer once, and the tools of an agent under another one are those
// of both, in whatever order; roles together may what each may, and no more.
func TestMachineOfThePolicy(t *testing.T) {
	tools := drawerTools(t)
	b := rulebook{tools: tools, offered: []string{"small"}}
	rapid.Check(t, func(rt *rapid.T) {
		base := postures(rt)
		layer := base
		for range rapid.IntRange(1, 4).Draw(rt, "layers") {
			o := overrides(rt)
			next, _ := o.apply(layer, b.offered, b.known)
			narrower(t, layer, next)
			narrower(t, base, next)
			again, _ := o.apply(next, b.offered, b.known)
			require.ElementsMatch(rt, set(next.Deny), set(again.Deny))
			again.Deny = next.Deny
			require.Equal(rt, next, again, "a layer twice is a layer once")
			layer = next
		}
		names := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), rapid.ID[string])
		x, y, z := names.Draw(rt, "x"), names.Draw(rt, "y"), names.Draw(rt, "z")
		require.ElementsMatch(rt, Within(x, y), Within(y, x))
		require.Equal(rt, Within(Within(x, y), z), Within(x, Within(y, z)))
		require.Equal(rt, Within(x, y), Within(Within(x, y), y))
		require.Subset(rt, x, Within(x, y))
		require.Empty(rt, Within(x, nil))
		roles := rapid.SliceOf(rapid.SampledFrom([]identity.Role{
			identity.RoleOwner, identity.RoleAdmin, identity.RoleMember, identity.RoleViewer, identity.RoleAnonymous, identity.RoleOperator, "unknown",
		}))
		one, two := roles.Draw(rt, "one"), roles.Draw(rt, "two")
		require.ElementsMatch(rt, identity.Grants(slices.Concat(one, two)), union(identity.Grants(one), identity.Grants(two)))
		require.ElementsMatch(rt, identity.Grants(slices.Concat(one, two)), identity.Grants(slices.Concat(two, one)))
	})
	sheet.RecordMachine(t, "F5", 10_000, "policies")
}

func union(a, b []identity.Permission) []identity.Permission {
	out := slices.Clone(a)
	for _, p := range b {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// set gives each name once.
func set(names []string) []string {
	out := slices.Clone(names)
	slices.Sort(out)
	return slices.Compact(out)
}
