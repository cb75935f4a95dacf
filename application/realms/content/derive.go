package content

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// The types of what is made of a parsed document.
const (
	typeChunks      = "chunks"
	typeFingerprint = "deterministic_embedding"
	typeVectors     = "semantic_embedding"
)

// derivation is what something is made of, decided before any work.
type derivation struct {
	ID         string
	ParsedID   string
	FileID     string
	Name       string
	Generation int
	Root       string
	ExpiresAt  time.Time
}

// derive finds a parsed document that may be worked on now. Facts are made only under an active contract.
func (r *Realm) derive(ctx context.Context, tx ports.Tx, now execution.Snapshot, parsedID string) (derivation, error) {
	found, err := artifacts.Find(ctx, tx, now.Scope(), artifacts.TypeParsedContent, parsedID)
	if err != nil {
		return derivation{}, err
	}
	s := found.Snapshot()
	if err := r.alive(ctx, tx, now, s); err != nil {
		return derivation{}, err
	}
	d := derivation{
		ID: r.IDs.NewID(typeid.Artifact), ParsedID: s.ID, Name: s.Name, Generation: s.Lineage.Generation + 1,
		Root: first(s.Lineage.RootArtifactID, s.ID), ExpiresAt: s.ExpiresAt,
	}
	if len(s.Parents) > 0 {
		d.FileID = s.Parents[0]
	}
	return d, nil
}

// alive reports, as an error, why a parsed document must not be read: it is archived, or its contract is over. Documents of a contract go when
// it ends, so an active one is implied by the file's own state.
func (r *Realm) alive(ctx context.Context, tx ports.Tx, now execution.Snapshot, s artifact.Snapshot) error {
	if !s.ExpiresAt.IsZero() && !r.Clock.Now().Before(s.ExpiresAt) {
		return artifact.ErrExpired
	}
	if s.State != artifact.Ready {
		return artifact.ErrContractNotActive.WithMsg("The parsed document is not ready; it is %s.", s.State)
	}
	if len(s.Parents) == 0 {
		return nil
	}
	file, err := artifacts.Find(ctx, tx, now.Scope(), artifacts.TypeFile, s.Parents[0])
	if errors.Is(err, fault.ErrNotFound) {
		return artifact.ErrExpired
	}
	if err != nil {
		return err
	}
	return artifacts.Readable(ctx, tx, now.Scope(), file.Snapshot(), r.Clock.Now())
}

// opened gives the document of a derivation.
func (r *Realm) opened(ctx context.Context, call ports.IntentCall, d derivation) (parsed.Document, error) {
	found, err := r.find(ctx, call, artifacts.TypeParsedContent, d.ParsedID)
	if err != nil {
		return parsed.Document{}, err
	}
	return r.documents.Open(ctx, found)
}

// rowsOf gives the rows of a stored document's tables.
func rowsOf(ctx context.Context, doc parsed.Document) func(table int, visit func(n int, row document.Row) error) error {
	return func(table int, visit func(n int, row document.Row) error) error {
		return doc.Rows(ctx, table, 0, -1, visit)
	}
}

// derivedKey gives each claim of an execution a key of its own, as parsed documents have.
func derivedKey(call ports.IntentCall, id string) string {
	return artifacts.DerivedKey(call.Execution().SessionID, id) + "/" + strconv.FormatInt(call.Execution().Fence, 10)
}

// writeLines stores lines of JSON under a key; what an earlier attempt left there is replaced, and a failure leaves nothing.
func (r *Realm) writeLines(ctx context.Context, key string, fill func(line func(v any) error) error) (ports.BlobInfo, error) {
	if err := r.Blobs.Delete(ctx, key); err != nil {
		return ports.BlobInfo{}, err
	}
	reader, writer := io.Pipe()
	stored := make(chan struct{})
	var info ports.BlobInfo
	var putErr error
	go func() {
		defer close(stored)
		putErr = fault.Guard(func() (err error) {
			info, err = r.Blobs.Put(ctx, key, reader, r.Config.Limits.Parsed)
			return err
		})
		_ = reader.CloseWithError(errors.Join(putErr, io.ErrClosedPipe))
	}()
	finished := false
	defer func() {
		if !finished {
			_ = writer.CloseWithError(io.ErrClosedPipe)
			<-stored
		}
	}()
	enc := json.NewEncoder(writer)
	enc.SetEscapeHTML(false)
	err := fill(enc.Encode)
	_ = writer.CloseWithError(err)
	finished = true
	<-stored
	if putErr != nil && (err == nil || errors.Is(err, io.ErrClosedPipe)) {
		return ports.BlobInfo{}, putErr
	}
	return info, err
}

// promote records that a fact is kept beyond its source, under a contract that is active still.
func (r *Realm) promote(ctx context.Context, call ports.IntentCall, d derivation, kind string) error {
	_, err := steps.Transact(ctx, call, "promote", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (bool, error) {
		found, err := artifacts.Find(ctx, tx, now.Scope(), artifacts.TypeParsedContent, d.ParsedID)
		if err != nil {
			return false, err
		}
		if err := r.alive(ctx, tx, now, found.Snapshot()); err != nil {
			return false, err
		}
		return true, tx.Audit.Append(ctx, audit.Record{
			ID: r.IDs.NewID(typeid.AuditRecord), TenantID: now.TenantID, Actor: by(now), Action: "fact.promoted", Target: d.ID,
			IntentType: now.Intent.Type, Result: audit.Completed, At: r.Clock.Now(), TraceID: now.TraceID,
			Detail: artifacts.Encode(map[string]any{"artifact_type": kind, "parsed_file_id": d.ParsedID, "file_id": d.FileID}),
		})
	})
	return err
}

// artifact is what a derivation has made; the Runtime fills in whose it is.
func (d derivation) artifact(call ports.IntentCall, kind string, class artifact.DataClass, payload map[string]any, model string) artifact.Snapshot {
	s := call.Execution()
	descriptor := map[string]any{"schema": kind + "_v1"}
	if model != "" {
		descriptor["embedding_model"] = model
	}
	payload["parsed_file_id"], payload["file_id"] = d.ParsedID, orNull(d.FileID)
	out := artifact.Snapshot{
		ID: d.ID, Type: kind, DataClass: class, Purpose: "delivery", State: artifact.Ready, Sharing: artifact.Workspace,
		Payload:    artifacts.Encode(payload),
		Metadata:   artifacts.Encode(map[string]any{"schema": kind + "_v1", "method": "deterministic", "assumptions": []string{}, "warnings": []string{}}),
		Descriptor: artifacts.Encode(descriptor), Parents: []string{d.ParsedID},
		Lineage: artifact.Lineage{
			DerivedFrom: []string{d.ParsedID}, DerivationIntent: s.Intent.Type, DerivationRunID: s.ID, Generation: d.Generation, RootArtifactID: d.Root,
		},
		Name: d.Name,
	}
	if class == artifact.WorkingMaterial {
		out.ExpiresAt = d.ExpiresAt
	}
	return out
}

// stored adds the bytes that belong to an artifact.
func stored(s artifact.Snapshot, materialization, key string, size int64, sha string) artifact.Snapshot {
	s.BlobKey, s.BlobSHA, s.Size, s.MediaType = key, sha, size, "application/x-ndjson"
	s.Materializations = []artifact.Materialization{{ID: materialization, StorageType: storeBlob, Format: "json_lines"}}
	return s
}

// made is the result of an intent that makes one artifact.
func made(key string, s artifact.Snapshot, idName, eventType string, data map[string]any) ports.IntentResult {
	data[idName] = s.ID
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: key, Artifact: s}},
		Values:    map[string]string{idName: s.ID},
		Events:    []event.Draft{{Type: eventType, Data: artifacts.Encode(data)}},
	}
}

// errNothing is a document without anything that the intent works on.
var errNothing = fault.New(fault.Invalid, "insufficient_data", "The document holds nothing to work on.")
