package content

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Refusals of a file's life.
var (
	errNotArchived = fault.New(fault.Conflict, "not_archived", "The file is not archived.")
	errConfirm     = fault.New(fault.Conflict, "confirm_required", "confirm: purging cannot be undone; repeat with confirm true.")
	errOthers      = fault.New(fault.Denied, "permission_denied", "The file is somebody else's; changing it takes the permission \"delete\".")
)

type lifecycleParameters struct {
	FileID      string    `json:"file_id"`
	Reason      string    `json:"reason"`
	Confirm     bool      `json:"confirm"`
	UIName      string    `json:"ui_name"`
	Description *string   `json:"description"`
	Tags        *[]string `json:"tags"`
	Profile     string    `json:"ingestion_profile"`
}

// owned finds a file that the caller may change, and the scope of its owner: their own, or with the permission to delete one that the
// tenant shares.
func owned(ctx context.Context, tx ports.Tx, now execution.Snapshot, id string) (artifact.Artifact, identity.Scope, error) {
	file, err := artifacts.Find(ctx, tx, now.Scope(), artifacts.TypeFile, id)
	if err != nil {
		return file, identity.Scope{}, err
	}
	s := file.Snapshot()
	if s.OwnerID == now.OwnerID {
		return file, now.Scope(), nil
	}
	if !now.Principal.May(identity.PermDelete) {
		return file, identity.Scope{}, errOthers
	}
	return file, identity.Scope{TenantID: s.TenantID, OwnerID: s.OwnerID}, nil
}

// change is the one way in which a file's state or description changes; it gives the file as it is then.
func (r *Realm) change(ctx context.Context, call ports.IntentCall, name, eventType string, do func(ctx context.Context, tx ports.Tx, now execution.Snapshot, file *artifact.Artifact, owner identity.Scope) (changed bool, err error)) (ports.IntentResult, error) {
	in, err := steps.Parameters[lifecycleParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	type outcome struct {
		FileID  string
		Changed bool
	}
	done, err := steps.Transact(ctx, call, name, func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (outcome, error) {
		file, owner, err := owned(ctx, tx, now, in.FileID)
		if err != nil {
			return outcome{}, err
		}
		changed, err := do(ctx, tx, now, &file, owner)
		if err != nil || !changed {
			return outcome{FileID: file.ID()}, err
		}
		return outcome{file.ID(), true}, tx.Artifacts.Save(ctx, file)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	file, err := r.find(ctx, call, artifacts.TypeFile, done.FileID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	result := shownFile(file)
	if done.Changed {
		result.Events = []event.Draft{artifacts.Updated(file), {Type: eventType, Data: artifacts.Encode(map[string]any{
			"file_id": file.ID, "ui_name": file.Name, "lifecycle_state": string(file.State), "reason": orNull(in.Reason),
		})}}
	}
	return result, nil
}

// amend changes the payload of a file, and more if asked to.
func amend(file *artifact.Artifact, fields map[string]any, change func(s *artifact.Snapshot)) error {
	s := file.Snapshot()
	payload := map[string]json.RawMessage{}
	if err := json.Unmarshal(orEmpty(s.Payload), &payload); err != nil {
		return fault.As(err)
	}
	for name, v := range fields {
		payload[name] = artifacts.Encode(v)
	}
	s.Payload = artifacts.Encode(payload)
	if change != nil {
		change(&s)
	}
	*file = artifact.Restore(s)
	return nil
}

// archiveFile puts a file aside: it is listed only on request, and nothing reads its bytes. Its contract goes on.
func (r *Realm) archiveFile(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[lifecycleParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	return r.change(ctx, call, "archive", eventArchived, func(_ context.Context, _ ports.Tx, now execution.Snapshot, file *artifact.Artifact, _ identity.Scope) (bool, error) {
		if file.State() == artifact.Archived {
			return false, nil
		}
		if err := file.Move(artifact.Archived, by(now), in.Reason, r.Clock.Now()); err != nil {
			return false, err
		}
		return true, amend(file, map[string]any{"status": statusArchived}, nil)
	})
}

// restoreFile brings an archived file back, as long as its contract lasts.
func (r *Realm) restoreFile(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[lifecycleParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	return r.change(ctx, call, "restore", eventRestored, func(ctx context.Context, tx ports.Tx, now execution.Snapshot, file *artifact.Artifact, owner identity.Scope) (bool, error) {
		if file.State() != artifact.Archived {
			return false, errNotArchived
		}
		contract, err := tx.Contracts.ByFile(ctx, owner, file.ID())
		if err != nil {
			return false, err
		}
		if err := contract.Readable(r.Clock.Now()); err != nil {
			return false, err
		}
		if err := file.Move(artifact.Ready, by(now), in.Reason, r.Clock.Now()); err != nil {
			return false, err
		}
		return true, amend(file, map[string]any{"status": statusSaved}, nil)
	})
}

// updateMetadata changes what people call a file and say of it.
func (r *Realm) updateMetadata(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[lifecycleParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	return r.change(ctx, call, "update", eventMetadata, func(_ context.Context, _ ports.Tx, _ execution.Snapshot, file *artifact.Artifact, _ identity.Scope) (bool, error) {
		fields := map[string]any{}
		if in.UIName != "" {
			fields["ui_name"] = artifacts.SafeName(in.UIName)
		}
		if in.Description != nil {
			fields["description"] = *in.Description
		}
		if in.Tags != nil {
			fields["tags"] = *in.Tags
		}
		if in.Profile != "" {
			fields["ingestion_profile"] = in.Profile
		}
		return true, amend(file, fields, func(s *artifact.Snapshot) {
			s.UpdatedAt = r.Clock.Now()
			if in.UIName != "" {
				s.Name = artifacts.SafeName(in.UIName)
			}
			s.Profile = first(in.Profile, s.Profile)
		})
	})
}

// removal is what a purge has done.
type removal struct {
	File  artifact.Snapshot
	Keys  []string
	Facts int
	Count int
	// Before tells that the file had been deleted before.
	Before bool
}

func (r *Realm) purgeFileNow(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[lifecycleParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	if !in.Confirm {
		return ports.IntentResult{}, errConfirm
	}
	return r.remove(ctx, call, in, false)
}

func (r *Realm) deleteFile(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[lifecycleParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	return r.remove(ctx, call, in, true)
}

// remove deletes a file with its bytes and all material that was made of it, and revokes its contract; facts learn that their source is gone.
// Repeated, it finds what is deleted already if that is asked for.
func (r *Realm) remove(ctx context.Context, call ports.IntentCall, in lifecycleParameters, again bool) (ports.IntentResult, error) {
	done, err := steps.Transact(ctx, call, "remove", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (removal, error) {
		return r.removeInTx(ctx, tx, now, in, again)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	if _, err := steps.Run(ctx, call, "forget", func(ctx context.Context, _ string) (bool, error) {
		var failures error
		for _, key := range done.Keys {
			failures = errors.Join(failures, r.forget(ctx, key))
		}
		return true, failures
	}); err != nil {
		return ports.IntentResult{}, err
	}
	payload, err := payloadOf(done.File)
	if err != nil {
		return ports.IntentResult{}, err
	}
	payload["status"], payload["already_deleted"], payload["materials_purged"], payload["records_of_fact_updated"] = statusDeleted, done.Before, done.Count, done.Facts
	payload["file_id"], payload["lifecycle_state"] = done.File.ID, string(artifact.Deleted)
	s := shown(artifacts.TypeFile, payload)
	s.State = artifact.Deleted
	result := ports.IntentResult{Artifacts: []ports.ResultArtifact{view(keyFile, s)}, Values: map[string]string{"file_id": done.File.ID}}
	if !done.Before {
		result.Events = []event.Draft{{Type: eventPurged, Data: artifacts.Encode(map[string]any{
			"file_id": done.File.ID, "ui_name": done.File.Name, "materials_purged": done.Count, "records_of_fact_updated": done.Facts, "reason": orNull(in.Reason),
		})}}
	}
	return result, nil
}

func (r *Realm) removeInTx(ctx context.Context, tx ports.Tx, now execution.Snapshot, in lifecycleParameters, again bool) (removal, error) {
	file, owner, err := owned(ctx, tx, now, in.FileID)
	if errors.Is(err, fault.ErrNotFound) && again {
		// A file that is deleted left its contract.
		contract, gone := tx.Contracts.ByFile(ctx, now.Scope(), artifacts.IDOf(in.FileID))
		if gone != nil {
			return removal{}, gone
		}
		return removal{File: artifact.Snapshot{ID: contract.FileID, State: artifact.Deleted}, Before: true}, nil
	}
	if err != nil {
		return removal{}, err
	}
	contract, err := tx.Contracts.ByFile(ctx, owner, file.ID())
	if err != nil {
		return removal{}, err
	}
	if contract.Status == artifact.ContractPending || contract.Status == artifact.ContractActive {
		if err := contract.Move(artifact.ContractRevoked, r.Clock.Now()); err != nil {
			return removal{}, err
		}
		if err := tx.Contracts.Save(ctx, contract); err != nil {
			return removal{}, err
		}
	}
	p, err := r.purgeFile(ctx, tx, owner, file.ID(), by(now), first(in.Reason, "deleted by its owner"))
	if err != nil {
		return removal{}, err
	}
	s := file.Snapshot()
	return removal{File: artifact.Snapshot{ID: s.ID, Name: s.Name, Payload: s.Payload}, Keys: p.keys, Facts: p.facts, Count: p.materials}, nil
}
