package gormstore

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

type steps struct{ t *transaction }

var _ ports.StepStore = steps{}

type stepRow struct {
	TenantID    string  `gorm:"column:tenant_id;primaryKey"`
	ExecutionID string  `gorm:"column:execution_id;primaryKey"`
	Name        string  `gorm:"column:name;primaryKey"`
	Position    int     `gorm:"column:position"`
	Result      rawJSON `gorm:"column:result"`
	Undo        string  `gorm:"column:undo"`
	Attempt     int     `gorm:"column:attempt"`
	Started     stamp   `gorm:"column:started_at"`
	Completed   stamp   `gorm:"column:completed_at"`
}

func (stepRow) TableName() string { return "steps" }

func (s steps) Put(ctx context.Context, tenantID string, v execution.Step) error {
	if err := s.t.in(ctx, tenantID); err != nil {
		return err
	}
	return insertOne(ctx, s.t, stepRow{
		TenantID: tenantID, ExecutionID: v.ExecutionID, Name: v.Name, Position: v.Position, Result: v.Result, Undo: v.Undo, Attempt: v.Attempt,
		Started: at(v.StartedAt), Completed: at(v.CompletedAt),
	})
}

func (s steps) Forget(ctx context.Context, tenantID, executionID string) (int64, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return 0, err
	}
	return s.t.exec(ctx, "DELETE FROM steps WHERE tenant_id = ? AND execution_id = ?", tenantID, executionID)
}

func (s steps) Of(ctx context.Context, tenantID, executionID string) ([]execution.Step, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return nil, err
	}
	rows, err := many[stepRow](ctx, s.t, "SELECT "+columns[stepRow]()+" FROM steps WHERE tenant_id = ? AND execution_id = ? ORDER BY position", tenantID, executionID)
	return convert(rows, err, func(r stepRow) execution.Step {
		return execution.Step{
			ExecutionID: r.ExecutionID, Name: r.Name, Position: r.Position, Result: r.Result, Undo: r.Undo, Attempt: r.Attempt,
			StartedAt: r.Started.Time, CompletedAt: r.Completed.Time,
		}
	})
}

type events struct{ t *transaction }

var _ ports.EventLog = events{}

type eventRow struct {
	TenantID    string  `gorm:"column:tenant_id;primaryKey"`
	ExecutionID string  `gorm:"column:execution_id;primaryKey"`
	Seq         int64   `gorm:"column:seq;primaryKey"`
	Epoch       int     `gorm:"column:epoch"`
	Type        string  `gorm:"column:type"`
	Data        rawJSON `gorm:"column:data"`
	Time        stamp   `gorm:"column:time"`
	TraceID     string  `gorm:"column:trace_id"`
}

func (eventRow) TableName() string { return "events" }

// batch bounds the rows of one INSERT, below the databases' limits on parameters.
const batch = 100

// Append stores events by multi-row inserts.
func (s events) Append(ctx context.Context, tenantID string, list []event.Event) error {
	if err := s.t.in(ctx, tenantID); err != nil {
		return err
	}
	rows := make([]eventRow, len(list))
	for i, e := range list {
		rows[i] = eventRow{
			TenantID: tenantID, ExecutionID: e.ExecutionID, Seq: e.Seq, Epoch: e.Epoch, Type: e.Type, Data: e.Data, Time: at(e.Time), TraceID: e.TraceID,
		}
	}
	for len(rows) > 0 {
		n := min(batch, len(rows))
		part := rows[:n]
		rows = rows[n:]
		if err := insertLater(ctx, s.t, part...); err != nil {
			return err
		}
	}
	return nil
}

func (s events) Read(ctx context.Context, tenantID, executionID string, after int64, limit int) ([]event.Event, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return nil, err
	}
	rows, err := many[eventRow](ctx, s.t, "SELECT "+columns[eventRow]()+" FROM events WHERE tenant_id = ? AND execution_id = ? AND seq > ? ORDER BY seq LIMIT ?",
		tenantID, executionID, after, limit)
	return convert(rows, err, func(r eventRow) event.Event {
		return event.Event{ExecutionID: r.ExecutionID, Seq: r.Seq, Epoch: r.Epoch, Type: r.Type, Data: r.Data, Time: r.Time.Time, TraceID: r.TraceID}
	})
}

type queue struct{ t *transaction }

var _ ports.WorkEnqueuer = queue{}

// Enqueue keeps the jobs for the end of the transaction.
func (s queue) Enqueue(ctx context.Context, jobs ...ports.Job) error {
	if ctx.Err() != nil {
		return translate(ctx, context.Cause(ctx))
	}
	if s.t.view {
		return errView
	}
	for _, j := range jobs {
		if j.ExecutionID == "" {
			return fault.New(fault.Internal, "invalid_job", "a job without an execution")
		}
	}
	s.t.jobs = append(s.t.jobs, jobs...)
	return nil
}

type idempotency struct{ t *transaction }

var _ ports.IdempotencyStore = idempotency{}

type keyRow struct {
	TenantID    string      `gorm:"column:tenant_id;primaryKey"`
	Actor       string      `gorm:"column:actor;primaryKey"`
	ClientKey   string      `gorm:"column:client_key;primaryKey"`
	Fingerprint bytesOrNull `gorm:"column:fingerprint"`
	ExecutionID string      `gorm:"column:execution_id"`
	Expires     stamp       `gorm:"column:expires_at"`
}

func (keyRow) TableName() string { return "idempotency_keys" }

// Reserve inserts first and reads only when the key is taken. On PostgreSQL the insert waits for a concurrent one of the same key, so
// that its row is visible to the read that follows.
func (s idempotency) Reserve(ctx context.Context, r intent.IdempotencyRecord) (*intent.IdempotencyRecord, error) {
	if err := s.t.in(ctx, r.TenantID); err != nil {
		return nil, err
	}
	n, err := s.t.exec(ctx, `INSERT INTO idempotency_keys (tenant_id, actor, client_key, fingerprint, execution_id, expires_at)
		`+reserving+` ON CONFLICT (tenant_id, actor, client_key) DO UPDATE SET fingerprint = excluded.fingerprint,
		execution_id = excluded.execution_id, expires_at = excluded.expires_at WHERE `+replacing,
		r.TenantID, r.Actor, r.Key, bytesOrNull(r.Fingerprint), r.ExecutionID, at(r.ExpiresAt), s.t.now())
	if err != nil || n > 0 {
		return nil, err
	}
	row, err := one[keyRow](ctx, s.t, "SELECT "+columns[keyRow]()+" FROM idempotency_keys WHERE tenant_id = ? AND actor = ? AND client_key = ?", r.TenantID, r.Actor, r.Key)
	if err != nil {
		return nil, err
	}
	return &intent.IdempotencyRecord{
		TenantID: row.TenantID, Actor: row.Actor, Key: row.ClientKey, Fingerprint: row.Fingerprint, ExecutionID: row.ExecutionID, ExpiresAt: row.Expires.Time,
	}, nil
}

func (s idempotency) DeleteExpired(ctx context.Context, now time.Time) (int64, error) {
	if err := s.t.across(ctx); err != nil {
		return 0, err
	}
	return s.t.exec(ctx, "DELETE FROM idempotency_keys WHERE expires_at <= ?", at(now))
}
