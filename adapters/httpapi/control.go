package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// jsonValue is any JSON value, kept as it came; null is nothing.
type jsonValue json.RawMessage

// UnmarshalJSON keeps the text.
func (v *jsonValue) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		*v = nil
		return nil
	}
	*v = append((*v)[:0], raw...)
	return nil
}

// MarshalJSON gives the text back; nothing is null.
func (v jsonValue) MarshalJSON() ([]byte, error) {
	if v == nil {
		return []byte("null"), nil
	}
	return v, nil
}

// Schema says that any value will do.
func (jsonValue) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }

type controlInput struct {
	ID   string `path:"id"`
	Body *nothing
}

type retryInput struct {
	ID             string `path:"id"`
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"The same key and body give the same retry, for 24 hours"`
	Body           *struct {
		FromStep string `json:"from_step,omitempty" maxLength:"200" doc:"Of one that has ended: the step to do again first; those before it count as done"`
	}
}

type signalInput struct {
	ID   string `path:"id"`
	Body struct {
		Name     string    `json:"name" minLength:"1" maxLength:"100"`
		Payload  jsonValue `json:"payload,omitempty" doc:"Any JSON, at most 64 KiB"`
		SignalID string    `json:"signal_id,omitempty" maxLength:"100" doc:"Yours: a signal with the id of an earlier one changes nothing"`
	}
}

type decisionInput struct {
	ID   string `path:"id"`
	Body struct {
		Decision      string    `json:"decision" enum:"approve,reject,edit"`
		Response      jsonValue `json:"response,omitempty" doc:"As the waiting's response_schema says"`
		ArgumentsHash string    `json:"arguments_hash" minLength:"64" maxLength:"64" doc:"Of the waiting: what you saw"`
	}
}

// decided is the answer to a decision. It tells no more than who decides needs to know, who need not be the execution's owner.
type decided struct {
	ExecutionID string `json:"execution_id"`
	Status      string `json:"status"`
	State       string `json:"state"`
}

type bulkInput struct {
	Body struct {
		Action        string    `json:"action" enum:"cancel,pause,resume"`
		Status        []string  `json:"status,omitempty" maxItems:"10" enum:"pending,running,waiting,paused"`
		IntentType    string    `json:"intent_type,omitempty" maxLength:"100"`
		Realm         string    `json:"realm,omitempty" maxLength:"100"`
		SessionID     string    `json:"session_id,omitempty" maxLength:"100"`
		CreatedAfter  time.Time `json:"created_after,omitzero"`
		CreatedBefore time.Time `json:"created_before,omitzero"`
	}
}

type bulkResult struct {
	ExecutionIDs []string `json:"execution_ids" doc:"For which it was done, or had been done before"`
	Refused      []string `json:"refused" doc:"Which ended meanwhile"`
	More         bool     `json:"more" doc:"There are more than one call takes; the same call again goes on"`
}

func (s *Server) controlRoutes() {
	tags := []string{"executions"}
	post := func(path, summary, text string) huma.Operation {
		return huma.Operation{Method: http.MethodPost, Path: path, Summary: summary, Description: text, Tags: tags}
	}
	route(s, post("/api/execution/{id}/pause", "Pause an execution", "It stops before its next step, until it is resumed; asking again changes nothing."),
		func(ctx context.Context, in *controlInput) (*body[wire.ExecutionStatus], error) {
			return s.steer(ctx, in.ID, s.d.Control.Pause)
		})
	route(s, post("/api/execution/{id}/resume", "Resume a paused execution", "It goes on with all its attempts before it."),
		func(ctx context.Context, in *controlInput) (*body[wire.ExecutionStatus], error) {
			return s.steer(ctx, in.ID, s.d.Control.Resume)
		})
	route(s, post("/api/execution/{id}/retry", "Retry an execution",
		"Goes on at once; one that has ended is repeated by a new execution, whose status is the answer. While that one lives, asking again gives it."),
		s.retryExecution)
	route(s, post("/api/execution/{id}/signal", "Send a signal to an execution", "It is kept until the execution waits for it."), s.signalExecution)
	route(s, post("/api/execution/{id}/decision", "Decide what an execution waits for",
		"Taken once, by whom the execution's request names, and for exactly the arguments whose hash is sent."), s.decide)
	route(s, huma.Operation{Method: http.MethodGet, Path: "/api/decisions", Summary: "List the decisions that you may take", Tags: tags,
		Description: "What executions of your tenant wait for, yours and others', as far as their requests name you; the oldest execution first. " +
			"A page may be short although there is a next one."}, s.listDecisions)
	route(s, post("/api/executions/control", "Cancel, pause or resume many executions", "All live executions of the caller that pass the filter."), s.bulk)
}

// steer does one thing to an execution of the caller and gives its status after it.
func (s *Server) steer(ctx context.Context, id string, do func(context.Context, identity.Principal, string) (execution.Snapshot, error)) (*body[wire.ExecutionStatus], error) {
	ex, p, err := s.execution(ctx, id)
	if err != nil {
		return nil, err
	}
	of, err := s.d.Sessions.Resolve(ctx, p, ex.SessionID)
	if err != nil {
		return nil, err
	}
	if err := s.usable(policy{writes: true}, of); err != nil {
		return nil, err
	}
	if ex, err = do(ctx, p, id); err != nil {
		return nil, err
	}
	status, err := s.status(ctx, p, ex.ID, wire.StatusOptions{Artifacts: true, Visuals: true})
	return &body[wire.ExecutionStatus]{status}, err
}

func (s *Server) retryExecution(ctx context.Context, in *retryInput) (*body[wire.ExecutionStatus], error) {
	return s.steer(ctx, in.ID, func(ctx context.Context, p identity.Principal, id string) (execution.Snapshot, error) {
		r := ports.RetryCommand{IdempotencyKey: in.IdempotencyKey}
		if in.Body != nil {
			r.From = in.Body.FromStep
		}
		return s.d.Control.Retry(ctx, p, id, r)
	})
}

func (s *Server) signalExecution(ctx context.Context, in *signalInput) (*body[wire.ExecutionStatus], error) {
	return s.steer(ctx, in.ID, func(ctx context.Context, p identity.Principal, id string) (execution.Snapshot, error) {
		return s.d.Control.Signal(ctx, p, id, execution.Signal{ID: in.Body.SignalID, Name: in.Body.Name, Payload: in.Body.Payload})
	})
}

// decide tries the decision as each of the callers that the request may be from: who may decide need not see the execution.
func (s *Server) decide(ctx context.Context, in *decisionInput) (*body[decided], error) {
	ex, _, err := lookUp(ctx, func(p identity.Principal) (execution.Snapshot, error) {
		return s.d.Control.Decide(ctx, p, in.ID, ports.DecisionCommand{
			Verdict: execution.Verdict(in.Body.Decision), Response: in.Body.Response, ArgumentsHash: in.Body.ArgumentsHash,
		})
	})
	if err != nil {
		return nil, err
	}
	return &body[decided]{decided{ExecutionID: ex.ID, Status: ex.State.Wire(), State: string(ex.State)}}, nil
}

func (s *Server) bulk(ctx context.Context, in *bulkInput) (*body[bulkResult], error) {
	b := in.Body
	result, err := s.d.Control.Bulk(ctx, callerOf(ctx).principal, ports.BulkAction(b.Action), ports.ExecutionFilter{
		SessionID: b.SessionID, Status: statesOf(b.Status), IntentType: b.IntentType, Realm: b.Realm, CreatedAfter: b.CreatedAfter, CreatedBefore: b.CreatedBefore,
	})
	if err != nil {
		return nil, err
	}
	return &body[bulkResult]{bulkResult{ExecutionIDs: result.IDs, Refused: result.Refused, More: result.More}}, nil
}
