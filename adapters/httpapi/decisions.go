package httpapi

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/ports"
)

type decisionsInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"512" doc:"next_cursor of the page before"`
}

type openDecision struct {
	ExecutionID    string    `json:"execution_id"`
	IntentType     string    `json:"intent_type"`
	Name           string    `json:"name"`
	Prompt         string    `json:"prompt"`
	Arguments      jsonValue `json:"arguments,omitempty" doc:"Any JSON: what is decided about"`
	ArgumentsHash  string    `json:"arguments_hash" doc:"To be sent with the decision"`
	ResponseSchema jsonValue `json:"response_schema,omitempty" doc:"A JSON Schema; absent where no response is asked for"`
	AskedAt        time.Time `json:"asked_at"`
	Until          time.Time `json:"until"`
	Escalated      bool      `json:"escalated" doc:"Nobody decided in time, and others may now"`
}

type decisionList struct {
	Decisions  []openDecision `json:"decisions"`
	NextCursor *string        `json:"next_cursor"`
}

func (s *Server) listDecisions(ctx context.Context, in *decisionsInput) (*body[decisionList], error) {
	p := callerOf(ctx).principal
	cursors := s.cursors("decisions", p)
	after, err := cursors.open(in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.d.Control.OpenDecisions(ctx, p, ports.Page{Limit: in.Limit, After: after})
	if err != nil {
		return nil, err
	}
	list := decisionList{Decisions: make([]openDecision, len(page.Decisions))}
	for i, d := range page.Decisions {
		list.Decisions[i] = openDecision{
			ExecutionID: d.ExecutionID, IntentType: d.IntentType, Name: d.Name, Prompt: d.Prompt, Arguments: given(d.Arguments),
			ArgumentsHash: d.ArgumentsHash, ResponseSchema: given(d.ResponseSchema), AskedAt: d.AskedAt.UTC(), Until: d.Until.UTC(), Escalated: d.Escalated,
		}
	}
	if page.Next != "" {
		next := cursors.seal(page.Next)
		list.NextCursor = &next
	}
	return &body[decisionList]{list}, nil
}

// given gives a JSON value, and nothing for null.
func given(raw []byte) jsonValue {
	if string(raw) == "null" {
		return nil
	}
	return raw
}
