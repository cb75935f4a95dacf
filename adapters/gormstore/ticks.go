package gormstore

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/ports"
)

type ticks struct{ t *transaction }

var _ ports.TickStore = ticks{}

type runRow struct {
	TenantID    string `gorm:"column:tenant_id;primaryKey"`
	ScheduleID  string `gorm:"column:schedule_id;primaryKey"`
	Tick        stamp  `gorm:"column:tick;primaryKey"`
	Until       stamp  `gorm:"column:until"`
	Manual      bool   `gorm:"column:manual"`
	Outcome     string `gorm:"column:outcome"`
	ExecutionID string `gorm:"column:execution_id"`
	Code        string `gorm:"column:code"`
	Decided     stamp  `gorm:"column:decided_at"`
}

func (runRow) TableName() string { return "schedule_runs" }

func (r runRow) run() schedule.Run {
	return schedule.Run{
		ScheduleID: r.ScheduleID, Tick: r.Tick.Time, Until: r.Until.Time, Manual: r.Manual, Outcome: schedule.Outcome(r.Outcome),
		ExecutionID: r.ExecutionID, Code: r.Code, At: r.Decided.Time,
	}
}

func (s ticks) Due(ctx context.Context, limit int) ([]schedule.Schedule, error) {
	if err := s.t.across(ctx); err != nil {
		return nil, err
	}
	rows, err := many[scheduleRow](ctx, s.t, "SELECT "+columns[scheduleRow]()+` FROM schedules
		WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at, id LIMIT ?`, s.t.now(), max(limit, 0))
	return convert(rows, err, scheduleRow.schedule)
}

// Seize passes over what somebody else has locked: of many processes that look at the same tick one decides, and none waits.
func (s ticks) Seize(ctx context.Context, tenantID, id string) (schedule.Schedule, time.Time, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return schedule.Schedule{}, time.Time{}, err
	}
	if s.t.view {
		return schedule.Schedule{}, time.Time{}, errView
	}
	suffix := " FOR NO KEY UPDATE SKIP LOCKED"
	if s.t.sqlite {
		suffix = ""
	}
	row, err := one[scheduleRow](ctx, s.t, "SELECT "+columns[scheduleRow]()+" FROM schedules WHERE tenant_id = ? AND id = ? AND due_at <= ?"+suffix,
		tenantID, id, s.t.now())
	if err != nil {
		return schedule.Schedule{}, time.Time{}, err
	}
	now, err := s.t.moment(ctx)
	return row.schedule(), now, err
}

func (s ticks) Put(ctx context.Context, tenantID string, r schedule.Run) error {
	if err := s.t.in(ctx, tenantID); err != nil {
		return err
	}
	return insertOne(ctx, s.t, runRow{
		TenantID: tenantID, ScheduleID: r.ScheduleID, Tick: at(r.Tick), Until: at(r.Until), Manual: r.Manual, Outcome: string(r.Outcome),
		ExecutionID: r.ExecutionID, Code: r.Code, Decided: at(r.At),
	})
}

func (s ticks) Live(ctx context.Context, tenantID, scheduleID string, limit int) ([]string, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return nil, err
	}
	return many[string](ctx, s.t, `SELECT r.execution_id FROM schedule_runs r
		WHERE r.tenant_id = ? AND r.schedule_id = ? AND `+runLives+` ORDER BY r.tick LIMIT ?`, tenantID, scheduleID, max(limit, 0))
}

// runLives is the condition of runs whose executions have not ended.
const runLives = `r.execution_id <> '' AND EXISTS (SELECT 1 FROM executions e WHERE e.tenant_id = r.tenant_id AND e.id = r.execution_id
	AND e.state IN ('accepted', 'running', 'waiting', 'retrying', 'paused'))`

func (s ticks) Runs(ctx context.Context, tenantID, scheduleID string, before time.Time, limit int) ([]schedule.Run, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return nil, err
	}
	c := conditions{parts: []string{"tenant_id = ?", "schedule_id = ?"}, args: []any{tenantID, scheduleID}}
	if !before.IsZero() {
		c.add("tick < ?", at(before))
	}
	rows, err := many[runRow](ctx, s.t, "SELECT "+columns[runRow]()+" FROM schedule_runs WHERE "+c.sql()+" ORDER BY tick DESC LIMIT ?",
		append(c.args, max(limit, 0))...)
	return convert(rows, err, runRow.run)
}

func (s ticks) Trim(ctx context.Context, tenantID, scheduleID string, keep int) (int64, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return 0, err
	}
	if s.t.view {
		return 0, errView
	}
	return s.t.exec(ctx, `DELETE FROM schedule_runs AS r WHERE r.tenant_id = ? AND r.schedule_id = ? AND r.tick <=
		(SELECT k.tick FROM schedule_runs k WHERE k.tenant_id = ? AND k.schedule_id = ? ORDER BY k.tick DESC LIMIT 1 OFFSET ?)
		AND NOT (`+runLives+`)`, tenantID, scheduleID, tenantID, scheduleID, max(keep, 0))
}

// moment is database time as a value.
func (t *transaction) moment(ctx context.Context) (time.Time, error) {
	if t.sqlite {
		return t.clock.Now(), nil
	}
	row, err := one[struct {
		Now stamp `gorm:"column:now"`
	}](ctx, t, "SELECT statement_timestamp() AS now")
	return row.Now.Time, err
}
