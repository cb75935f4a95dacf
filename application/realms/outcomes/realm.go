package outcomes

import (
	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/narrative"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

// Name is the realm's name.
const Name = "outcomes"

const (
	synthesizeOutcome = "synthesize_outcome"
	generateRoadmap   = "generate_roadmap"
	createPOC         = "create_poc"
	createSolution    = "create_solution"
	exportArtifact    = "export_artifact"
)

// The artifact types that the realm makes.
const (
	typeSynthesis = "synthesis"
	typeRoadmap   = "roadmap"
	typePOC       = "poc"
	typeSolution  = "solution"
	typeExport    = artifacts.TypeExport
)

// keySynthesis is the key of a synthesis among the results.
const keySynthesis = "synthesis_summary"

// Deps is what the realm works with.
type Deps struct {
	Blobs ports.BlobStore
	Clock ports.Clock
	IDs   ports.IDs
	// Words puts results into words by a model; nil adds none.
	Words *narrative.Writer
}

// Realm is the outcomes realm. It is safe for concurrent use.
type Realm struct{ Deps }

var _ ports.Realm = (*Realm)(nil)

// New makes the realm.
func New(d Deps) *Realm { return &Realm{Deps: d} }

// Declaration is what the realm says of itself.
func (r *Realm) Declaration() realm.Declaration {
	return realm.Declaration{
		Name: Name, Aliases: []string{"business_outcomes"}, Title: "Business Outcomes", Agents: []string{"liaison.outcomes"},
		Intents: []realm.IntentSpec{synthesisSpec(), roadmapSpec(), pocSpec(), exportSpec(), solutionSpec()},
	}
}

// Handlers gives the handlers of the declared intents.
func (r *Realm) Handlers() map[string]ports.IntentHandler {
	return map[string]ports.IntentHandler{
		synthesizeOutcome: r.Words.Told(keySynthesis, r.synthesize), generateRoadmap: r.Words.Told(typeRoadmap, r.roadmap), createPOC: r.Words.Told(typePOC, r.poc),
		exportArtifact: r.export, createSolution: r.solution,
	}
}

const (
	idSchema    = `{"type":"string","minLength":1,"maxLength":300}`
	titleSchema = `{"type":"string","minLength":1,"maxLength":200}`
	dateSchema  = `{"type":"string","format":"date","maxLength":10}`
	spanSchema  = `{"type":"string","maxLength":20,"pattern":"^ *[1-9][0-9]{0,2} +(week|weeks|month|months|year|years) *$"}`
)

// spec fills what the realm's intents have in common.
func spec(s realm.IntentSpec) realm.IntentSpec {
	s.Tier = 1
	if s.Permission == "" {
		s.Permission = identity.PermWrite
	}
	if s.Retry == "" {
		s.Retry = realm.RetryPure
	}
	return s
}
