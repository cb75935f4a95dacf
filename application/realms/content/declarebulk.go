package content

import (
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
)

// The intents over many files at once.
const (
	bulkIngest      = "bulk_ingest_files"
	bulkParse       = "bulk_parse_files"
	operationStatus = "get_operation_status"

	keyBulk   = "bulk_result"
	keyStatus = "operation_status"

	eventBulkIngested = "bulk_ingestion_complete"
	eventBulkParsed   = "bulk_parse_complete"
)

const batchSchema = `"batch_size":{"type":"integer","minimum":1,"maximum":100,"default":10},"max_parallel":{"type":"integer","minimum":1,"maximum":16,"default":5}`

const bulkIngestSchema = `{"type":"object","additionalProperties":false,"required":["files"],
"properties":{` + batchSchema + `,
 "files":{"type":"array","minItems":1,"maxItems":1000,"items":{"type":"object","additionalProperties":false,"required":["ui_name"],
  "properties":{"ui_name":` + nameSchema + `,"file_content":` + hexSchema + `,"file_id":` + idSchema + `,"file_reference":` + idSchema + `,
   "file_type":{"type":"string","maxLength":64},"mime_type":{"type":"string","maxLength":127},"copybook_reference":` + idSchema + `,
   "source_metadata":` + sourceSchema + `},
  "oneOf":[{"required":["file_content"]},{"required":["file_id"]},{"required":["file_reference"]}]}}}}`

const bulkParseSchema = `{"type":"object","additionalProperties":false,"required":["file_ids"],
"properties":{` + batchSchema + `,
 "file_ids":{"type":"array","minItems":1,"maxItems":1000,"items":` + idSchema + `},
 "parsing_type":` + profileSchema + `,"copybook_reference":` + idSchema + `,"parse_options":` + optionsSchema + `}}`

const operationSchema = `{"type":"object","additionalProperties":false,"required":["operation_id"],"properties":{"operation_id":` + idSchema + `}}`

func bulk() []realm.IntentSpec {
	specs := []realm.IntentSpec{
		{
			Type: bulkIngest, Title: "Upload many files",
			Summary: "Takes in up to 1000 files, each under a contract of its own; a file that is refused does not stop the others.",
			Schema:  []byte(bulkIngestSchema), Permission: identity.PermWrite, Retry: realm.RetryBulk,
			ResultKeys: []string{keyBulk}, Events: []string{eventBulkIngested},
			Example: []byte(`{"files":[{"ui_name":"a.csv","file_content":"69640a310a"},{"ui_name":"b.csv","file_content":"69640a320a"}],"max_parallel":2}`),
		}, {
			Type: bulkParse, Title: "Parse many files",
			Summary: "Parses up to 1000 saved files; one that cannot be parsed does not stop the others.",
			Schema:  []byte(bulkParseSchema), Permission: identity.PermWrite, Retry: realm.RetryBulk,
			ResultKeys: []string{keyBulk}, Events: []string{eventBulkParsed},
			Example: []byte(`{"file_ids":[` + exampleFile + `],"batch_size":20}`),
		}, {
			Type: operationStatus, Title: "Look at an operation over many files",
			Summary: "Shows how far an operation over many files is, and its results when it is through.",
			Schema:  []byte(operationSchema), Permission: identity.PermRead, Retry: realm.RetryPure,
			ResultKeys: []string{keyStatus}, Example: []byte(`{"operation_id":"exe_01jd8h0000exampe0000000000"}`),
		},
	}
	for i := range specs {
		specs[i].Tier = 2
	}
	return specs
}
