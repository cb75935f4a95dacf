package journey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// find looks up an artifact of a type under the call's scope. Unknown, foreign and other ones are fault.ErrNotFound.
func (r *Realm) find(ctx context.Context, call ports.IntentCall, artifactType, id string) (artifact.Snapshot, error) {
	var found artifact.Snapshot
	err := call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		a, err := artifacts.Find(ctx, tx, scope, artifactType, id)
		if err == nil {
			found = a.Snapshot()
		}
		return err
	})
	if err != nil {
		return artifact.Snapshot{}, err
	}
	if !found.ExpiresAt.IsZero() && !r.Clock.Now().Before(found.ExpiresAt) {
		return artifact.Snapshot{}, artifact.ErrExpired
	}
	switch found.State {
	case artifact.Ready, artifact.Archived, artifact.Draft, artifact.Accepted, artifact.Obsolete:
		return found, nil
	case artifact.Pending, artifact.Failed, artifact.Deleted:
	}
	return artifact.Snapshot{}, fault.ErrNotFound
}

// written is a typed document with its artifact.
type written struct {
	doc      *document.Document
	artifact artifact.Snapshot
}

// document reads a parsed document.
func (r *Realm) document(ctx context.Context, call ports.IntentCall, id string) (written, error) {
	found, err := r.find(ctx, call, artifacts.TypeParsedContent, id)
	if err != nil {
		return written{}, err
	}
	doc, err := r.documents.Open(ctx, found)
	return written{doc: doc.Document, artifact: found}, err
}

// file gives a file's newest parsed document to use; a file that has none is parsed first, which gives a result to store. The id of a parsed
// document will do too.
func (r *Realm) file(ctx context.Context, call ports.IntentCall, id string, use func(written) error) ([]ports.ResultArtifact, error) {
	read := func(found artifact.Snapshot) error {
		doc, err := r.documents.Open(ctx, found)
		if err != nil {
			return err
		}
		return use(written{doc: doc.Document, artifact: found})
	}
	found, err := r.find(ctx, call, artifacts.TypeParsedContent, id)
	if errors.Is(err, fault.ErrNotFound) {
		found, err = r.parsedOf(ctx, call, id)
	}
	if err != nil {
		return nil, err
	}
	if found.ID != "" {
		return nil, read(found)
	}
	result, err := r.ParseFile(ctx, call, id, read)
	return []ports.ResultArtifact{result}, err
}

// parsedOf finds the newest parsed document of a file that may be read; none gives an empty snapshot.
func (r *Realm) parsedOf(ctx context.Context, call ports.IntentCall, id string) (artifact.Snapshot, error) {
	var found artifact.Snapshot
	err := call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		file, err := artifacts.Find(ctx, tx, scope, artifacts.TypeFile, id)
		if err != nil {
			return err
		}
		if err := artifacts.Readable(ctx, tx, scope, file.Snapshot(), r.Clock.Now()); err != nil {
			return err
		}
		filter := ports.ArtifactFilter{Types: []string{artifacts.TypeParsedContent}, ParentID: file.ID()}
		list, _, err := tx.Artifacts.List(ctx, scope, filter, ports.Window{Limit: 1})
		if err == nil && len(list) > 0 {
			found = list[0].Snapshot()
		}
		return err
	})
	return found, err
}

// made is the stored result of an intent's step.
type made struct {
	ID         string
	Name       string
	Payload    json.RawMessage
	Metadata   json.RawMessage
	Renderings json.RawMessage
	Event      json.RawMessage
	// Content is the file that people download, as it lies in the blob store.
	Content content
}

// content is a stored file.
type content struct {
	Key       string
	SHA256    string
	Size      int64
	MediaType string
}

// keep stores a file beside the artifact with the id. The id is of this attempt alone, so the key is free.
func (r *Realm) keep(ctx context.Context, call ports.IntentCall, id, mediaType string, file []byte) (content, error) {
	key := artifacts.DerivedKey(call.Execution().SessionID, id)
	info, err := r.Blobs.Put(ctx, key, bytes.NewReader(file), int64(len(file)))
	return content{Key: key, SHA256: info.SHA256, Size: info.Size, MediaType: mediaType}, err
}

// outcome is an artifact that an intent makes of others; the first source gives the root of its lineage.
func outcome(call ports.IntentCall, kind, schema string, done made, sources ...artifact.Snapshot) artifact.Snapshot {
	parents := make([]string, 0, len(sources))
	generation, root := 0, done.ID
	for i, s := range sources {
		parents = append(parents, s.ID)
		generation = max(generation, s.Lineage.Generation+1)
		if i == 0 {
			root = s.ID
			if s.Lineage.RootArtifactID != "" {
				root = s.Lineage.RootArtifactID
			}
		}
	}
	return artifact.Snapshot{
		ID: done.ID, Type: kind, DataClass: artifact.Outcome, Purpose: "delivery", State: artifact.Draft, Sharing: artifact.Workspace,
		Name: done.Name, Payload: done.Payload, Metadata: done.Metadata, Renderings: done.Renderings,
		BlobKey: done.Content.Key, BlobSHA: done.Content.SHA256, Size: done.Content.Size, MediaType: done.Content.MediaType,
		Descriptor: artifacts.Encode(map[string]any{"schema": schema}),
		Parents:    parents,
		Lineage: artifact.Lineage{
			DerivedFrom: parents, DerivationIntent: call.Execution().Intent.Type, DerivationRunID: call.Execution().ID,
			Generation: generation, RootArtifactID: root,
		},
	}
}

// described is the metadata of a computed result.
func described(schema string, assumptions []string, warnings []any) []byte {
	if assumptions == nil {
		assumptions = []string{}
	}
	if warnings == nil {
		warnings = []any{}
	}
	return artifacts.Encode(map[string]any{
		"schema": schema, "method": "deterministic", "model": nil, "assumptions": assumptions, "warnings": warnings,
	})
}

func warning(code, message string) any { return map[string]any{"code": code, "message": message} }

// wrong is an error about one parameter.
func wrong(parameter, code, message string) *fault.Error {
	return fault.New(fault.Invalid, "invalid_parameters", parameter+": "+message).
		WithFields(fault.Field{Pointer: "/parameters/" + parameter, Code: code, Message: message})
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// texts is a list that encodes as [] when it is empty.
func texts(list []string) []string { return append([]string{}, list...) }
