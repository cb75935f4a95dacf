package wire

import (
	"encoding/json"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
)

// ExecutionStatus is an execution as its owner sees it.
type ExecutionStatus struct {
	ExecutionID string `json:"execution_id"`
	IntentID    string `json:"intent_id"`
	IntentType  string `json:"intent_type"`
	Realm       string `json:"realm"`
	SessionID   string `json:"session_id"`
	// ParentExecutionID is the execution that began this one; null for what somebody submitted.
	ParentExecutionID *string `json:"parent_execution_id"`
	// TenantID is null while anonymous.
	TenantID    *string    `json:"tenant_id"`
	Status      string     `json:"status" enum:"pending,running,waiting,paused,completed,failed,cancelled"`
	State       string     `json:"state" enum:"accepted,running,waiting,retrying,paused,completed,failed,cancelled"`
	Attempt     int        `json:"attempt"`
	Progress    Object     `json:"progress"`
	Artifacts   Object     `json:"artifacts"`
	Events      []Event    `json:"events"`
	Error       *string    `json:"error"`
	ErrorCode   *string    `json:"error_code"`
	Waiting     Object     `json:"waiting"`
	CreatedAt   time.Time  `json:"created_at"`
	StartedAt   *time.Time `json:"started_at"`
	CompletedAt *time.Time `json:"completed_at"`
	Metadata    Object     `json:"metadata"`
}

// StatusOptions say how much of an execution is told.
type StatusOptions struct {
	// Artifacts includes the results; Visuals their renderings too.
	Artifacts, Visuals bool
}

// NewExecutionStatus gives the wire form of an execution with the given events.
func NewExecutionStatus(e execution.Snapshot, events []event.Event, opt StatusOptions) (ExecutionStatus, error) {
	out := ExecutionStatus{
		ExecutionID: e.ID, IntentID: e.Intent.ID, IntentType: e.Intent.Type, Realm: e.Realm, SessionID: e.SessionID,
		ParentExecutionID: optional(e.ParentID), TenantID: VisibleTenant(e.TenantID, e.OwnerID), Status: e.State.Wire(), State: string(e.State), Attempt: e.Attempt,
		Progress: nullable(e.Progress), Artifacts: object(nil), Events: NewEvents(events), Error: optional(e.ErrorMessage),
		ErrorCode: optional(e.ErrorCode), Waiting: nullable(e.Waiting), CreatedAt: e.CreatedAt.UTC(), StartedAt: optionalTime(e.StartedAt),
		CompletedAt: optionalTime(e.CompletedAt), Metadata: object(e.Intent.Metadata),
	}
	if !opt.Artifacts || len(e.Artifacts) == 0 {
		return out, nil
	}
	var err error
	out.Artifacts, err = results(e.Artifacts, out.TenantID, opt.Visuals)
	return out, err
}

// VisibleTenant gives the tenant that a client sees of an object: nil while nobody owns it, because the scope of an anonymous session
// is no tenant.
func VisibleTenant(tenantID, ownerID string) *string {
	if ownerID == "" {
		return nil
	}
	return optional(tenantID)
}

func nullable(raw []byte) Object {
	if len(raw) == 0 {
		return Object("null")
	}
	return Object(raw)
}

// results puts the tenant into each artifact of a result object, and leaves scalars as they are.
func results(raw []byte, tenant *string, visuals bool) (Object, error) {
	var named map[string]json.RawMessage
	if err := json.Unmarshal(raw, &named); err != nil {
		return nil, err
	}
	for key, value := range named {
		var doc map[string]json.RawMessage
		if len(value) == 0 || value[0] != '{' {
			continue
		}
		if err := json.Unmarshal(value, &doc); err != nil {
			return nil, err
		}
		if !visuals {
			delete(doc, "renderings")
		}
		var err error
		if doc["tenant_id"], err = json.Marshal(tenant); err != nil {
			return nil, err
		}
		if named[key], err = Marshal(doc); err != nil {
			return nil, err
		}
	}
	return Marshal(named)
}
