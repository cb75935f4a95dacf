package gormstore

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

type executions struct{ t *transaction }

var _ ports.ExecutionStore = executions{}

type executionRow struct {
	TenantID        string               `gorm:"column:tenant_id;primaryKey"`
	ID              string               `gorm:"column:id;primaryKey"`
	OwnerID         string               `gorm:"column:owner_id"`
	SessionID       string               `gorm:"column:session_id"`
	IntentID        string               `gorm:"column:intent_id"`
	IntentType      string               `gorm:"column:intent_type"`
	Parameters      rawJSON              `gorm:"column:parameters"`
	Metadata        rawJSON              `gorm:"column:metadata"`
	SolutionID      string               `gorm:"column:solution_id"`
	Lane            string               `gorm:"column:lane"`
	SameKey         string               `gorm:"column:same_key"`
	LanePos         int64                `gorm:"column:lane_pos"`
	Realm           string               `gorm:"column:realm"`
	Principal       object[principalDoc] `gorm:"column:principal"`
	State           string               `gorm:"column:state"`
	Attempt         int                  `gorm:"column:attempt"`
	Fence           int64                `gorm:"column:fence"`
	LeaseOwner      string               `gorm:"column:lease_owner"`
	LeaseUntil      stamp                `gorm:"column:lease_until"`
	Due             stamp                `gorm:"column:due_at"`
	LastSeq         int64                `gorm:"column:last_seq"`
	TrimmedSeq      int64                `gorm:"column:trimmed_seq"`
	Epoch           int                  `gorm:"column:epoch"`
	CancelRequested bool                 `gorm:"column:cancel_requested"`
	Progress        rawJSON              `gorm:"column:progress"`
	Artifacts       rawJSON              `gorm:"column:artifacts"`
	ErrorCode       string               `gorm:"column:error_code"`
	ErrorMessage    string               `gorm:"column:error_message"`
	PauseRequested  bool                 `gorm:"column:pause_requested"`
	Waiting         rawJSON              `gorm:"column:waiting"`
	WaitingFor      string               `gorm:"column:waiting_for"`
	Ending          string               `gorm:"column:ending"`
	ParentID        string               `gorm:"column:parent_id"`
	ChildKey        string               `gorm:"column:child_key"`
	RetryOf         string               `gorm:"column:retry_of"`
	TraceID         string               `gorm:"column:trace_id"`
	StartBy         stamp                `gorm:"column:start_by"`
	Deadline        stamp                `gorm:"column:deadline"`
	DeadlineLeft    int64                `gorm:"column:deadline_left"`
	Version         int                  `gorm:"column:version"`
	Created         stamp                `gorm:"column:created_at"`
	Started         stamp                `gorm:"column:started_at"`
	Completed       stamp                `gorm:"column:completed_at"`
	Updated         stamp                `gorm:"column:updated_at"`
}

func (executionRow) TableName() string { return "executions" }

func executionRowOf(s execution.Snapshot) executionRow {
	return executionRow{
		TenantID: s.TenantID, ID: s.ID, OwnerID: s.OwnerID, SessionID: s.SessionID, IntentID: s.Intent.ID, IntentType: s.Intent.Type,
		Parameters: s.Intent.Parameters, Metadata: s.Intent.Metadata, SolutionID: s.Intent.SolutionID, Lane: s.Intent.Lane, SameKey: s.Intent.SameKey, Realm: s.Realm,
		Principal: object[principalDoc]{principalOf(s.Principal)}, State: string(s.State), Attempt: s.Attempt, Fence: s.Fence,
		LeaseOwner: s.LeaseOwner, LeaseUntil: at(s.LeaseUntil), Due: at(s.DueAt), LastSeq: s.LastSeq, TrimmedSeq: s.TrimmedSeq, Epoch: s.Epoch,
		CancelRequested: s.CancelRequested, Progress: s.Progress, Artifacts: s.Artifacts, ErrorCode: s.ErrorCode,
		ErrorMessage: s.ErrorMessage, Waiting: s.Waiting, ParentID: s.ParentID, TraceID: s.TraceID, Deadline: at(s.Deadline),
		PauseRequested: s.PauseRequested, WaitingFor: string(s.WaitingFor), Ending: string(s.Ending), ChildKey: s.ChildKey,
		RetryOf: s.RetryOf, StartBy: at(s.StartBy), DeadlineLeft: s.DeadlineLeft.Microseconds(),
		Version: s.Version, Created: at(s.CreatedAt), Started: at(s.StartedAt), Completed: at(s.CompletedAt), Updated: at(s.UpdatedAt),
	}
}

func (r executionRow) execution() execution.Execution {
	return execution.Restore(execution.Snapshot{
		ID: r.ID, TenantID: r.TenantID, OwnerID: r.OwnerID, SessionID: r.SessionID, Realm: r.Realm, Principal: r.Principal.V.principal(),
		Intent: intent.Intent{
			ID: r.IntentID, Type: r.IntentType, Parameters: r.Parameters, Metadata: r.Metadata, SolutionID: r.SolutionID, Lane: r.Lane, SameKey: r.SameKey,
		},
		State: execution.State(r.State), Attempt: r.Attempt, Fence: r.Fence, LeaseOwner: r.LeaseOwner, LeaseUntil: r.LeaseUntil.Time,
		DueAt: r.Due.Time, LastSeq: r.LastSeq, TrimmedSeq: r.TrimmedSeq, Epoch: r.Epoch, CancelRequested: r.CancelRequested, Progress: r.Progress,
		Artifacts: r.Artifacts, ErrorCode: r.ErrorCode, ErrorMessage: r.ErrorMessage, Waiting: r.Waiting, ParentID: r.ParentID,
		TraceID: r.TraceID, Deadline: r.Deadline.Time, Version: r.Version, CreatedAt: r.Created.Time, StartedAt: r.Started.Time,
		CompletedAt: r.Completed.Time, UpdatedAt: r.Updated.Time, PauseRequested: r.PauseRequested,
		WaitingFor: execution.WaitKind(r.WaitingFor), Ending: execution.State(r.Ending), ChildKey: r.ChildKey, RetryOf: r.RetryOf,
		StartBy: r.StartBy.Time, DeadlineLeft: time.Duration(r.DeadlineLeft) * time.Microsecond,
	})
}

// Insert gives the execution the next place of its lane. Inserts of one lane wait for each other on PostgreSQL, so that places follow
// the order of commits; SQLite has one writer.
func (s executions) Insert(ctx context.Context, e execution.Execution) error {
	row := executionRowOf(e.Snapshot())
	if err := s.t.in(ctx, row.TenantID); err != nil {
		return err
	}
	pos, err := s.t.place(ctx, row)
	if err != nil {
		return err
	}
	row.LanePos = pos
	return insertOne(ctx, s.t, row)
}

// Begin stores the row and its lease by one statement, after the look at its lane if it has one.
func (s executions) Begin(ctx context.Context, e execution.Execution, lease time.Duration) error {
	row := executionRowOf(e.Snapshot())
	if err := s.t.in(ctx, row.TenantID); err != nil {
		return err
	}
	pos, err := s.t.place(ctx, row)
	if err != nil {
		return err
	}
	if pos > 1 {
		return execution.ErrNotClaimable
	}
	row.LanePos = pos
	return only(insertWith(ctx, s.t, map[string]any{"lease_until": s.t.after(lease)}, row))
}

// place gives the next place of a new row's lane, 0 without a lane. It is 1 if no live execution is in the lane.
func (t *transaction) place(ctx context.Context, row executionRow) (int64, error) {
	if row.Lane == "" {
		return 0, nil
	}
	if err := t.lockLane(ctx, row.TenantID, row.Lane); err != nil {
		return 0, err
	}
	last, err := one[struct {
		Pos int64 `gorm:"column:pos"`
	}](ctx, t, "SELECT COALESCE(MAX(lane_pos), 0) AS pos FROM executions WHERE tenant_id = ? AND lane = ? AND lane <> '' AND "+live, row.TenantID, row.Lane)
	return last.Pos + 1, err
}

// live is the condition of the partial indexes over executions that have not ended.
const live = "state IN ('accepted', 'running', 'waiting', 'retrying', 'paused')"

func (s executions) ByID(ctx context.Context, scope identity.Scope, id string) (execution.Execution, error) {
	return s.byID(ctx, scope, id, "")
}

func (s executions) Lock(ctx context.Context, scope identity.Scope, id string) (execution.Execution, error) {
	return s.byID(ctx, scope, id, s.t.forUpdate(s.t.view))
}

func (s executions) byID(ctx context.Context, scope identity.Scope, id, suffix string) (execution.Execution, error) {
	if err := s.t.within(ctx, scope); err != nil {
		return execution.Execution{}, err
	}
	where, args := owned(scope)
	row, err := one[executionRow](ctx, s.t, "SELECT "+columns[executionRow]()+" FROM executions WHERE "+where+" AND id = ?"+suffix, append(args, id)...)
	return restore(row, err, executionRow.execution)
}

func (s executions) Save(ctx context.Context, e execution.Execution) error {
	v := e.Snapshot()
	if err := s.t.in(ctx, v.TenantID); err != nil {
		return err
	}
	return s.t.guarded(ctx, "executions", "tenant_id = ? AND id = ?", []any{v.TenantID, v.ID}, `UPDATE executions SET
		state = ?, attempt = ?, fence = ?, lease_owner = ?, lease_until = ?, due_at = ?, last_seq = ?, epoch = ?, cancel_requested = ?,
		progress = ?, artifacts = ?, error_code = ?, error_message = ?, waiting = ?, trace_id = ?, deadline = ?, started_at = ?, completed_at = ?,
		updated_at = ?, pause_requested = ?, waiting_for = ?, ending = ?, start_by = ?, deadline_left = ?, version = version + 1 WHERE tenant_id = ? AND id = ? AND version = ?`,
		string(v.State), v.Attempt, v.Fence, v.LeaseOwner, at(v.LeaseUntil), at(v.DueAt), v.LastSeq, v.Epoch, v.CancelRequested,
		rawJSON(v.Progress), rawJSON(v.Artifacts), v.ErrorCode, v.ErrorMessage, rawJSON(v.Waiting), v.TraceID, at(v.Deadline), at(v.StartedAt),
		at(v.CompletedAt), at(v.UpdatedAt), v.PauseRequested, string(v.WaitingFor), string(v.Ending), at(v.StartBy),
		v.DeadlineLeft.Microseconds(), v.TenantID, v.ID, v.Version)
}

func (s executions) List(ctx context.Context, scope identity.Scope, f ports.ExecutionFilter, page ports.Page) ([]execution.Execution, error) {
	if err := s.t.within(ctx, scope); err != nil {
		return nil, err
	}
	where, args := owned(scope)
	c := conditions{parts: []string{where}, args: args}
	c.equal("session_id", f.SessionID)
	c.equal("intent_type", f.IntentType)
	if len(f.Except) > 0 {
		c.add("intent_type NOT IN ?", f.Except)
	}
	c.equal("realm", f.Realm)
	if f.RetryOf != "" {
		c.add("retry_of = ? AND retry_of <> ''", f.RetryOf)
	}
	if f.ParentID != "" {
		c.add("parent_id = ? AND parent_id <> '' AND child_key <> ''", f.ParentID)
	}
	if len(f.Status) > 0 {
		c.add("state IN ?", f.Status)
	}
	c.between("created_at", f.CreatedAfter, f.CreatedBefore)
	from, fromArgs := "executions", []any(nil)
	switch {
	case f.ActiveSince.IsZero():
	case f.SessionID != "":
		from, fromArgs = changed(scope.TenantID, f)
	default:
		c.add("("+live+" OR completed_at >= ?)", at(f.ActiveSince))
	}
	if page.After != "" {
		c.add("(created_at, id) < (SELECT created_at, id FROM executions WHERE "+where+" AND id = ?)", append(args[:len(args):len(args)], page.After)...)
	}
	rows, err := many[executionRow](ctx, s.t, "SELECT "+columns[executionRow]()+" FROM "+from+" WHERE "+c.sql()+
		" ORDER BY created_at DESC, id DESC LIMIT ?", slices.Concat(fromArgs, c.args, []any{page.Limit})...)
	return convert(rows, err, executionRow.execution)
}

// changed is the executions of a session that are live or ended at or after a time: two looks at one index, which no length of history
// slows down. Every open stream of a session asks for them once a second. The bound, which nothing reaches, keeps SQLite from moving other
// conditions inside and choosing an index by them.
func changed(tenantID string, f ports.ExecutionFilter) (string, []any) {
	branch := "SELECT * FROM executions WHERE tenant_id = ? AND session_id = ? AND completed_at "
	return "(" + branch + "IS NULL UNION ALL " + branch + ">= ? LIMIT 1000000000) executions",
		[]any{tenantID, f.SessionID, tenantID, f.SessionID, at(f.ActiveSince)}
}

// conditions collects the parts of a WHERE with their arguments. Parts are constants of this package; only arguments come from outside.
type conditions struct {
	parts []string
	args  []any
}

func (c *conditions) add(part string, args ...any) {
	c.parts = append(c.parts, part)
	c.args = append(c.args[:len(c.args):len(c.args)], args...)
}

// equal narrows by a text; an empty one does not narrow.
func (c *conditions) equal(column, value string) {
	if value != "" {
		c.add(column+" = ?", value)
	}
}

func (c *conditions) sql() string { return strings.Join(c.parts, " AND ") }

// needTenant guards stores whose rows name their tenant themselves.
func needTenant(tenantID string) error {
	if tenantID == "" {
		return errScope
	}
	return nil
}
