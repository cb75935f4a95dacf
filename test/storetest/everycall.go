package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

type attempt func(ctx context.Context, tx ports.Tx) error

// without makes an attempt of a call whose result does not matter.
func without[V any](call func(ctx context.Context, tx ports.Tx) (V, error)) attempt {
	return func(ctx context.Context, tx ports.Tx) error {
		_, err := call(ctx, tx)
		return err
	}
}

// everyCall holds what is true of each call of each store, whatever it does.
func (s *suite) everyCall(t *testing.T) {
	t.Helper()
	b := s.furnish(t, s.member(t, ""))
	t.Run("writes fail in a view", func(t *testing.T) {
		for name, write := range s.writes(b) {
			require.Error(t, s.UnitOfWork.View(t.Context(), func(ctx context.Context, tx ports.Tx) error { return write(ctx, tx) }), name)
			require.Error(t, s.UnitOfWork.Look(t.Context(), func(ctx context.Context, tx ports.Tx) error { return write(ctx, tx) }), "in a look: "+name)
		}
		s.requireBelongings(t, b)
	})
	t.Run("a look reads what a view reads", func(t *testing.T) {
		for name, read := range reads(b) {
			viewed := s.UnitOfWork.View(t.Context(), func(ctx context.Context, tx ports.Tx) error { return read(ctx, tx) })
			looked := s.UnitOfWork.Look(t.Context(), func(ctx context.Context, tx ports.Tx) error { return read(ctx, tx) })
			require.Equal(t, fault.KindOf(viewed), fault.KindOf(looked), "%s: %v and %v", name, viewed, looked)
			require.Equal(t, viewed == nil, looked == nil, "%s: %v and %v", name, viewed, looked)
		}
	})
	t.Run("a cancelled context", func(t *testing.T) {
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_ = s.try(t, func(_ context.Context, tx ports.Tx) error {
			for name, write := range s.writes(b) {
				require.Error(t, write(gone, tx), name)
			}
			for name, read := range reads(b) {
				require.Error(t, read(gone, tx), name)
			}
			return fault.ErrUnavailable
		})
		s.requireBelongings(t, b)
	})
	t.Run("an invalid scope is refused", func(t *testing.T) {
		for _, scope := range []identity.Scope{
			{}, {TenantID: b.tenantID}, {OwnerID: b.user.ID}, {SessionID: b.session.ID()},
			{TenantID: b.tenantID, OwnerID: b.user.ID, SessionID: b.session.ID()},
		} {
			for name, read := range scoped(b, scope) {
				s.requireInternal(t, read, name)
			}
		}
		for name, read := range tenanted(b, "") {
			s.requireInternal(t, read, name)
		}
	})
}

// requireInternal runs a call in a transaction of its own, which is rolled back, and requires an Internal fault.
func (s *suite) requireInternal(t *testing.T, call attempt, name string) {
	t.Helper()
	err := s.try(t, call)
	require.Error(t, err, name)
	require.Equal(t, fault.Internal, fault.KindOf(err), "%s: %v", name, err)
}

// reads are the calls that only look.
func reads(b belongings) map[string]attempt {
	all := map[string]attempt{
		"Users.ByID": func(ctx context.Context, tx ports.Tx) error { _, err := tx.Users.ByID(ctx, b.user.ID); return err },
		"Users.ByEmailKey": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Users.ByEmailKey(ctx, b.user.EmailKey)
			return err
		},
		"Users.Count":  func(ctx context.Context, tx ports.Tx) error { _, err := tx.Users.Count(ctx); return err },
		"Tenants.ByID": func(ctx context.Context, tx ports.Tx) error { _, err := tx.Tenants.ByID(ctx, b.tenantID); return err },
		"Tenants.Memberships": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Tenants.Memberships(ctx, b.user.ID)
			return err
		},
		"Sessions.ByID": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Sessions.ByID(ctx, b.session.ID())
			return err
		},
		"Standings.Of": without(func(ctx context.Context, tx ports.Tx) ([]ports.Standing, error) {
			return tx.Standings.Of(ctx, []string{b.session.ID()})
		}),
		"Activity.Active": without(func(ctx context.Context, tx ports.Tx) ([]ports.SessionKey, error) {
			return tx.Activity.Active(ctx, []ports.SessionKey{{TenantID: "ten", SessionID: b.session.ID()}}, b.event.Time)
		}),
		"Sockets.Others": without(func(ctx context.Context, tx ports.Tx) ([]int, error) {
			return tx.Sockets.Others(ctx, "replica", []ports.Place{{Kind: "user", ID: b.user.ID}})
		}),
		"Sessions.BySecretHash": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Sessions.BySecretHash(ctx, hashOf("x"))
			return err
		},
		"Logins.BySession": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Logins.BySession(ctx, b.session.ID())
			return err
		},
		"Logins.ByCookieHash": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Logins.ByCookieHash(ctx, hashOf("x"))
			return err
		},
		"Leases.Hold": without(func(ctx context.Context, tx ports.Tx) (execution.Execution, error) {
			return tx.Leases.Hold(ctx, execution.Lease{ExecutionID: b.execution.ID, Owner: "o", Fence: 1})
		}),
		"Leases.Due": func(ctx context.Context, tx ports.Tx) error { _, err := tx.Leases.Due(ctx, 1); return err },
		"Artifacts.Rendered": without(func(ctx context.Context, tx ports.Tx) ([]artifact.Artifact, error) {
			return tx.Artifacts.Rendered(ctx, []string{b.artifact.Type}, b.artifact.CreatedAt, 1)
		}),
		"Work.Executions": without(func(ctx context.Context, tx ports.Tx) ([]ports.WorkItem, error) {
			return tx.Work.Executions(ctx, ports.WorkFilter{}, ports.Page{Limit: 1})
		}),
		"Ticks.Due": without(func(ctx context.Context, tx ports.Tx) ([]schedule.Schedule, error) { return tx.Ticks.Due(ctx, 1) }),
		"Contracts.Due": without(func(ctx context.Context, tx ports.Tx) ([]artifact.Contract, error) {
			return tx.Contracts.Due(ctx, b.contract.CreatedAt, b.contract.CreatedAt, 1)
		}),
	}
	for name, read := range scoped(b, b.scope) {
		all[name] = read
	}
	for name, read := range tenanted(b, b.tenantID) {
		all[name] = read
	}
	return all
}

// scoped are the look-ups that take a scope.
func scoped(b belongings, scope identity.Scope) map[string]attempt {
	return map[string]attempt{
		"Executions.ByID": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Executions.ByID(ctx, scope, b.execution.ID)
			return err
		},
		"Executions.Lock": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Executions.Lock(ctx, scope, b.execution.ID)
			return err
		},
		"Executions.List": without(func(ctx context.Context, tx ports.Tx) ([]execution.Execution, error) {
			return tx.Executions.List(ctx, scope, ports.ExecutionFilter{}, ports.Page{Limit: 1})
		}),
		"Artifacts.ByID": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Artifacts.ByID(ctx, scope, b.artifact.ID)
			return err
		},
		"Artifacts.Lock": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Artifacts.Lock(ctx, scope, b.artifact.ID)
			return err
		},
		"Artifacts.List": func(ctx context.Context, tx ports.Tx) error {
			_, _, err := tx.Artifacts.List(ctx, scope, ports.ArtifactFilter{}, ports.Window{Limit: 1})
			return err
		},
		"Contracts.ByID": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Contracts.ByID(ctx, scope, b.contract.ID)
			return err
		},
		"Contracts.ByFile": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Contracts.ByFile(ctx, scope, b.contract.FileID)
			return err
		},
		"Pending.ByID": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Pending.ByID(ctx, scope, b.pending.ID)
			return err
		},
		"Pending.List": func(ctx context.Context, tx ports.Tx) error {
			_, _, err := tx.Pending.List(ctx, scope, ports.PendingFilter{}, ports.Window{Limit: 1})
			return err
		},
		"Schedules.List": without(func(ctx context.Context, tx ports.Tx) ([]schedule.Schedule, error) {
			return tx.Schedules.List(ctx, scope, ports.Page{Limit: 1})
		}),
		"Conversations.ByID": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Conversations.ByID(ctx, scope, b.conversation.ID)
			return err
		},
		"Conversations.ByClientID": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Conversations.ByClientID(ctx, scope, b.session.ID(), b.conversation.ClientID)
			return err
		},
		"Conversations.Of": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Conversations.Of(ctx, scope, b.session.ID())
			return err
		},
	}
}

// tenanted are the calls that take a tenant.
func tenanted(b belongings, tenantID string) map[string]attempt {
	return map[string]attempt{
		"Tenants.Member": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Tenants.Member(ctx, tenantID, b.user.ID)
			return err
		},
		"Sessions.Owned": without(func(ctx context.Context, tx ports.Tx) ([]session.Session, error) {
			return tx.Sessions.Owned(ctx, tenantID, b.user.ID, ports.Page{Limit: 1})
		}),
		"Leases.NextInLane": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Leases.NextInLane(ctx, tenantID, "lane")
			return err
		},
		"Steps.Of": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Steps.Of(ctx, tenantID, b.execution.ID)
			return err
		},
		"Steps.Forget": without(func(ctx context.Context, tx ports.Tx) (int64, error) {
			return tx.Steps.Forget(ctx, tenantID, b.execution.ID)
		}),
		"Steps.Put": func(ctx context.Context, tx ports.Tx) error {
			return tx.Steps.Put(ctx, tenantID, execution.Step{ExecutionID: b.execution.ID, Name: id("step"), Position: 9})
		},
		"Signals.Put": func(ctx context.Context, tx ports.Tx) error {
			return tx.Signals.Put(ctx, tenantID, execution.Signal{ID: id("sig"), ExecutionID: b.execution.ID, Name: "go"})
		},
		"Signals.Next": without(func(ctx context.Context, tx ports.Tx) (execution.Signal, error) {
			s, err := tx.Signals.Next(ctx, tenantID, b.execution.ID, "go")
			if errors.Is(err, fault.ErrNotFound) {
				err = nil
			}
			return s, err
		}),
		"Signals.Take": func(ctx context.Context, tx ports.Tx) error {
			return tx.Signals.Take(ctx, tenantID, b.execution.ID, "sig", "wait")
		},
		"Children.Of": without(func(ctx context.Context, tx ports.Tx) ([]execution.Child, error) {
			return tx.Children.Of(ctx, tenantID, b.execution.ID)
		}),
		"Children.Live": without(func(ctx context.Context, tx ports.Tx) (int, error) {
			return tx.Children.Live(ctx, tenantID, b.execution.ID)
		}),
		"Decisions.Open": without(func(ctx context.Context, tx ports.Tx) ([]execution.Execution, error) {
			return tx.Decisions.Open(ctx, tenantID, ports.Page{Limit: 1})
		}),
		"Decisions.Lock": without(func(ctx context.Context, tx ports.Tx) (execution.Execution, error) {
			return tx.Decisions.Lock(ctx, tenantID, b.execution.ID)
		}),
		"Events.Read": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Events.Read(ctx, tenantID, b.execution.ID, 0, 1)
			return err
		},
		"Events.Append": func(ctx context.Context, tx ports.Tx) error {
			return tx.Events.Append(ctx, tenantID, []event.Event{
				{ExecutionID: b.execution.ID, Seq: 99, Epoch: 1, Type: "x", Data: []byte(`{}`), Time: b.event.Time},
			})
		},
		"Space.Reserve": func(ctx context.Context, tx ports.Tx) error {
			return tx.Space.Reserve(ctx, tenantID, id(typeid.File), 1, 0)
		},
		"Space.Release": func(ctx context.Context, tx ports.Tx) error {
			return tx.Space.Release(ctx, tenantID, b.contract.FileID)
		},
		"Space.Used": without(func(ctx context.Context, tx ports.Tx) (int64, error) { return tx.Space.Used(ctx, tenantID) }),
		"Messages.Before": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Messages.Before(ctx, tenantID, b.conversation.ID, 0, 1)
			return err
		},
		"Messages.Trim": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Messages.Trim(ctx, tenantID, b.conversation.ID, 0)
			return err
		},
		"Directory.Members": without(func(ctx context.Context, tx ports.Tx) ([]identity.Member, error) {
			return tx.Directory.Members(ctx, tenantID, ports.Page{Limit: 1})
		}),
		"Directory.SetRole": func(ctx context.Context, tx ports.Tx) error {
			return tx.Directory.SetRole(ctx, tenantID, b.user.ID, identity.RoleOwner)
		},
		"Invitations.List": without(func(ctx context.Context, tx ports.Tx) ([]identity.Invitation, error) {
			return tx.Invitations.List(ctx, tenantID, ports.Page{Limit: 1})
		}),
		"TenantData.Executions": without(func(ctx context.Context, tx ports.Tx) ([]execution.Execution, error) {
			return tx.TenantData.Executions(ctx, tenantID, ports.Page{Limit: 1})
		}),
		"TenantData.Artifacts": without(func(ctx context.Context, tx ports.Tx) ([]artifact.Artifact, error) {
			return tx.TenantData.Artifacts(ctx, tenantID, ports.Page{Limit: 1})
		}),
		"TenantData.Conversations": without(func(ctx context.Context, tx ports.Tx) ([]agent.Conversation, error) {
			return tx.TenantData.Conversations(ctx, tenantID, ports.Page{Limit: 1})
		}),
		"TenantData.Erase": without(func(ctx context.Context, tx ports.Tx) (int64, error) { return tx.TenantData.Erase(ctx, tenantID, 1) }),
		"Schedules.Count":  without(func(ctx context.Context, tx ports.Tx) (int, error) { return tx.Schedules.Count(ctx, tenantID) }),
		"Ticks.Live": without(func(ctx context.Context, tx ports.Tx) ([]string, error) {
			return tx.Ticks.Live(ctx, tenantID, "sch", 1)
		}),
		"Ticks.Runs": without(func(ctx context.Context, tx ports.Tx) ([]schedule.Run, error) {
			return tx.Ticks.Runs(ctx, tenantID, "sch", b.event.Time, 1)
		}),
		"Ticks.Trim": without(func(ctx context.Context, tx ports.Tx) (int64, error) { return tx.Ticks.Trim(ctx, tenantID, "sch", 1) }),
		"AgentSettings.Of": without(func(ctx context.Context, tx ports.Tx) ([]agent.Setting, error) {
			return tx.AgentSettings.Of(ctx, tenantID)
		}),
		"AgentSettings.Insert": func(ctx context.Context, tx ports.Tx) error {
			return tx.AgentSettings.Insert(ctx, agent.Setting{TenantID: tenantID, Subject: id("s"), Body: []byte(`{}`)})
		},
		"ToolPins.Of": without(func(ctx context.Context, tx ports.Tx) ([]agent.Pin, error) { return tx.ToolPins.Of(ctx, tenantID) }),
		"ToolPins.Keep": without(func(ctx context.Context, tx ports.Tx) (agent.Pin, error) {
			return tx.ToolPins.Keep(ctx, agent.Pin{TenantID: tenantID, Tool: id("tool"), Fingerprint: "f"})
		}),
		"ToolPins.Approve": func(ctx context.Context, tx ports.Tx) error {
			return tx.ToolPins.Approve(ctx, agent.Pin{TenantID: tenantID, Tool: "t", Fingerprint: "f"})
		},
		"Ledger.Of": without(func(ctx context.Context, tx ports.Tx) (agent.Account, error) {
			return tx.Ledger.Of(ctx, tenantID, "day:1")
		}),
		"Ledger.Spend": without(func(ctx context.Context, tx ports.Tx) (agent.Account, error) {
			return tx.Ledger.Spend(ctx, tenantID, "day:1", agent.Account{Tokens: 1}, b.event.Time)
		}),
		"Audit.About": without(func(ctx context.Context, tx ports.Tx) ([]audit.Record, error) {
			return tx.Audit.About(ctx, tenantID, "exe", ports.Page{Limit: 1})
		}),
		"Audit.List": without(func(ctx context.Context, tx ports.Tx) ([]audit.Record, error) {
			return tx.Audit.List(ctx, tenantID, ports.Page{Limit: 1})
		}),
	}
}
