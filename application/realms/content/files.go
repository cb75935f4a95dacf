package content

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// defaultLimit is the size of a list whose caller names none; the schemas say the same.
const defaultLimit = 100

type listParameters struct {
	FileType       string         `json:"file_type"`
	Status         string         `json:"status"`
	Profile        string         `json:"ingestion_profile"`
	SessionOnly    bool           `json:"session_only"`
	IncludePending bool           `json:"include_pending"`
	CreatedAfter   time.Time      `json:"created_after"`
	CreatedBefore  time.Time      `json:"created_before"`
	MinSize        int64          `json:"min_size"`
	MaxSize        *int64         `json:"max_size"`
	ArtifactType   string         `json:"artifact_type"`
	State          artifact.State `json:"lifecycle_state"`
	EligibleFor    string         `json:"eligible_for"`
	Limit          int            `json:"limit"`
	Offset         int            `json:"offset"`
}

func (p listParameters) window() ports.Window {
	if p.Limit == 0 {
		p.Limit = defaultLimit
	}
	return ports.Window{Limit: p.Limit, Offset: p.Offset}
}

// states gives the states that the parameters ask for; none means the store's default.
func (p listParameters) states() []artifact.State {
	switch p.Status {
	case statusIngested:
		return []artifact.State{artifact.Pending}
	case statusSaved:
		return []artifact.State{artifact.Ready}
	case statusArchived:
		return []artifact.State{artifact.Archived}
	}
	if p.IncludePending {
		return []artifact.State{artifact.Ready, artifact.Pending}
	}
	return []artifact.State{artifact.Ready}
}

// list reads artifacts under the call's scope.
func (r *Realm) list(ctx context.Context, call ports.IntentCall, f ports.ArtifactFilter, w ports.Window) (found []artifact.Snapshot, total int64, err error) {
	err = call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		list, n, err := tx.Artifacts.List(ctx, scope, f, w)
		found, total = make([]artifact.Snapshot, len(list)), n
		for i, a := range list {
			found[i] = a.Snapshot()
		}
		return err
	})
	return found, total, err
}

func (r *Realm) listFiles(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	p, err := steps.Parameters[listParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	f := ports.ArtifactFilter{
		Types: []string{artifacts.TypeFile}, States: p.states(), Format: p.FileType, Profile: p.Profile,
		CreatedAfter: p.CreatedAfter, CreatedBefore: p.CreatedBefore, MinSize: p.MinSize,
	}
	if p.SessionOnly {
		f.SessionID = call.Execution().SessionID
	}
	if p.MaxSize != nil {
		if *p.MaxSize < max(p.MinSize, 1) {
			// No file is empty, so nothing fits; a filter of 0 would mean "no bound".
			return fileList(nil, 0, p.window())
		}
		f.MaxSize = *p.MaxSize
	}
	found, total, err := r.list(ctx, call, f, p.window())
	if err != nil {
		return ports.IntentResult{}, err
	}
	return fileList(found, total, p.window())
}

func fileList(found []artifact.Snapshot, total int64, w ports.Window) (ports.IntentResult, error) {
	files := make([]map[string]any, 0, len(found))
	for _, s := range found {
		entry, err := payloadOf(s)
		if err != nil {
			return ports.IntentResult{}, err
		}
		entry["artifact_id"], entry["lifecycle_state"] = s.ID, string(s.State)
		entry["created_at"], entry["updated_at"] = artifacts.Time(s.CreatedAt), artifacts.Time(s.UpdatedAt)
		entry["session_id"], entry["content_url"] = s.SessionID, artifacts.ContentURL(s)
		if !s.ExpiresAt.IsZero() {
			entry["expires_at"] = artifacts.Time(s.ExpiresAt)
		}
		files = append(files, entry)
	}
	return ports.IntentResult{Artifacts: []ports.ResultArtifact{view(keyFileList, shown("file_list", map[string]any{
		"files": files, "count": total, "limit": w.Limit, "offset": w.Offset,
	}))}}, nil
}

func (r *Realm) listArtifacts(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	p, err := steps.Parameters[listParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	f := ports.ArtifactFilter{}
	if p.ArtifactType != "" {
		f.Types = []string{p.ArtifactType}
	}
	if p.State != "" {
		f.States = []artifact.State{p.State}
	}
	if p.SessionOnly {
		f.SessionID = call.Execution().SessionID
	}
	if p.EligibleFor != "" {
		types, ok := artifacts.EligibleFor(p.EligibleFor)
		if !ok || p.ArtifactType != "" && p.ArtifactType != types[0] {
			return artifactList(nil, 0, p.window())
		}
		f.Types = types
	}
	found, total, err := r.list(ctx, call, f, p.window())
	if err != nil {
		return ports.IntentResult{}, err
	}
	return artifactList(found, total, p.window())
}

func artifactList(found []artifact.Snapshot, total int64, w ports.Window) (ports.IntentResult, error) {
	entries := make([]map[string]any, 0, len(found))
	for _, s := range found {
		e := map[string]any{
			"artifact_id": s.ID, "artifact_type": s.Type, "lifecycle_state": string(s.State), "name": s.Name,
			"semantic_descriptor": json.RawMessage(orEmpty(s.Descriptor)), "parent_artifacts": s.Parents,
			"created_at": artifacts.Time(s.CreatedAt), "updated_at": artifacts.Time(s.UpdatedAt),
		}
		for _, name := range artifacts.IDNames(s.Type) {
			e[name] = s.ID
		}
		entries = append(entries, e)
	}
	return ports.IntentResult{Artifacts: []ports.ResultArtifact{view(keyArtifactList, shown("artifact_list", map[string]any{
		"artifacts": entries, "count": total, "total": total, "limit": w.Limit, "offset": w.Offset,
	}))}}, nil
}

type fileParameters struct {
	FileID          string `json:"file_id"`
	IncludeContents bool   `json:"include_contents"`
}

func (r *Realm) fileMetadata(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	p, err := steps.Parameters[fileParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	file, err := r.find(ctx, call, artifacts.TypeFile, p.FileID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	return shownFile(file), nil
}

func shownFile(file artifact.Snapshot) ports.IntentResult {
	return ports.IntentResult{Artifacts: []ports.ResultArtifact{view(keyFile, file)}, Values: map[string]string{"file_id": file.ID}}
}

func (r *Realm) retrieveFile(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	p, err := steps.Parameters[fileParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	file, err := r.find(ctx, call, artifacts.TypeFile, p.FileID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	if !p.IncludeContents {
		return shownFile(file), nil
	}
	err = call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		return artifacts.Readable(ctx, tx, scope, file, r.Clock.Now())
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	if file.Size > artifact.MaxPayload {
		// The artifact's own content_url says where the bytes are.
		return shownFile(file), nil
	}
	file.Payload, err = r.withContents(ctx, file)
	return shownFile(file), err
}

// withContents gives the file's payload with its bytes: as text if they are text, else in base64.
func (r *Realm) withContents(ctx context.Context, file artifact.Snapshot) ([]byte, error) {
	body, err := r.Blobs.Open(ctx, file.BlobKey)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(body, artifact.MaxPayload))
	if err = errors.Join(err, body.Close()); err != nil {
		return nil, fault.ErrUnavailable.Because(err)
	}
	payload, err := payloadOf(file)
	if err != nil {
		return nil, err
	}
	if utf8.Valid(raw) && bytes.IndexByte(raw, 0) < 0 {
		payload["file_contents"], payload["file_contents_encoding"] = string(raw), "utf-8"
	} else {
		payload["file_contents"], payload["file_contents_encoding"] = base64.StdEncoding.EncodeToString(raw), "base64"
	}
	return artifacts.Encode(payload), nil
}

// payloadOf gives a payload's fields, each as it was stored.
func payloadOf(s artifact.Snapshot) (map[string]any, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(orEmpty(s.Payload), &fields); err != nil {
		return nil, fault.As(err)
	}
	out := make(map[string]any, len(fields)+4)
	for k, v := range fields {
		out[k] = v
	}
	return out, nil
}

func orEmpty(raw []byte) []byte {
	if len(raw) == 0 {
		return []byte("{}")
	}
	return raw
}
