package agents

import (
	"context"
	"encoding/json"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// query answers a question from the store, under the caller's scope.
type query func(ctx context.Context, tx ports.Tx, scope identity.Scope, arguments []byte) (any, error)

// maxListed bounds a list that an agent reads.
const maxListed = 50

// queries are the platform's own read-only tools.
func queries() []Tool {
	tool := func(name, description, schema string, q query) Tool {
		return Tool{
			ToolSpec:   ports.ToolSpec{Name: name, Description: description, Schema: []byte(schema)},
			Permission: identity.PermRead, Anonymous: true, query: q,
		}
	}
	return []Tool{
		tool("find_artifacts", "Lists what the session's owner has: files, parsed documents, assessments, workflows, plans; newest first.",
			`{"type":"object","additionalProperties":false,"properties":{"artifact_type":{"type":"string","maxLength":64},"name":{"type":"string","maxLength":200}}}`, findArtifacts),
		tool("get_artifact", "Reads one artifact with what it says.",
			`{"type":"object","additionalProperties":false,"required":["artifact_id"],"properties":{"artifact_id":{"type":"string","maxLength":64}}}`, getArtifact),
		tool("get_execution", "Tells how an execution stands.",
			`{"type":"object","additionalProperties":false,"required":["execution_id"],"properties":{"execution_id":{"type":"string","maxLength":64}}}`, getExecution),
	}
}

func findArtifacts(ctx context.Context, tx ports.Tx, scope identity.Scope, raw []byte) (any, error) {
	var in struct {
		Type string `json:"artifact_type"`
		Name string `json:"name"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fault.As(err)
	}
	f := ports.ArtifactFilter{
		Name: in.Name, States: []artifact.State{artifact.Pending, artifact.Ready, artifact.Draft, artifact.Accepted},
	}
	if in.Type != "" {
		f.Types = []string{in.Type}
	}
	list, total, err := tx.Artifacts.List(ctx, scope, f, ports.Window{Limit: maxListed})
	if err != nil {
		return nil, err
	}
	out := make([]map[string]any, len(list))
	for i, a := range list {
		out[i] = brief(a.Snapshot())
	}
	return map[string]any{"artifacts": out, "total": total}, nil
}

// brief is an artifact in a list.
func brief(s artifact.Snapshot) map[string]any {
	return map[string]any{
		"artifact_id": s.ID, "artifact_type": s.Type, "name": s.Name, "lifecycle_state": s.State, "origin": s.Origin, "created_at": s.CreatedAt,
	}
}

func getArtifact(ctx context.Context, tx ports.Tx, scope identity.Scope, raw []byte) (any, error) {
	var in struct {
		ID string `json:"artifact_id"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fault.As(err)
	}
	a, err := tx.Artifacts.ByID(ctx, scope, in.ID)
	if err != nil {
		return nil, err
	}
	s := a.Snapshot()
	out := brief(s)
	out["payload"] = json.RawMessage(orEmpty(s.Payload))
	return out, nil
}

func getExecution(ctx context.Context, tx ports.Tx, scope identity.Scope, raw []byte) (any, error) {
	var in struct {
		ID string `json:"execution_id"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fault.As(err)
	}
	if !typeid.Valid(typeid.Execution, in.ID) {
		return nil, fault.ErrNotFound
	}
	e, err := tx.Executions.ByID(ctx, scope, in.ID)
	if err != nil {
		return nil, err
	}
	s := e.Snapshot()
	return map[string]any{
		"execution_id": s.ID, "intent_type": s.Intent.Type, "status": s.State.Wire(), "error_code": s.ErrorCode, "error": s.ErrorMessage,
		"created_at": s.CreatedAt,
	}, nil
}

func orEmpty(raw []byte) []byte {
	if len(raw) == 0 {
		return []byte("{}")
	}
	return raw
}
