package content

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

type bulkParameters struct {
	Files       []map[string]json.RawMessage `json:"files"`
	FileIDs     []string                     `json:"file_ids"`
	ParsingType string                       `json:"parsing_type"`
	Copybook    string                       `json:"copybook_reference"`
	Options     json.RawMessage              `json:"parse_options"`
	BatchSize   int                          `json:"batch_size"`
	MaxParallel int                          `json:"max_parallel"`
}

const (
	batchSize   = 10
	maxParallel = 5
	// refusedAtAdmission is where Stage notes why the content of one of many files was not taken.
	refusedAtAdmission = "refused"
)

// refusal is why one of many files was not taken.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// item is one of many: a child to run, or a refusal.
type item struct {
	parameters json.RawMessage
	refused    *refusal
	// fileID is what the caller calls it, "" for a new file.
	fileID string
}

func (r *Realm) bulkIngest(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[bulkParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	items := make([]item, len(in.Files))
	for i, f := range in.Files {
		if raw, ok := f[refusedAtAdmission]; ok {
			items[i].refused = &refusal{}
			if err := json.Unmarshal(raw, items[i].refused); err != nil {
				return ports.IntentResult{}, fault.As(err)
			}
			continue
		}
		items[i].parameters = artifacts.Encode(f)
	}
	return inBatches(ctx, call, ingestFile, eventBulkIngested, items, in)
}

func (r *Realm) bulkParse(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[bulkParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	items := make([]item, len(in.FileIDs))
	for i, id := range in.FileIDs {
		p := map[string]any{"file_id": id}
		if in.ParsingType != "" {
			p["parsing_type"] = in.ParsingType
		}
		if in.Copybook != "" {
			p["copybook_reference"] = in.Copybook
		}
		if len(in.Options) > 0 {
			p["parse_options"] = in.Options
		}
		items[i] = item{parameters: artifacts.Encode(p), fileID: id}
	}
	return inBatches(ctx, call, parseContent, eventBulkParsed, items, in)
}

// inBatches runs a child for each item, batch by batch, and reports progress after each. A batch that is through is never run again, so an
// operation that was broken off goes on where it stood.
func inBatches(ctx context.Context, call ports.IntentCall, intentType, eventType string, items []item, in bulkParameters) (ports.IntentResult, error) {
	size, parallel := in.BatchSize, in.MaxParallel
	if size == 0 {
		size = batchSize
	}
	if parallel == 0 {
		parallel = maxParallel
	}
	results, failures := []any{}, []any{}
	at := 0
	for n, batch := range slices.Collect(slices.Chunk(items, size)) {
		ended, err := runBatch(ctx, call, fmt.Sprintf("batch_%d", n), intentType, batch, parallel)
		if err != nil {
			return ports.IntentResult{}, err
		}
		for i, x := range batch {
			ok, entry := describe(at+i, x, ended[i])
			if ok {
				results = append(results, entry)
			} else {
				failures = append(failures, entry)
			}
		}
		at += len(batch)
		note := fmt.Sprintf("%d of %d files, %d of them refused", at, len(items), len(failures))
		if _, err := steps.Run(ctx, call, fmt.Sprintf("progress_%d", n), func(ctx context.Context, _ string) (bool, error) {
			return true, call.Progress(ctx, int64(at), int64(len(items)), note)
		}); err != nil {
			return ports.IntentResult{}, err
		}
	}
	id := call.Execution().ID
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{view(keyBulk, shown("bulk_result", map[string]any{
			"operation_id": id, "intent_type": intentType, "total_files": len(items), "success_count": len(results), "error_count": len(failures),
			"results": results, "errors": failures,
		}))},
		Values: map[string]string{"operation_id": id},
		Events: []event.Draft{{Type: eventType, Data: artifacts.Encode(map[string]any{
			"operation_id": id, "total_files": len(items), "success_count": len(results), "error_count": len(failures),
		})}},
	}, nil
}

// runBatch runs the children of a batch to their ends; what was refused before has none.
func runBatch(ctx context.Context, call ports.IntentCall, name, intentType string, batch []item, parallel int) ([]*execution.Snapshot, error) {
	var specs []ports.ChildSpec
	var places []int
	for i, x := range batch {
		if x.refused == nil {
			specs = append(specs, ports.ChildSpec{IntentType: intentType, Parameters: x.parameters})
			places = append(places, i)
		}
	}
	out := make([]*execution.Snapshot, len(batch))
	if len(specs) == 0 {
		return out, nil
	}
	ended, err := call.Children(ctx, name, specs, parallel)
	if err != nil {
		return nil, err
	}
	for i := range ended {
		out[places[i]] = &ended[i]
	}
	return out, nil
}

// describe says how an item ended.
func describe(index int, x item, ended *execution.Snapshot) (ok bool, entry map[string]any) {
	entry = map[string]any{"index": index}
	if x.fileID != "" {
		entry["file_id"] = x.fileID
	}
	switch {
	case ended == nil:
		entry["code"], entry["error"] = x.refused.Code, x.refused.Message
		return false, entry
	case ended.State != execution.Completed:
		entry["code"], entry["error"], entry["execution_id"] = first(ended.ErrorCode, string(ended.State)), ended.ErrorMessage, ended.ID
		return false, entry
	}
	entry["execution_id"] = ended.ID
	made := map[string]json.RawMessage{}
	if err := json.Unmarshal(orEmpty(ended.Artifacts), &made); err == nil {
		for _, name := range []string{"file_id", "boundary_contract_id", "parsed_file_id"} {
			if id, given := made[name]; given {
				entry[name] = id
			}
		}
	}
	return true, entry
}

type operationParameters struct {
	OperationID string `json:"operation_id"`
}

// operationStatus shows an operation over many files: how far it is, and what it has made when it is through.
func (r *Realm) operationStatus(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[operationParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	fields, err := steps.Transact(ctx, call, "look", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (map[string]any, error) {
		return operationOf(ctx, tx, now.Scope(), in.OperationID)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{view(keyStatus, shown("operation_status", fields))},
		Values:    map[string]string{"operation_id": in.OperationID},
	}, nil
}

func operationOf(ctx context.Context, tx ports.Tx, scope identity.Scope, id string) (map[string]any, error) {
	ex, err := tx.Executions.ByID(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	s := ex.Snapshot()
	if s.Intent.Type != bulkIngest && s.Intent.Type != bulkParse {
		return nil, fault.ErrNotFound
	}
	var asked bulkParameters
	if err := json.Unmarshal(orEmpty(s.Intent.Parameters), &asked); err != nil {
		return nil, fault.As(err)
	}
	var progress struct {
		Done int64 `json:"done"`
	}
	if err := json.Unmarshal(orEmpty(s.Progress), &progress); err != nil {
		return nil, fault.As(err)
	}
	total := len(asked.Files) + len(asked.FileIDs)
	fields := map[string]any{
		"operation_id": s.ID, "operation_type": s.Intent.Type, "status": string(s.State), "total_files": total, "processed": progress.Done,
		"progress": float64(progress.Done) / float64(max(total, 1)), "created_at": artifacts.Time(s.CreatedAt),
		"error_code": orNull(s.ErrorCode), "error": orNull(s.ErrorMessage),
	}
	made := map[string]json.RawMessage{}
	if err := json.Unmarshal(orEmpty(s.Artifacts), &made); err != nil {
		return nil, fault.As(err)
	}
	if raw, ok := made[keyBulk]; ok {
		var result struct {
			Payload map[string]json.RawMessage `json:"semantic_payload"`
		}
		if err := json.Unmarshal(raw, &result); err != nil {
			return nil, fault.As(err)
		}
		for _, name := range []string{"success_count", "error_count", "results", "errors"} {
			fields[name] = result.Payload[name]
		}
	}
	return fields, nil
}

// stageMany takes the bytes out of many files. One that cannot be taken is noted with the reason, and does not stop the others.
func (r *Realm) stageMany(ctx context.Context, p identity.Principal, parameters []byte) ([]byte, error) {
	fields := map[string]json.RawMessage{}
	var files []json.RawMessage
	if err := json.Unmarshal(parameters, &fields); err != nil {
		return nil, fault.As(err)
	}
	if err := json.Unmarshal(fields["files"], &files); err != nil {
		return nil, fault.As(err)
	}
	for i, f := range files {
		staged, err := r.Stage(ctx, p, ingestFile, f)
		if err != nil {
			cause := fault.As(err)
			if cause.Kind == fault.Unavailable || cause.Kind == fault.Internal {
				return nil, err
			}
			staged = artifacts.Encode(map[string]any{refusedAtAdmission: refusal{cause.Code, cause.Msg}})
		}
		files[i] = staged
	}
	fields["files"] = artifacts.Encode(files)
	return artifacts.Encode(fields), nil
}
