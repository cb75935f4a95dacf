package content

import (
	"context"
	"encoding/json"
	"time"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

type saveParameters struct {
	ContractID   string                       `json:"boundary_contract_id"`
	FileID       string                       `json:"file_id"`
	Type         artifact.MaterializationType `json:"materialization_type"`
	TTLDays      int                          `json:"ttl_days"`
	Profile      string                       `json:"ingestion_profile"`
	ParseOptions json.RawMessage              `json:"parse_options"`
}

// saved is what a save has made, or found made.
type saved struct {
	FileID     string
	Reference  string
	ContractID string
	Type       string
	Scope      string
	ExpiresAt  time.Time
	Basis      string
	PendingID  string
	// Before tells that the file had been saved before: nothing was changed.
	Before bool
}

func (r *Realm) saveMaterialization(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[saveParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Transact(ctx, call, "save", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (saved, error) {
		return r.save(ctx, tx, now, in)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	result := ports.IntentResult{
		Artifacts: []ports.ResultArtifact{view(keyMaterialization, materialization(done))},
		Values:    map[string]string{"file_id": done.FileID, "boundary_contract_id": done.ContractID, "pending_parsing_intent_id": done.PendingID},
	}
	if done.Before {
		return result, nil
	}
	file, err := r.find(ctx, call, artifacts.TypeFile, done.FileID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	result.Events = []event.Draft{artifacts.Updated(file), {Type: eventMaterialized, Data: artifacts.Encode(map[string]any{
		"file_id": done.FileID, "boundary_contract_id": done.ContractID, "materialization_type": done.Type,
		"materialization_expires_at": artifacts.Time(done.ExpiresAt), "pending_parsing_intent_id": done.PendingID,
	})}}
	return result, nil
}

func materialization(s saved) artifact.Snapshot {
	return shown("materialization", map[string]any{
		"file_id": s.FileID, "file_reference": s.Reference, "boundary_contract_id": s.ContractID,
		"materialization_type": s.Type, "materialization_scope": s.Scope, "materialization_expires_at": artifacts.Time(s.ExpiresAt),
		"policy_basis": s.Basis, "status": statusSaved, "available_for_parsing": true, "pending_parsing_intent_id": s.PendingID,
	})
}

// save activates the contract as the policy decides, makes the file READY and prepares its parsing; all or nothing. What is saved already
// stays as it is and gives the same answer.
func (r *Realm) save(ctx context.Context, tx ports.Tx, now execution.Snapshot, in saveParameters) (saved, error) {
	scope, at := now.Scope(), r.Clock.Now()
	file, err := artifacts.Find(ctx, tx, scope, artifacts.TypeFile, in.FileID)
	if err != nil {
		return saved{}, err
	}
	contract, err := tx.Contracts.ByID(ctx, scope, in.ContractID)
	if err != nil {
		return saved{}, err
	}
	if contract.FileID != file.ID() {
		return saved{}, fault.ErrNotFound
	}
	if contract.Status == artifact.ContractActive {
		return r.savedBefore(ctx, tx, now, contract, file.Snapshot(), at)
	}
	if err := savable(contract, at); err != nil {
		return saved{}, err
	}
	g, err := r.Config.Policies.decide(now.TenantID, now.Intent.SolutionID, in.Type, time.Duration(in.TTLDays)*24*time.Hour)
	if err != nil {
		return saved{}, err
	}
	if err := r.activate(ctx, tx, &contract, g, at); err != nil {
		return saved{}, err
	}
	ready, err := r.makeReady(file, in.Profile, contract, by(now), at)
	if err != nil {
		return saved{}, err
	}
	if err := tx.Artifacts.Save(ctx, ready); err != nil {
		return saved{}, err
	}
	pending, err := r.prepareParsing(now, ready.Snapshot(), in.ParseOptions, at)
	if err != nil {
		return saved{}, err
	}
	if err := tx.Pending.Insert(ctx, pending); err != nil {
		return saved{}, err
	}
	return answer(contract, ready.Snapshot(), pending.ID), nil
}

// savable reports, as an error, why a contract that is not active cannot be activated.
func savable(c artifact.Contract, at time.Time) error {
	switch {
	case c.Status == artifact.ContractExpired, c.Status == artifact.ContractPending && !at.Before(c.CreatedAt.Add(artifact.PendingContractLife)):
		return artifact.ErrExpired
	case c.Status != artifact.ContractPending:
		return artifact.ErrContractNotActive
	case !c.AccessGranted:
		return ErrAccessDenied
	}
	return nil
}

func answer(c artifact.Contract, file artifact.Snapshot, pendingID string) saved {
	return saved{
		FileID: file.ID, Reference: artifacts.Reference(artifacts.TypeFile, file.TenantID, file.SessionID, file.ID), ContractID: c.ID,
		Type: string(c.MaterializationType), Scope: c.MaterializationScope, ExpiresAt: c.ExpiresAt, Basis: c.PolicyBasis, PendingID: pendingID,
	}
}

func (r *Realm) savedBefore(ctx context.Context, tx ports.Tx, now execution.Snapshot, c artifact.Contract, file artifact.Snapshot, at time.Time) (saved, error) {
	if err := c.Readable(at); err != nil {
		return saved{}, err
	}
	prepared, _, err := tx.Pending.List(ctx, now.Scope(), ports.PendingFilter{TargetArtifactID: file.ID, Type: parseContent}, ports.Window{Limit: 1})
	if err != nil {
		return saved{}, err
	}
	pendingID := ""
	if len(prepared) > 0 {
		pendingID = prepared[0].ID
	}
	done := answer(c, file, pendingID)
	done.Before = true
	return done, nil
}

func (r *Realm) activate(ctx context.Context, tx ports.Tx, c *artifact.Contract, g grant, at time.Time) error {
	if err := c.Move(artifact.ContractActive, at); err != nil {
		return err
	}
	c.MaterializationType, c.MaterializationScope, c.TTL = g.kind, string(artifact.Workspace), g.ttl
	c.ExpiresAt, c.BackingStore, c.PolicyBasis = at.Add(g.ttl), g.store, g.basis
	return tx.Contracts.Save(ctx, *c)
}

// makeReady gives the file as it is once saved.
func (r *Realm) makeReady(file artifact.Artifact, profile string, c artifact.Contract, by string, at time.Time) (artifact.Artifact, error) {
	if err := file.Move(artifact.Ready, by, "saved under contract "+c.ID, at); err != nil {
		return file, err
	}
	s := file.Snapshot()
	if profile != "" {
		s.Profile = profile
	}
	payload := map[string]json.RawMessage{}
	if err := json.Unmarshal(s.Payload, &payload); err != nil {
		return file, fault.As(err)
	}
	payload["status"] = artifacts.Encode(statusSaved)
	payload["materialization_pending"] = artifacts.Encode(false)
	payload["ingestion_profile"] = artifacts.Encode(orNull(s.Profile))
	s.Payload, s.ExpiresAt, s.UpdatedAt = artifacts.Encode(payload), c.ExpiresAt, at
	s.Materializations = []artifact.Materialization{{ID: r.IDs.NewID(typeid.Materialization), StorageType: c.BackingStore, Format: s.MediaType}}
	return artifact.Restore(s), nil
}

// parsingContext is what a pending parse intent remembers for the parsing.
type parsingContext struct {
	Profile      string          `json:"ingestion_profile,omitempty"`
	FileType     string          `json:"file_type,omitempty"`
	ParseOptions json.RawMessage `json:"parse_options,omitempty"`
	Copybook     string          `json:"copybook_reference,omitempty"`
}

// prepareParsing makes the pending parse intent. What was said at ingest (copybook, options) is remembered unless it is said anew.
func (r *Realm) prepareParsing(now execution.Snapshot, file artifact.Snapshot, options json.RawMessage, at time.Time) (intent.Pending, error) {
	var said struct {
		Copybook     string          `json:"copybook_reference"`
		ParseOptions json.RawMessage `json:"parse_options"`
	}
	if err := json.Unmarshal(file.Metadata, &said); err != nil {
		return intent.Pending{}, fault.As(err)
	}
	if len(options) == 0 {
		options = said.ParseOptions
	}
	known := artifacts.Encode(parsingContext{Profile: file.Profile, FileType: file.Format, ParseOptions: options, Copybook: said.Copybook})
	return intent.Pending{
		ID: r.IDs.NewID(typeid.PendingIntent), TenantID: now.TenantID, OwnerID: now.OwnerID, SessionID: now.SessionID,
		Type: parseContent, Status: intent.PendingOpen, TargetArtifactID: file.ID, Context: known, CreatedAt: at, UpdatedAt: at,
	}, nil
}

// registerFile is ingest_file and save_materialization as one. The two halves commit one after the other: a failure between them leaves a file
// that is ingested and can be saved.
func (r *Realm) registerFile(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[ingestParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	more, err := steps.Parameters[saveParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	in.Options.Profile = more.Profile
	got, err := r.receive(ctx, call, in, func() error {
		// Asked before anything is written, so that a refusal leaves nothing.
		s := call.Execution()
		_, err := r.Config.Policies.decide(s.TenantID, s.Intent.SolutionID, more.Type, 0)
		return err
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Transact(ctx, call, "save", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (saved, error) {
		return r.save(ctx, tx, now, saveParameters{ContractID: got.ContractID, FileID: got.FileID, Profile: more.Profile})
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	file, err := r.find(ctx, call, artifacts.TypeFile, got.FileID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	result := ports.IntentResult{
		Artifacts: []ports.ResultArtifact{view(keyFile, file)},
		Values:    map[string]string{"file_id": got.FileID, "boundary_contract_id": got.ContractID, "pending_parsing_intent_id": done.PendingID},
	}
	if !got.Known {
		result.Events = append(result.Events, artifacts.Created(file))
	} else if !done.Before {
		result.Events = append(result.Events, artifacts.Updated(file))
	}
	if !done.Before {
		result.Events = append(result.Events, event.Draft{Type: eventRegistered, Data: artifacts.Encode(map[string]any{
			"file_id": got.FileID, "boundary_contract_id": got.ContractID, "ui_name": file.Name, "file_type": file.Format,
			"file_size": file.Size, "pending_parsing_intent_id": done.PendingID,
		})})
	}
	return result, nil
}
