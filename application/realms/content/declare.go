package content

import (
	"slices"

	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
)

// The realm's intents.
const (
	ingestFile           = "ingest_file"
	saveMaterialization  = "save_materialization"
	parseContent         = "parse_content"
	getParsedFile        = "get_parsed_file"
	listFiles            = "list_files"
	listArtifacts        = "list_artifacts"
	getFileByID          = "get_file_by_id"
	retrieveFile         = "retrieve_file"
	retrieveFileMetadata = "retrieve_file_metadata"
	registerFile         = "register_file"
)

// The realm's result keys and domain events.
const (
	keyFile            = "file"
	keyMaterialization = "materialization"
	keyParsedContent   = "parsed_content"
	keyParsedFile      = "parsed_file"
	keyPreview         = "preview"
	keyFileList        = "file_list"
	keyArtifactList    = "artifact_list"

	eventIngested     = "file_ingested"
	eventMaterialized = "materialization_saved"
	eventParsed       = "content_parsed"
	eventRegistered   = "file_registered"
)

// Examples are ids of the right form; no object has them.
const (
	exampleFile     = `"fil_01jd8h0000exampe0000000000"`
	exampleParsed   = `"par_01jd8h0000exampe0000000000"`
	exampleContract = `"bct_01jd8h0000exampe0000000000"`
)

func declared() []realm.IntentSpec {
	specs := append(writing(), reading()...)
	for i := range specs {
		// Visitors try the platform with their own files before they register; what they see is their session's alone.
		specs[i].Tier, specs[i].Anonymous = 1, true
	}
	return slices.Concat(specs, deriving(), living(), bulk())
}

func writing() []realm.IntentSpec {
	return []realm.IntentSpec{
		{
			Type: ingestFile, Title: "Upload a file",
			Summary:    "Takes in a file, uploaded before or as hex, under a pending boundary contract. It is not readable until it is saved.",
			Schema:     []byte(ingestSchema),
			Permission: identity.PermWrite, Retry: realm.RetryExternal,
			ResultKeys: []string{keyFile}, Events: []string{eventIngested},
			Example: []byte(`{"ui_name":"customers.csv","file_content":"69642c6e616d650a312c4164610a322c416c616e0a","file_type":"csv"}`),
		}, {
			Type: saveMaterialization, Title: "Save a file",
			Summary:    "Activates a file's boundary contract as the materialization policy allows, and prepares its parsing. Saving again changes nothing.",
			Schema:     []byte(saveSchema),
			Permission: identity.PermWrite, Retry: realm.RetryPure,
			ResultKeys: []string{keyMaterialization}, Events: []string{eventMaterialized},
			Example: []byte(`{"boundary_contract_id":` + exampleContract + `,"file_id":` + exampleFile + `,"ttl_days":7}`),
		}, {
			Type: parseContent, Title: "Parse a file",
			Summary:    "Turns a saved file (tables, texts, processes, data models, fixed-width records) into a typed document with columns, types and exact values.",
			Schema:     []byte(parseSchema),
			Permission: identity.PermWrite, Retry: realm.RetryExternal,
			ResultKeys: []string{keyParsedContent, keyParsedFile}, Events: []string{eventParsed},
			Example: []byte(`{"file_id":` + exampleFile + `,"parse_options":{"delimiter":";","date_order":"DMY"}}`),
		}, {
			Type: registerFile, Title: "Upload and save a file", Aliases: []string{"register_artifact"},
			Summary:    "Ingests an uploaded file and saves it, as one.",
			Schema:     []byte(registerSchema),
			Permission: identity.PermWrite, Retry: realm.RetryPure,
			ResultKeys: []string{keyFile}, Events: []string{eventRegistered},
			Example: []byte(`{"file_id":` + exampleFile + `,"ui_name":"customers.csv"}`),
		},
	}
}

func reading() []realm.IntentSpec {
	specs := []realm.IntentSpec{
		{
			Type: getParsedFile, Title: "Read a parsed file",
			Summary:          "Shows a typed document: its columns, and a window of one table's rows or of its paragraphs.",
			Schema:           []byte(parsedFileSchema),
			ParameterAliases: map[string]string{"parsed_result_id": "parsed_file_id"},
			ResultKeys:       []string{keyParsedFile, keyParsedContent, keyPreview},
			Example:          []byte(`{"parsed_file_id":` + exampleParsed + `,"offset":100,"limit":50}`),
		}, {
			Type: listFiles, Title: "List files", Aliases: []string{"content_list_files"},
			Summary:    "Lists the caller's saved files, newest first; count is the number of all that fit the filters.",
			Schema:     []byte(listFilesSchema),
			ResultKeys: []string{keyFileList},
			Example:    []byte(`{"file_type":"csv","created_after":"2025-01-01T00:00:00Z","limit":20}`),
		}, {
			Type: listArtifacts, Title: "List artifacts",
			Summary:    "Lists what the caller's executions have made, newest first.",
			Schema:     []byte(listArtifactsSchema),
			ResultKeys: []string{keyArtifactList},
			Example:    []byte(`{"eligible_for":"assess_data_quality","limit":20}`),
		}, {
			Type: getFileByID, Title: "Look up a file",
			Summary:    "Shows a file's data without its contents.",
			Schema:     []byte(fileSchema),
			ResultKeys: []string{keyFile},
			Example:    []byte(`{"file_id":` + exampleFile + `}`),
		}, {
			Type: retrieveFile, Title: "Retrieve a file", Aliases: []string{"retrieve_artifact"},
			Summary:    "Shows a file, on request with its contents: up to 256 KiB in the answer, otherwise as the path to download it.",
			Schema:     []byte(retrieveSchema),
			ResultKeys: []string{keyFile},
			Example:    []byte(`{"file_id":` + exampleFile + `,"include_contents":true}`),
		}, {
			Type: retrieveFileMetadata, Title: "Retrieve a file's metadata", Aliases: []string{"retrieve_artifact_metadata"},
			Summary:    "Shows a file's data without its contents.",
			Schema:     []byte(fileSchema),
			ResultKeys: []string{keyFile},
			Example:    []byte(`{"file_id":` + exampleFile + `}`),
		},
	}
	for i := range specs {
		specs[i].Permission, specs[i].Retry = identity.PermRead, realm.RetryPure
	}
	return specs
}
