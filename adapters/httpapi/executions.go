package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// statusEvents is how many events of its log a status shows; the rest is behind /events.
const statusEvents = 200

type statusInput struct {
	ID               string `path:"id"`
	IncludeArtifacts bool   `query:"include_artifacts" default:"true" doc:"The results"`
	IncludeVisuals   bool   `query:"include_visuals" default:"true" doc:"Their renderings"`
}

type executionsInput struct {
	// The fields of pageInput: the router does not look into an embedded struct that is not exported.
	Limit         int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor        string    `query:"cursor" maxLength:"512" doc:"next_cursor of the page before"`
	Status        []string  `query:"status" enum:"pending,running,waiting,paused,completed,failed,cancelled" doc:"One or several, with commas"`
	IntentType    string    `query:"intent_type" maxLength:"100"`
	Realm         string    `query:"realm" maxLength:"100"`
	SessionID     string    `query:"session_id" maxLength:"100"`
	Parent        string    `query:"parent_execution_id" maxLength:"100" doc:"Only what this execution began"`
	CreatedAfter  time.Time `query:"created_after" doc:"RFC 3339"`
	CreatedBefore time.Time `query:"created_before" doc:"RFC 3339"`
}

type executionList struct {
	Executions []wire.ExecutionStatus `json:"executions" doc:"Newest first, without artifacts and events"`
	NextCursor *string                `json:"next_cursor"`
}

func (s *Server) executionRoutes() {
	tags := []string{"executions"}
	route(s, huma.Operation{Method: http.MethodGet, Path: "/api/execution/{id}/status", Summary: "How an execution stands", Tags: tags}, s.executionStatus)
	route(s, huma.Operation{Method: http.MethodGet, Path: "/api/executions", Summary: "List executions", Tags: tags}, s.listExecutions)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/execution/{id}/cancel", Summary: "Cancel an execution", Tags: tags,
		Description: "Asks for its end; asking again changes nothing."}, s.cancelExecution)
	s.controlRoutes()
	s.eventRoutes()
	for path, h := range s.d.Sockets {
		p, ok := s.byRoute[key(http.MethodGet, ginPath(path))]
		if ok && p.socket {
			s.plain(huma.Operation{Method: http.MethodGet, Path: path, Summary: "WebSocket", Tags: []string{"sockets"},
				Description: "See /api/asyncapi.json.", Parameters: pathParams(path),
				Responses: map[string]*huma.Response{"101": {Description: "Switching Protocols"}}}, mount(h))
		}
	}
}

func (s *Server) execution(ctx context.Context, id string) (execution.Snapshot, identity.Principal, error) {
	return lookUp(ctx, func(p identity.Principal) (execution.Snapshot, error) {
		return s.d.Runtime.Execution(ctx, p.Scope(), id)
	})
}

func (s *Server) executionStatus(ctx context.Context, in *statusInput) (*body[wire.ExecutionStatus], error) {
	status, _, err := lookUp(ctx, func(p identity.Principal) (wire.ExecutionStatus, error) {
		return s.status(ctx, p, in.ID, wire.StatusOptions{Artifacts: in.IncludeArtifacts, Visuals: in.IncludeVisuals})
	})
	return &body[wire.ExecutionStatus]{status}, err
}

// status gives an execution with the beginning of its log.
func (s *Server) status(ctx context.Context, p identity.Principal, id string, opt wire.StatusOptions) (wire.ExecutionStatus, error) {
	page, err := s.d.Feed.Page(ctx, p.Scope(), id, ports.Position{}, statusEvents)
	if err != nil {
		return wire.ExecutionStatus{}, err
	}
	return wire.NewExecutionStatus(page.Execution, page.Events, opt)
}

// statesOf gives the states that read as the given statuses.
func statesOf(statuses []string) []execution.State {
	var out []execution.State
	for _, state := range execution.States() {
		for _, status := range statuses {
			if state.Wire() == status {
				out = append(out, state)
				break
			}
		}
	}
	return out
}

func (s *Server) listExecutions(ctx context.Context, in *executionsInput) (*body[executionList], error) {
	p := callerOf(ctx).principal
	cursors := s.cursors("executions", p, strings.Join(in.Status, ","), in.IntentType, in.Realm, in.SessionID, in.Parent,
		in.CreatedAfter.UTC().Format(time.RFC3339Nano), in.CreatedBefore.UTC().Format(time.RFC3339Nano))
	after, err := cursors.open(in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := s.d.Runtime.Executions(ctx, p.Scope(), ports.ExecutionFilter{
		SessionID: in.SessionID, Status: statesOf(in.Status), IntentType: in.IntentType, Realm: in.Realm,
		ParentID: in.Parent, CreatedAfter: in.CreatedAfter, CreatedBefore: in.CreatedBefore,
	}, ports.Page{Limit: in.Limit + 1, After: after})
	if err != nil {
		return nil, err
	}
	found, next := window(found, in.Limit, func(e execution.Snapshot) string { return cursors.seal(e.ID) })
	list := executionList{Executions: make([]wire.ExecutionStatus, len(found)), NextCursor: next}
	for i, ex := range found {
		if list.Executions[i], err = wire.NewExecutionStatus(ex, nil, wire.StatusOptions{}); err != nil {
			return nil, err
		}
	}
	return &body[executionList]{list}, nil
}

func (s *Server) cancelExecution(ctx context.Context, in *controlInput) (*body[wire.ExecutionStatus], error) {
	return s.steer(ctx, in.ID, s.d.Runtime.Cancel)
}
