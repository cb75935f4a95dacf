package ports

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/schedule"
)

// ScheduleStore keeps schedules.
type ScheduleStore interface {
	Insert(ctx context.Context, s schedule.Schedule) error
	ByID(ctx context.Context, scope identity.Scope, id string) (schedule.Schedule, error)
	// Save stores a changed schedule, guarded by Version; tenant and owner are never changed by it.
	Save(ctx context.Context, s schedule.Schedule) error
	// Delete removes a schedule with its runs. Executions that it started stay.
	Delete(ctx context.Context, scope identity.Scope, id string) error
	// List gives schedules in scope, newest first.
	List(ctx context.Context, scope identity.Scope, page Page) ([]schedule.Schedule, error)
	// Count gives how many schedules of the tenant have not ended. In a transaction that may write it keeps every other such call for the
	// tenant waiting until the transaction ends, so that a limit holds.
	Count(ctx context.Context, tenantID string) (int, error)
}

// TickStore is how processes share the ticks: each is decided about once, by whoever seizes its schedule first. Due and Seize work across
// tenants.
type TickStore interface {
	// Due gives up to limit schedules of all tenants that are due by database time, the longest due first.
	Due(ctx context.Context, limit int) ([]schedule.Schedule, error)
	// Seize locks a schedule that is still due by database time and gives it with that time. One that is not, or that somebody else has
	// locked, is ErrNotFound.
	Seize(ctx context.Context, tenantID, id string) (schedule.Schedule, time.Time, error)
	// Put stores what was decided about a tick; the same tick of a schedule twice is ErrDuplicate, and the transaction goes on.
	Put(ctx context.Context, tenantID string, r schedule.Run) error
	// Live gives up to limit ids of executions that ticks of the schedule started and that have not ended, oldest tick first.
	Live(ctx context.Context, tenantID, scheduleID string, limit int) ([]string, error)
	// Runs gives what was decided, the newest tick first, before the given one (zero = from the newest), at most limit.
	Runs(ctx context.Context, tenantID, scheduleID string, before time.Time, limit int) ([]schedule.Run, error)
	// Trim removes all but the newest keep runs, and those whose executions live; it returns how many.
	Trim(ctx context.Context, tenantID, scheduleID string, keep int) (int64, error)
}
