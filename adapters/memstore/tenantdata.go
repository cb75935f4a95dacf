package memstore

import (
	"cmp"
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

type statistics struct{ *txn }

func number[V any](t *table[V], match func(V) bool) (n int64) {
	for _, v := range t.rows() {
		if match(v) {
			n++
		}
	}
	return n
}

func (s statistics) Totals(ctx context.Context, tenantID string) (ports.Totals, error) {
	if err := s.reads(ctx); err != nil {
		return ports.Totals{}, err
	}
	in := func(id string) bool { return tenantID == "" || id == tenantID }
	now := s.now()
	t := ports.Totals{
		Tenants: number(&s.st.tenants, func(t identity.Tenant) bool { return in(t.ID) }),
		Sessions: number(&s.st.sessions, func(v session.Snapshot) bool {
			return in(v.TenantID) && v.State != session.Ended && v.ExpiresAt.After(now)
		}),
		Artifacts:     number(&s.st.artifacts, func(v artifact.Snapshot) bool { return in(v.TenantID) && v.State != artifact.Deleted }),
		Conversations: number(&s.st.conversations, func(v agent.Conversation) bool { return in(v.TenantID) }),
	}
	if t.Users = number(&s.st.members, func(m identity.Membership) bool { return in(m.TenantID) }); tenantID == "" {
		t.Users = number(&s.st.users, func(identity.User) bool { return true })
	}
	return t, nil
}

func (s statistics) Executions(ctx context.Context, tenantID string, since time.Time, limit int) ([]ports.ExecutionCount, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	rows := s.st.executions.find(func(v execution.Snapshot) bool {
		return (tenantID == "" || v.TenantID == tenantID) && !v.CreatedAt.Before(since)
	}, func(a, b execution.Snapshot) int {
		return cmp.Or(cmp.Compare(a.Intent.Type, b.Intent.Type), cmp.Compare(a.State, b.State))
	})
	list := []ports.ExecutionCount{}
	for _, v := range rows {
		last := len(list) - 1
		if last < 0 || list[last].IntentType != v.Intent.Type || list[last].State != v.State {
			list, last = append(list, ports.ExecutionCount{IntentType: v.Intent.Type, State: v.State}), last+1
		}
		c := &list[last]
		c.Count++
		if !v.CompletedAt.IsZero() {
			took := v.CompletedAt.Sub(v.CreatedAt)
			c.Mean, c.Longest = c.Mean+took, max(c.Longest, took)
		}
	}
	for i := range list {
		list[i].Mean = (list[i].Mean / time.Duration(list[i].Count)).Round(time.Millisecond)
		list[i].Longest = list[i].Longest.Round(time.Millisecond)
	}
	return cut(list, ports.Window{Limit: limit}), nil
}

type tenantData struct{ *txn }

func (s tenantData) Executions(ctx context.Context, tenantID string, page ports.Page) ([]execution.Execution, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	rows := s.st.executions.find(
		func(v execution.Snapshot) bool { return v.TenantID == tenantID },
		func(a, b execution.Snapshot) int { return cmp.Compare(a.ID, b.ID) },
	)
	list := []execution.Execution{}
	for _, row := range beyond(rows, page, func(v execution.Snapshot) string { return v.ID }, 1) {
		list = append(list, execution.Restore(row))
	}
	return list, nil
}

func (s tenantData) Artifacts(ctx context.Context, tenantID string, page ports.Page) ([]artifact.Artifact, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	rows := s.st.artifacts.find(
		func(v artifact.Snapshot) bool { return v.TenantID == tenantID },
		func(a, b artifact.Snapshot) int { return cmp.Compare(a.ID, b.ID) },
	)
	list := []artifact.Artifact{}
	for _, row := range beyond(rows, page, func(v artifact.Snapshot) string { return v.ID }, 1) {
		list = append(list, artifact.Restore(row))
	}
	return list, nil
}

func (s tenantData) Conversations(ctx context.Context, tenantID string, page ports.Page) ([]agent.Conversation, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	rows := s.st.conversations.find(
		func(v agent.Conversation) bool { return v.TenantID == tenantID },
		func(a, b agent.Conversation) int { return cmp.Compare(a.ID, b.ID) },
	)
	return beyond(rows, page, func(v agent.Conversation) string { return v.ID }, 1), nil
}

// Erase removes everything at once: the bound is for databases.
func (s tenantData) Erase(ctx context.Context, tenantID string, _ int) (int64, error) {
	if err := s.writes(ctx); err != nil {
		return 0, err
	}
	if err := needTenant(tenantID); err != nil {
		return 0, err
	}
	st := s.st
	n := st.steps.prune(func(v step) bool { return v.TenantID == tenantID }) +
		st.signals.prune(func(v signal) bool { return v.TenantID == tenantID }) +
		st.logs.prune(func(v *eventLog) bool { return v.tenantID == tenantID }) +
		st.executions.prune(func(v execution.Snapshot) bool { return v.TenantID == tenantID }) +
		st.runs.prune(func(v run) bool { return v.TenantID == tenantID }) +
		st.schedules.prune(func(v schedule.Snapshot) bool { return v.TenantID == tenantID }) +
		st.idempotency.prune(func(v intent.IdempotencyRecord) bool { return v.TenantID == tenantID }) +
		st.artifacts.prune(func(v artifact.Snapshot) bool { return v.TenantID == tenantID }) +
		st.contracts.prune(func(v artifact.Contract) bool { return v.TenantID == tenantID }) +
		st.space.prune(func(v taken) bool { return v.TenantID == tenantID }) +
		st.pending.prune(func(v intent.Pending) bool { return v.TenantID == tenantID }) +
		st.conversations.prune(func(v agent.Conversation) bool { return v.TenantID == tenantID }) +
		st.threads.prune(func(v *thread) bool { return v.tenantID == tenantID }) +
		st.runs.prune(func(v run) bool { return v.TenantID == tenantID }) +
		st.schedules.prune(func(v schedule.Snapshot) bool { return v.TenantID == tenantID }) +
		st.runs.prune(func(v run) bool { return v.TenantID == tenantID }) +
		st.invitations.prune(func(v identity.Invitation) bool { return v.TenantID == tenantID }) +
		st.tickets.prune(func(v session.Ticket) bool { return v.TenantID == tenantID }) +
		st.logins.prune(func(v session.Login) bool { return v.TenantID == tenantID }) +
		st.agentSettings.prune(func(v agent.Setting) bool { return v.TenantID == tenantID }) +
		st.toolPins.prune(func(v agent.Pin) bool { return v.TenantID == tenantID }) +
		st.ledger.prune(func(v account) bool { return v.TenantID == tenantID }) +
		st.sessions.prune(func(v session.Snapshot) bool { return v.TenantID == tenantID })
	gone := map[string]bool{}
	n += st.members.prune(func(m identity.Membership) bool {
		gone[m.UserID] = gone[m.UserID] || m.TenantID == tenantID
		return m.TenantID == tenantID
	})
	for _, m := range st.members.rows() {
		delete(gone, m.UserID)
	}
	return n + st.users.prune(func(u identity.User) bool { return gone[u.ID] }), nil
}
