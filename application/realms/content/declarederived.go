package content

import (
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
)

// The intents that make chunks, fingerprints and vectors of parsed documents.
const (
	createFingerprints = "create_deterministic_embeddings"
	extractStructure   = "extract_deterministic_structure"
	extractEmbeddings  = "extract_embeddings"
	hydrateProfile     = "hydrate_semantic_profile"
	getInterpretation  = "get_semantic_interpretation"

	keyFingerprints   = "deterministic_embeddings"
	keyChunks         = "chunks"
	keyEmbeddings     = "embeddings"
	keyProfile        = "semantic_profile"
	keyInterpretation = "semantic_interpretation"
	keyInterpreted    = "interpretation"

	eventFingerprints = "deterministic_embeddings_created"
	eventStructure    = "deterministic_structure_extracted"
	eventEmbeddings   = "embeddings_created"
	eventHydrated     = "semantic_profile_hydrated"
	eventInterpreted  = "semantic_interpretation_generated"
)

const derivedSchema = `{"type":"object","additionalProperties":false,"required":["parsed_file_id"],"properties":{"parsed_file_id":` + idSchema + `}}`

const embeddingsSchema = `{"type":"object","additionalProperties":false,
"properties":{"parsed_file_id":` + idSchema + `,"deterministic_embedding_id":` + idSchema + `},
"anyOf":[{"required":["parsed_file_id"]},{"required":["deterministic_embedding_id"]}]}`

const hydrateSchema = `{"type":"object","additionalProperties":false,"required":["parsed_file_id","trigger_type"],
"properties":{"parsed_file_id":` + idSchema + `,
 "trigger_type":{"type":"string","enum":["explicit_user_intent","downstream_agent_request","missing_semantic_signal"]},
 "semantic_profile":{"type":"string","enum":["default","insurance","financial"],"default":"default"}}}`

func deriving() []realm.IntentSpec {
	example := []byte(`{"parsed_file_id":` + exampleParsed + `}`)
	specs := []realm.IntentSpec{
		{
			Type: createFingerprints, Title: "Fingerprint a document",
			Summary: "Keeps the schema of a document's tables, its fingerprint, and what the values of each column look like. It outlives the document.",
			Schema:  []byte(derivedSchema), ResultKeys: []string{keyFingerprints}, Events: []string{eventFingerprints}, Example: example,
		}, {
			Type: extractStructure, Title: "Cut a document into chunks",
			Summary: "Cuts a document into rows, pages, sections, paragraphs and steps whose ids stay the same as long as their text does.",
			Schema:  []byte(derivedSchema), ResultKeys: []string{keyChunks}, Events: []string{eventStructure}, Example: example,
		}, {
			Type: extractEmbeddings, Title: "Make vectors of columns",
			Summary: "Makes vectors of each column's name and type, of what its name means, and of samples; fingerprints the document first if nobody has.",
			Schema:  []byte(embeddingsSchema), Retry: realm.RetryExternal,
			ResultKeys: []string{keyEmbeddings}, Events: []string{eventEmbeddings}, Example: example,
		}, {
			Type: hydrateProfile, Title: "Make vectors of chunks",
			Summary: "Makes a vector of each chunk of a document, once for each profile, and names the chunks that have none.",
			Schema:  []byte(hydrateSchema), Retry: realm.RetryExternal,
			ResultKeys: []string{keyProfile}, Events: []string{eventHydrated},
			Example: []byte(`{"parsed_file_id":` + exampleParsed + `,"trigger_type":"explicit_user_intent","semantic_profile":"insurance"}`),
		}, {
			Type: getInterpretation, Title: "Show what is known of a document",
			Summary: "Puts together how a document was read, what its columns mean and what was made of it; what nobody has made yet says so.",
			Schema:  []byte(derivedSchema), ResultKeys: []string{keyInterpretation, keyInterpreted}, Events: []string{eventInterpreted}, Example: example,
		},
	}
	for i := range specs {
		specs[i].Tier, specs[i].Anonymous, specs[i].Permission = 2, true, identity.PermWrite
		specs[i].ParameterAliases = map[string]string{"parsed_result_id": "parsed_file_id"}
		if specs[i].Retry == "" {
			specs[i].Retry = realm.RetryPure
		}
	}
	return specs
}
