package outcomes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/outcomes/export"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const exportSchema = `{"type":"object","additionalProperties":false,"required":["artifact_id"],"properties":{
 "artifact_id":` + idSchema + `,"artifact_type":{"type":"string","minLength":1,"maxLength":100},
 "export_format":{"type":"string","enum":["json","yaml","docx","md","sql","csv"],"default":"json"}}}`

func exportSpec() realm.IntentSpec {
	return spec(realm.IntentSpec{
		Type: exportArtifact, Title: "Export an artifact", Permission: identity.PermRead, Retry: realm.RetryExternal,
		Summary: "Writes an artifact as a file to download: JSON, YAML, Markdown or Word; mappings also as SQL and CSV.",
		Schema:  []byte(exportSchema), ResultKeys: []string{"export"}, Events: []string{"artifact_exported"},
		Example: []byte(`{"artifact_id":"art_01jd8h0000exampe0000000000","export_format":"docx"}`),
	})
}

type exportParameters struct {
	ArtifactID   string        `json:"artifact_id"`
	ArtifactType string        `json:"artifact_type"`
	Format       export.Format `json:"export_format"`
}

// exportMost bounds the bytes of an export.
const exportMost = 64 << 20

// exported is what the step stores of an export.
type exported struct {
	ID, Filename, MediaType, BlobKey, SHA256 string
	Size                                     int64
}

func (r *Realm) export(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[exportParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	if in.Format == "" {
		in.Format = export.JSON
	}
	var found artifact.Snapshot
	err = call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		a, err := artifacts.Find(ctx, tx, scope, in.ArtifactType, in.ArtifactID)
		found = a.Snapshot()
		return err
	})
	switch {
	case err != nil:
		return ports.IntentResult{}, err
	case !found.ExpiresAt.IsZero() && !r.Clock.Now().Before(found.ExpiresAt):
		return ports.IntentResult{}, artifact.ErrExpired
	case found.Type == typeExport:
		return ports.IntentResult{}, export.ErrFormat.WithMsg("An export is a file already; download it.")
	}
	done, err := steps.Run(ctx, call, "write", func(ctx context.Context, _ string) (exported, error) { return r.write(ctx, call, in, found) })
	if err != nil {
		return ports.IntentResult{}, err
	}
	return exportResult(call, in, found, done), nil
}

// write stores the file. Every claim of an execution writes under a key of its own.
func (r *Realm) write(ctx context.Context, call ports.IntentCall, in exportParameters, a artifact.Snapshot) (exported, error) {
	renderings, err := decodeFields(a.Renderings)
	if err != nil {
		return exported{}, err
	}
	raw, err := export.Write(in.Format, export.Source{
		Type: a.Type, Name: firstOf(a.Name, a.Type), Version: a.ContentVersion, Payload: a.Payload, Markdown: renderings.text("markdown"),
	})
	if err != nil {
		return exported{}, err
	}
	e := exported{ID: r.IDs.NewID(typeid.Artifact), MediaType: in.Format.MediaType()}
	e.Filename = fmt.Sprintf("%s-v%d.%s", plainName(firstOf(a.Name, a.Type)), a.ContentVersion, in.Format)
	e.BlobKey = artifacts.DerivedPrefix + call.Execution().SessionID + "/" + e.ID + "/" + strconv.FormatInt(call.Execution().Fence, 10)
	info, err := r.Blobs.Put(ctx, e.BlobKey, bytes.NewReader(raw), exportMost)
	if err != nil {
		return exported{}, errors.Join(err, r.Blobs.Delete(context.WithoutCancel(ctx), e.BlobKey))
	}
	e.Size, e.SHA256 = info.Size, info.SHA256
	return e, nil
}

// plainName is a name for a file that every system takes.
func plainName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_', r == '.':
			return r
		case unicode.IsSpace(r), r == ':':
			return '-'
		}
		return -1
	}, strings.ToValidUTF8(name, ""))
	for strings.Contains(name, "--") { // of words between which something was left out
		name = strings.ReplaceAll(name, "--", "-")
	}
	return clipName(strings.Trim(name, "-."))
}

func clipName(name string) string {
	if r := []rune(name); len(r) > 60 {
		name = strings.TrimRight(string(r[:60]), "-.")
	}
	return firstOf(name, "export")
}

func exportResult(call ports.IntentCall, in exportParameters, source artifact.Snapshot, e exported) ports.IntentResult {
	url := artifacts.ContentURL(artifact.Snapshot{ID: e.ID, Type: typeExport})
	payload := map[string]any{
		"export_id": e.ID, "source_artifact_id": source.ID, "source_artifact_type": source.Type, "source_version": source.ContentVersion,
		"export_format": string(in.Format), "filename": e.Filename, "mime_type": e.MediaType, "file_size": e.Size, "sha256": e.SHA256, "download_url": url,
	}
	m := made{ID: e.ID, Name: e.Filename, Payload: artifacts.Encode(payload), Metadata: described(typeExport, nil, nil)}
	m.from([]artifact.Snapshot{source})
	a := outcome(call, typeExport, m)
	a.Purpose, a.Format, a.MediaType, a.BlobKey, a.BlobSHA, a.Size = "delivery", string(in.Format), e.MediaType, e.BlobKey, e.SHA256, e.Size
	a.ExpiresAt = source.ExpiresAt
	if source.DataClass == artifact.WorkingMaterial {
		// A copy of what a contract keeps goes when the contract ends.
		a.DataClass, a.State = artifact.WorkingMaterial, artifact.Ready
	}
	a.Materializations = []artifact.Materialization{{ID: "mat_" + strings.TrimPrefix(e.ID, string(typeid.Artifact)+"_"), StorageType: "blob", Format: e.MediaType}}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: typeExport, Artifact: a}},
		Values:    map[string]string{"export_id": e.ID, "source_artifact_id": source.ID, "download_url": url},
		Events: []event.Draft{{Type: "artifact_exported", Data: artifacts.Encode(map[string]any{
			"export_id": e.ID, "source_artifact_id": source.ID, "export_format": string(in.Format), "filename": e.Filename, "file_size": e.Size, "download_url": url,
		})}},
	}
}
