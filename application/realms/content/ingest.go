package content

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// ingestParameters are those of ingest_file after staging.
type ingestParameters struct {
	UIName            string          `json:"ui_name"`
	Filename          string          `json:"filename"`
	IngestionType     string          `json:"ingestion_type"`
	FileID            string          `json:"file_id"`
	FileReference     string          `json:"file_reference"`
	FileType          string          `json:"file_type"`
	MIMEType          string          `json:"mime_type"`
	ContentType       string          `json:"content_type"`
	FileTypeCategory  string          `json:"file_type_category"`
	CopybookReference string          `json:"copybook_reference"`
	SourceMetadata    json.RawMessage `json:"source_metadata"`
	PartnerID         string          `json:"partner_id"`
	Endpoint          string          `json:"endpoint"`
	Options           struct {
		Profile      string          `json:"ingestion_profile"`
		ParseOptions json.RawMessage `json:"parse_options"`
	} `json:"ingestion_options"`
}

// name is what people see; a file name without a path.
func (p ingestParameters) name() string {
	name := p.UIName
	if name == "" {
		name = p.Filename
	}
	return artifacts.SafeName(name)
}

func (p ingestParameters) ingestion() string {
	if p.IngestionType == "" {
		return "upload"
	}
	return p.IngestionType
}

func isProfile(s string) bool {
	return slices.Contains([]string{"structured", "unstructured", "hybrid", "workflow", "sop", "data_model"}, s)
}

// profile gives how the file is to be read: said so, or said where only the type belongs.
func (p ingestParameters) profile() string {
	for _, s := range []string{p.Options.Profile, p.FileType, p.FileTypeCategory, p.ContentType} {
		if isProfile(s) {
			return s
		}
	}
	return ""
}

// fileType gives the short name of the type: what the sender said, else the name's ending, else what the bytes are.
func (p ingestParameters) fileType(found upload) string {
	if p.FileType != "" && !isProfile(p.FileType) {
		return strings.ToLower(strings.TrimPrefix(p.FileType, "."))
	}
	for _, name := range []string{p.Filename, p.UIName} {
		if ext := strings.TrimPrefix(strings.ToLower(path.Ext(name)), "."); ext != "" && len(ext) <= 16 {
			return ext
		}
	}
	return found.Extension
}

// source names where the content came from. An endpoint may carry credentials: only scheme, host and path are kept.
func (p ingestParameters) source() string {
	switch p.ingestion() {
	case "edi":
		return p.PartnerID
	case "api":
		u, err := url.Parse(p.Endpoint)
		if err != nil {
			return ""
		}
		return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	}
	return p.name()
}

func (r *Realm) ingestFile(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[ingestParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	got, err := r.receive(ctx, call, in, func() error { return nil })
	if err != nil {
		return ports.IntentResult{}, err
	}
	file, err := r.find(ctx, call, artifacts.TypeFile, got.FileID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	result := ports.IntentResult{
		Artifacts: []ports.ResultArtifact{view(keyFile, file)},
		Values:    map[string]string{"file_id": got.FileID, "boundary_contract_id": got.ContractID},
	}
	if !got.Known {
		result.Events = []event.Draft{artifacts.Created(file), {Type: eventIngested, Data: artifacts.Encode(map[string]any{
			"file_id": got.FileID, "boundary_contract_id": got.ContractID, "ui_name": file.Name, "file_type": file.Format,
			"file_size": file.Size, "file_hash": file.BlobSHA, "materialization_pending": true,
		})}}
	}
	return result, nil
}

// received is what an ingest has made, or found.
type received struct {
	FileID     string
	ContractID string
	// Known tells that the file had been ingested before: nothing was made.
	Known bool
}

// receive brings a staged upload in: the data steward's decision, then file and contract together in one transaction, so that no file is
// ever without its contract. A file that is in already is only named. allowed is asked before anything is written. Bytes that are refused
// for good are removed.
func (r *Realm) receive(ctx context.Context, call ports.IntentCall, in ingestParameters, allowed func() error) (received, error) {
	id, err := oneID(in.FileID, in.FileReference)
	if err != nil {
		return received{}, err
	}
	if in.CopybookReference != "" {
		if _, err := r.find(ctx, call, artifacts.TypeFile, in.CopybookReference); err != nil {
			return received{}, err
		}
	}
	found, err := steps.Run(ctx, call, "inspect", func(ctx context.Context, _ string) (upload, error) {
		return r.inspect(ctx, call, id, in)
	})
	if err != nil {
		return received{}, err
	}
	basis, err := r.Config.Access.decide(in.ingestion(), found.MediaType)
	if err == nil {
		err = allowed()
	}
	if err != nil {
		return received{}, errors.Join(err, r.discard(ctx, call, found))
	}
	register := func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (received, error) {
		return r.register(ctx, tx, now, in, found, basis)
	}
	got, err := steps.Transact(ctx, call, "register", register)
	if errors.Is(err, fault.ErrDuplicate) {
		// Another ingest of the same upload was faster; now its file is there to be found.
		return steps.Transact(ctx, call, "register", register)
	}
	return got, err
}

// discard removes the bytes of an upload that will not be taken.
func (r *Realm) discard(ctx context.Context, call ports.IntentCall, u upload) error {
	if u.Known {
		return nil
	}
	_, err := steps.Run(ctx, call, "discard", func(ctx context.Context, _ string) (bool, error) {
		return true, r.uploads.discard(ctx, sessionIn(u.Key), u.FileID)
	})
	return err
}

// register writes contract and file, or finds those of an earlier ingest.
func (r *Realm) register(ctx context.Context, tx ports.Tx, now execution.Snapshot, in ingestParameters, u upload, basis string) (received, error) {
	scope := now.Scope()
	_, err := artifacts.Find(ctx, tx, scope, artifacts.TypeFile, u.FileID)
	if err == nil {
		return known(ctx, tx, now, u.FileID)
	}
	if !errors.Is(err, fault.ErrNotFound) {
		return received{}, err
	}
	if u.Known {
		return received{}, fault.ErrNotFound
	}
	at := r.Clock.Now()
	contract := artifact.Contract{
		ID: r.IDs.NewID(typeid.Contract), TenantID: now.TenantID, OwnerID: now.OwnerID, SessionID: now.SessionID,
		IntentID: now.Intent.ID, ExecutionID: now.ID, FileID: u.FileID, SHA256: u.SHA256,
		SourceType: in.ingestion(), SourceID: in.source(), SourceMetadata: storable(in.SourceMetadata),
		AccessGranted: true, AccessBasis: basis, Status: artifact.ContractPending, CreatedAt: at, UpdatedAt: at,
	}
	if err := tx.Contracts.Insert(ctx, contract); err != nil {
		return received{}, err
	}
	file, err := artifact.New(r.newFile(now, in, u, contract))
	if err != nil {
		return received{}, err
	}
	return received{FileID: u.FileID, ContractID: contract.ID}, tx.Artifacts.Insert(ctx, file)
}

func known(ctx context.Context, tx ports.Tx, now execution.Snapshot, fileID string) (received, error) {
	contract, err := tx.Contracts.ByFile(ctx, now.Scope(), fileID)
	return received{FileID: fileID, ContractID: contract.ID, Known: true}, err
}

func (r *Realm) newFile(now execution.Snapshot, in ingestParameters, u upload, c artifact.Contract) artifact.Snapshot {
	fileType, profile := in.fileType(u), in.profile()
	reference := artifacts.Reference(artifacts.TypeFile, now.TenantID, now.SessionID, u.FileID)
	payload := map[string]any{
		"file_id": u.FileID, "file_reference": reference, "storage_location": reference, "boundary_contract_id": c.ID,
		"ui_name": in.name(), "file_type": fileType, "ingestion_profile": orNull(profile), "ingestion_type": in.ingestion(),
		"mime_type": u.MediaType, "file_size": u.Size, "file_hash": u.SHA256, "status": statusIngested,
		"materialization_pending": true, "created_at": artifacts.Time(c.CreatedAt),
	}
	metadata := map[string]any{"schema": "file_v1", "method": "deterministic", "assumptions": []string{}, "warnings": []string{}}
	if in.CopybookReference != "" {
		metadata["copybook_reference"] = in.CopybookReference
	}
	if len(in.Options.ParseOptions) > 0 {
		metadata["parse_options"] = in.Options.ParseOptions
	}
	return artifact.Snapshot{
		ID: u.FileID, TenantID: now.TenantID, OwnerID: now.OwnerID, SessionID: now.SessionID, SolutionID: now.Intent.SolutionID,
		Sharing: artifact.Workspace, Realm: now.Realm, Type: artifacts.TypeFile, DataClass: artifact.WorkingMaterial, Purpose: "delivery",
		State: artifact.Pending, Payload: artifacts.Encode(payload), Metadata: artifacts.Encode(metadata),
		Descriptor:     artifacts.Encode(map[string]any{"schema": "file_v1"}),
		Lineage:        artifact.Lineage{DerivationIntent: now.Intent.Type, DerivationRunID: now.ID, RootArtifactID: u.FileID},
		ProducedIntent: now.Intent.Type, ExecutionID: now.ID,
		Name: in.name(), Format: fileType, Profile: profile, Size: u.Size,
		BlobKey: u.Key, BlobSHA: u.SHA256, MediaType: u.MediaType, Origin: origin(now),
		CreatedAt: c.CreatedAt, UpdatedAt: c.CreatedAt,
	}
}

// The status of a file, as its payload says it.
const (
	statusIngested = "ingested"
	statusSaved    = "saved"
	statusArchived = "archived"
)

func origin(now execution.Snapshot) string {
	if now.OwnerID == "" {
		return "anonymous"
	}
	return "authenticated"
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func storable(raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return nil
	}
	return artifacts.Storable(bytes.Clone(raw))
}
