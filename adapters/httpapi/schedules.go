package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/ports"
)

// scheduleBody is what a schedule does and when.
type scheduleBody struct {
	Name           string     `json:"name,omitempty" maxLength:"200"`
	IntentType     string     `json:"intent_type" minLength:"1" maxLength:"100"`
	Parameters     jsonObject `json:"parameters,omitempty" doc:"As GET /api/intents describes them, at most 64 KiB"`
	SolutionID     string     `json:"solution_id,omitempty" maxLength:"100"`
	Cron           string     `json:"cron,omitempty" maxLength:"100" doc:"Minute, hour, day, month, weekday; or six fields with seconds first; or @hourly, @daily, @weekly, @monthly"`
	TimeZone       string     `json:"time_zone,omitempty" maxLength:"64" doc:"An IANA name; UTC by default"`
	At             time.Time  `json:"at,omitzero" doc:"Instead of cron: the one time, RFC 3339"`
	Overlap        string     `json:"overlap,omitempty" enum:"skip,buffer,allow,cancel_other" doc:"While an earlier run lives: skip (default), let one wait, run beside it, or cancel it"`
	CatchUp        string     `json:"catch_up,omitempty" enum:"none,last,all" doc:"Of ticks over ten seconds late: none, the last (default), or all up to catch_up_limit"`
	CatchUpWindow  int64      `json:"catch_up_window,omitempty" minimum:"10" maximum:"604800" doc:"Seconds; older ticks are missed. An hour by default, a day for a single run"`
	CatchUpLimit   int        `json:"catch_up_limit,omitempty" minimum:"1" maximum:"100" doc:"10 by default"`
	IdempotencyKey *string    `json:"idempotency_key,omitempty" maxLength:"255" doc:"Or the Idempotency-Key header"`
}

// schedulePatch holds what is to be changed; what is absent stays.
type schedulePatch struct {
	Name          *string    `json:"name,omitempty" maxLength:"200"`
	IntentType    *string    `json:"intent_type,omitempty" minLength:"1" maxLength:"100"`
	Parameters    jsonObject `json:"parameters,omitempty"`
	Cron          *string    `json:"cron,omitempty" minLength:"1" maxLength:"100" doc:"Replaces at"`
	TimeZone      *string    `json:"time_zone,omitempty" maxLength:"64"`
	At            *time.Time `json:"at,omitempty" doc:"Replaces cron"`
	Overlap       *string    `json:"overlap,omitempty" enum:"skip,buffer,allow,cancel_other"`
	CatchUp       *string    `json:"catch_up,omitempty" enum:"none,last,all"`
	CatchUpWindow *int64     `json:"catch_up_window,omitempty" minimum:"10" maximum:"604800"`
	CatchUpLimit  *int       `json:"catch_up_limit,omitempty" minimum:"1" maximum:"100"`
}

type scheduleShape struct {
	ScheduleID    string     `json:"schedule_id"`
	Name          string     `json:"name"`
	IntentType    string     `json:"intent_type"`
	Parameters    jsonObject `json:"parameters"`
	SolutionID    string     `json:"solution_id"`
	Cron          *string    `json:"cron"`
	TimeZone      *string    `json:"time_zone"`
	At            *time.Time `json:"at"`
	Overlap       string     `json:"overlap" enum:"skip,buffer,allow,cancel_other"`
	CatchUp       string     `json:"catch_up" enum:"none,last,all"`
	CatchUpWindow int64      `json:"catch_up_window"`
	CatchUpLimit  int        `json:"catch_up_limit"`
	Status        string     `json:"status" enum:"active,paused,ended"`
	Code          *string    `json:"code" doc:"Why the platform paused it"`
	Reason        *string    `json:"reason" doc:"The same for people"`
	SessionID     string     `json:"session_id" doc:"For which it acts"`
	NextAt        *time.Time `json:"next_at"`
	LastTick      *time.Time `json:"last_tick"`
	TriggerAt     *time.Time `json:"trigger_at" doc:"A run that was asked for and is not decided about yet"`
	CreatedAt     time.Time  `json:"created_at"`
	UpdatedAt     time.Time  `json:"updated_at"`
}

type scheduleList struct {
	Schedules  []scheduleShape `json:"schedules"`
	NextCursor *string         `json:"next_cursor"`
}

type runShape struct {
	Tick        time.Time  `json:"tick"`
	Until       *time.Time `json:"until" doc:"The last of several that were missed together"`
	Manual      bool       `json:"manual"`
	Outcome     string     `json:"outcome" enum:"started,skipped,missed,refused"`
	ExecutionID *string    `json:"execution_id"`
	Code        *string    `json:"code" doc:"Why nothing was started"`
	DecidedAt   time.Time  `json:"decided_at"`
}

type runList struct {
	Runs       []runShape `json:"runs"`
	NextCursor *string    `json:"next_cursor"`
}

type scheduleByID struct {
	ID   string `path:"id"`
	Body *nothing
}

type scheduleRead struct {
	ID string `path:"id"`
}

func (s *Server) scheduleRoutes() {
	tags := []string{"schedules"}
	op := func(method, path, summary, text string) huma.Operation {
		return huma.Operation{Method: method, Path: path, Summary: summary, Description: text, Tags: tags}
	}
	create := op(http.MethodPost, "/api/schedules", "Make a schedule",
		"Submits an intent at each tick of a calendar expression, or once. It acts for the session that makes it, with no more rights than its creator has at each tick.")
	create.DefaultStatus = http.StatusCreated
	route(s, create, s.createSchedule)
	route(s, op(http.MethodGet, "/api/schedules", "List your schedules", "Newest first."), s.listSchedules)
	route(s, op(http.MethodGet, "/api/schedules/{id}", "How a schedule stands", ""), func(ctx context.Context, in *scheduleRead) (*body[scheduleShape], error) {
		return shaped(s.d.Schedules.Find(ctx, callerOf(ctx).principal, in.ID))
	})
	route(s, op(http.MethodPatch, "/api/schedules/{id}", "Change a schedule", "What is absent stays. It acts for your present session from then on."), s.changeSchedule)
	remove := op(http.MethodDelete, "/api/schedules/{id}", "Delete a schedule", "What it started goes on.")
	remove.DefaultStatus = http.StatusNoContent
	route(s, remove, func(ctx context.Context, in *scheduleByID) (*struct{}, error) {
		return nil, s.d.Schedules.Delete(ctx, callerOf(ctx).principal, in.ID)
	})
	for _, act := range []struct {
		name, summary, text string
		do                  func(context.Context, identity.Principal, string) (schedule.Snapshot, error)
	}{
		{"pause", "Pause a schedule", "Ticks that come meanwhile are not caught up.", s.d.Schedules.Pause},
		{"resume", "Resume a schedule", "It goes on with the next tick, for your present session.", s.d.Schedules.Resume},
	} {
		route(s, op(http.MethodPost, "/api/schedules/{id}/"+act.name, act.summary, act.text), func(ctx context.Context, in *scheduleByID) (*body[scheduleShape], error) {
			return shaped(act.do(ctx, callerOf(ctx).principal, in.ID))
		})
	}
	route(s, op(http.MethodPost, "/api/schedules/{id}/trigger", "Run a schedule now", "Beside its ticks, within about a second, under its overlap policy; also while it is paused."),
		func(ctx context.Context, in *struct {
			ID             string `path:"id"`
			IdempotencyKey string `header:"Idempotency-Key" maxLength:"255"`
			Body           *nothing
		}) (*body[scheduleShape], error) {
			return shaped(s.d.Schedules.Trigger(ctx, callerOf(ctx).principal, in.ID, in.IdempotencyKey))
		})
	route(s, op(http.MethodGet, "/api/schedules/{id}/runs", "What became of a schedule's ticks", "Newest first; the last 200 are kept."), s.listRuns)
}

func (s *Server) createSchedule(ctx context.Context, in *struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"The same key and body give the same schedule, for 24 hours"`
	Body           scheduleBody
}) (*body[scheduleShape], error) {
	b := in.Body
	key, err := idempotencyKey(in.IdempotencyKey, b.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return shaped(s.d.Schedules.Create(ctx, callerOf(ctx).principal, schedule.Order{
		Name: b.Name, IntentType: b.IntentType, Parameters: b.Parameters, SolutionID: b.SolutionID, Expression: b.Cron, Zone: b.TimeZone, At: b.At.UTC(),
		Overlap: schedule.Overlap(b.Overlap), CatchUp: schedule.CatchUp(b.CatchUp), Window: time.Duration(b.CatchUpWindow) * time.Second, Limit: b.CatchUpLimit,
	}, key))
}

func (s *Server) changeSchedule(ctx context.Context, in *struct {
	ID   string `path:"id"`
	Body schedulePatch
}) (*body[scheduleShape], error) {
	return shaped(s.d.Schedules.Change(ctx, callerOf(ctx).principal, in.ID, in.Body.apply))
}

// apply writes what is given over an order.
func (b schedulePatch) apply(o *schedule.Order) {
	set(&o.Name, b.Name)
	set(&o.IntentType, b.IntentType)
	if b.Parameters != nil {
		o.Parameters = b.Parameters
	}
	switch {
	case b.Cron != nil && b.At != nil: // refused by the order's own check
		o.Expression, o.At = *b.Cron, b.At.UTC()
	case b.Cron != nil:
		o.Expression, o.At = *b.Cron, time.Time{}
	case b.At != nil:
		o.Expression, o.Zone, o.At = "", "", b.At.UTC()
	}
	set(&o.Zone, b.TimeZone)
	if b.Overlap != nil {
		o.Overlap = schedule.Overlap(*b.Overlap)
	}
	if b.CatchUp != nil {
		o.CatchUp = schedule.CatchUp(*b.CatchUp)
	}
	if b.CatchUpWindow != nil {
		o.Window = time.Duration(*b.CatchUpWindow) * time.Second
	}
	set(&o.Limit, b.CatchUpLimit)
}

func set[T any](to *T, given *T) {
	if given != nil {
		*to = *given
	}
}

func (s *Server) listSchedules(ctx context.Context, in *decisionsInput) (*body[scheduleList], error) {
	p := callerOf(ctx).principal
	cursors := s.cursors("schedules", p)
	after, err := cursors.open(in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := s.d.Schedules.List(ctx, p, ports.Page{Limit: in.Limit + 1, After: after})
	if err != nil {
		return nil, err
	}
	found, next := window(found, in.Limit, func(v schedule.Snapshot) string { return cursors.seal(v.ID) })
	list := scheduleList{Schedules: make([]scheduleShape, len(found)), NextCursor: next}
	for i, v := range found {
		list.Schedules[i] = shapeOf(v)
	}
	return &body[scheduleList]{list}, nil
}

func (s *Server) listRuns(ctx context.Context, in *struct {
	ID     string `path:"id"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"512" doc:"next_cursor of the page before"`
}) (*body[runList], error) {
	p := callerOf(ctx).principal
	cursors := s.cursors("schedule runs", p, in.ID)
	after, err := cursors.open(in.Cursor)
	if err != nil {
		return nil, err
	}
	var before time.Time
	if after != "" {
		if before, err = time.Parse(time.RFC3339Nano, after); err != nil {
			return nil, errCursor
		}
	}
	found, err := s.d.Schedules.Runs(ctx, p, in.ID, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	found, next := window(found, in.Limit, func(r schedule.Run) string { return cursors.seal(r.Tick.Format(time.RFC3339Nano)) })
	list := runList{Runs: make([]runShape, len(found)), NextCursor: next}
	for i, r := range found {
		list.Runs[i] = runShape{r.Tick, momentOf(r.Until), r.Manual, string(r.Outcome), textOf(r.ExecutionID), textOf(r.Code), r.At}
	}
	return &body[runList]{list}, nil
}

func shaped(v schedule.Snapshot, err error) (*body[scheduleShape], error) {
	if err != nil {
		return nil, err
	}
	return &body[scheduleShape]{shapeOf(v)}, nil
}

func shapeOf(v schedule.Snapshot) scheduleShape {
	o := v.Order
	return scheduleShape{
		ScheduleID: v.ID, Name: o.Name, IntentType: o.IntentType, Parameters: o.Parameters, SolutionID: o.SolutionID,
		Cron: textOf(o.Expression), TimeZone: textOf(o.Zone), At: momentOf(o.At), Overlap: string(o.Overlap), CatchUp: string(o.CatchUp),
		CatchUpWindow: int64(o.Window / time.Second), CatchUpLimit: o.Limit, Status: string(v.Status), Code: textOf(v.Code), Reason: textOf(v.Reason),
		SessionID: v.Principal.SessionID, NextAt: momentOf(v.Next), LastTick: momentOf(v.LastTick), TriggerAt: momentOf(v.TriggerAt),
		CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
	}
}

// textOf is null for no text.
func textOf(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// momentOf is null for no time.
func momentOf(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
