package content

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// copybookLimit is the largest copybook in bytes.
const copybookLimit = 1 << 20

type parseParameters struct {
	FileID        string          `json:"file_id"`
	FileReference string          `json:"file_reference"`
	ParsingType   string          `json:"parsing_type"`
	Copybook      string          `json:"copybook_reference"`
	Options       json.RawMessage `json:"parse_options"`
}

// plan is what a parsing works by: everything is decided before the bytes are touched.
type plan struct {
	FileID    string
	ParsedID  string
	StoreID   string
	BlobKey   string
	Name      string
	MediaType string
	SHA256    string
	ExpiresAt time.Time
	// CopybookKey is where the copybook is, "" without one.
	CopybookKey string
	Reference   string
	ParsedRef   string
	Generation  int
	Root        string
	// Profile and Options are after precedence: parameter, pending context, file, detection.
	Profile   string
	Options   json.RawMessage
	PendingID string
}

// outcome is what a parsing has found, small enough to be a step's result.
type outcome struct {
	// Key is the document's; another attempt has another one.
	Key         string
	Format      string
	ParsingType string
	Records     int
	Warnings    int
	Size        int64
	SHA256      string
	Payload     json.RawMessage
	Metadata    json.RawMessage
}

func (r *Realm) parseContent(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[parseParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	p, out, err := r.readFile(ctx, call, in)
	if err != nil {
		return ports.IntentResult{}, err
	}
	if err := r.complete(ctx, call, p); err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyParsedContent, Aliases: []string{keyParsedFile}, Artifact: p.artifact(out, call.Execution().ID)}},
		Values:    map[string]string{"parsed_file_id": p.ParsedID, "file_id": p.FileID},
		Events: []event.Draft{{Type: eventParsed, Data: artifacts.Encode(map[string]any{
			"parsed_file_id": p.ParsedID, "file_id": p.FileID, "name": p.Name, "format": out.Format, "parsing_type": out.ParsingType,
			"record_count": out.Records, "warning_count": out.Warnings,
		})}},
	}, nil
}

// ParseFile parses a saved file, named by id or reference, within another realm's intent. accept sees the parsed document; if it refuses, the
// document is deleted and its error returned. Otherwise the artifact that ParseFile gives has to be among the results of the call. It takes step
// names of its own: "plan", "parse", "pending_…".
func (r *Realm) ParseFile(ctx context.Context, call ports.IntentCall, fileID string, accept func(artifact.Snapshot) error) (ports.ResultArtifact, error) {
	p, out, err := r.readFile(ctx, call, parseParameters{FileID: fileID})
	if err != nil {
		return ports.ResultArtifact{}, err
	}
	made := p.artifact(out, call.Execution().ID)
	made.Realm = Name
	if err := accept(made); err != nil {
		return ports.ResultArtifact{}, errors.Join(err, r.refuse(ctx, call, p, out, err))
	}
	return ports.ResultArtifact{Key: keyParsedContent, Artifact: made}, r.complete(ctx, call, p)
}

// refuse undoes a parsing whose document nobody wants, unless the same attempt may come again.
func (r *Realm) refuse(ctx context.Context, call ports.IntentCall, p plan, out outcome, cause error) error {
	if kind := fault.KindOf(cause); kind == fault.Unavailable || kind == fault.Internal {
		return nil
	}
	// The document goes last: an attempt that breaks off before has to find it.
	if err := r.giveUp(ctx, call, p, cause); err != nil {
		return err
	}
	return r.documents.Delete(ctx, out.Key)
}

// readFile takes a file through the steps of parsing; complete has to follow.
func (r *Realm) readFile(ctx context.Context, call ports.IntentCall, in parseParameters) (plan, outcome, error) {
	p, err := steps.Transact(ctx, call, "plan", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (plan, error) {
		return r.plan(ctx, tx, now, in)
	})
	if err != nil {
		return plan{}, outcome{}, err
	}
	if err := call.Progress(ctx, 0, 0, "Reading "+p.Name); err != nil {
		return plan{}, outcome{}, err
	}
	out, err := steps.Run(ctx, call, "parse", func(ctx context.Context, _ string) (outcome, error) { return r.parse(ctx, call, p) })
	if err != nil {
		return plan{}, outcome{}, errors.Join(err, r.giveUp(ctx, call, p, err))
	}
	// A purge meanwhile has not seen the document; nobody may find it either.
	err = call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		_, err := tx.Artifacts.ByID(ctx, scope, p.FileID)
		return err
	})
	if errors.Is(err, fault.ErrNotFound) {
		return plan{}, outcome{}, errors.Join(err, r.documents.Delete(ctx, out.Key), r.giveUp(ctx, call, p, err))
	}
	return p, out, err
}

// plan finds the file, checks that it may be read, and takes up its oldest pending parse intent.
func (r *Realm) plan(ctx context.Context, tx ports.Tx, now execution.Snapshot, in parseParameters) (plan, error) {
	scope := now.Scope()
	id, err := oneID(in.FileID, in.FileReference)
	if err != nil {
		return plan{}, err
	}
	file, err := r.readable(ctx, tx, scope, id)
	if err != nil {
		return plan{}, err
	}
	pending, known, err := r.takePending(ctx, tx, now, file.ID)
	if err != nil {
		return plan{}, err
	}
	var copybook artifact.Snapshot
	if named := first(in.Copybook, known.Copybook); named != "" {
		if copybook, err = r.readable(ctx, tx, scope, named); err != nil {
			return plan{}, err
		}
	}
	options, err := merge(known.ParseOptions, in.Options)
	if err != nil {
		return plan{}, err
	}
	parsedID := r.IDs.NewID(typeid.ParsedDocument)
	return plan{
		FileID: file.ID, ParsedID: parsedID, StoreID: r.IDs.NewID(typeid.Materialization), BlobKey: file.BlobKey, Name: file.Name,
		MediaType: file.MediaType, SHA256: file.BlobSHA, ExpiresAt: file.ExpiresAt,
		Reference:  artifacts.Reference(artifacts.TypeFile, file.TenantID, file.SessionID, file.ID),
		ParsedRef:  artifacts.Reference(artifacts.TypeParsedContent, now.TenantID, now.SessionID, parsedID),
		Generation: file.Lineage.Generation + 1, Root: first(file.Lineage.RootArtifactID, file.ID),
		CopybookKey: copybook.BlobKey,
		Profile:     first(in.ParsingType, known.Profile, file.Profile), Options: options, PendingID: pending,
	}, nil
}

// readable finds a file whose bytes may be read now.
func (r *Realm) readable(ctx context.Context, tx ports.Tx, scope identity.Scope, id string) (artifact.Snapshot, error) {
	file, err := artifacts.Find(ctx, tx, scope, artifacts.TypeFile, id)
	if err != nil {
		return artifact.Snapshot{}, err
	}
	return file.Snapshot(), artifacts.Readable(ctx, tx, scope, file.Snapshot(), r.Clock.Now())
}

// parse reads the file into a typed document and stores that.
func (r *Realm) parse(ctx context.Context, call ports.IntentCall, p plan) (outcome, error) {
	options, err := optionsOf(p.Options)
	if err != nil {
		return outcome{}, err
	}
	copybook, err := r.copybook(ctx, p.CopybookKey)
	if err != nil {
		return outcome{}, err
	}
	body, err := r.Blobs.Open(ctx, p.BlobKey)
	if err != nil {
		return outcome{}, r.lost(ctx, call, p, err)
	}
	key := parsed.DocumentKey(call.Execution().SessionID, p.ParsedID, call.Execution().Fence)
	doc, info, err := r.documents.Write(ctx, key, p.ParsedID, func(sink parse.RowSink) (*document.Document, error) {
		input := parse.Input{Body: body, Filename: p.Name, MIME: p.MediaType, Profile: p.Profile, FileID: p.FileID, SHA256: p.SHA256, Copybook: copybook}
		doc, err := r.parsers.Parse(ctx, input, options, sink)
		if err != nil {
			return nil, err
		}
		return doc, warn(doc, p.Profile, p.Options)
	})
	if closing := body.Close(); err == nil && closing != nil {
		err = fault.ErrUnavailable.Because(closing)
	}
	if err != nil {
		return outcome{}, err
	}
	return outcome{
		Key: key, Format: doc.Format, ParsingType: doc.ParsingType, Records: doc.Metadata.RecordCount,
		Warnings: doc.Warnings.Total + doc.CellErrors.Total, Size: info.Size, SHA256: info.SHA256,
		Payload: p.payload(doc), Metadata: metadataOf(doc),
	}, nil
}

// copybook reads the text of the copybook under a key.
func (r *Realm) copybook(ctx context.Context, key string) (string, error) {
	if key == "" {
		return "", nil
	}
	body, err := r.Blobs.Open(ctx, key)
	if err != nil {
		return "", err
	}
	raw, err := io.ReadAll(io.LimitReader(body, copybookLimit+1))
	if err = errors.Join(err, body.Close()); err != nil {
		return "", fault.ErrUnavailable.Because(err)
	}
	if len(raw) > copybookLimit {
		return "", parse.ErrLimit.WithMsg("copybook_reference: a copybook is at most %d bytes (limit: %d, actual: at least %d).", copybookLimit, copybookLimit, len(raw))
	}
	return string(raw), nil
}

// lost explains bytes that are not there: the contract has ended meanwhile, or the store has lost them, which is nobody's input error.
func (r *Realm) lost(ctx context.Context, call ports.IntentCall, p plan, cause error) error {
	if !errors.Is(cause, fault.ErrNotFound) {
		return cause
	}
	err := call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		_, err := r.readable(ctx, tx, scope, p.FileID)
		return err
	})
	if err != nil {
		return err
	}
	return fault.New(fault.Internal, "content_lost", "the bytes of a saved file are not in the blob store").Because(cause)
}

// artifact is the parsed document as an artifact; the Runtime fills in whose it is.
func (p plan) artifact(out outcome, executionID string) artifact.Snapshot {
	return artifact.Snapshot{
		ID: p.ParsedID, Type: artifacts.TypeParsedContent, DataClass: artifact.WorkingMaterial, Purpose: "delivery",
		State: artifact.Ready, Sharing: artifact.Workspace,
		Payload: out.Payload, Metadata: out.Metadata,
		Descriptor: artifacts.Encode(map[string]any{
			"schema": "parsed_content_v1", "record_count": out.Records, "parser_type": out.Format,
		}),
		Materializations: []artifact.Materialization{{ID: p.StoreID, StorageType: storeBlob, Format: "typed_document"}},
		Parents:          []string{p.FileID},
		Lineage: artifact.Lineage{
			DerivedFrom: []string{p.FileID}, DerivationIntent: parseContent, DerivationRunID: executionID,
			Generation: p.Generation, RootArtifactID: p.Root,
		},
		Name: p.Name, Format: out.Format, Profile: out.ParsingType, Size: out.Size,
		BlobKey: out.Key, BlobSHA: out.SHA256, MediaType: "application/json", ExpiresAt: p.ExpiresAt,
	}
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
