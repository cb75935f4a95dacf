package wsapi

import (
	"context"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// safetyFrame is a decision in the older dialect.
type safetyFrame struct {
	Type string `json:"type"`
	// HookID is the execution that waits.
	HookID string `json:"hook_id"`
	// ResponseType is how the client asked its user; the decision is the same for all.
	ResponseType    string         `json:"response_type"`
	Approved        *bool          `json:"approved"`
	RejectionReason *string        `json:"rejection_reason"`
	Corrections     jsontext.Value `json:"corrections"`
}

// asked is the part of a waiting that the older dialect shows.
type asked struct {
	For           string         `json:"for"`
	Prompt        string         `json:"prompt"`
	Arguments     jsontext.Value `json:"arguments"`
	ArgumentsHash string         `json:"arguments_hash"`
}

func (a *asked) decision() bool { return a != nil && a.For == string(execution.ForDecision) }

// describe adds what is asked to the fields of a frame.
func (a *asked) describe(fields map[string]any, executionID string) {
	fields["hook_id"], fields["prompt"], fields["arguments"], fields["arguments_hash"] = executionID, a.Prompt, a.Arguments, a.ArgumentsHash
}

// verdict gives the decision that a frame stands for. Only a plain yes approves; corrections without it are a rejection that says what
// would have been right.
func (f safetyFrame) verdict() (execution.Verdict, []byte, error) {
	switch f.ResponseType {
	case "review", "approval", "retry":
	default:
		return "", nil, errValue.WithMsg("response_type is review, approval or retry.")
	}
	corrected := len(f.Corrections) > 0 && f.Corrections.Kind() != 'n'
	switch {
	case f.Approved == nil:
		return "", nil, errValue.WithMsg("approved is true or false.")
	case *f.Approved && corrected:
		return execution.Edit, f.Corrections, nil
	case *f.Approved:
		return execution.Approve, nil, nil
	}
	why := map[string]any{}
	if f.RejectionReason != nil {
		why["rejection_reason"] = *f.RejectionReason
	}
	if corrected {
		why["corrections"] = f.Corrections
	}
	if len(why) == 0 {
		return execution.Reject, nil, nil
	}
	raw, err := json.Marshal(why, json.Deterministic(true))
	return execution.Reject, raw, err
}

// safety takes a decision of an older client. Its dialect has no hash of the arguments, so the decision is about those that the execution
// waits with; to one who does not own the execution it is unknown. What follows comes as events of the execution.
func (s *agentSocket) safety(ctx context.Context, data []byte) error {
	var f safetyFrame
	if err := decode(data, &f); err != nil {
		return err
	}
	verdict, response, err := f.verdict()
	if err != nil {
		return err
	}
	if err := found(typeid.Valid(typeid.Execution, f.HookID)); err != nil {
		return err
	}
	s.older.set(true)
	s.greetOlder()
	p := s.caller().principal
	e, err := s.hub.Runtime.Execution(ctx, p.Scope(), f.HookID)
	if err != nil {
		return err
	}
	var w asked
	if e.State == execution.Waiting && e.Waiting != nil {
		if err := json.Unmarshal(e.Waiting, &w); err != nil {
			return err
		}
	}
	if !w.decision() {
		return execution.ErrNothingToDecide
	}
	_, err = s.hub.Control.Decide(ctx, p, f.HookID, ports.DecisionCommand{Verdict: verdict, Response: response, ArgumentsHash: w.ArgumentsHash})
	return err
}
