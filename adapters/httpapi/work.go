package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/symphainy/symphainy/ports"
)

// workShape is an execution as administrators see it: how it stands, and nothing of what is in it.
type workShape struct {
	ExecutionID string     `json:"execution_id"`
	TenantID    string     `json:"tenant_id" doc:"The tenant, or a visitor's session"`
	SessionID   string     `json:"session_id"`
	IntentType  string     `json:"intent_type"`
	Realm       string     `json:"realm"`
	Status      string     `json:"status"`
	State       string     `json:"state"`
	Stuck       bool       `json:"stuck" doc:"Nobody works on it although somebody should"`
	Attempt     int        `json:"attempt"`
	WaitingFor  *string    `json:"waiting_for"`
	DueAt       *time.Time `json:"due_at"`
	LeaseOwner  *string    `json:"lease_owner"`
	LeaseUntil  *time.Time `json:"lease_until"`
	ErrorCode   *string    `json:"error_code"`
	CreatedAt   time.Time  `json:"created_at"`
	StartedAt   *time.Time `json:"started_at"`
	CompletedAt *time.Time `json:"completed_at"`
}

type workList struct {
	Executions []workShape `json:"executions"`
	NextCursor *string     `json:"next_cursor"`
}

type workInput struct {
	Scope      string   `query:"scope" enum:"tenant,platform" default:"tenant"`
	Tenant     string   `query:"tenant" maxLength:"100" doc:"With scope=platform: one tenant, or a visitor's session"`
	Status     []string `query:"status" enum:"pending,running,waiting,paused,completed,failed,cancelled" doc:"One or several, with commas"`
	IntentType string   `query:"intent_type" maxLength:"100"`
	Stuck      bool     `query:"stuck" doc:"Only those that nobody works on although somebody should"`
	Limit      int      `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor     string   `query:"cursor" maxLength:"512" doc:"next_cursor of the page before"`
}

type workControl struct {
	Body struct {
		Action       string   `json:"action" enum:"cancel,pause,resume"`
		Scope        string   `json:"scope,omitempty" enum:"tenant,platform"`
		Tenant       string   `json:"tenant,omitempty" maxLength:"100" doc:"With scope platform: one tenant, or a visitor's session"`
		ExecutionIDs []string `json:"execution_ids,omitempty" maxItems:"200"`
		Status       []string `json:"status,omitempty" maxItems:"10" enum:"pending,running,waiting,paused"`
		IntentType   string   `json:"intent_type,omitempty" maxLength:"100"`
		Stuck        bool     `json:"stuck,omitempty"`
	}
}

func (s *Server) workRoutes() {
	route(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/admin/executions", Summary: "Executions, whoever's they are", Tags: []string{"admin"},
		Description: "Newest first. An admin sees the own tenant's, an operator with scope=platform those of all; parameters and results are not in it.",
	}, s.listWork)
	route(s, huma.Operation{
		Method: http.MethodPost, Path: "/api/admin/executions/control", Summary: "Cancel, pause or resume executions of others", Tags: []string{"admin"},
		Description: "All that pass the filter, 500 a call; each act is audited in the execution's tenant under your name.",
	}, s.controlWork)
}

func (s *Server) listWork(ctx context.Context, in *workInput) (*body[workList], error) {
	p := callerOf(ctx).principal
	cursors := s.cursors("admin executions", p, in.Scope, in.Tenant, strings.Join(in.Status, ","), in.IntentType, fmt.Sprint(in.Stuck))
	after, err := cursors.open(in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := s.d.Queues.Executions(ctx, p, in.Scope == "platform", ports.WorkFilter{
		TenantID: in.Tenant, States: statesOf(in.Status), IntentType: in.IntentType, Stuck: in.Stuck,
	}, ports.Page{Limit: in.Limit + 1, After: after})
	if err != nil {
		return nil, err
	}
	found, next := window(found, in.Limit, func(i ports.WorkItem) string { return cursors.seal(i.Execution.ID()) })
	list := workList{Executions: make([]workShape, len(found)), NextCursor: next}
	for i, item := range found {
		e := item.Execution.Snapshot()
		list.Executions[i] = workShape{
			ExecutionID: e.ID, TenantID: e.TenantID, SessionID: e.SessionID, IntentType: e.Intent.Type, Realm: e.Realm, Status: e.State.Wire(),
			State: string(e.State), Stuck: item.Stuck, Attempt: e.Attempt, WaitingFor: textOf(string(e.WaitingFor)), DueAt: momentOf(e.DueAt),
			LeaseOwner: textOf(e.LeaseOwner), LeaseUntil: momentOf(e.LeaseUntil), ErrorCode: textOf(e.ErrorCode), CreatedAt: e.CreatedAt,
			StartedAt: momentOf(e.StartedAt), CompletedAt: momentOf(e.CompletedAt),
		}
	}
	return &body[workList]{list}, nil
}

func (s *Server) controlWork(ctx context.Context, in *workControl) (*body[bulkResult], error) {
	b := in.Body
	result, err := s.d.Queues.Control(ctx, callerOf(ctx).principal, b.Scope == "platform", ports.BulkAction(b.Action), ports.WorkFilter{
		TenantID: b.Tenant, IDs: b.ExecutionIDs, States: statesOf(b.Status), IntentType: b.IntentType, Stuck: b.Stuck,
	})
	if err != nil {
		return nil, err
	}
	return &body[bulkResult]{bulkResult{ExecutionIDs: result.IDs, Refused: result.Refused, More: result.More}}, nil
}
