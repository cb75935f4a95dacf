package gormstore

import (
	"context"
	"fmt"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/ports"
)

type statistics struct{ t *transaction }

var _ ports.StatisticsStore = statistics{}

// Totals counts each thing by one statement; those of a tenant by the indexes that begin with it.
func (s statistics) Totals(ctx context.Context, tenantID string) (ports.Totals, error) {
	var t ports.Totals
	if err := s.t.inOrAcross(ctx, tenantID); err != nil {
		return t, err
	}
	users, tenants := conditions{}, conditions{}
	table := "users"
	if tenants.add("id <> ''"); tenantID != "" {
		table = "memberships"
		tenants.add("id = ?", tenantID)
	}
	if users.add("1 = 1"); tenantID != "" {
		users.add("tenant_id = ?", tenantID)
	}
	for _, one := range []struct {
		into  *int64
		table string
		where conditions
	}{
		{&t.Users, table, users}, {&t.Tenants, "tenants", tenants},
		{&t.Sessions, "sessions", ofTenant(tenantID, "state <> 'ended' AND expires_at > ?", s.t.now())},
		{&t.Artifacts, "artifacts", ofTenant(tenantID, "state <> ?", string(artifact.Deleted))},
		{&t.Conversations, "conversations", ofTenant(tenantID, "1 = 1")},
	} {
		n, err := s.t.count(ctx, one.table, one.where)
		if err != nil {
			return ports.Totals{}, err
		}
		*one.into = n
	}
	return t, nil
}

// ofTenant is a condition on the rows of a tenant, or with "" of all.
func ofTenant(tenantID, condition string, args ...any) conditions {
	var c conditions
	c.add(condition, args...)
	c.equal("tenant_id", tenantID)
	return c
}

type executionCountRow struct {
	Type    string   `gorm:"column:intent_type"`
	State   string   `gorm:"column:state"`
	Count   int64    `gorm:"column:n"`
	Mean    *float64 `gorm:"column:mean"`
	Longest *float64 `gorm:"column:longest"`
}

func (s statistics) Executions(ctx context.Context, tenantID string, since time.Time, limit int) ([]ports.ExecutionCount, error) {
	if err := s.t.inOrAcross(ctx, tenantID); err != nil {
		return nil, err
	}
	took := "EXTRACT(EPOCH FROM completed_at - created_at)::float8"
	if s.t.sqlite {
		took = "(julianday(completed_at) - julianday(created_at)) * 86400.0"
	}
	c := ofTenant(tenantID, "created_at >= ?", at(since))
	rows, err := many[executionCountRow](ctx, s.t, "SELECT intent_type, state, COUNT(*) AS n, AVG("+took+") AS mean, MAX("+took+
		`) AS longest FROM executions WHERE `+c.sql()+` GROUP BY intent_type, state ORDER BY intent_type, state LIMIT ?`,
		append(c.args, max(limit, 0))...)
	return convert(rows, err, func(r executionCountRow) ports.ExecutionCount {
		return ports.ExecutionCount{
			IntentType: r.Type, State: execution.State(r.State), Count: r.Count, Mean: seconds(r.Mean), Longest: seconds(r.Longest),
		}
	})
}

// seconds reads a duration to the millisecond, which is what dates as numbers are good for.
func seconds(n *float64) time.Duration {
	if n == nil {
		return 0
	}
	return time.Duration(*n * float64(time.Second)).Round(time.Millisecond)
}

type tenantData struct{ t *transaction }

var _ ports.TenantDataStore = tenantData{}

func inTenant[R interface{ TableName() string }](ctx context.Context, t *transaction, tenantID string, page ports.Page) ([]R, error) {
	if err := t.in(ctx, tenantID); err != nil {
		return nil, err
	}
	var row R
	return many[R](ctx, t, "SELECT "+columns[R]()+" FROM "+row.TableName()+" WHERE tenant_id = ? AND id > ? ORDER BY id LIMIT ?",
		tenantID, page.After, max(page.Limit, 0))
}

func (s tenantData) Executions(ctx context.Context, tenantID string, page ports.Page) ([]execution.Execution, error) {
	rows, err := inTenant[executionRow](ctx, s.t, tenantID, page)
	return convert(rows, err, executionRow.execution)
}

func (s tenantData) Artifacts(ctx context.Context, tenantID string, page ports.Page) ([]artifact.Artifact, error) {
	rows, err := inTenant[artifactRow](ctx, s.t, tenantID, page)
	return convert(rows, err, artifactRow.artifact)
}

func (s tenantData) Conversations(ctx context.Context, tenantID string, page ports.Page) ([]agent.Conversation, error) {
	rows, err := inTenant[conversationRow](ctx, s.t, tenantID, page)
	return convert(rows, err, conversationRow.conversation)
}

// erased are the tables that an erasure empties behind the executions, what refers before what is referred to, each with its key.
func erased() []struct{ table, key string } {
	return []struct{ table, key string }{
		{"schedule_runs", "schedule_id, tick"}, {"schedules", "id"}, {"idempotency_keys", "actor, client_key"}, {"artifact_parents", "parent_id, artifact_id"}, {"artifacts", "id"}, {"contracts", "id"}, {"file_space", "file_id"},
		{"pending_intents", "id"}, {"messages", "conversation_id, seq"}, {"message_counters", "conversation_id"}, {"conversations", "id"},
		{"schedule_runs", "schedule_id, tick"}, {"schedules", "id"}, {"invitations", "id"}, {"agent_settings", "subject"},
		{"tool_pins", "tool"}, {"agent_ledger", "subject"}, {"tickets", "hash"}, {"logins", "session_id"}, {"sessions", "id"},
	}
}

// Erase goes on to the next table when one is empty, so that no transaction is much larger than the limit.
func (s tenantData) Erase(ctx context.Context, tenantID string, limit int) (int64, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return 0, err
	}
	limit = max(limit, 1)
	if n, err := s.eraseExecutions(ctx, tenantID, limit); err != nil || n > 0 {
		return n, err
	}
	for _, e := range erased() {
		n, err := s.t.exec(ctx, fmt.Sprintf("DELETE FROM %[1]s WHERE tenant_id = ? AND (%[2]s) IN (SELECT %[2]s FROM %[1]s WHERE tenant_id = ? LIMIT ?)",
			e.table, e.key), tenantID, tenantID, limit)
		if err != nil || n > 0 {
			return n, err
		}
	}
	return s.eraseMembers(ctx, tenantID, limit)
}

// eraseExecutions locks executions before it removes what belongs to them: a worker that still has one writes nothing behind.
func (s tenantData) eraseExecutions(ctx context.Context, tenantID string, limit int) (int64, error) {
	rows, err := many[idRow](ctx, s.t, "SELECT id FROM executions WHERE tenant_id = ? ORDER BY id LIMIT ?"+s.t.forUpdate(s.t.view), tenantID, limit)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	ids := idsOf(rows)
	for _, table := range []string{"steps", "events", "signals"} {
		if _, err := s.t.exec(ctx, "DELETE FROM "+table+" WHERE tenant_id = ? AND execution_id IN ?", tenantID, ids); err != nil {
			return 0, err
		}
	}
	return s.t.exec(ctx, "DELETE FROM executions WHERE tenant_id = ? AND id IN ?", tenantID, ids)
}

// eraseMembers removes the accounts with the last of a person's memberships.
func (s tenantData) eraseMembers(ctx context.Context, tenantID string, limit int) (int64, error) {
	people, err := many[idRow](ctx, s.t, "SELECT user_id AS id FROM memberships WHERE tenant_id = ? ORDER BY user_id LIMIT ?", tenantID, limit)
	if err != nil || len(people) == 0 {
		return 0, err
	}
	ids := idsOf(people)
	n, err := s.t.exec(ctx, "DELETE FROM memberships WHERE tenant_id = ? AND user_id IN ?", tenantID, ids)
	if err != nil {
		return 0, err
	}
	_, err = s.t.exec(ctx, "DELETE FROM users WHERE id IN ? AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = users.id)", ids)
	return n, err
}

func idsOf(rows []idRow) []string {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids
}
