package insights

import (
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/application/realms/narrative"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

// Name is the realm's name.
const Name = "insights"

const (
	assessDataQuality    = "assess_data_quality"
	keyQualityAssessment = "quality_assessment"
	eventQualityAssessed = "data_quality_assessed"
)

// Deps is what the realm works with.
type Deps struct {
	Blobs ports.BlobStore
	Clock ports.Clock
	IDs   ports.IDs
	// Words puts results into words by a model; nil adds none.
	Words *narrative.Writer
}

// Realm is the insights realm. It is safe for concurrent use.
type Realm struct {
	Deps
	documents parsed.Store
}

var _ ports.Realm = (*Realm)(nil)

// New makes the realm.
func New(d Deps) *Realm { return &Realm{Deps: d, documents: parsed.NewStore(d.Blobs, 0)} }

const idSchema = `{"type":"string","minLength":1,"maxLength":200}`

const assessSchema = `{"type":"object","additionalProperties":false,"required":["parsed_file_id"],
"properties":{
 "parsed_file_id":` + idSchema + `,
 "source_file_id":` + idSchema + `,
 "parser_type":{"type":"string","maxLength":64},
 "deterministic_embedding_id":` + idSchema + `,
 "as_of":{"type":"string","maxLength":40,"anyOf":[{"format":"date"},{"format":"date-time"}]},
 "max_age_days":{"type":"integer","minimum":0,"maximum":36500}}}`

// Declaration is what the realm says of itself.
func (r *Realm) Declaration() realm.Declaration {
	return realm.Declaration{Name: Name, Title: "Insights", Agents: []string{"liaison.insights"}, Intents: []realm.IntentSpec{{
		Type: assessDataQuality, Title: "Assess data quality", Tier: 1, Anonymous: true,
		Summary:          "Finds missing, wrong, repeated, odd and inconsistent values of a parsed file, names their rows, and grades the data.",
		Schema:           []byte(assessSchema),
		ParameterAliases: map[string]string{"parsed_result_id": "parsed_file_id"},
		Permission:       identity.PermWrite, Retry: realm.RetryPure,
		ResultKeys: []string{keyQualityAssessment}, Events: []string{eventQualityAssessed},
		Example: []byte(`{"parsed_file_id":"par_01jd8h0000exampe0000000000","as_of":"2025-06-30","max_age_days":90}`),
	}, structuredSpec(), unstructuredSpec(), lineageSpec(), querySpec(), matchSpec(), relationshipsSpec(),
		guidedSpec(), registerGuideSpec(), getGuideSpec(), listGuidesSpec(), updateGuideSpec(), deleteGuideSpec(), discoverySpec(),
		extractSpec(), discoverPatternSpec(), createConfigSpec()}}
}

// Handlers gives the handlers of the declared intents.
func (r *Realm) Handlers() map[string]ports.IntentHandler {
	return map[string]ports.IntentHandler{
		assessDataQuality: r.Words.Told(keyQualityAssessment, r.assess), analyzeStructured: r.Words.Told(keyStructuredAnalysis, r.analyzeStructured),
		analyzeUnstructured: r.Words.Told(keyUnstructuredAnalysis, r.analyzeUnstructured),
		visualizeLineage:    r.visualizeLineage, queryData: r.queryData, matchTables: r.matchTables, mapRelationships: r.mapRelationships,
		interpretGuided: r.interpretGuided, registerGuide: r.registerGuide, getGuide: r.getGuide, listGuides: r.listGuides, updateGuide: r.updateGuide,
		deleteGuide: r.deleteGuide, selfDiscovery: r.Words.Told(keyDiscovery, r.discover),
		extractStructured: r.extract, discoverPattern: r.discoverPattern, createConfig: r.createConfig,
	}
}
