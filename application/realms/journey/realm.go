package journey

import (
	"context"

	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/application/realms/narrative"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

// Name is the realm's name.
const Name = "journey"

// Deps is what the realm works with.
type Deps struct {
	Blobs ports.BlobStore
	Clock ports.Clock
	IDs   ports.IDs
	// Words puts results into words by a model; nil adds none.
	Words *narrative.Writer
	// ParseFile parses a saved file as a part of the call, and gives the parsed_content artifact that the call has to store among its
	// results. accept sees it first; what it refuses leaves nothing behind.
	ParseFile func(ctx context.Context, call ports.IntentCall, fileID string, accept func(artifact.Snapshot) error) (ports.ResultArtifact, error)
}

// Realm is the journey realm. It is safe for concurrent use.
type Realm struct {
	Deps
	documents parsed.Store
}

var _ ports.Realm = (*Realm)(nil)

// New makes the realm.
func New(d Deps) *Realm { return &Realm{Deps: d, documents: parsed.NewStore(d.Blobs, 0)} }

// Declaration is what the realm says of itself.
func (r *Realm) Declaration() realm.Declaration {
	return realm.Declaration{Name: Name, Aliases: []string{"operations"}, Title: "Journey", Intents: declared(), Agents: []string{"liaison.journey"}}
}

// Handlers gives the handlers of the declared intents.
func (r *Realm) Handlers() map[string]ports.IntentHandler {
	return map[string]ports.IntentHandler{
		createWorkflow:      r.createWorkflow,
		generateSOP:         r.Words.Told(keySOP, r.generateSOP),
		analyzeCoexistence:  r.Words.Told(keyCoexistence, r.analyzeCoexistence),
		optimizeProcess:     r.optimizeProcess,
		createBlueprint:     r.Words.Told(keyBlueprint, r.createBlueprint),
		generateSOPFromChat: r.generateSOPFromChat,
		sopChatMessage:      r.sopChatMessage,
	}
}
