package storetest

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// writes are the calls that would change something, with arguments that are good.
func (s *suite) writes(b belongings) map[string]attempt {
	all := s.platformWrites(b)
	for name, write := range s.workWrites(b) {
		all[name] = write
	}
	for _, name := range []string{
		"Ticks.Trim", "Steps.Put", "Steps.Forget", "Signals.Put", "Events.Append", "Messages.Trim", "Space.Reserve", "Space.Release", "Directory.SetRole", "TenantData.Erase",
		"AgentSettings.Insert", "ToolPins.Keep", "ToolPins.Approve", "Ledger.Spend",
	} {
		all[name] = tenanted(b, b.tenantID)[name]
	}
	return all
}

func (s *suite) platformWrites(b belongings) map[string]attempt {
	h := b.home
	key, rate := []string{"every", "call"}, ports.Rate{Limit: 5, Window: time.Hour}
	ticket := b.ticket
	ticket.Hash = hashOf(id("ticket"))
	return map[string]attempt{
		"Users.Insert": func(ctx context.Context, tx ports.Tx) error { return tx.Users.Insert(ctx, s.newUser()) },
		"Users.Save":   func(ctx context.Context, tx ports.Tx) error { return tx.Users.Save(ctx, h.user) },
		"Tenants.Insert": func(ctx context.Context, tx ports.Tx) error {
			return tx.Tenants.Insert(ctx, identity.Tenant{ID: id(typeid.Tenant)})
		},
		"Tenants.AddMember": func(ctx context.Context, tx ports.Tx) error {
			return tx.Tenants.AddMember(ctx, identity.Membership{TenantID: h.tenantID, UserID: id(typeid.User), Role: identity.RoleViewer})
		},
		"Sessions.Insert": func(ctx context.Context, tx ports.Tx) error {
			return tx.Sessions.Insert(ctx, session.NewActive(id(typeid.Session), h.user.ID, h.tenantID, nil, s.at(1)))
		},
		"Sessions.Save": func(ctx context.Context, tx ports.Tx) error { return tx.Sessions.Save(ctx, h.session) },
		"Scopes.Pin":    func(ctx context.Context, tx ports.Tx) error { return tx.Scopes.Pin(ctx, h.session.ID()) },
		"Sessions.Upgrade": without(func(ctx context.Context, tx ports.Tx) (session.Session, error) {
			return tx.Sessions.Upgrade(ctx, h.session.ID(), hashOf("x"), h.user.ID, h.tenantID)
		}),
		"Logins.Insert": func(ctx context.Context, tx ports.Tx) error {
			return tx.Logins.Insert(ctx, session.NewLogin(h.session.ID(), h.user.ID, h.tenantID, hashOf("k"), hashOf(id("c")), s.at(1)))
		},
		"Logins.Rotate": func(ctx context.Context, tx ports.Tx) error {
			return tx.Logins.Rotate(ctx, session.NewLogin(h.session.ID(), h.user.ID, h.tenantID, hashOf("k"), nil, s.at(1)), 1)
		},
		"Logins.Delete":  func(ctx context.Context, tx ports.Tx) error { return tx.Logins.Delete(ctx, h.session.ID()) },
		"Tickets.Insert": func(ctx context.Context, tx ports.Tx) error { return tx.Tickets.Insert(ctx, ticket) },
		"Tickets.Take": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Tickets.Take(ctx, b.ticket.Hash)
			return err
		},
		"Tickets.DeleteBySession": func(ctx context.Context, tx ports.Tx) error {
			return tx.Tickets.DeleteBySession(ctx, h.session.ID())
		},
		"Tickets.DeleteExpired": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Tickets.DeleteExpired(ctx, s.at(0))
			return err
		},
		"Limits.TakeAny": without(func(ctx context.Context, tx ports.Tx) (ports.Verdict, error) {
			return tx.Limits.TakeAny(ctx, [][]string{key, {"another"}}, rate)
		}),
		"Limits.Take":       func(ctx context.Context, tx ports.Tx) error { _, err := tx.Limits.Take(ctx, key, rate); return err },
		"Limits.Reset":      func(ctx context.Context, tx ports.Tx) error { return tx.Limits.Reset(ctx, key) },
		"Limits.DeleteIdle": func(ctx context.Context, tx ports.Tx) error { _, err := tx.Limits.DeleteIdle(ctx, s.at(0)); return err },
		"Sockets.Live": without(func(ctx context.Context, tx ports.Tx) (bool, error) {
			return tx.Sockets.Live(ctx, "replica", time.Hour)
		}),
		"Sockets.Set": func(ctx context.Context, tx ports.Tx) error {
			return tx.Sockets.Set(ctx, "replica", []ports.Held{{Place: ports.Place{Kind: "user", ID: h.user.ID}, Open: 1}})
		},
		"Sockets.Leave": func(ctx context.Context, tx ports.Tx) error { return tx.Sockets.Leave(ctx, "replica") },
	}
}

func (s *suite) workWrites(b belongings) map[string]attempt {
	h := b.home
	record := b.record
	record.ID = id(typeid.AuditRecord)
	return map[string]attempt{
		"Scopes.Rekey": func(ctx context.Context, tx ports.Tx) error {
			return tx.Scopes.Rekey(ctx, h.session.ID(), id(typeid.Tenant), h.user.ID)
		},
		"Executions.Insert": func(ctx context.Context, tx ports.Tx) error { return tx.Executions.Insert(ctx, s.execution(h, 1, nil)) },
		"Executions.Save": func(ctx context.Context, tx ports.Tx) error {
			return tx.Executions.Save(ctx, execution.Restore(b.execution))
		},
		"Executions.Begin": func(ctx context.Context, tx ports.Tx) error {
			return tx.Executions.Begin(ctx, s.begun(h), time.Minute)
		},
		"Leases.Claim": without(func(ctx context.Context, tx ports.Tx) (execution.Execution, error) {
			return tx.Leases.Claim(ctx, b.execution.ID, "worker", time.Minute)
		}),
		"Leases.Renew": without(func(ctx context.Context, tx ports.Tx) (ports.Renewal, error) {
			return tx.Leases.Renew(ctx, []execution.Lease{{ExecutionID: b.execution.ID, Owner: "worker", Fence: 1}}, time.Minute)
		}),
		"Leases.ReleaseAll": func(ctx context.Context, tx ports.Tx) error { _, err := tx.Leases.ReleaseAll(ctx); return err },
		"Schedules.Insert": func(ctx context.Context, tx ports.Tx) error {
			return tx.Schedules.Insert(ctx, schedule.Restore(s.schedule(h, 1, func(r *schedule.Snapshot) { r.Status = schedule.Paused })))
		},
		"Schedules.Save": func(ctx context.Context, tx ports.Tx) error {
			return tx.Schedules.Save(ctx, schedule.Restore(s.schedule(h, 1, nil)))
		},
		"Schedules.Delete": func(ctx context.Context, tx ports.Tx) error {
			return tx.Schedules.Delete(ctx, h.scope, id(typeid.Schedule))
		},
		"Ticks.Seize": without(func(ctx context.Context, tx ports.Tx) (schedule.Schedule, error) {
			v, _, err := tx.Ticks.Seize(ctx, h.tenantID, id(typeid.Schedule))
			return v, err
		}),
		"Ticks.Put": func(ctx context.Context, tx ports.Tx) error {
			return tx.Ticks.Put(ctx, h.tenantID, schedule.Run{ScheduleID: id(typeid.Schedule), Tick: s.at(1), Outcome: schedule.Missed})
		},
		"Retention.Forget": func(ctx context.Context, tx ports.Tx) error {
			return tx.Retention.Forget(ctx, []string{"ses_none"}, time.Hour)
		},
		"Retention.TrimEvents": without(func(ctx context.Context, tx ports.Tx) (int, error) {
			return tx.Retention.TrimEvents(ctx, 100*365*24*time.Hour, 1)
		}),
		"Queue.Enqueue": func(ctx context.Context, tx ports.Tx) error {
			return tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: b.execution.ID})
		},
		"Idempotency.Reserve": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Idempotency.Reserve(ctx, s.promise(h, id("key")))
			return err
		},
		"Idempotency.DeleteExpired": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Idempotency.DeleteExpired(ctx, s.at(0))
			return err
		},
		"Artifacts.Insert": func(ctx context.Context, tx ports.Tx) error { return tx.Artifacts.Insert(ctx, s.artifact(h, 1, nil)) },
		"Artifacts.Save": func(ctx context.Context, tx ports.Tx) error {
			return tx.Artifacts.Save(ctx, artifact.Restore(b.artifact))
		},
		"Contracts.Insert": func(ctx context.Context, tx ports.Tx) error { return tx.Contracts.Insert(ctx, s.contract(h, 1)) },
		"Contracts.Save":   func(ctx context.Context, tx ports.Tx) error { return tx.Contracts.Save(ctx, b.contract) },
		"Pending.Insert":   func(ctx context.Context, tx ports.Tx) error { return tx.Pending.Insert(ctx, s.pendingIntent(h, 1)) },
		"Pending.Save":     func(ctx context.Context, tx ports.Tx) error { return tx.Pending.Save(ctx, b.pending) },
		"Conversations.Insert": func(ctx context.Context, tx ports.Tx) error {
			return tx.Conversations.Insert(ctx, s.conversation(h, 1))
		},
		"Conversations.Save": func(ctx context.Context, tx ports.Tx) error { return tx.Conversations.Save(ctx, b.conversation) },
		"Messages.Append": func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Messages.Append(ctx, s.message(b.conversation, "x"))
			return err
		},
		"Audit.Append": func(ctx context.Context, tx ports.Tx) error { return tx.Audit.Append(ctx, record) },
	}
}
