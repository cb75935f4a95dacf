package content

import (
	"context"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

// Name is the realm's name.
const Name = "content"

// Limits bound what the realm takes in, in bytes. A value at the limit passes, one more is limit_exceeded.
type Limits struct {
	// Inline is the size of content that comes in the parameters (decoded).
	Inline int64
	// Upload is the size of a multipart upload.
	Upload int64
	// TenantSpace is what all files of a tenant may take together, VisitorSpace those of a visitor's session.
	TenantSpace, VisitorSpace int64
	// Parsed is the size of a typed document, and of the rows beside it.
	Parsed int64
	// Parse are the limits of the parsers; zero fields are their defaults.
	Parse parse.Limits
}

// Config is the realm's settings.
type Config struct {
	Limits   Limits
	Access   AccessPolicy
	Policies MaterializationPolicies
	// Results are the result policies of all realms; the sweep removes renderings that were only cached.
	Results artifact.ResultPolicies
}

// Defaults gives the settings of the specification: 10 MiB inline, 256 MiB upload, 10 GiB for a tenant and 1 GiB for a visitor, everybody may bring files, the built-in
// materialization policy.
func Defaults() Config {
	return Config{Limits: Limits{Inline: 10 << 20, Upload: 256 << 20, TenantSpace: 10 << 30, VisitorSpace: 1 << 30, Parsed: 4 << 30, Parse: parse.DefaultLimits()}}
}

func (c Config) withDefaults() Config {
	d := Defaults().Limits
	for _, p := range []struct {
		value *int64
		def   int64
	}{{&c.Limits.Inline, d.Inline}, {&c.Limits.Upload, d.Upload}, {&c.Limits.Parsed, d.Parsed}, {&c.Limits.TenantSpace, d.TenantSpace}, {&c.Limits.VisitorSpace, d.VisitorSpace}} {
		if *p.value <= 0 {
			*p.value = p.def
		}
	}
	return c
}

// Deps is what the realm works with.
type Deps struct {
	UnitOfWork ports.UnitOfWork
	Blobs      ports.BlobStore
	Clock      ports.Clock
	IDs        ports.IDs
	Config     Config
	// PDF reads the text of PDF files; nil reads them in this process, which only trusted files may be.
	PDF parse.PDFReader
}

// Realm is the content realm. It is safe for concurrent use.
type Realm struct {
	Deps
	parsers   *parse.Registry
	documents parsed.Store
	uploads   *Uploads
}

var (
	_ ports.Realm  = (*Realm)(nil)
	_ ports.Stager = (*Realm)(nil)
)

// New makes the realm; zero limits are those of Defaults.
func New(d Deps) *Realm {
	d.Config = d.Config.withDefaults()
	return &Realm{
		Deps: d, parsers: parse.NewRegistry(d.Config.Limits.Parse, parse.WithPDFReader(d.PDF)),
		documents: parsed.NewStore(d.Blobs, d.Config.Limits.Parsed), uploads: NewUploads(d.UnitOfWork, d.Blobs, d.IDs, d.Config.Limits),
	}
}

// Declaration is what the realm says of itself.
func (r *Realm) Declaration() realm.Declaration {
	return realm.Declaration{Name: Name, Title: "Content", Intents: declared(), Agents: []string{"liaison.content"}}
}

// Handlers gives the handlers of the declared intents.
func (r *Realm) Handlers() map[string]ports.IntentHandler {
	return map[string]ports.IntentHandler{
		ingestFile:           r.ingestFile,
		saveMaterialization:  r.saveMaterialization,
		parseContent:         r.parseContent,
		getParsedFile:        r.getParsedFile,
		listFiles:            r.listFiles,
		listArtifacts:        r.listArtifacts,
		getFileByID:          r.fileMetadata,
		retrieveFile:         r.retrieveFile,
		retrieveFileMetadata: r.fileMetadata,
		registerFile:         r.registerFile,
		bulkIngest:           r.bulkIngest,
		bulkParse:            r.bulkParse,
		operationStatus:      r.operationStatus,
		archiveFile:          r.archiveFile,
		restoreFile:          r.restoreFile,
		purgeFile:            r.purgeFileNow,
		deleteFile:           r.deleteFile,
		updateMetadata:       r.updateMetadata,
		searchFiles:          r.searchFiles,
		createFingerprints:   r.createFingerprints,
		extractStructure:     r.extractStructure,
		extractEmbeddings:    r.extractEmbeddings,
		hydrateProfile:       r.hydrateProfile,
		getInterpretation:    r.interpretation,
	}
}

// find looks up an artifact by id or reference under the call's scope.
func (r *Realm) find(ctx context.Context, call ports.IntentCall, artifactType, id string) (artifact.Snapshot, error) {
	var found artifact.Snapshot
	err := call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		a, err := artifacts.Find(ctx, tx, scope, artifactType, id)
		found = a.Snapshot()
		return err
	})
	return found, err
}

// view makes a result of something that is shown, not stored as new.
func view(key string, s artifact.Snapshot, aliases ...string) ports.ResultArtifact {
	return ports.ResultArtifact{Key: key, Aliases: aliases, Artifact: s, View: true}
}

// shown makes the artifact of a view that has no id of its own.
func shown(artifactType string, payload map[string]any) artifact.Snapshot {
	return artifact.Snapshot{Type: artifactType, Payload: artifacts.Encode(payload)}
}

// oneID gives the one id that the parameters name by id, by reference, or by both alike.
func oneID(id, reference string) (string, error) {
	if id == "" {
		return reference, nil
	}
	if reference != "" && artifacts.IDOf(id) != artifacts.IDOf(reference) {
		return "", wrong("file_reference", "conflicting_alias", "file_id and file_reference name different files.")
	}
	if reference != "" {
		// The reference says more: its scope has to fit too.
		return reference, nil
	}
	return id, nil
}

// by names who an execution acts for, in records of transitions.
func by(s execution.Snapshot) string { return s.Principal.Actor() }

// wrong is an error about one parameter.
func wrong(parameter, code, message string) *fault.Error {
	return fault.New(fault.Invalid, "invalid_parameters", parameter+": "+message).
		WithFields(fault.Field{Pointer: "/parameters/" + parameter, Code: code, Message: message})
}
