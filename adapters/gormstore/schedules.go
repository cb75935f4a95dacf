package gormstore

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/ports"
)

type schedules struct{ t *transaction }

var _ ports.ScheduleStore = schedules{}

type scheduleRow struct {
	TenantID    string               `gorm:"column:tenant_id;primaryKey"`
	ID          string               `gorm:"column:id;primaryKey"`
	OwnerID     string               `gorm:"column:owner_id"`
	SessionID   string               `gorm:"column:session_id"`
	Name        string               `gorm:"column:name"`
	IntentType  string               `gorm:"column:intent_type"`
	Parameters  rawJSON              `gorm:"column:parameters"`
	SolutionID  string               `gorm:"column:solution_id"`
	Principal   object[principalDoc] `gorm:"column:principal"`
	Expression  string               `gorm:"column:expression"`
	Zone        string               `gorm:"column:zone"`
	Once        stamp                `gorm:"column:once_at"`
	Overlap     string               `gorm:"column:overlap"`
	CatchUp     string               `gorm:"column:catch_up"`
	CatchWindow int64                `gorm:"column:catch_window"`
	CatchLimit  int                  `gorm:"column:catch_limit"`
	Status      string               `gorm:"column:status"`
	Code        string               `gorm:"column:code"`
	Reason      string               `gorm:"column:reason"`
	Next        stamp                `gorm:"column:next_at"`
	Trigger     stamp                `gorm:"column:trigger_at"`
	Due         stamp                `gorm:"column:due_at"`
	LastTick    stamp                `gorm:"column:last_tick"`
	Version     int                  `gorm:"column:version"`
	Created     stamp                `gorm:"column:created_at"`
	Updated     stamp                `gorm:"column:updated_at"`
}

func (scheduleRow) TableName() string { return "schedules" }

func scheduleRowOf(s schedule.Snapshot) scheduleRow {
	o := s.Order
	return scheduleRow{
		TenantID: s.TenantID, ID: s.ID, OwnerID: s.OwnerID, SessionID: s.Principal.SessionID, Name: o.Name, IntentType: o.IntentType,
		Parameters: o.Parameters, SolutionID: o.SolutionID, Principal: object[principalDoc]{principalOf(s.Principal)},
		Expression: o.Expression, Zone: o.Zone, Once: at(o.At), Overlap: string(o.Overlap), CatchUp: string(o.CatchUp),
		CatchWindow: o.Window.Microseconds(), CatchLimit: o.Limit, Status: string(s.Status), Code: s.Code, Reason: s.Reason,
		Next: at(s.Next), Trigger: at(s.TriggerAt), Due: at(s.Due()), LastTick: at(s.LastTick), Version: s.Version,
		Created: at(s.CreatedAt), Updated: at(s.UpdatedAt),
	}
}

func (r scheduleRow) schedule() schedule.Schedule {
	return schedule.Restore(schedule.Snapshot{
		ID: r.ID, TenantID: r.TenantID, OwnerID: r.OwnerID, Principal: r.Principal.V.principal(), Status: schedule.Status(r.Status),
		Order: schedule.Order{
			Name: r.Name, IntentType: r.IntentType, Parameters: r.Parameters, SolutionID: r.SolutionID, Expression: r.Expression, Zone: r.Zone,
			At: r.Once.Time, Overlap: schedule.Overlap(r.Overlap), CatchUp: schedule.CatchUp(r.CatchUp),
			Window: time.Duration(r.CatchWindow) * time.Microsecond, Limit: r.CatchLimit,
		},
		Code: r.Code, Reason: r.Reason, Next: r.Next.Time, TriggerAt: r.Trigger.Time, LastTick: r.LastTick.Time,
		Version: r.Version, CreatedAt: r.Created.Time, UpdatedAt: r.Updated.Time,
	})
}

func (s schedules) Insert(ctx context.Context, v schedule.Schedule) error {
	row := scheduleRowOf(v.Snapshot())
	if err := s.t.in(ctx, row.TenantID); err != nil {
		return err
	}
	return insertOne(ctx, s.t, row)
}

func (s schedules) ByID(ctx context.Context, scope identity.Scope, id string) (schedule.Schedule, error) {
	if err := s.t.within(ctx, scope); err != nil {
		return schedule.Schedule{}, err
	}
	where, args := owned(scope)
	row, err := one[scheduleRow](ctx, s.t, "SELECT "+columns[scheduleRow]()+" FROM schedules WHERE "+where+" AND id = ?", append(args, id)...)
	return restore(row, err, scheduleRow.schedule)
}

func (s schedules) Save(ctx context.Context, v schedule.Schedule) error {
	r := scheduleRowOf(v.Snapshot())
	if err := s.t.in(ctx, r.TenantID); err != nil {
		return err
	}
	return s.t.update(ctx, "schedules", "tenant_id = ? AND id = ?", []any{r.TenantID, r.ID}, r.Version, map[string]any{
		"session_id": r.SessionID, "name": r.Name, "intent_type": r.IntentType, "parameters": r.Parameters, "solution_id": r.SolutionID,
		"principal": r.Principal, "expression": r.Expression, "zone": r.Zone, "once_at": r.Once, "overlap": r.Overlap, "catch_up": r.CatchUp,
		"catch_window": r.CatchWindow, "catch_limit": r.CatchLimit, "status": r.Status, "code": r.Code, "reason": r.Reason,
		"next_at": r.Next, "trigger_at": r.Trigger, "due_at": r.Due, "last_tick": r.LastTick, "created_at": r.Created, "updated_at": r.Updated,
	})
}

// Delete leaves the runs to their foreign key.
func (s schedules) Delete(ctx context.Context, scope identity.Scope, id string) error {
	if err := s.t.within(ctx, scope); err != nil {
		return err
	}
	if s.t.view {
		return errView
	}
	where, args := owned(scope)
	n, err := s.t.exec(ctx, "DELETE FROM schedules WHERE "+where+" AND id = ?", append(args, id)...)
	if err == nil && n == 0 {
		return fault.ErrNotFound
	}
	return err
}

func (s schedules) List(ctx context.Context, scope identity.Scope, page ports.Page) ([]schedule.Schedule, error) {
	if err := s.t.within(ctx, scope); err != nil {
		return nil, err
	}
	where, args := owned(scope)
	c := conditions{parts: []string{where}, args: args}
	if page.After != "" {
		c.add("id < ?", page.After)
	}
	rows, err := many[scheduleRow](ctx, s.t, "SELECT "+columns[scheduleRow]()+" FROM schedules WHERE "+c.sql()+" ORDER BY id DESC LIMIT ?",
		append(c.args, max(page.Limit, 0))...)
	return convert(rows, err, scheduleRow.schedule)
}

func (s schedules) Count(ctx context.Context, tenantID string) (int, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return 0, err
	}
	if !s.t.view {
		if err := s.t.lockLane(ctx, tenantID, "\x00schedules"); err != nil {
			return 0, err
		}
	}
	n, err := s.t.count(ctx, "schedules", conditions{parts: []string{"tenant_id = ?", "status <> 'ended'"}, args: []any{tenantID}})
	return int(n), err
}
