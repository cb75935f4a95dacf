package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

type queueShape struct {
	TenantID   string    `json:"tenant_id" doc:"The tenant, or a visitor's session"`
	IntentType string    `json:"intent_type"`
	State      string    `json:"state" enum:"accepted,running,waiting,retrying,paused"`
	Count      int64     `json:"count"`
	Stuck      int64     `json:"stuck" doc:"Those of count that nobody works on although somebody should"`
	OldestAt   time.Time `json:"oldest_at" doc:"When the oldest of them was accepted"`
}

type queueList struct {
	Scope     string       `json:"scope" enum:"tenant,platform"`
	Queues    []queueShape `json:"queues"`
	Count     int64        `json:"count" doc:"All of them together"`
	Stuck     int64        `json:"stuck"`
	Truncated bool         `json:"truncated" doc:"There are more than are listed"`
}

func (s *Server) queueRoutes() {
	route(s, huma.Operation{
		Method: http.MethodGet, Path: "/api/admin/queues", Summary: "What is queued, running, waiting and stuck", Tags: []string{"admin"},
		Description: "Live executions by tenant, intent type and state. An admin sees the own tenant's, an operator with scope=platform those of all.",
	}, s.listQueues)
	s.workRoutes()
}

func (s *Server) listQueues(ctx context.Context, in *struct {
	Scope string `query:"scope" enum:"tenant,platform" default:"tenant"`
}) (*body[queueList], error) {
	o, err := s.d.Queues.Overview(ctx, callerOf(ctx).principal, in.Scope == "platform")
	if err != nil {
		return nil, err
	}
	out := queueList{Scope: "tenant", Queues: make([]queueShape, len(o.Counts)), Truncated: o.Truncated}
	if o.Platform {
		out.Scope = "platform"
	}
	for i, q := range o.Counts {
		out.Queues[i] = queueShape{q.TenantID, q.IntentType, string(q.State), q.Count, q.Stuck, q.Oldest}
		out.Count += q.Count
		out.Stuck += q.Stuck
	}
	return &body[queueList]{out}, nil
}
